//! Server certificates. What a certificate must be is `certificate_intake`'s business.

use serde_json::{Map, Value, json};

use super::certificate_intake::{Submission, examine};
use super::lookup::{self, Kind};
use super::page::page;
use super::rename::{Present, RenameRules};
use super::rules::{Prefix, Unique, id_of_name, quota};
use super::state::{Certificate, Former, date, fold, tags_tree};
use super::tags::tags;
use super::trees::single;
use super::{Account, Answer, Cx, Params};
use crate::api::{DialectId, Req, req};
use crate::dialect::ApiError;

/// Resource type in ARNs.
const KIND: &str = "server-certificate";
/// How the API's text for a name that is taken begins.
const WORDS: &str = "The Server Certificate";

pub(super) fn upload(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let name = p.required("ServerCertificateName");
    let (body, key) = (p.required("CertificateBody"), p.required("PrivateKey"));
    let path = match p.text("Path") {
        Some(path) if cx.holds(req::UPLOAD_SERVER_CERTIFICATE__PATH) => path,
        None if !cx.holds(req::UPLOAD_SERVER_CERTIFICATE__DEFAULT_PATH) => "/default/",
        _ => "/",
    };
    let tags = tags(account, cx, p)?;
    let intake = examine(cx, &Submission { body, key, chain: p.text("CertificateChain") })?;
    let unique = Unique {
        to_the_letter: req::UPLOAD_SERVER_CERTIFICATE__NAME_UNIQUE,
        ignoring_case: req::UPLOAD_SERVER_CERTIFICATE__NAME_UNIQUE_IGNORES_CASE,
        across_paths: req::UPLOAD_SERVER_CERTIFICATE__NAME_UNIQUE_ACROSS_PATHS,
    };
    let taken = account.certificates.get(&fold(name)).map(|c| (c.name.as_str(), c.path.as_str()));
    unique.enforce(cx, WORDS, (name, path), taken)?;
    quota(
        account,
        cx,
        req::UPLOAD_SERVER_CERTIFICATE__QUOTA,
        "server-certificates",
        "ServerCertificatesPerAccount",
        account.certificates.len(),
    )?;

    let id = cx.ids.unique_id("ASCA", cx.dialect);
    let certificate = Certificate {
        id: if cx.holds(req::UPLOAD_SERVER_CERTIFICATE__FRESH_ID) { id } else { id_of_name(cx, "ASCA", name) },
        name: if cx.holds(req::UPLOAD_SERVER_CERTIFICATE__NAME_AS_SENT) { name.to_owned() } else { fold(name) },
        path: path.to_owned(),
        body: body.to_owned(),
        chain: p.text("CertificateChain").map(str::to_owned),
        expiration: if cx.holds(req::UPLOAD_SERVER_CERTIFICATE__EXPIRATION) { intake.expiration } else { cx.now + A_YEAR },
        uploaded: if cx.holds(req::UPLOAD_SERVER_CERTIFICATE__UPLOAD_DATE) { cx.now } else { 0 },
        tags,
    };
    let mut answer = single("ServerCertificateMetadata", metadata(account, cx, &certificate));
    if !certificate.tags.is_empty() && cx.holds(req::UPLOAD_SERVER_CERTIFICATE__TAGS) {
        answer.insert("Tags".into(), tags_tree(&certificate.tags));
    }
    if !cx.holds(req::UPLOAD_SERVER_CERTIFICATE__NO_ECHO) {
        answer.insert("CertificateBody".into(), json!(body));
        answer.insert("PrivateKey".into(), json!(key));
    }
    account.certificates.insert(fold(name), certificate);
    Ok(answer)
}

const A_YEAR: i64 = 365 * 24 * 60 * 60;

/// What a server that keeps and shows private keys would answer: the reference keeps none.
const LEAKED_KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n";

