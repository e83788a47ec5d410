//! HTTP messages as the text that seeds and finds of the fuzz targets are kept in: lines end with a line feed alone, so that carriage
//! returns can stand in values.
//!
//! ```text
//! POST /path?query          200
//! Name: value               Name: value
//!
//! body                      body
//! ```

use crate::dialect::{Request, Response};

/// The request that any bytes say. A part that is not there is empty; what is no UTF-8 before the body is replaced, as servers do.
pub fn request(bytes: &[u8]) -> Request {
    let (first, headers, body) = parts(bytes);
    let (method, target) = first.split_once(' ').unwrap_or(("POST", first.as_str()));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request { method: method.to_owned(), path: path.to_owned(), query: query.to_owned(), headers, body }
}

/// The bytes that [`request`] reads as this request, if it is one that can be written so.
pub fn request_text(request: &Request) -> Vec<u8> {
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    text(&format!("{} {}{query}", request.method, request.path), &request.headers, &request.body)
}

/// The response that any bytes say; status 200 where the first line is no number.
pub fn response(bytes: &[u8]) -> Response {
    let (first, headers, body) = parts(bytes);
    Response { status: first.trim().parse().unwrap_or(200), headers, body }
}

/// The bytes that [`response`] reads as this response.
pub fn response_text(response: &Response) -> Vec<u8> {
    text(&response.status.to_string(), &response.headers, &response.body)
}

fn text(first: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    [first.as_bytes(), b"\n", lines.as_bytes(), b"\n", body].concat()
}

fn parts(bytes: &[u8]) -> (String, Vec<(String, String)>, Vec<u8>) {
    let (head, body) = match bytes.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&bytes[..end], &bytes[end + 2..]),
        None => (bytes, &[][..]),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        (name.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned())
    };
    (first, lines.map(header).collect(), body.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_they_were_written() {
        let headers = vec![("Host".to_owned(), "h".to_owned()), ("X".to_owned(), " a:\rb".to_owned())];
        let body = b"a\n\nb\xff".to_vec();
        let sent = Request { method: "GET".into(), path: "/a".into(), query: "b?c".into(), headers: headers.clone(), body: body.clone() };
        assert_eq!(request(&request_text(&sent)), sent);
        let bare = Request { method: "POST".into(), path: "/".into(), query: String::new(), headers: Vec::new(), body: Vec::new() };
        assert_eq!(request(&request_text(&bare)), bare);
        let answered = Response { status: 404, headers, body };
        assert_eq!(response(&response_text(&answered)), answered);
    }

    #[test]
    fn any_bytes_are_a_message() {
        assert_eq!(request(b"").method, "POST");
        assert_eq!((response(b"").status, response(b"404").status), (200, 404));
        assert_eq!(request(b"x\ny").headers, [("y".to_owned(), String::new())]);
    }
}
