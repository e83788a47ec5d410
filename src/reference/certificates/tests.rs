use super::*;
use crate::certs::material;
use crate::dialect::{Call, Outcome};
use crate::reference::{Faults, Ids, Principal, Settings};

const NOW: i64 = 1_800_000_000;

struct Bench {
    account: Account,
    ids: Ids,
    faults: Faults,
}

fn bench(dialect: DialectId) -> Bench {
    Bench { account: Account::new(Settings::new(dialect)), ids: Ids::new(7), faults: Faults::default() }
}

impl Bench {
    fn broken(mut self, rule: Req) -> Bench {
        self.faults.broken = Some(rule);
        self
    }

    fn call(&mut self, action: &str, params: &[(&str, &str)]) -> Result<Value, String> {
        let call = params.iter().fold(Call::new(action), |call, (name, value)| call.with(name, *value));
        match self.account.apply(&Principal::Root, &call, NOW, &mut self.ids, &self.faults) {
            Outcome::Success(tree) => Ok(Value::Object(tree)),
            Outcome::Error(error) => Err(format!("{} {}: {}", error.status, error.code, error.message)),
        }
    }

    /// Uploads materials of these names.
    fn upload(&mut self, name: &str, body: &str, key: &str, chain: Option<&str>) -> Result<Value, String> {
        let (body, key, chain) = (pem(body), pem(key), chain.map(pem));
        let mut params = vec![("ServerCertificateName", name), ("CertificateBody", &body), ("PrivateKey", &key)];
        if let Some(chain) = &chain {
            params.push(("CertificateChain", chain));
        }
        self.call("UploadServerCertificate", &params)
    }

    fn shown(&mut self, name: &str) -> Value {
        self.call("GetServerCertificate", &[("ServerCertificateName", name)]).unwrap()["ServerCertificate"].clone()
    }
}

fn pem(name: &str) -> String {
    material(name).unwrap_or_else(|| panic!("no material {name}"))
}

const DIALECTS: [DialectId; 2] = [DialectId::Eim, DialectId::Aws];

#[test]
fn good_submissions_are_taken() {
    for dialect in DIALECTS {
        let mut bench = bench(dialect);
        for (body, key, chain, not_after) in [
            ("self-signed", "self-signed.key", None, "self-signed.not-after"),
            ("leaf", "leaf.key", None, "leaf.not-after"),
            ("leaf", "leaf.key", Some("leaf.chain"), "leaf.not-after"),
            ("leaf", "leaf.key", Some("leaf.chain-3"), "leaf.not-after"),
            ("leaf.text-around", "leaf.key", None, "leaf.not-after"),
            ("leaf.16384", "leaf.key", None, "leaf.not-after"),
            ("expired", "expired.key", None, "expired.not-after"),
            ("not-yet-valid", "not-yet-valid.key", None, "not-yet-valid.not-after"),
        ] {
            let name = format!("{body}-{}", chain.unwrap_or("alone"));
            let metadata = bench.upload(&name, body, key, chain).unwrap()["ServerCertificateMetadata"].clone();
            assert_eq!(metadata["Expiration"], json!(pem(not_after)), "{name}");
            assert_eq!(metadata["UploadDate"], json!("2027-01-15T08:00:00Z"));
            assert_eq!(metadata["Path"], json!("/"));
            assert_eq!(metadata["Arn"], json!(format!("arn:aws:iam::123456789012:server-certificate/{name}")));
            let id = metadata["ServerCertificateId"].as_str().unwrap();
            assert!(id.starts_with("ASCA") && id.len() == 21);

            let shown = bench.shown(&name);
            assert_eq!(shown["ServerCertificateMetadata"], metadata);
            assert_eq!(shown["CertificateBody"], json!(pem(body)));
            assert_eq!(shown.get("CertificateChain"), chain.map(|c| json!(pem(c))).as_ref());
            assert_eq!(shown.get("Tags"), (dialect == DialectId::Aws).then(|| json!([])).as_ref());
            assert!(shown.get("PrivateKey").is_none());
        }
    }
}