pub(super) fn get(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let key = key_of(account, cx, p.required("ServerCertificateName"), req::GET_SERVER_CERTIFICATE__UNKNOWN_CERTIFICATE)?;
    let Some(certificate) = account.certificates.get(&key) else { return Ok(Map::new()) };
    let mut shown = metadata(account, cx, certificate);
    if !cx.holds(req::GET_SERVER_CERTIFICATE__METADATA) {
        shown.insert("UploadDate".into(), date(certificate.uploaded + 1));
    }
    let mut tree = single("ServerCertificateMetadata", shown);
    let other = account.certificates.values().find(|c| c.id != certificate.id).filter(|_| !cx.holds(req::GET_SERVER_CERTIFICATE__BODY));
    tree.insert("CertificateBody".into(), json!(other.unwrap_or(certificate).body));
    let chain = match &certificate.chain {
        Some(chain) if cx.holds(req::GET_SERVER_CERTIFICATE__CHAIN) => Some(chain.as_str()),
        Some(_) => Some(certificate.body.as_str()),
        None if cx.holds(req::GET_SERVER_CERTIFICATE__NO_CHAIN) => None,
        None => Some(certificate.body.as_str()),
    };
    if let Some(chain) = chain {
        tree.insert("CertificateChain".into(), json!(chain));
    }
    if cx.dialect != DialectId::Eim && cx.holds(req::GET_SERVER_CERTIFICATE__TAGS) {
        tree.insert("Tags".into(), tags_tree(&certificate.tags));
    }
    if !cx.holds(req::GET_SERVER_CERTIFICATE__NO_PRIVATE_KEY) {
        tree.insert("PrivateKey".into(), json!(LEAKED_KEY));
    }
    Ok(single("ServerCertificate", tree))
}

pub(super) fn list(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let prefix = Prefix {
        prefix: p.text("PathPrefix"),
        filters: req::LIST_SERVER_CERTIFICATES__PATH_PREFIX,
        may_end_inside: req::LIST_SERVER_CERTIFICATES__PATH_PREFIX_INSIDE_ELEMENT,
        all_without: req::LIST_SERVER_CERTIFICATES__ALL_WITHOUT_PREFIX,
    };
    let listed = account.certificates.iter().filter(|(_, certificate)| prefix.lets_through(cx, &certificate.path));
    let items = listed.map(|(key, certificate)| {
        let mut item = metadata(account, cx, certificate);
        if !cx.holds(req::LIST_SERVER_CERTIFICATES__METADATA) {
            item.remove("Expiration");
        }
        if !cx.holds(req::LIST_SERVER_CERTIFICATES__METADATA_ONLY) {
            item.insert("CertificateBody".into(), json!(certificate.body));
        }
        (key.clone(), Value::Object(item))
    });
    page(account, cx, p, items.collect(), "ServerCertificateMetadataList")
}

const RENAME: RenameRules = RenameRules {
    new_name: req::UPDATE_SERVER_CERTIFICATE__NEW_NAME,
    new_path: req::UPDATE_SERVER_CERTIFICATE__NEW_PATH,
    name_and_path: req::UPDATE_SERVER_CERTIFICATE__NAME_AND_PATH,
    keeps_path: req::UPDATE_SERVER_CERTIFICATE__KEEPS_PATH,
    nothing_to_change: req::UPDATE_SERVER_CERTIFICATE__NOTHING_TO_CHANGE,
    name_unique: req::UPDATE_SERVER_CERTIFICATE__NAME_UNIQUE,
    taken_names_new: req::UPDATE_SERVER_CERTIFICATE__TAKEN_NAMES_NEW,
    to_own_name: req::UPDATE_SERVER_CERTIFICATE__TO_OWN_NAME,
    to_own_name_in_another_case: req::UPDATE_SERVER_CERTIFICATE__TO_OWN_NAME_IN_ANOTHER_CASE,
};

