//! Policy documents as the reference takes them and decides by them.

use arbitrary::{Arbitrary, Unstructured};
use serde_json::{Map, Value};

use super::standing::Standing;
use super::{Check, demand};
use crate::api::DialectId;
use crate::dialect::{Call, Format, Outcome, dialect};
use crate::reference::Principal;

/// What precedes the document.
#[derive(Arbitrary)]
struct Head {
    dialect: u8,
    inline: bool,
}

/// Bytes before the document: dialect, and whether it is an inline policy's.
#[cfg(feature = "net")]
pub(in crate::fuzz) fn seed(dialect: DialectId, inline: bool, document: &str) -> Option<Vec<u8>> {
    let dialect = u8::try_from(DialectId::ALL.iter().position(|d| *d == dialect)?).ok()?;
    Some([&[dialect, u8::from(inline)][..], document.as_bytes()].concat())
}

pub(super) fn check(data: &[u8]) -> Check {
    let mut bytes = Unstructured::new(data);
    let Ok(head) = Head::arbitrary(&mut bytes) else { return Ok(()) };
    let Ok(document) = std::str::from_utf8(bytes.take_rest()) else { return Ok(()) };
    let id = DialectId::ALL[usize::from(head.dialect) % DialectId::ALL.len()];
    let mut there = Standing::new(id);
    there.must(&Call::new("CreateUser").with("UserName", "ann"))?;
    let accepted = put(&mut there, head.inline, document)?;
    if !accepted {
        // The same again is refused again: nothing was remembered.
        let again = put(&mut there, head.inline, document)?;
        return demand(!again, || "a document is refused, and accepted when it is sent once more".into());
    }
    let (action, result) = get(&mut there, head.inline)?;
    let stored = stored(&result).ok_or("the answer has no document")?;
    demand(stored == document, || format!("the document comes back as {stored:?}"))?;
    over_the_wire(id, action, &result)?;
    decides(&mut there)?;
    written_anew(id, head.inline, document)
}

/// Whether the account takes the document, as a policy of the user's own or as a managed one that the user has.
fn put(there: &mut Standing, inline: bool, document: &str) -> Result<bool, String> {
    let policy = |action: &str| Call::new(action).with("PolicyName", "p").with("PolicyDocument", document);
    if inline {
        return Ok(there.try_to(&policy("PutUserPolicy").with("UserName", "ann"))?.is_ok());
    }
    let taken = there.try_to(&policy("CreatePolicy"))?.is_ok();
    if taken {
        there.must(&Call::new("AttachUserPolicy").with("UserName", "ann").with("PolicyArn", arn(there)))?;
    }
    Ok(taken)
}

fn arn(there: &Standing) -> String {
    there.account.arn("policy", "/", "p")
}

fn get(there: &mut Standing, inline: bool) -> Result<(&'static str, Map<String, Value>), String> {
    let (action, call) = if inline {
        ("GetUserPolicy", Call::new("GetUserPolicy").with("UserName", "ann").with("PolicyName", "p"))
    } else {
        ("GetPolicyVersion", Call::new("GetPolicyVersion").with("PolicyArn", arn(there)).with("VersionId", "v1"))
    };
    Ok((action, there.must(&call)?))
}

fn stored(result: &Map<String, Value>) -> Option<&str> {
    result.get("PolicyVersion").and_then(|v| v.get("Document")).or_else(|| result.get("PolicyDocument"))?.as_str()
}

/// What is answered over the wire is what is stored, in each format that the dialect has.
fn over_the_wire(id: DialectId, action: &str, result: &Map<String, Value>) -> Check {
    let Some(dialect) = dialect(id) else { return Ok(()) };
    let formats: &[Format] = if id == DialectId::Aws { &[Format::Xml] } else { &[Format::Xml, Format::Json] };
    for format in formats {
        let written = dialect.encode_response(action, &Outcome::Success(result.clone()), "r-1", *format);
        let read = dialect.decode_response(action, &written, *format);
        let same = matches!(&read.outcome, Ok(Outcome::Success(tree)) if stored(tree) == stored(result));
        demand(same, || format!("over {format:?} the answer is read as {:?}", read.outcome))?;
    }
    Ok(())
}

/// Whatever an accepted document says, a call of the user's comes to a decision.
fn decides(there: &mut Standing) -> Check {
    let Some(id) = there.account.users.get("ann").map(|user| user.id.clone()) else { return Err("the user is gone".into()) };
    let ann = Principal::User { id };
    let about = [("UserName", "ann"), ("GroupName", "g"), ("UserName", "bob")];
    for (action, (name, value)) in ["GetUser", "CreateGroup", "DeleteUser"].into_iter().zip(about) {
        let outcome = there.ask(&ann, &Call::new(action).with(name, value));
        let decided = match &outcome {
            Outcome::Success(_) => true,
            Outcome::Error(error) => (400..500).contains(&error.status),
        };
        demand(decided, || format!("{action} of a user with the document: {outcome:?}"))?;
    }
    Ok(())
}

/// The same document without white space, and with each key once, is accepted too.
fn written_anew(id: DialectId, inline: bool, document: &str) -> Check {
    let value: Value = serde_json::from_str(document).map_err(|e| format!("an accepted document is no JSON: {e}"))?;
    let compact = value.to_string();
    // Escapes may be longer than what they stand for, and size has a bound; so have the characters that a parameter may hold.
    if compact.len() > document.len() || !compact.is_ascii() {
        return Ok(());
    }
    let mut there = Standing::new(id);
    there.must(&Call::new("CreateUser").with("UserName", "ann"))?;
    let accepted = put(&mut there, inline, &compact)?;
    demand(accepted, || format!("accepted as {document:?} and refused as {compact:?}"))
}
