//! What a session remembers of earlier calls, for the free checks that no response shows by itself: request ids that come again,
//! secrets that were handed out or sent, texts that are escaped as nobody has sent them.

use std::cell::RefCell;
use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::api::req;
use crate::dialect::shape::escapes;
use crate::dialect::{Call, Finding, Outcome, Reply, Response};

/// A shorter secret could stand in other answers by chance.
const TELLING: usize = 16;

/// A shorter line of a PEM text could.
const TELLING_LINE: usize = 40;

/// The memory of one session.
#[derive(Default)]
pub struct Memory {
    request_ids: RefCell<HashSet<String>>,
    /// Secrets that CreateAccessKey handed out.
    handed_out: RefCell<Vec<String>>,
    /// A line of each private key that was sent.
    keys: RefCell<Vec<String>>,
    /// Escapes in what was sent: they may come back.
    escapes: RefCell<HashSet<String>>,
}

fn found(req: crate::api::Req, at: &str, text: impl Into<String>) -> Finding {
    Finding { req, at: at.to_owned(), text: text.into() }
}

/// A line of a private key in PEM form that holds nothing public. An RSA key begins with its modulus, which stands in the certificate
/// too and may fall on the same lines there; a key of an elliptic curve, which is short, ends with its public part.
fn private_line(pem: &str) -> Option<&str> {
    const SHORT: usize = 10;
    // A case may send a certificate in place of a key.
    if !pem.contains("PRIVATE KEY") {
        return None;
    }
    let lines: Vec<&str> = pem.lines().map(str::trim).filter(|l| l.len() >= TELLING_LINE && !l.starts_with('-')).collect();
    lines.get(if lines.len() > SHORT { lines.len() / 2 } else { 0 }).copied()
}

/// Whether a text of an answer has `secret` in it.
fn tells(outcome: &Outcome, secret: &str) -> bool {
    fn within(value: &Value, secret: &str) -> bool {
        match value {
            Value::String(text) => text.contains(secret),
            Value::Array(items) => items.iter().any(|item| within(item, secret)),
            Value::Object(members) => members.values().any(|member| within(member, secret)),
            _ => false,
        }
    }
    match outcome {
        Outcome::Success(tree) => tree.values().any(|value| within(value, secret)),
        Outcome::Error(error) => error.message.contains(secret),
    }
}

impl Memory {
    /// Takes note of a call before it goes out.
    pub fn sent(&self, call: &Call) {
        for (name, value) in &call.params {
            self.escapes.borrow_mut().extend(escapes(value).map(str::to_owned));
            if name == "PrivateKey" {
                self.keys.borrow_mut().extend(private_line(value).map(str::to_owned));
            }
        }
    }