pub(super) fn update(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let sent = p.required("ServerCertificateName");
    let key = key_of(account, cx, sent, req::UPDATE_SERVER_CERTIFICATE__UNKNOWN_CERTIFICATE)?;
    let stored = account.certificates.get(&key).map(|c| c.name.as_str()).unwrap_or_default();
    let present = Present { kind: WORDS, key: &key, stored, sent };
    let (name, path) = (p.text("NewServerCertificateName"), p.text("NewPath"));
    let change = RENAME.change(cx, &present, name, path, |key| account.certificates.contains_key(key))?;

    let Some(mut certificate) = account.certificates.remove(&key) else { return Ok(Map::new()) };
    if !cx.holds(req::UPDATE_SERVER_CERTIFICATE__FREES_OLD_NAME) {
        account.certificates.insert(key, certificate.clone());
    }
    let former = Former { name: certificate.name.clone(), arn: account.arn(KIND, &certificate.path, &certificate.name) };
    if let Some(name) = change.name {
        name.clone_into(&mut certificate.name);
    }
    if let Some(path) = change.path {
        path.clone_into(&mut certificate.path);
    }
    forget(cx, &mut certificate);
    account.former.insert(certificate.id.clone(), former);
    account.certificates.insert(change.key, certificate);
    Ok(Map::new())
}

/// What a rename loses where it is broken on purpose: all of it must be kept.
fn forget(cx: &mut Cx<'_>, certificate: &mut Certificate) {
    if !cx.holds(req::UPDATE_SERVER_CERTIFICATE__KEEPS_ID) {
        certificate.id = cx.ids.unique_id("ASCA", cx.dialect);
    }
    if !cx.holds(req::UPDATE_SERVER_CERTIFICATE__KEEPS_UPLOAD_DATE) {
        certificate.uploaded += 1;
    }
    if !cx.holds(req::UPDATE_SERVER_CERTIFICATE__KEEPS_CERTIFICATE) {
        certificate.chain = None;
        certificate.expiration = cx.now;
    }
    if !cx.holds(req::UPDATE_SERVER_CERTIFICATE__KEEPS_TAGS) {
        certificate.tags.clear();
    }
}

pub(super) fn delete(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let name = p.required("ServerCertificateName");
    let key = key_of(account, cx, name, req::DELETE_SERVER_CERTIFICATE__UNKNOWN_CERTIFICATE)?;
    if cx.holds(req::DELETE_SERVER_CERTIFICATE__GONE)
        && let Some(certificate) = account.certificates.remove(&key)
    {
        account.former.remove(&certificate.id);
    }
    Ok(Map::new())
}

/// Key in [`Account::certificates`] of the certificate that `name` means; else the error that `rule` is about.
fn key_of(account: &Account, cx: &Cx<'_>, name: &str, rule: Req) -> Result<String, ApiError> {
    let key = fold(name);
    let found = account.certificates.get(&key).filter(|c| c.name == name || cx.holds(req::SERVER_CERTIFICATES__FOUND_IGNORING_CASE));
    if found.is_some() { Ok(key) } else { Err(lookup::missing(cx, rule, Kind::ServerCertificate, name)) }
}

fn metadata(account: &Account, cx: &Cx<'_>, certificate: &Certificate) -> Map<String, Value> {
    let stale = account.former.get(&certificate.id).filter(|_| !cx.holds(req::UPDATE_SERVER_CERTIFICATE__REBUILDS_ARN));
    let path = if cx.holds(req::UPLOAD_SERVER_CERTIFICATE__ARN) { &certificate.path } else { "/" };
    let mut tree = Map::new();
    tree.insert("Path".into(), json!(certificate.path));
    tree.insert("ServerCertificateName".into(), json!(certificate.name));
    tree.insert("ServerCertificateId".into(), json!(certificate.id));
    tree.insert("Arn".into(), stale.map_or_else(|| json!(account.arn(KIND, path, &certificate.name)), |former| json!(former.arn)));
    tree.insert("UploadDate".into(), date(certificate.uploaded));
    tree.insert("Expiration".into(), date(certificate.expiration));
    tree
}

#[cfg(all(test, feature = "net"))]
mod tests;
