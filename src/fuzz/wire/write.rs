//! A malformed request as bytes. What can be signed is signed as it goes out; what comes after cannot be.

use super::poison::Poison;
use super::twist::{Damage, Framing, Malformed, Twist};
use crate::dialect::{Call, Dialect, Request, Style, Wire};

/// Where a request goes.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The target's dialect.
    pub dialect: &'static dyn Dialect,
    /// How calls are put on the wire there.
    pub wire: &'a Wire,
    /// Value of the Host header.
    pub host: &'a str,
    /// Begins every name.
    pub stem: &'a str,
}

/// A request with everything that a signature can cover, not yet signed.
pub struct Unsigned<'a> {
    malformed: &'a Malformed,
    place: Place<'a>,
    /// As it goes out, as far as it is one that can be signed.
    pub request: Request,
    /// As it would be without anything wrong, where `request` cannot be signed.
    pub clean: Request,
    /// Parameters as they go out, in the body or in the query.
    parameters: Vec<u8>,
}

/// A request as it goes over the wire.
pub struct Written {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Its method, for the reading of the answer.
    pub method: String,
    /// No more comes than this: the client ends its half of the connection, because the request looks as if more had to come.
    pub ends: bool,
    /// What it does to be malformed.
    pub damage: Damage,
    /// The calls that it may be taken for.
    pub meant: Vec<Call>,
}

/// The malformed request, to be signed.
pub fn write<'a>(malformed: &'a Malformed, place: Place<'a>) -> Unsigned<'a> {
    let call = malformed.base.call(place.stem);
    let clean = place.dialect.encode_request(&call, place.wire);
    let in_query = clean.body.is_empty() && place.wire.style == Style::Query;
    let whole = if in_query { clean.query.clone().into_bytes() } else { clean.body.clone() };
    let parameters = malformed.twists.iter().fold(whole, |text, twist| twisted(text, *twist));
    let mut request = clean.clone();
    if in_query {
        // What is no text cannot be signed, and goes into the request line as it is.
        if let Some(text) = String::from_utf8(parameters.clone()).ok().filter(|text| text.bytes().all(|b| b.is_ascii_graphic())) {
            request.query = text;
        }
    } else {
        request.body.clone_from(&parameters);
    }
    for twist in &malformed.twists {
        match twist {
            Twist::Body { .. } => request.body = bytes(*twist),
            Twist::ContentType { .. } => {
                request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                let value = String::from_utf8_lossy(&bytes(*twist)).into_owned();
                if !value.is_empty() {
                    request.headers.push(("Content-Type".into(), value));
                }
            }
            Twist::Method { .. } => request.method = String::from_utf8_lossy(&bytes(*twist)).into_owned(),
            Twist::Target { .. } if twist.damage() == Damage::Server => {
                let target = String::from_utf8_lossy(&bytes(*twist)).into_owned();
                let (path, query) = target.split_once('?').unwrap_or((&target, &request.query));
                (request.path, request.query) = (path.to_owned(), query.to_owned());
            }
            Twist::LongTarget { length } => request.path = format!("/{}", "a".repeat(*length)),
            _ => {}
        }
    }
    Unsigned { malformed, place, request, clean, parameters }
}

fn bytes(twist: Twist) -> Vec<u8> {
    twist.poison().map(|poison: &Poison| poison.bytes.to_vec()).unwrap_or_default()
}

/// The text of the parameters with what a twist does to it.
fn twisted(mut text: Vec<u8>, twist: Twist) -> Vec<u8> {
    let last = |text: &[u8]| text.iter().rposition(|b| *b == b'=').map_or(text.len(), |at| at + 1);
    match twist {
        Twist::Value { .. } => {
            text.truncate(last(&text));
            text.extend(bytes(twist));
        }
        Twist::LongValue { length } => {
            text.truncate(last(&text));
            text.extend(std::iter::repeat_n(b'a', length));
        }
        Twist::ActionValue { .. } => {
            let end = text.iter().position(|b| *b == b'&').unwrap_or(text.len());
            text.splice(..end, [b"Action=".to_vec(), bytes(twist)].concat());
        }
        Twist::Pair { .. } => text.extend([b"&".to_vec(), bytes(twist)].concat()),
        Twist::LongName { length } => text.extend([b"&", "n".repeat(length).as_bytes(), b"=1"].concat()),
        Twist::Many { count } => (0..count).for_each(|i| text.extend(format!("&P{i}=1").bytes())),
        Twist::Repeated { count } => (0..count).for_each(|_| text.extend(b"&Odd=1")),
        Twist::Deep { levels } => text.extend(["&A", &".member.1".repeat(levels), "=1"].concat().bytes()),
        _ => {}
    }
    text
}