    /// What of earlier calls makes this response wrong. Takes note of the response.
    pub fn checks(&self, reply: &Reply, response: &Response) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(id) = &reply.request_id
            && !self.request_ids.borrow_mut().insert(id.clone())
        {
            findings.push(found(req::TRANSPORT__REQUEST_ID_UNIQUE, "RequestId", format!("{id} came before")));
        }
        // As it is on the wire, and as it is read: there a secret may stand behind escapes.
        let body = String::from_utf8_lossy(&response.body);
        let told = |secret: &str| body.contains(secret) || reply.outcome.as_ref().is_ok_and(|outcome| tells(outcome, secret));
        let holds = |secrets: &RefCell<Vec<String>>| secrets.borrow().iter().any(|secret| told(secret));
        if holds(&self.handed_out) {
            let text = "a secret access key that was handed out before stands in this response";
            findings.push(found(req::TRANSPORT__SECRET_ONCE, "body", text));
        }
        if holds(&self.keys) {
            findings.push(found(req::SHAPE__NO_SECRET, "body", "a private key that was sent stands in this response"));
        }
        match &reply.outcome {
            Ok(Outcome::Success(result)) => {
                self.texts(result, "", &mut findings);
                let secret = result.get("AccessKey").and_then(|key| key.get("SecretAccessKey")).and_then(Value::as_str);
                if let Some(secret) = secret.filter(|s| s.len() >= TELLING) {
                    self.handed_out.borrow_mut().push(secret.to_owned());
                }
            }
            Ok(Outcome::Error(error)) => self.text(&error.message, "Message", &mut findings),
            Err(_) => {}
        }
        findings
    }

    fn texts(&self, tree: &Map<String, Value>, path: &str, findings: &mut Vec<Finding>) {
        for (name, value) in tree {
            let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.value(value, &at, findings);
        }
    }

    fn value(&self, value: &Value, at: &str, findings: &mut Vec<Finding>) {
        match value {
            Value::String(text) => self.text(text, at, findings),
            Value::Object(inner) => self.texts(inner, at, findings),
            Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| self.value(item, &format!("{at}[{i}]"), findings)),
            _ => {}
        }
    }

    fn text(&self, text: &str, at: &str, findings: &mut Vec<Finding>) {
        if let Some(escape) = escapes(text).find(|escape| !self.escapes.borrow().contains(*escape)) {
            findings.push(found(req::WIRE__ESCAPED_ONCE, at, format!("it holds {escape}, which no call has sent")));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dialect::ApiError;

    fn reply(outcome: Outcome, id: &str) -> Reply {
        Reply { status: 200, outcome: Ok(outcome), request_id: Some(id.into()), findings: Vec::new() }
    }

    fn tree(value: Value) -> Outcome {
        Outcome::Success(value.as_object().cloned().unwrap_or_default())
    }

    fn ids(memory: &Memory, outcome: Outcome, id: &str, body: &str) -> Vec<&'static str> {
        let response = Response { status: 200, headers: Vec::new(), body: body.into() };
        memory.checks(&reply(outcome, id), &response).iter().map(|f| f.req.id()).collect()
    }

    #[test]
    fn what_comes_again_is_noticed() {
        let memory = Memory::default();
        let secret = "0123456789abcdefghij";
        let created = || tree(json!({ "AccessKey": { "SecretAccessKey": secret } }));
        assert_eq!(ids(&memory, created(), "r-1", secret), [""; 0], "its one place");
        assert_eq!(ids(&memory, tree(json!({})), "r-2", secret), ["transport.secret-once"]);
        let hidden = tree(json!({ "Users": [{ "Note": format!("its key is {secret}") }] }));
        assert_eq!(ids(&memory, hidden, "r-3", "\\u0030123456789abcdefghij"), ["transport.secret-once"], "behind an escape");
        assert_eq!(ids(&memory, tree(json!({})), "r-1", ""), ["transport.request-id-unique"]);
    }

    #[test]
    fn a_private_key_that_was_sent_stands_nowhere() {
        let memory = Memory::default();
        let lines: Vec<String> = ('a'..='y').map(|c| c.to_string().repeat(64)).collect();
        memory.sent(
            &Call::new("UploadServerCertificate").with("PrivateKey", format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n", lines.join("\n"))),
        );
        assert_eq!(ids(&memory, tree(json!({})), "r-1", &format!("<Note>{}</Note>", lines[12])), ["shape.no-secret"]);
        assert_eq!(ids(&memory, tree(json!({})), "r-2", &lines[..6].join("\n")), [""; 0], "the modulus, which the certificate has too");
        memory.sent(
            &Call::new("UploadServerCertificate")
                .with("PrivateKey", format!("-----BEGIN EC PRIVATE KEY-----\n{}\n", lines[23..].join("\n"))),
        );
        assert_eq!(ids(&memory, tree(json!({})), "r-3", &lines[23]), ["shape.no-secret"]);
        let certificate = format!("-----BEGIN CERTIFICATE-----\n{}\n", "z".repeat(64));
        memory.sent(&Call::new("UploadServerCertificate").with("PrivateKey", &certificate));
        assert_eq!(ids(&memory, tree(json!({})), "r-4", &certificate), [""; 0], "it is no key");
    }

    #[test]
    fn escapes_that_nobody_sent_are_one_too_many() {
        let memory = Memory::default();
        let described = |text: &str| tree(json!({ "Policy": { "Description": text } }));
        assert_eq!(ids(&memory, described("a &lt; b"), "r-1", ""), ["wire.escaped-once"]);
        memory.sent(&Call::new("CreatePolicy").with("Description", "a &lt; b"));
        assert_eq!(ids(&memory, described("a &lt; b"), "r-2", ""), [""; 0], "it was sent so");
        let refused = Outcome::Error(ApiError { status: 400, code: "X".into(), message: "&quot;".into() });
        assert_eq!(ids(&memory, refused, "r-3", ""), ["wire.escaped-once"]);
    }
}
