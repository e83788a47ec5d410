//! Server certificates as the reference takes them.

use arbitrary::{Arbitrary, Unstructured};

use super::standing::Standing;
use super::{Check, demand};
use crate::api::DialectId;
use crate::dialect::Call;

/// What precedes the PEM texts.
#[derive(Arbitrary)]
struct Head {
    dialect: u8,
}

/// Between body, private key and chain: a character that no PEM text has.
const BETWEEN: u8 = 0;

/// A byte for the dialect, then the texts.
#[cfg(feature = "net")]
pub(in crate::fuzz) fn seed(dialect: DialectId, body: &str, key: &str, chain: Option<&str>) -> Option<Vec<u8>> {
    let dialect = u8::try_from(DialectId::ALL.iter().position(|d| *d == dialect)?).ok()?;
    let chain = chain.map(|chain| [&[BETWEEN], chain.as_bytes()].concat()).unwrap_or_default();
    Some([&[dialect], body.as_bytes(), &[BETWEEN], key.as_bytes(), &chain].concat())
}

pub(super) fn check(data: &[u8]) -> Check {
    let mut bytes = Unstructured::new(data);
    let Ok(head) = Head::arbitrary(&mut bytes) else { return Ok(()) };
    let id = DialectId::ALL[usize::from(head.dialect) % DialectId::ALL.len()];
    let texts: Vec<String> = bytes.take_rest().splitn(3, |b| *b == BETWEEN).map(|t| String::from_utf8_lossy(t).into_owned()).collect();
    let text = |i: usize| texts.get(i).map_or("", String::as_str);
    let upload = |name: &str, key: &str| {
        let call = Call::new("UploadServerCertificate").with("ServerCertificateName", name);
        let call = call.with("CertificateBody", text(0)).with("PrivateKey", key);
        texts.get(2).iter().fold(call, |call, chain| call.with("CertificateChain", chain.as_str()))
    };
    let mut there = Standing::new(id);
    let Ok(result) = there.try_to(&upload("c", text(1)))? else { return Ok(()) };
    let shown = serde_json::Value::Object(result).to_string();
    let got = there.must(&Call::new("GetServerCertificate").with("ServerCertificateName", "c"))?;
    let certificate = got.get("ServerCertificate").ok_or("the answer has no certificate")?;
    let back = |name: &str| certificate.get(name).and_then(serde_json::Value::as_str);
    demand(back("CertificateBody") == Some(text(0)), || format!("the body comes back as {:?}", back("CertificateBody")))?;
    demand(back("CertificateChain") == texts.get(2).map(String::as_str), || {
        format!("the chain comes back as {:?}", back("CertificateChain"))
    })?;
    for line in text(1).lines().filter(|line| line.len() >= 32 && !text(0).contains(line) && !text(2).contains(line)) {
        let leaks = shown.contains(line) || certificate.to_string().contains(line) || format!("{:?}", there.account).contains(line);
        demand(!leaks, || "a line of the private key is kept or answered".into())?;
    }
    let garbage = there.try_to(&upload("d", "no key"))?.is_ok();
    demand(!garbage, || "the certificate is accepted with a text that is no key".into())?;
    let again = there.try_to(&upload("d", text(1)))?.is_ok();
    demand(again, || "the same upload under another name is refused".into())
}