impl Unsigned<'_> {
    /// The request as it goes out. `proven`: one of the two requests, signed; none: it is to prove nothing.
    pub fn finish(self, proven: Option<&Request>) -> Written {
        let (place, twists) = (self.place, &self.malformed.twists);
        let in_query = self.request.body.is_empty() && place.wire.style == Style::Query;
        let head = proven.unwrap_or(&self.request);
        let body = &self.request.body;
        let mut ends = false;
        let mut lines: Vec<Vec<u8>> = Vec::new();
        if !twists.contains(&Twist::NoHost) {
            lines.push(format!("Host: {}", place.host).into_bytes());
        }
        let replaced = |name: &str| {
            let by = |twist: &Twist| match twist {
                Twist::Authorization { .. } => name.eq_ignore_ascii_case("authorization"),
                Twist::Date { .. } => name.eq_ignore_ascii_case("x-amz-date"),
                // Signed or not, what goes out is what is wrong.
                Twist::ContentType { .. } => name.eq_ignore_ascii_case("content-type"),
                _ => false,
            };
            twists.iter().any(by)
        };
        let kept = head.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host") && !replaced(name));
        lines.extend(kept.map(|(name, value)| format!("{name}: {value}").into_bytes()));
        for twist in twists {
            match twist {
                Twist::Header { .. } | Twist::BrokenHeader { .. } => lines.push(bytes(*twist)),
                Twist::Authorization { .. } => lines.push([b"Authorization: ".to_vec(), bytes(*twist)].concat()),
                Twist::Date { .. } => lines.push([b"X-Amz-Date: ".to_vec(), bytes(*twist)].concat()),
                Twist::ContentType { .. } if !bytes(*twist).is_empty() => lines.push([b"Content-Type: ".to_vec(), bytes(*twist)].concat()),
                Twist::LongHeader { length } => lines.push(format!("X-Long: {}", "a".repeat(*length)).into_bytes()),
                Twist::ManyHeaders { count } => lines.extend((0..*count).map(|i| format!("X-Odd-{i}: 1").into_bytes())),
                _ => {}
            }
        }
        let framing = twists.iter().find_map(|twist| if let Twist::Framing(framing) = twist { Some(*framing) } else { None });
        let sent = framed(framing, body, &head.method, &mut lines, &mut ends);
        let query = if in_query || proven.is_none() { self.line_query(head, in_query) } else { head.query.clone().into_bytes() };
        let mut out = self.line(head, &query);
        for line in &lines {
            out.extend([line.as_slice(), b"\r\n"].concat());
        }
        out.extend(b"\r\n");
        out.extend(sent);
        let mut damage = self.malformed.damage();
        if let Some(garbage) = twists.iter().find(|twist| matches!(twist, Twist::Garbage { .. })) {
            (out, ends) = (bytes(*garbage), true);
        }
        if in_query && !self.parameters.iter().all(u8::is_ascii_graphic) {
            damage = Damage::Broken;
        } else if in_query && self.parameters.len() > LONG_LINE {
            damage = damage.max(Damage::Server);
        }
        Written { bytes: out, method: head.method.clone(), ends, damage, meant: self.meant() }
    }

    /// The query as it goes out: with what proves the sender, where that stands in it.
    fn line_query(&self, head: &Request, in_query: bool) -> Vec<u8> {
        if !in_query || self.request.query.as_bytes() == self.parameters {
            return head.query.clone().into_bytes();
        }
        let proof = head.query.strip_prefix(self.clean.query.as_str()).unwrap_or_default();
        [self.parameters.as_slice(), proof.as_bytes()].concat()
    }

    fn line(&self, head: &Request, query: &[u8]) -> Vec<u8> {
        let find = |wanted: fn(&Twist) -> bool| self.malformed.twists.iter().find(|twist| wanted(twist)).map(|twist| bytes(*twist));
        let method = find(|t| matches!(t, Twist::Method { .. })).unwrap_or_else(|| head.method.clone().into_bytes());
        let long = self.malformed.twists.iter().any(|t| matches!(t, Twist::LongTarget { .. }));
        let target = match find(|t| matches!(t, Twist::Target { .. })) {
            Some(target) => target,
            None if query.is_empty() => head_path(self, head, long),
            None => [head_path(self, head, long), b"?".to_vec(), query.to_vec()].concat(),
        };
        let version = find(|t| matches!(t, Twist::Version { .. })).unwrap_or_else(|| b"HTTP/1.1".to_vec());
        let mut line = [method, b" ".to_vec(), target].concat();
        if !version.is_empty() {
            line.push(b' ');
        }
        [line, version, b"\r\n".to_vec()].concat()
    }

    /// What a server may take it for: the legal call, and what our own reading of it says, strictly and leniently. Whatever may have been
    /// made under one of these names is looked for.
    fn meant(&self) -> Vec<Call> {
        let mut calls = vec![self.malformed.base.call(self.place.stem)];
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut lenient = self.request.clone();
        if lenient.body.is_empty() {
            lenient.query = lossy(&self.parameters);
        } else {
            lenient.body = lossy(&self.parameters).into_bytes();
        }
        for request in [&self.request, &lenient] {
            if let Ok(incoming) = self.place.dialect.decode_request(request)
                && !calls.contains(&incoming.call)
            {
                calls.push(incoming.call);
            }
        }
        calls
    }
}

