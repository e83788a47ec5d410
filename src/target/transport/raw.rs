//! Requests that no HTTP library will send: written on a socket as they are.

use reqwest::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::TransportError;
use crate::dialect::{Request, Response};

/// Bytes of a response's status line and headers at most.
const HEAD: usize = 64 << 10;

/// Sends the request on a new connection, byte for byte but for `Host`, `Content-Length` (where it names none) and
/// `Connection: close`.
pub(super) async fn send(base: &Url, host: &str, request: &Request, max: usize) -> Result<Response, TransportError> {
    let mut stream = connect(base).await?;
    // A server may answer and close before it has read everything: what it says counts, not that writing failed.
    let written = stream.write_all(&bytes(host, request)).await;
    let mut received = Vec::new();
    let read = (&mut stream).take((HEAD + max + 1) as u64).read_to_end(&mut received).await;
    if received.is_empty() {
        let failed = written.err().or(read.err());
        return Err(failed.map_or_else(|| TransportError::Broken { why: "closed without an answer".into() }, |e| TransportError::io(&e)));
    }
    parse(&received, &request.method, max)
}

fn bytes(host: &str, request: &Request) -> Vec<u8> {
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let mut head = format!("{} {}{query} HTTP/1.1\r\n", request.method, request.path);
    let mut line = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    if request.header("host").is_none() {
        line("Host", host);
    }
    for (name, value) in &request.headers {
        line(name, value);
    }
    if request.header("content-length").is_none() && request.header("transfer-encoding").is_none() {
        line("Content-Length", &request.body.len().to_string());
    }
    line("Connection", "close");
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes
}

/// What came back over a connection of its own.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// A whole response.
    Answer(Response),
    /// The connection was closed, and nothing had come.
    Closed,
    /// The connection broke, and nothing had come; what the system says.
    Reset(String),
    /// A response that ends too early; what is missing.
    Short(String),
    /// What is no HTTP; why.
    NotHttp(String),
    /// More than is read.
    TooLarge,
}

/// Sends bytes as they are on a new connection and reads the answer to a request of `method`. `ends`: the client says that it sends no
/// more. What comes before everything is sent is heard too.
///
/// # Errors
/// When there is no connection.
pub(super) async fn exchange(base: &Url, bytes: &[u8], ends: bool, method: &str, max: usize) -> Result<Heard, TransportError> {
    let (mut reader, mut writer) = connect(base).await?.into_split();
    let writing = async {
        // A server may close before it has read everything: what it says counts, not that writing failed.
        let written = writer.write_all(bytes).await;
        if ends && written.is_ok() {
            let _ = writer.shutdown().await;
        }
        // Given back, because the connection would end with it.
        (writer, written.err())
    };
    let reading = hear(&mut reader, method, max);
    tokio::pin!(writing, reading);
    let heard = tokio::select! {
        heard = &mut reading => heard,
        (_writer, failed) = &mut writing => match (reading.await, failed) {
            (Heard::Closed, Some(why)) => Heard::Reset(why.to_string()),
            (heard, _) => heard,
        },
    };
    Ok(heard)
}

async fn hear(reader: &mut (impl AsyncReadExt + Unpin), method: &str, max: usize) -> Heard {
    let mut received = Vec::new();
    let mut buffer = [0; 16 << 10];
    let broken = loop {
        match reader.read(&mut buffer).await {
            Ok(0) => break None,
            Ok(n) => received.extend_from_slice(&buffer[..n]),
            Err(why) => break Some(why.to_string()),
        }
        if complete(&received, method) {
            break None;
        }
        if received.len() > HEAD + max {
            return Heard::TooLarge;
        }
    };
    match (broken, received.is_empty()) {
        (None, true) => Heard::Closed,
        (Some(why), true) => Heard::Reset(why),
        (broken, false) => match parse(&received, method, max) {
            Ok(response) => Heard::Answer(response),
            Err(TransportError::TooLarge { .. }) => Heard::TooLarge,
            Err(TransportError::NotHttp { why }) => Heard::NotHttp(why),
            Err(why) => Heard::Short(broken.unwrap_or_else(|| why.to_string())),
        },
    }
}

/// Whether a response has come whole, as far as it tells its own length.
fn complete(received: &[u8], method: &str) -> bool {
    let Some(end) = received.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status.starts_with('1') && status != "101" {
        return complete(&received[end + 4..], method);
    }
    let tells = |name: &str| head.lines().any(|line| line.starts_with(name));
    let told = tells("content-length:") || tells("transfer-encoding:") || method == "HEAD" || status == "204" || status == "304";
    told && parse(received, method, usize::MAX).is_ok()
}

async fn connect(base: &Url) -> Result<TcpStream, TransportError> {
    let address = (base.host_str().unwrap_or_default().trim_matches(['[', ']']), base.port_or_known_default().unwrap_or(80));
    let refused =
        |e: std::io::Error| TransportError::Refused { endpoint: base.as_str().trim_end_matches('/').to_owned(), why: e.to_string() };
    TcpStream::connect(address).await.map_err(refused)
}

