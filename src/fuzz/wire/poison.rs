//! What is put where it does not belong: tables, so that a finding can name the entry.

/// Bytes with a name.
#[derive(Debug)]
pub struct Poison {
    /// Name, stable: fingerprints have it.
    pub name: &'static str,
    /// The bytes.
    pub bytes: &'static [u8],
}

const fn poison(name: &'static str, bytes: &'static [u8]) -> Poison {
    Poison { name, bytes }
}

/// Values of a parameter, percent-encoded or not; what is no printable ASCII can stand in a body only.
#[rustfmt::skip]
pub static VALUES: &[Poison] = &[
    poison("lone %", b"%"),
    poison("% and one digit", b"%4"),
    poison("% and no digits", b"%zz"),
    poison("% and a sign", b"%-1"),
    poison("%u escape", b"%u0041"),
    poison("escaped NUL", b"a%00b"),
    poison("raw NUL", b"a\0b"),
    poison("escaped invalid UTF-8", b"%FF%FE"),
    poison("raw invalid UTF-8", b"\xff\xfe"),
    poison("escaped overlong UTF-8", b"%C0%AF"),
    poison("raw overlong UTF-8", b"\xc0\xaf"),
    poison("escaped surrogate", b"%ED%A0%80"),
    poison("truncated UTF-8", b"%E2%82"),
    poison("escaped beyond Unicode", b"%F5%80%80%80"),
    poison("escaped line break", b"a%0D%0Ab"),
    poison("escaped control characters", b"%01%08%1B%7F"),
    poison("escaped noncharacter", b"%EF%BF%BF"),
    poison("escaped byte order mark", b"%EF%BB%BFa"),
    poison("right-to-left override", b"%E2%80%AEa"),
    poison("astral character", b"%F0%9F%98%80"),
    poison("twice escaped", b"%2541"),
    poison("markup", b"%3C%2FUserName%3E%3C!--%5D%5D%3E%26amp%3B"),
    poison("quotes and backslashes", b"%22%27%5C%5C%22%7D"),
    poison("format string", b"%25s%25n%7B0%7D%24%7Bx%7D"),
    poison("path", b"..%2F..%2F..%2Fetc%2Fpasswd"),
    poison("huge number", b"99999999999999999999999999"),
    poison("negative number", b"-1"),
    poison("fraction", b"1e309"),
    poison("not a number", b"NaN"),
    poison("nothing", b""),
];

/// Whole pairs beside the right ones.
#[rustfmt::skip]
pub static PAIRS: &[Poison] = &[
    poison("no name", b"=x"),
    poison("neither name nor value", b"="),
    poison("separators alone", b"&&&&;;&"),
    poison("many equal signs", b"a===b="),
    poison("broken escape in a name", b"%zz=1"),
    poison("NUL in a name", b"a%00b=1"),
    poison("invalid UTF-8 in a name", b"%FF=1"),
    poison("list index of twenty digits", b"Tags.member.99999999999999999999.Key=k"),
    poison("negative list index", b"Tags.member.-1.Key=k"),
    poison("list index zero", b"Tags.member.0.Key=k"),
    poison("list without an index", b"Tags.member=k"),
    poison("list index that is no number", b"Tags.member.x.Key=k"),
    poison("list as a scalar and as a list", b"Tags=k&Tags.member.1.Key=k"),
    poison("structure as a scalar and as a structure", b"Tags.member.1=k&Tags.member.1.Key=k"),
    poison("sparse list", b"Tags.member.1000000.Key=k"),
    poison("a second Action", b"Action=ListGroups"),
    poison("a second Version", b"Version=1999-01-01"),
    poison("an Action as a list", b"Action.member.1=ListGroups"),
    poison("brackets", b"Tags[0][Key]=k&Tags[]=x"),
    poison("prototype", b"__proto__=x&constructor.prototype=y"),
    poison("a name of dots", b"....=1"),
    poison("a page size of nothing", b"MaxItems="),
    poison("a page size that is no number", b"MaxItems=x"),
    poison("a page size below nothing", b"MaxItems=-1"),
    poison("a huge page size", b"MaxItems=99999999999999999999"),
    poison("a marker that nobody gave", b"Marker=%00%FF"),
    poison("a marker in Base64", b"Marker=AAAAAAAAAAAAAAAAAAAAAA%3D%3D"),
];