fn head_path(unsigned: &Unsigned<'_>, head: &Request, long: bool) -> Vec<u8> {
    if long { unsigned.request.path.clone().into_bytes() } else { head.path.clone().into_bytes() }
}

/// Bytes of a request line that any server takes.
const LONG_LINE: usize = 4_096;

/// The body as it is sent; adds the headers that tell its end. `ends`: there is more to come that never comes.
fn framed(framing: Option<Framing>, body: &[u8], method: &str, lines: &mut Vec<Vec<u8>>, ends: &mut bool) -> Vec<u8> {
    let mut line = |text: String| lines.push(text.into_bytes());
    let chunk = |data: &[u8]| [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
    let chunked = "Transfer-Encoding: chunked".to_owned();
    let length = format!("Content-Length: {}", body.len());
    let Some(framing) = framing else {
        if !body.is_empty() || method == "POST" {
            line(length);
        }
        return body.to_vec();
    };
    let whole = if body.is_empty() { Vec::new() } else { chunk(body) };
    let last = b"0\r\n\r\n".to_vec();
    *ends = matches!(
        framing,
        Framing::Truncated | Framing::HugeLength | Framing::ChunksWithoutEnd | Framing::ChunkOfLetters | Framing::HugeChunk
    );
    match framing {
        Framing::Truncated => line(format!("Content-Length: {}", body.len() + 100)),
        Framing::TooShort => line(format!("Content-Length: {}", body.len() / 2)),
        Framing::NoLength => {}
        Framing::NegativeLength => line("Content-Length: -1".into()),
        Framing::LengthOfLetters => line("Content-Length: many".into()),
        Framing::HugeLength => line("Content-Length: 99999999999999999999".into()),
        Framing::UnknownCoding => line("Transfer-Encoding: none-such".into()),
        Framing::ExpectContinue => {
            line("Expect: 100-continue".into());
            line(length);
        }
        Framing::ChunksAndLength => {
            line(chunked);
            line(length);
            return [whole, last].concat();
        }
        Framing::Chunked => {
            line(chunked);
            return [whole, last].concat();
        }
        Framing::ManyChunks => {
            line(chunked);
            return body.iter().flat_map(|byte| chunk(&[*byte])).chain(last).collect();
        }
        Framing::ChunksWithoutEnd => {
            line(chunked);
            return whole;
        }
        Framing::ChunkOfLetters => {
            line(chunked);
            return [b"xyz\r\n", body, b"\r\n0\r\n\r\n"].concat();
        }
        Framing::HugeChunk => {
            line(chunked);
            return [b"ffffffffffffffffffff\r\n", body].concat();
        }
        Framing::Trailer => {
            line(chunked);
            return [whole, b"0\r\nX-Odd: 1\r\n\r\n".to_vec()].concat();
        }
    }
    body.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::dialect::{FormEncoding, Format, dialect};
    use crate::fuzz::wire::{Base, Proof, decode};

    fn wire(style: Style) -> Wire {
        Wire { format: Format::Xml, style, method: "POST".into(), path: "/".into(), form_encoding: FormEncoding::Plus, headers: Vec::new() }
    }

    fn written(twists: &[Twist], style: Style) -> Written {
        let malformed = Malformed { base: Base::GetUser, proof: Proof::Right, twists: twists.to_vec() };
        let wire = Wire { method: if style == Style::Query { "GET" } else { "POST" }.into(), ..wire(style) };
        let place = Place { dialect: dialect(DialectId::Aws).unwrap(), wire: &wire, host: "h:1", stem: "iamspec-x" };
        let unsigned = write(&malformed, place);
        let mut signed = unsigned.request.clone();
        signed.headers.push(("Authorization".into(), "proof".into()));
        unsigned.finish(Some(&signed))
    }

    fn text(twists: &[Twist], style: Style) -> String {
        String::from_utf8_lossy(&written(twists, style).bytes).into_owned()
    }

    #[test]
    fn without_a_twist_it_is_the_call() {
        let request = text(&[], Style::Form);
        assert!(request.starts_with("POST / HTTP/1.1\r\nHost: h:1\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\nAction=GetUser&Version=2010-05-08&UserName=iamspec-x-name"), "{request}");
        assert!(request.contains("\r\nAuthorization: proof\r\nContent-Length: 57\r\n"), "{request}");
        let request = text(&[], Style::Query);
        assert!(request.starts_with("GET /?Action=GetUser&Version=2010-05-08&UserName=iamspec-x-name HTTP/1.1\r\n"), "{request}");
        assert!(!request.contains("Content-Length"), "{request}");
    }

    #[test]
    fn twists_stand_where_they_belong() {
        for (twists, style, part) in [
            (vec![Twist::Value { index: 0 }], Style::Form, "&UserName=%"),
            (vec![Twist::Value { index: 0 }], Style::Query, "UserName=% HTTP/1.1"),
            (vec![Twist::Pair { index: 1 }], Style::Form, "iamspec-x-name&="),
            (vec![Twist::ActionValue { index: 0 }], Style::Form, "\r\n\r\nAction=%&Version"),
            (vec![Twist::Many { count: 2 }], Style::Form, "&P0=1&P1=1"),
            (vec![Twist::Method { index: 12 }], Style::Form, "PO ST / HTTP/1.1\r\n"),
            (vec![Twist::Target { index: 0 }], Style::Form, "POST * HTTP/1.1\r\n"),
            (vec![Twist::Target { index: 7 }], Style::Query, "GET /%zz HTTP/1.1\r\n"),
            (vec![Twist::LongTarget { length: 3 }], Style::Form, "POST /aaa HTTP/1.1\r\n"),
            (vec![Twist::Version { index: 8 }], Style::Form, "POST /\r\n"),
            (vec![Twist::Framing(Framing::Truncated)], Style::Form, "Content-Length: 157\r\n"),
            (vec![Twist::Framing(Framing::ManyChunks)], Style::Form, "1\r\nA\r\n1\r\nc\r\n"),
            (vec![Twist::Authorization { index: 1 }], Style::Form, "Authorization: AWS4-HMAC-SHA256\r\n"),
            (vec![Twist::ContentType { index: 1 }], Style::Form, "Content-Type: text/plain\r\n"),
            (vec![Twist::Garbage { index: 9 }], Style::Form, "SSH-2.0-x\r\n"),
        ] {
            let request = text(&twists, style);
            assert!(request.contains(part), "{twists:?}: {request}");
        }
        assert!(!text(&[Twist::NoHost], Style::Form).contains("Host:"));
        assert!(!text(&[Twist::ContentType { index: 0 }], Style::Form).contains("Content-Type"));
    }

    #[test]
    fn what_cannot_stand_in_a_query_is_no_request() {
        assert_eq!(written(&[Twist::Value { index: 6 }], Style::Form).damage, Damage::Content);
        assert_eq!(written(&[Twist::Value { index: 6 }], Style::Query).damage, Damage::Broken);
        assert!(written(&[Twist::Value { index: 6 }], Style::Query).bytes.windows(3).any(|w| w == b"a\0b"));
        assert_eq!(written(&[Twist::LongValue { length: 4_096 }], Style::Query).damage, Damage::Server);
        assert!(written(&[Twist::Framing(Framing::HugeChunk)], Style::Form).ends);
    }

    #[test]
    fn a_call_that_it_may_be_taken_for_is_known() {
        let meant = |twist| written(&[twist], Style::Form).meant;
        let user = |name: &str| Call::new("GetUser").with("UserName", name);
        assert_eq!(meant(Twist::Value { index: 5 }), [user("iamspec-x-name"), user("a\0b")]);
        assert_eq!(meant(Twist::Value { index: 8 }), [user("iamspec-x-name"), user("\u{fffd}\u{fffd}")]);
        assert_eq!(meant(Twist::Value { index: 0 }), [user("iamspec-x-name")]);
    }

    #[test]
    fn any_bytes_can_be_written() {
        arbtest::arbtest(|u| {
            let style = if u.arbitrary()? { Style::Form } else { Style::Query };
            let malformed = decode(u.bytes(u.len())?);
            let wire = wire(style);
            let place = Place { dialect: dialect(DialectId::Aws).unwrap(), wire: &wire, host: "h", stem: "iamspec-x" };
            let unsigned = write(&malformed, place);
            let clean = unsigned.clean.clone();
            assert!(!unsigned.finish(Some(&clean)).meant.is_empty());
            write(&malformed, place).finish(None);
            Ok(())
        })
        .budget_ms(500);
    }
}
