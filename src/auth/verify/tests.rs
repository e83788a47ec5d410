use super::*;
use crate::auth::canonical::hex;

const NOW: i64 = 1_440_938_160;
const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// From AWS's published test suite for Signature Version 4 (`aws-sig-v4-test-suite`): name, request line, headers but host and date,
/// signed headers, signature.
type HeaderVector = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

const HEADER_VECTORS: &[HeaderVector] = &[
    ("get-vanilla", "GET /", &[], "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-relative", "GET /example/..", &[], "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-slashes", "GET //example//", &[], "host;x-amz-date", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    (
        "get-slash-pointless-dot",
        "GET /./example",
        &[],
        "host;x-amz-date",
        "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
    ),
    ("get-space", "GET /example space/", &[], "host;x-amz-date", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    ("get-utf8", "GET /ሴ", &[], "host;x-amz-date", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    (
        "get-vanilla-query-order-key-case",
        "GET /?Param2=value2&Param1=value1",
        &[],
        "host;x-amz-date",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    (
        "get-vanilla-query-order-encoded",
        "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        &[],
        "host;x-amz-date",
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ),
    ("get-vanilla-utf8-query", "GET /?ሴ=bar", &[], "host;x-amz-date", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
    (
        "get-header-key-duplicate",
        "GET /",
        &[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
        "host;my-header1;x-amz-date",
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ),
    (
        "get-header-value-trim",
        "GET /",
        &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
        "host;my-header1;my-header2;x-amz-date",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    ("post-vanilla", "POST /", &[], "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    (
        "post-vanilla-query",
        "POST /?Param1=value1",
        &[],
        "host;x-amz-date",
        "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
    ),
    (
        "post-header-value-case",
        "POST /",
        &[("My-Header1", "VALUE1")],
        "host;my-header1;x-amz-date",
        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ),
    (
        "post-x-www-form-urlencoded",
        "POST /",
        &[
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Length", "13"),
            ("x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"),
        ],
        "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
    ),
];

/// The same suite's signatures in query strings (X-Amz-Expires 3600): request line, signature.
const QUERY_VECTORS: &[(&str, &str)] = &[
    ("GET /", "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"),
    ("POST /", "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b"),
    ("POST /?Param1=value1", "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682"),
    ("GET /?ሴ=bar", "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600"),
    ("GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787"),
];

fn request(line: &str) -> Request {
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        headers: vec![("Host".into(), "example.amazonaws.com".into())],
        body: Vec::new(),
    }
}

fn from_vector((_, line, headers, signed, signature): &HeaderVector) -> Request {
    let mut request = request(line);
    request.headers.extend(headers.iter().map(|(n, v)| (n.to_string(), v.to_string())));
    request.headers.push(("X-Amz-Date".into(), "20150830T123600Z".into()));
    let credential = format!("{KEY}/20150830/us-east-1/service/aws4_request");
    let authorization = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}");
    request.headers.push(("Authorization".into(), authorization));
    if request.header("Content-Length").is_some() {
        request.body = b"Param1=value1".to_vec();
    }
    request
}

fn vanilla() -> Request {
    from_vector(&HEADER_VECTORS[0])
}

fn presigned((line, signature): &(&str, &str)) -> Request {
    let mut request = request(line);
    let own = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY}%2F20150830%2Fus-east-1%2Fservice%2Faws4_request\
         &X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Signature={signature}"
    );
    request.query = if request.query.is_empty() { own } else { format!("{}&{own}", request.query) };
    request
}

fn verify_with(request: &Request, now: i64, active: bool, broken: Option<Req>) -> Result<Option<String>, ApiError> {
    let services = ["service".to_owned(), "iam".to_owned()];
    let verifier = Verifier { region: "us-east-1", services: &services, now, holds: &|rule| Some(rule) != broken };
    verifier.verify(request, &|id| (id == KEY).then_some(KeyRecord { secret: SECRET, active }))
}

fn verify(request: &Request) -> Result<Option<String>, ApiError> {
    verify_with(request, NOW, true, None)
}

fn set(request: &mut Request, name: &str, value: &str) {
    request.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    request.headers.push((name.into(), value.into()));
}

fn edit(request: &mut Request, from: &str, to: &str) {
    let authorization = request.header("Authorization").unwrap().to_owned();
    assert!(authorization.contains(from), "{authorization}");
    set(request, "Authorization", &authorization.replace(from, to));
}

/// Signs with the functions under test: for requests that no vector covers.
fn sign(request: &mut Request, signed: &str, secret: &str) {
    let names: Vec<String> = signed.split(';').map(str::to_owned).collect();
    let scope = "20150830/us-east-1/service/aws4_request";
    let canonical = canonical_request(request, &names).unwrap();
    let text = string_to_sign("20150830T123600Z", scope, &canonical);
    let mut key = format!("AWS4{secret}").into_bytes();
    for data in scope.split('/').chain([text.as_str()]) {
        use hmac::Mac;
        key = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap().chain_update(data).finalize().into_bytes().to_vec();
    }
    let authorization = format!("AWS4-HMAC-SHA256 Credential={KEY}/{scope},SignedHeaders={signed},Signature={}", hex(&key));
    set(request, "Authorization", &authorization);
}

/// The request is refused like that, and no longer refused with the rule broken.
#[track_caller]
fn refused(request: &Request, rule: Req, status: u16, code: &str, hint: &str) {
    let error = verify(request).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (status, code), "{}", error.message);
    assert!(error.message.contains(hint), "{}", error.message);
    assert_ne!(verify_with(request, NOW, true, Some(rule)), Err(error), "breaking {rule:?} changes the answer");
}

#[test]
fn published_signatures_in_headers_verify() {
    for vector in HEADER_VECTORS {
        assert_eq!(verify(&from_vector(vector)), Ok(Some(KEY.into())), "{}", vector.0);
    }
}

#[test]
fn published_signatures_in_query_strings_verify() {
    for vector in QUERY_VECTORS {
        assert_eq!(verify(&presigned(vector)), Ok(Some(KEY.into())), "{}", vector.0);
    }
}

#[test]
fn a_missing_signature_is_said_to_be_missing() {
    refused(&request("POST /"), req::AUTH__TOKEN_REQUIRED, 403, "MissingAuthenticationToken", "missing");
    let broken = verify_with(&presigned(&QUERY_VECTORS[0]), NOW, true, Some(req::AUTH__QUERY_SIGNATURE));
    assert_eq!(broken.unwrap_err().code, "MissingAuthenticationToken");
}

#[test]
fn each_missing_part_is_named() {
    for (part, hint) in [("Credential=", "'Credential'"), ("Signature=", "'Signature'"), ("SignedHeaders=", "'SignedHeaders'")] {
        let mut r = vanilla();
        edit(&mut r, part, &format!("X{part}"));
        refused(&r, req::AUTH__PARTS, 400, "IncompleteSignature", hint);
    }
    let mut r = vanilla();
    r.headers.retain(|(n, _)| n != "X-Amz-Date");
    refused(&r, req::AUTH__PARTS, 400, "IncompleteSignature", "'X-Amz-Date'");
}

#[test]
fn malformed_claims_are_incomplete() {
    let mut r = vanilla();
    edit(&mut r, ", Signature=", ", Signature");
    refused(&r, req::AUTH__KEY_VALUE_PAIRS, 400, "IncompleteSignature", "key=value");
    let mut r = vanilla();
    edit(&mut r, "AWS4-HMAC-SHA256", "AWS3-HTTPS");
    refused(&r, req::AUTH__ALGORITHM, 400, "IncompleteSignature", "algorithm");
    let mut r = vanilla();
    edit(&mut r, "/us-east-1", "");
    refused(&r, req::AUTH__CREDENTIAL_FORM, 400, "IncompleteSignature", "5 slash-delimited");
    let mut r = vanilla();
    set(&mut r, "X-Amz-Date", "2015-08-30T12:36:00Z");
    refused(&r, req::AUTH__DATE_FORM, 400, "IncompleteSignature", "ISO-8601");
    for dropped in ["X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Algorithm"] {
        let mut r = presigned(&QUERY_VECTORS[0]);
        r.query = r.query.replace(&format!("{dropped}="), &format!("N{dropped}="));
        refused(&r, req::AUTH__QUERY_PARTS, 400, "IncompleteSignature", dropped);
    }
    for expires in ["0", "604801", "-1", "x"] {
        let mut r = presigned(&QUERY_VECTORS[0]);
        r.query = r.query.replace("Expires=3600", &format!("Expires={expires}"));
        refused(&r, req::AUTH__QUERY_EXPIRY_BOUND, 400, "IncompleteSignature", "X-Amz-Expires");
    }
}

#[test]
fn every_element_of_the_scope_counts() {
    for (from, to, rule, hint) in [
        ("us-east-1", "eu-west-2", req::AUTH__SCOPE_REGION, "valid region"),
        ("/service/", "/s3/", req::AUTH__SCOPE_SERVICE, "correct service: 'service'"),
        ("aws4_request", "aws4", req::AUTH__SCOPE_TERMINATOR, "terminator"),
        ("/20150830/", "/20150829/", req::AUTH__SCOPE_DATE, "20150829"),
    ] {
        let mut r = vanilla();
        edit(&mut r, from, to);
        refused(&r, rule, 403, "SignatureDoesNotMatch", hint);
    }
    let mut r = vanilla();
    edit(&mut r, "us-east-1/service", "x/y");
    let message = verify(&r).unwrap_err().message;
    assert!(message.contains("valid region") && message.contains("correct service"), "{message}");
}

#[test]
fn a_second_service_is_accepted() {
    let mut r = vanilla();
    edit(&mut r, "/service/", "/iam/");
    assert!(verify(&r).unwrap_err().message.contains("calculated"), "the scope passes, the signature is the other service's");
    assert!(verify_with(&r, NOW, true, Some(req::AUTH__SERVICE_EIM_OR_IAM)).unwrap_err().message.contains("correct service"));
}

#[test]
fn keys_must_be_known_and_active() {
    let mut r = vanilla();
    edit(&mut r, KEY, "AKIDOTHER");
    refused(&r, req::AUTH__KEY_KNOWN, 403, "InvalidClientTokenId", "security token");
    assert_eq!(verify_with(&vanilla(), NOW, false, None).unwrap_err().code, "InvalidClientTokenId");
    assert_eq!(verify_with(&vanilla(), NOW, false, Some(req::AUTH__KEY_ACTIVE)), Ok(Some(KEY.into())));
}

#[test]
fn checks_run_in_order() {
    let mut r = vanilla();
    edit(&mut r, KEY, "AKIDOTHER");
    edit(&mut r, "us-east-1", "eu-west-2");
    refused(&r, req::AUTH__SCOPE_BEFORE_KEY, 403, "SignatureDoesNotMatch", "region");
    let mut r = vanilla();
    edit(&mut r, "Signature=5", "Signature=6");
    assert_eq!(verify_with(&r, NOW + 5000, false, None).unwrap_err().code, "InvalidClientTokenId");
    let broken = verify_with(&r, NOW, false, Some(req::AUTH__KEY_BEFORE_SIGNATURE)).unwrap_err();
    assert_eq!(broken.code, "SignatureDoesNotMatch");
    assert!(verify_with(&r, NOW + 5000, true, None).unwrap_err().message.contains("expired"), "the date precedes the signature");
}

#[test]
fn dates_may_be_fifteen_minutes_off() {
    for (now, hint, rule) in [
        (NOW + 900, None, req::AUTH__NOT_EXPIRED),
        (NOW + 901, Some("Signature expired"), req::AUTH__NOT_EXPIRED),
        (NOW - 900, None, req::AUTH__NOT_YET_CURRENT),
        (NOW - 901, Some("Signature not yet current"), req::AUTH__NOT_YET_CURRENT),
    ] {
        let answer = verify_with(&vanilla(), now, true, None);
        match hint {
            None => assert_eq!(answer, Ok(Some(KEY.into()))),
            Some(hint) => assert!(answer.unwrap_err().message.starts_with(hint)),
        }
        assert_eq!(verify_with(&vanilla(), now, true, Some(rule)), Ok(Some(KEY.into())));
    }
}

#[test]
fn query_strings_say_how_long_they_are_good_for() {
    let r = presigned(&QUERY_VECTORS[0]);
    assert!(verify_with(&r, NOW + 3600, true, None).is_ok());
    assert!(verify_with(&r, NOW + 3601, true, None).is_err());
    assert!(verify_with(&r, NOW + 3600, true, Some(req::AUTH__QUERY_EXPIRY)).is_err());
    assert!(verify_with(&r, NOW - 901, true, None).is_err());
}

#[test]
fn whatever_is_signed_cannot_be_changed() {
    let original = from_vector(&HEADER_VECTORS[HEADER_VECTORS.len() - 1]);
    let changes: [fn(&mut Request); 7] = [
        |r| r.method = "PUT".into(),
        |r| r.path = "/x".into(),
        |r| r.query = "Param1=value1".into(),
        |r| set(r, "Host", "example.com"),
        |r| set(r, "Content-Type", "text/plain"),
        |r| set(r, "X-Amz-Date", "20150830T123601Z"),
        |r| edit(r, "Signature=d", "Signature=e"),
    ];
    for change in changes {
        let mut r = original.clone();
        change(&mut r);
        refused(&r, req::AUTH__SIGNATURE, 403, "SignatureDoesNotMatch", "calculated");
    }
    let mut r = presigned(&QUERY_VECTORS[2]);
    r.query = r.query.replace("Param1=value1", "Param1=value2");
    refused(&r, req::AUTH__SIGNATURE, 403, "SignatureDoesNotMatch", "calculated");
    let mut r = original.clone();
    r.body.push(b'2');
    refused(&r, req::AUTH__PAYLOAD_HASH, 403, "SignatureDoesNotMatch", "Content-Sha256");
    let mut r = original;
    r.headers.retain(|(n, _)| n != "Content-Length");
    refused(&r, req::AUTH__SIGNATURE, 403, "SignatureDoesNotMatch", "calculated");
}

#[test]
fn a_body_is_signed_without_a_hash_header_too() {
    let mut r = vanilla();
    r.method = "POST".into();
    r.body = b"Action=ListUsers".to_vec();
    sign(&mut r, "host;x-amz-date", SECRET);
    assert_eq!(verify(&r), Ok(Some(KEY.into())));
    r.body = b"Action=DeleteUser".to_vec();
    refused(&r, req::AUTH__SIGNATURE, 403, "SignatureDoesNotMatch", "calculated");
}

#[test]
fn host_and_date_must_be_signed() {
    let mut r = vanilla();
    sign(&mut r, "x-amz-date", SECRET);
    refused(&r, req::AUTH__HOST_SIGNED, 403, "SignatureDoesNotMatch", "'Host'");
    sign(&mut r, "host", SECRET);
    refused(&r, req::AUTH__DATE_SIGNED, 403, "SignatureDoesNotMatch", "date");
    sign(&mut r, "host;x-amz-date", "another secret");
    refused(&r, req::AUTH__SIGNATURE, 403, "SignatureDoesNotMatch", "calculated");
}

#[test]
fn an_http_date_header_will_do() {
    let mut r = vanilla();
    r.headers.retain(|(n, _)| n != "X-Amz-Date");
    set(&mut r, "Date", "Sun, 30 Aug 2015 12:36:00 GMT");
    sign(&mut r, "date;host", SECRET);
    assert_eq!(verify(&r), Ok(Some(KEY.into())));
}