/// Whole bodies.
#[rustfmt::skip]
pub static BODIES: &[Poison] = &[
    poison("empty", b""),
    poison("JSON", br#"{"Action":"ListUsers","Version":"2010-05-08"}"#),
    poison("broken JSON", br#"{"Action":["ListUsers""#),
    poison("deep JSON", b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
    poison("XML", b"<ListUsers xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"/>"),
    poison("XML with an entity", b"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///dev/null\">]><a>&b;</a>"),
    poison("multipart", b"--x\r\nContent-Disposition: form-data; name=\"Action\"\r\n\r\nListUsers\r\n--x--\r\n"),
    poison("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x00"),
    poison("UTF-16", b"\xff\xfeA\0c\0t\0i\0o\0n\0=\0L\0"),
    poison("invalid UTF-8", b"\xff\xff\xff\xff"),
    poison("NULs", b"\0\0\0\0\0\0\0\0"),
    poison("text", b"Action"),
    poison("line breaks", b"\r\n\r\n\r\n"),
    poison("byte order mark before the form", b"\xef\xbb\xbfAction=ListUsers&Version=2010-05-08"),
];

/// Values of Content-Type; the empty one is no such header.
#[rustfmt::skip]
pub static CONTENT_TYPES: &[Poison] = &[
    poison("none", b""),
    poison("text", b"text/plain"),
    poison("JSON", b"application/json"),
    poison("AWS JSON", b"application/x-amz-json-1.1"),
    poison("XML", b"text/xml"),
    poison("multipart without boundary", b"multipart/form-data"),
    poison("multipart with another boundary", b"multipart/form-data; boundary=y"),
    poison("UTF-16", b"application/x-www-form-urlencoded; charset=utf-16"),
    poison("unknown charset", b"application/x-www-form-urlencoded; charset=none-such"),
    poison("broken parameter", b"application/x-www-form-urlencoded; charset"),
    poison("open quote", b"application/x-www-form-urlencoded; charset=\"utf-8"),
    poison("no slash", b"form"),
    poison("slash alone", b"/"),
    poison("two", b"text/plain, application/x-www-form-urlencoded"),
    poison("upper case", b"APPLICATION/X-WWW-FORM-URLENCODED"),
];

/// Whole header lines that HTTP allows, but for the first ones which stand in for the proof of the sender.
#[rustfmt::skip]
pub static HEADERS: &[Poison] = &[
    poison("Accept of nothing", b"Accept: "),
    poison("Accept of anything but text", b"Accept: image/png;q=0.1, ;;;q=x"),
    poison("Accept-Encoding of everything", b"Accept-Encoding: br, gzip, deflate, *;q=0"),
    poison("Accept-Charset of nothing known", b"Accept-Charset: none-such"),
    poison("Accept-Language", b"Accept-Language: ;q=9,*"),
    poison("Content-Encoding gzip", b"Content-Encoding: gzip"),
    poison("Content-Encoding unknown", b"Content-Encoding: none-such"),
    poison("Content-MD5 of another body", b"Content-MD5: AAAAAAAAAAAAAAAAAAAAAA=="),
    poison("Expect of something else", b"Expect: 200-nothing"),
    poison("If-Match", b"If-Match: \"x\", W/\"y"),
    poison("Range", b"Range: bytes=9-1,-,5-"),
    poison("Upgrade to HTTP/2", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__"),
    poison("Upgrade to WebSocket", b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x"),
    poison("Forwarded", b"X-Forwarded-For: ::1, \"\r\nX-Forwarded-Host: [\r\nForwarded: for=\"_"),
    poison("method override", b"X-HTTP-Method-Override: DELETE"),
    poison("Cookie of signs", b"Cookie: =;;=;a=\"b;"),
    poison("Referer that is no address", b"Referer: http://[::"),
    poison("Origin null", b"Origin: null"),
    poison("User-Agent of nothing", b"User-Agent: "),
    poison("high bytes", b"X-Odd: \xe9\xff\x80"),
    poison("amz header of high bytes", b"X-Amz-Meta-Odd: \xe9\xff\x80"),
    poison("amz target", b"X-Amz-Target: AWSIdentityManagement.ListUsers"),
    poison("payload hash of another body", b"X-Amz-Content-Sha256: 0000"),
    poison("streamed payload", b"X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
    poison("security token of signs", b"X-Amz-Security-Token: %00<>\"'"),
    poison("trailer announced", b"Trailer: X-Odd"),
    poison("TE", b"TE: trailers, deflate;q=0.5"),
    poison("empty value", b"X-Odd:"),
];

/// Header lines that HTTP does not allow.
#[rustfmt::skip]
pub static BROKEN_HEADERS: &[Poison] = &[
    poison("no colon", b"X-Odd"),
    poison("no name", b": x"),
    poison("blank before the colon", b"X-Odd : x"),
    poison("blank in the name", b"X Odd: x"),
    poison("folded", b"X-Odd: a\r\n b"),
    poison("raw NUL", b"X-Odd: a\0b"),
    poison("bare carriage return", b"X-Odd: a\rX-Other: b"),
    poison("bare line feed", b"X-Odd: a\nX-Other: b"),
    poison("control characters", b"X-Odd: \x01\x08\x1b\x7f"),
    poison("high bytes in the name", b"X-\xc3\xa9: x"),
    poison("colons alone", b":::::"),
    poison("a second Host", b"Host: elsewhere.invalid"),
    poison("a second Content-Length", b"Content-Length: 7\r\nContent-Length: 8"),
];

/// Values of Authorization.
#[rustfmt::skip]
pub static AUTHORIZATIONS: &[Poison] = &[
    poison("empty", b""),
    poison("algorithm alone", b"AWS4-HMAC-SHA256"),
    poison("unknown algorithm", b"AWS9-X Credential=a/b/c/d/e, SignedHeaders=host, Signature=0"),
    poison("no equal signs", b"AWS4-HMAC-SHA256 Credential SignedHeaders Signature"),
    poison("empty parts", b"AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature="),
    poison("scope too short", b"AWS4-HMAC-SHA256 Credential=AKIAIAMSPECUNKNOWN22/20260101, SignedHeaders=host, Signature=00"),
    poison("scope too long", b"AWS4-HMAC-SHA256 Credential=AKIAIAMSPECUNKNOWN22/20260101/r/s/aws4_request/x/y, SignedHeaders=host, Signature=00"),
    poison("scope of slashes", b"AWS4-HMAC-SHA256 Credential=/////////, SignedHeaders=;;;, Signature=0"),
    poison("date of high bytes", b"AWS4-HMAC-SHA256 Credential=AKIAIAMSPECUNKNOWN22/\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9/us-east-1/iam/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"),
    poison("key id of high bytes", b"AWS4-HMAC-SHA256 Credential=\xc3\xa9\xe2\x82\xac/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=00"),
    poison("signature of an odd length", b"AWS4-HMAC-SHA256 Credential=AKIAIAMSPECUNKNOWN22/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=abc"),
    poison("signature of high bytes", b"AWS4-HMAC-SHA256 Credential=AKIAIAMSPECUNKNOWN22/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=\xc3\xa9\xc3\xa9"),
    poison("signed headers that are not there", b"AWS4-HMAC-SHA256 Credential=AKIAIAMSPECUNKNOWN22/20260101/us-east-1/iam/aws4_request, SignedHeaders=host;x-none-such, Signature=00"),
    poison("Basic of no Base64", b"Basic !!!"),
    poison("Bearer", b"Bearer \xff"),
    poison("old AWS form", b"AWS AKIAIAMSPECUNKNOWN22:AAAA="),
];

/// Values of X-Amz-Date in a request that is signed otherwise.
#[rustfmt::skip]
pub static DATES: &[Poison] = &[
    poison("empty", b""),
    poison("short", b"2026"),
    poison("no date", b"yesterday at noon"),
    poison("month thirteen", b"20261301T000000Z"),
    poison("year nought", b"00000000T000000Z"),
    poison("high bytes", b"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9Z"),
    poison("a high byte at the day", b"2026010\xc3\xa9T000000Z"),
    poison("far future", b"99991231T235959Z"),
    poison("long", b"20260101T000000Z20260101T000000Z20260101T000000Z20260101T000000Z"),
];

/// Methods.
#[rustfmt::skip]
pub static METHODS: &[Poison] = &[
    poison("PUT", b"PUT"),
    poison("DELETE", b"DELETE"),
    poison("PATCH", b"PATCH"),
    poison("HEAD", b"HEAD"),
    poison("OPTIONS", b"OPTIONS"),
    poison("TRACE", b"TRACE"),
    poison("CONNECT", b"CONNECT"),
    poison("PROPFIND", b"PROPFIND"),
    poison("lower case", b"post"),
    poison("unknown", b"BREW"),
    poison("of a thousand letters", &[b'M'; 1000]),
    poison("none", b""),
    poison("with a blank", b"PO ST"),
    poison("of high bytes", b"P\xc3\xa9ST"),
    poison("with NUL", b"PO\0ST"),
    poison("after an empty line", b"\r\nPOST"),
];

/// Request targets.
#[rustfmt::skip]
pub static TARGETS: &[Poison] = &[
    poison("asterisk", b"*"),
    poison("nothing", b""),
    poison("no slash", b"iam"),
    poison("two slashes", b"//"),
    poison("dots", b"/../../etc/passwd"),
    poison("escaped dots", b"/%2e%2e/%2e%2e/"),
    poison("elsewhere", b"/none/such"),
    poison("broken escape", b"/%zz"),
    poison("lone %", b"/%"),
    poison("escaped NUL", b"/%00"),
    poison("raw NUL", b"/\0"),
    poison("blank", b"/a b"),
    poison("high bytes", b"/\xc3\xa9\xff"),
    poison("fragment", b"/#x"),
    poison("backslash", b"\\..\\"),
    poison("braces", b"/{}|^`"),
    poison("absolute", b"http://elsewhere.invalid/"),
    poison("absolute of no scheme", b"://"),
    poison("authority", b"elsewhere.invalid:443"),
    poison("broken port", b"http://h:99999/"),
    poison("question marks", b"/????"),
];

/// HTTP versions.
#[rustfmt::skip]
pub static VERSIONS: &[Poison] = &[
    poison("1.0", b"HTTP/1.0"),
    poison("0.9", b"HTTP/0.9"),
    poison("9.9", b"HTTP/9.9"),
    poison("2.0", b"HTTP/2.0"),
    poison("lower case", b"http/1.1"),
    poison("other protocol", b"RTSP/1.0"),
    poison("no number", b"HTTP/x"),
    poison("long number", b"HTTP/1.11111111111111111111"),
    poison("none", b""),
];

/// Bytes that are no request at all.
#[rustfmt::skip]
pub static GARBAGE: &[Poison] = &[
    poison("nothing", b""),
    poison("line breaks", b"\r\n\r\n\r\n\r\n"),
    poison("TLS hello", b"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x00\x00\x04\x13\x01\x13\x02\x01\x00"),
    poison("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
    poison("half a request line", b"POST / HT"),
    poison("half a header", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Ty"),
    poison("HTTP/0.9", b"GET /\r\n"),
    poison("NULs", &[0; 64]),
    poison("high bytes", &[0xff; 64]),
    poison("another protocol", b"SSH-2.0-x\r\n"),
    poison("an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
];
