//! Secrets in answers where none belongs.

use serde_json::{Value, json};

use super::outgoing::Outgoing;
use super::tree::{Tree, structures};
use crate::api::Action;

/// A key of the right form, for answers about certificates whose own key the account does not keep.
const SOME_KEY: &str =
    "-----BEGIN RSA PRIVATE KEY-----\nbm90IGEga2V5LCBidXQgaXQgbXVzdCBub3QgYmUgc2hvd24gZWl0aGVy\n-----END RSA PRIVATE KEY-----\n";

/// Puts the secret that belongs to each key, user or certificate of a result beside it, in an element called `named`.
pub(super) fn leak(exchange: &Outgoing<'_>, action: &'static Action, tree: &mut Tree, secret: &str, named: &str) {
    structures(action, exchange.dialect.id(), tree, &mut |_, part| {
        let found = match secret {
            "PrivateKey" => part.contains_key("ServerCertificateId").then(|| private_key(exchange)),
            _ => access_key(exchange, part),
        };
        if let Some(found) = found {
            part.insert(named.to_owned(), json!(found));
        }
    });
}

fn private_key(exchange: &Outgoing<'_>) -> String {
    exchange.call.and_then(|call| call.param("PrivateKey")).unwrap_or(SOME_KEY).to_owned()
}

fn access_key(exchange: &Outgoing<'_>, part: &Tree) -> Option<String> {
    let text = |name: &str| part.get(name).and_then(Value::as_str);
    let key = match (text("AccessKeyId"), text("UserId")) {
        (Some(id), _) => exchange.account.key(id)?.1,
        (None, Some(id)) => exchange.account.user_by_id(id)?.keys.first()?,
        (None, None) => return None,
    };
    Some(key.secret.clone())
}