#[test]
fn bad_submissions_are_refused_by_the_rule_that_they_break() {
    let malformed = "400 MalformedCertificate: ";
    for (body, key, chain, rule, answer) in [
        ("garbage", "leaf.key", None, req::UPLOAD_SERVER_CERTIFICATE__BODY_IS_CERTIFICATE, malformed),
        ("leaf.damaged", "leaf.key", None, req::UPLOAD_SERVER_CERTIFICATE__BODY_IS_CERTIFICATE, malformed),
        ("leaf.key", "leaf.key", None, req::UPLOAD_SERVER_CERTIFICATE__BODY_IS_CERTIFICATE, malformed),
        ("two-bodies", "leaf.key", None, req::UPLOAD_SERVER_CERTIFICATE__ONE_CERTIFICATE, malformed),
        ("leaf", "garbage", None, req::UPLOAD_SERVER_CERTIFICATE__KEY_IS_PEM, malformed),
        ("leaf", "leaf", None, req::UPLOAD_SERVER_CERTIFICATE__KEY_IS_PEM, malformed),
        ("leaf", "other.key", None, req::UPLOAD_SERVER_CERTIFICATE__KEY_PAIR_MATCHES, "400 KeyPairMismatch: "),
        ("leaf", "leaf.key", Some("garbage"), req::UPLOAD_SERVER_CERTIFICATE__CHAIN_IS_CERTIFICATES, malformed),
        ("leaf", "leaf.key", Some("leaf.key"), req::UPLOAD_SERVER_CERTIFICATE__CHAIN_IS_CERTIFICATES, malformed),
        ("leaf", "leaf.key", Some("leaf.chain-without-issuer"), req::UPLOAD_SERVER_CERTIFICATE__CHAIN_STARTS_WITH_ISSUER, malformed),
        ("leaf", "leaf.key", Some("leaf.chain-namesake"), req::UPLOAD_SERVER_CERTIFICATE__CHAIN_STARTS_WITH_ISSUER, malformed),
        ("leaf", "leaf.key", Some("self-signed"), req::UPLOAD_SERVER_CERTIFICATE__CHAIN_STARTS_WITH_ISSUER, malformed),
        ("leaf", "leaf.key", Some("leaf.chain-stranger"), req::UPLOAD_SERVER_CERTIFICATE__CHAIN_IN_ORDER, malformed),
        ("leaf", "leaf.key", Some("leaf.chain-swapped"), req::UPLOAD_SERVER_CERTIFICATE__CHAIN_IN_ORDER, malformed),
    ] {
        for dialect in DIALECTS {
            let refusal = bench(dialect).upload("c", body, key, chain).unwrap_err();
            assert!(refusal.starts_with(answer), "{body}, {key}, {chain:?} on {dialect}: {refusal}");
            assert!(
                bench(dialect).broken(rule).upload("c", body, key, chain).is_ok(),
                "{body}, {key}, {chain:?}: only {rule:?} refuses it"
            );
        }
    }
    assert!(bench(DialectId::Aws).upload("c", "leaf", "leaf.key", Some("leaf.chain-wrong-order")).unwrap_err().ends_with(": -1"));
    assert!(bench(DialectId::Aws).upload("c", "leaf", "leaf.key", Some("leaf.chain-stranger")).unwrap_err().ends_with(": 0"));
    assert!(bench(DialectId::Aws).upload("c", "leaf.16385", "leaf.key", None).unwrap_err().starts_with("400 ValidationError: "));
}

#[test]
fn forms_of_keys_depend_on_the_dialect() {
    for (body, key) in [("leaf", "leaf.key-pkcs8"), ("ec", "ec.key"), ("ec", "ec.key-pkcs8")] {
        assert!(bench(DialectId::Aws).upload("c", body, key, None).is_ok(), "{key}");
        assert!(bench(DialectId::Aws).broken(req::UPLOAD_SERVER_CERTIFICATE__ANY_KEY_FORM).upload("c", body, key, None).is_err());
        let refusal = bench(DialectId::Eim).upload("c", body, key, None).unwrap_err();
        assert!(refusal.starts_with("400 MalformedCertificate: ") && refusal.contains("PKCS#1"), "{key}: {refusal}");
        assert!(bench(DialectId::Eim).broken(req::UPLOAD_SERVER_CERTIFICATE__PKCS1_ONLY).upload("c", body, key, None).is_ok());
    }
    for (body, key) in [("ec", "other-ec.key"), ("ec-384", "other-ec-384.key"), ("ec", "leaf.key"), ("leaf", "ec.key")] {
        let refusal = bench(DialectId::Aws).upload("c", body, key, None).unwrap_err();
        assert!(refusal.starts_with("400 KeyPairMismatch"), "{body}, {key}: {refusal}");
    }
}

#[test]
fn an_encrypted_key_is_refused() {
    let body = pem("leaf");
    for key in [
        pem("leaf.key")
            .replace("KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\nM"),
        pem("leaf.key-pkcs8").replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
    ] {
        assert!(key.contains("ENCRYPTED"));
        let upload = |mut bench: Bench| {
            bench.call("UploadServerCertificate", &[("ServerCertificateName", "c"), ("CertificateBody", &body), ("PrivateKey", &key)])
        };
        assert!(upload(bench(DialectId::Eim)).unwrap_err().contains("must not be encrypted"));
        assert!(upload(bench(DialectId::Eim).broken(req::UPLOAD_SERVER_CERTIFICATE__KEY_NOT_ENCRYPTED)).is_ok());
    }
}

#[test]
fn what_is_accepted_is_refused_once_the_rule_is_broken() {
    for (body, key, rule) in [
        ("self-signed", "self-signed.key", req::UPLOAD_SERVER_CERTIFICATE__SELF_SIGNED),
        ("leaf.text-around", "leaf.key", req::UPLOAD_SERVER_CERTIFICATE__TEXT_AROUND_PEM),
    ] {
        assert!(bench(DialectId::Eim).broken(rule).upload("c", body, key, None).is_err(), "{rule:?}");
    }
}