/// An HTTP/1 response that ends with the connection.
fn parse(received: &[u8], method: &str, max: usize) -> Result<Response, TransportError> {
    let not_http = |why: &str| TransportError::NotHttp { why: why.to_owned() };
    let end = received.windows(4).position(|w| w == b"\r\n\r\n").ok_or_else(|| not_http("the headers do not end"))?;
    let (head, body) = (String::from_utf8_lossy(&received[..end]), &received[end + 4..]);
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().splitn(3, ' ');
    let (version, status) = (first.next().unwrap_or_default(), first.next().and_then(|s| s.parse::<u16>().ok()));
    let status =
        status.filter(|s| version.starts_with("HTTP/1.") && (100..1000).contains(s)).ok_or_else(|| not_http("there is no status line"))?;
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(|| not_http("a header has no colon"))?;
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    if (100..200).contains(&status) && status != 101 {
        return parse(body, method, max);
    }
    let value = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let body = if method == "HEAD" || status == 204 || status == 304 {
        Vec::new()
    } else if value("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
        unchunk(body).ok_or_else(|| TransportError::Broken { why: "the last chunk did not come".into() })?
    } else if let Some(length) = value("content-length").and_then(|v| v.parse::<usize>().ok()) {
        if length > max {
            return Err(TransportError::TooLarge { max });
        }
        let short = || TransportError::Broken { why: format!("{} of {length} bytes came", body.len()) };
        body.get(..length).ok_or_else(short)?.to_vec()
    } else {
        body.to_vec()
    };
    if body.len() > max { Err(TransportError::TooLarge { max }) } else { Ok(Response { status, headers, body }) }
}

/// The body inside a chunked one; none if it does not end.
fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size.checked_add(2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_as_it_is() {
        let request = Request {
            method: "PO ST".into(),
            path: "/a b".into(),
            query: "x={".into(),
            headers: vec![("X-Odd".into(), "ü".into())],
            body: b"Action=".to_vec(),
        };
        let text = String::from_utf8(bytes("h:1", &request)).unwrap();
        assert_eq!(text, "PO ST /a b?x={ HTTP/1.1\r\nHost: h:1\r\nX-Odd: ü\r\nContent-Length: 7\r\nConnection: close\r\n\r\nAction=");
    }

    #[test]
    fn responses_are_read_by_length_by_chunks_and_to_the_end() {
        let read = |text: &str| parse(text.as_bytes(), "POST", 100).map(|r| (r.status, String::from_utf8(r.body).unwrap()));
        assert_eq!(read("HTTP/1.1 400 Bad\r\ncontent-length: 2\r\n\r\nhello"), Ok((400, "he".into())));
        assert_eq!(read("HTTP/1.0 200 OK\r\nA: b\r\n\r\nhello"), Ok((200, "hello".into())));
        assert_eq!(
            read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
            Ok((200, "abcde".into()))
        );
        assert_eq!(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n"), Ok((204, String::new())));
    }

    #[test]
    fn what_is_no_response_is_said() {
        let word = |text: &str| parse(text.as_bytes(), "POST", 100).unwrap_err().word();
        assert_eq!(word("SSH-2.0-OpenSSH\r\n\r\n"), "not HTTP");
        assert_eq!(word("HTTP/1.1 200 OK\r\nA"), "not HTTP");
        assert_eq!(word("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"), "connection broken");
        assert_eq!(word("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nhello"), "too large a response");
        assert_eq!(word("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"), "connection broken");
    }

    async fn heard(answer: &'static [u8], method: &str) -> Heard {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut sent = [0; 2];
            stream.read_exact(&mut sent).await.unwrap();
            stream.write_all(answer).await.unwrap();
            // What tells its length is answered without the close.
            if answer.ends_with(b"!") { Some(stream) } else { None }
        };
        let (heard, _open) = tokio::join!(exchange(&base, b"hi", false, method, 50), server);
        heard.unwrap()
    }

    #[tokio::test]
    async fn what_is_heard_is_told_apart() {
        let ok = |body: &[u8]| {
            Heard::Answer(Response { status: 200, headers: vec![("content-length".into(), "3".into())], body: body.to_vec() })
        };
        assert_eq!(heard(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab!", "POST").await, ok(b"ab!"));
        assert_eq!(heard(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n", "HEAD").await, ok(b""));
        assert_eq!(heard(b"", "POST").await, Heard::Closed);
        assert!(matches!(heard(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab", "POST").await, Heard::Short(_)));
        assert!(matches!(heard(b"SSH-2.0-x\r\n\r\n", "POST").await, Heard::NotHttp(_)));
        assert_eq!(heard(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n", "POST").await, Heard::TooLarge);
    }

    #[test]
    fn any_bytes_are_read_or_refused() {
        arbtest::arbtest(|u| {
            let bytes: Vec<u8> = u.arbitrary()?;
            let _ = parse(&bytes, "POST", 100);
            let _ = complete(&bytes, "POST");
            let _ = parse(&[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", bytes.as_slice()].concat(), "POST", 100);
            Ok(())
        });
    }
}