#[test]
fn names_are_taken_once() {
    let mut bench = bench(DialectId::Eim);
    bench.upload("Site", "leaf", "leaf.key", None).unwrap();
    for name in ["Site", "SITE"] {
        let refusal = bench.upload(name, "leaf", "leaf.key", None).unwrap_err();
        assert_eq!(refusal, format!("409 EntityAlreadyExists: The Server Certificate with name {name} already exists."));
    }
    assert_eq!(bench.shown("sITE")["ServerCertificateMetadata"]["ServerCertificateName"], json!("Site"));
}

#[test]
fn the_quota_counts_certificates() {
    let mut bench = bench(DialectId::Aws);
    bench.account.settings.limits.insert("server-certificates".into(), 2);
    bench.upload("a", "leaf", "leaf.key", None).unwrap();
    bench.upload("b", "leaf", "leaf.key", None).unwrap();
    assert!(bench.upload("c", "leaf", "leaf.key", None).unwrap_err().starts_with("409 LimitExceeded: "));
    bench.call("DeleteServerCertificate", &[("ServerCertificateName", "a")]).unwrap();
    bench.upload("c", "leaf", "leaf.key", None).unwrap();
}

#[test]
fn a_rename_keeps_everything_but_name_path_and_arn() {
    let mut bench = bench(DialectId::Aws);
    let before = bench.upload("old", "leaf", "leaf.key", Some("leaf.chain")).unwrap();
    bench.upload("other", "leaf", "leaf.key", None).unwrap();
    let rename = |bench: &mut Bench, params: &[(&str, &str)]| bench.call("UpdateServerCertificate", params);
    let taken = rename(&mut bench, &[("ServerCertificateName", "old"), ("NewServerCertificateName", "Other")]).unwrap_err();
    assert_eq!(taken, "409 EntityAlreadyExists: The Server Certificate with name Other already exists.");
    rename(&mut bench, &[("ServerCertificateName", "old"), ("NewServerCertificateName", "new"), ("NewPath", "/web/")]).unwrap();

    let after = bench.shown("new");
    let mut expected = before["ServerCertificateMetadata"].clone();
    expected["ServerCertificateName"] = json!("new");
    expected["Path"] = json!("/web/");
    expected["Arn"] = json!("arn:aws:iam::123456789012:server-certificate/web/new");
    assert_eq!(after["ServerCertificateMetadata"], expected);
    assert_eq!(after["CertificateChain"], json!(pem("leaf.chain")));
    let gone = bench.call("GetServerCertificate", &[("ServerCertificateName", "old")]).unwrap_err();
    assert_eq!(gone, "404 NoSuchEntity: The Server Certificate with name old cannot be found.");
}

#[test]
fn lists_hold_metadata_under_a_path() {
    let mut bench = bench(DialectId::Eim);
    let one = bench.upload("one", "leaf", "leaf.key", None).unwrap();
    bench.upload("two", "leaf", "leaf.key", None).unwrap();
    bench.call("UpdateServerCertificate", &[("ServerCertificateName", "two"), ("NewPath", "/web/")]).unwrap();
    let all = bench.call("ListServerCertificates", &[]).unwrap();
    assert_eq!(all["ServerCertificateMetadataList"].as_array().unwrap().len(), 2);
    assert_eq!(all["ServerCertificateMetadataList"][0], one["ServerCertificateMetadata"]);
    assert_eq!(all["IsTruncated"], json!(false));
    let some = bench.call("ListServerCertificates", &[("PathPrefix", "/w")]).unwrap();
    assert_eq!(some["ServerCertificateMetadataList"][0]["ServerCertificateName"], json!("two"));
    assert_eq!(some["ServerCertificateMetadataList"].as_array().unwrap().len(), 1);
    let page = bench.call("ListServerCertificates", &[("MaxItems", "1")]).unwrap();
    assert_eq!(page["IsTruncated"], json!(true));
    let marker = page["Marker"].as_str().unwrap().to_owned();
    let rest = bench.call("ListServerCertificates", &[("Marker", &marker)]).unwrap();
    assert_eq!(rest["ServerCertificateMetadataList"][0]["ServerCertificateName"], json!("two"));
}

#[test]
fn tags_come_back_on_aws() {
    let mut bench = bench(DialectId::Aws);
    let (body, key) = (pem("leaf"), pem("leaf.key"));
    let params = [
        ("ServerCertificateName", "c"),
        ("CertificateBody", &*body),
        ("PrivateKey", &key),
        ("Tags.member.1.Key", "stage"),
        ("Tags.member.1.Value", "test"),
    ];
    let answer = bench.call("UploadServerCertificate", &params).unwrap();
    assert_eq!(answer["Tags"], json!([{ "Key": "stage", "Value": "test" }]));
    assert_eq!(bench.shown("c")["Tags"], answer["Tags"]);
}

#[test]
fn unknown_names_are_not_found() {
    for action in ["GetServerCertificate", "UpdateServerCertificate", "DeleteServerCertificate"] {
        let answer = bench(DialectId::Eim).call(action, &[("ServerCertificateName", "nobody")]).unwrap_err();
        assert_eq!(answer, "404 NoSuchEntity: The Server Certificate with name nobody cannot be found.");
    }
}
