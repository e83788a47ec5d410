//! Access keys: of a user, or, where a call names none, of whoever calls.

use serde_json::{Map, Value, json};

use super::context::error;
use super::lookup::{self, Kind};
use super::page::page;
use super::rules::quota;
use super::state::{AccessKey, date};
use super::trees::single;
use super::{Account, Answer, Cx, Params, Principal};
use crate::api::{DialectId, Req, req};
use crate::dialect::ApiError;

/// Whose keys a call is about.
enum Owner {
    Root,
    /// By its key in the account.
    User(String),
}

/// UserName in answers about the account's own keys: the model promises one, and no user has a hold on it there.
const ROOT: &str = "root";

fn owner(account: &Account, cx: &Cx<'_>, p: &Params, unknown: Req, caller: Req) -> Result<Owner, ApiError> {
    match (p.text("UserName"), cx.caller) {
        (Some(name), _) => Ok(Owner::User(lookup::user_key(account, cx, name, unknown)?)),
        (None, Principal::User { id }) if cx.holds(caller) => {
            let found = account.users.iter().find(|(_, user)| user.id == *id);
            found.map(|(key, _)| Owner::User(key.clone())).ok_or_else(|| lookup::missing(cx, unknown, Kind::User, id))
        }
        (None, _) => Ok(Owner::Root),
    }
}

impl Owner {
    fn keys<'a>(&self, account: &'a Account) -> &'a [AccessKey] {
        match self {
            Owner::Root => &account.root_keys,
            Owner::User(key) => account.users.get(key).map(|u| u.keys.as_slice()).unwrap_or_default(),
        }
    }

    fn keys_mut<'a>(&self, account: &'a mut Account) -> Option<&'a mut Vec<AccessKey>> {
        match self {
            Owner::Root => Some(&mut account.root_keys),
            Owner::User(key) => account.users.get_mut(key).map(|u| &mut u.keys),
        }
    }

    fn name<'a>(&self, account: &'a Account) -> &'a str {
        match self {
            Owner::Root => ROOT,
            Owner::User(key) => account.users.get(key).map(|u| u.name.as_str()).unwrap_or_default(),
        }
    }
}

pub(super) fn create(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let owner = owner(account, cx, p, req::CREATE_ACCESS_KEY__UNKNOWN_USER, req::CREATE_ACCESS_KEY__CALLER)?;
    let counted = owner.keys(account).iter().filter(|k| k.active || cx.holds(req::CREATE_ACCESS_KEY__QUOTA_COUNTS_INACTIVE)).count();
    quota(account, cx, req::CREATE_ACCESS_KEY__QUOTA, "access-keys-per-user", "AccessKeysPerUser", counted)?;
    let id = match cx.dialect {
        DialectId::Ecs => cx.ids.unique_id("AKIA", cx.dialect),
        DialectId::Eim | DialectId::Aws => cx.ids.access_key_id(),
    };
    let mut secret = cx.ids.secret();
    if !cx.holds(req::CREATE_ACCESS_KEY__SECRET_FORM) {
        secret.pop();
    }
    let key = AccessKey { id, secret, active: cx.holds(req::CREATE_ACCESS_KEY__STARTS_ACTIVE), created: cx.now };
    let sent = p.text("UserName").filter(|_| !cx.holds(req::CREATE_ACCESS_KEY__STORED_SPELLING));
    let mut tree = metadata(sent.unwrap_or(owner.name(account)), &key);
    if cx.holds(req::CREATE_ACCESS_KEY__SECRET) {
        tree.insert("SecretAccessKey".into(), json!(key.secret));
    }
    if let Some(keys) = owner.keys_mut(account) {
        keys.push(key);
    }
    Ok(single("AccessKey", tree))
}

fn metadata(user: &str, key: &AccessKey) -> Map<String, Value> {
    let status = if key.active { "Active" } else { "Inactive" };
    let members = [("UserName", json!(user)), ("AccessKeyId", json!(key.id)), ("Status", json!(status)), ("CreateDate", date(key.created))];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(super) fn list(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let owner = owner(account, cx, p, req::LIST_ACCESS_KEYS__UNKNOWN_USER, req::LIST_ACCESS_KEYS__CALLER)?;
    let former = match &owner {
        Owner::User(key) if !cx.holds(req::LIST_ACCESS_KEYS__FOLLOWS_RENAME) => {
            account.users.get(key).and_then(|user| account.former.get(&user.id)).map(|former| former.name.as_str())
        }
        _ => None,
    };
    let name = former.unwrap_or(owner.name(account));
    let keys: Vec<&AccessKey> = if cx.holds(req::LIST_ACCESS_KEYS__OWN_KEYS_ONLY) {
        owner.keys(account).iter().collect()
    } else {
        account.users.values().flat_map(|user| &user.keys).collect()
    };
    let mut items: Vec<(String, Value)> = Vec::new();
    for key in keys.into_iter().filter(|k| k.active || cx.holds(req::LIST_ACCESS_KEYS__INACTIVE_TOO)) {
        let mut tree = metadata(name, key);
        if !cx.holds(req::LIST_ACCESS_KEYS__NO_SECRET) {
            tree.insert("SecretAccessKey".into(), json!(key.secret));
        }
        if !cx.holds(req::LIST_ACCESS_KEYS__AS_CREATED) {
            tree.insert("CreateDate".into(), date(key.created + 1));
        }
        items.push((format!("{:020} {}", key.created.max(0), key.id), Value::Object(tree)));
    }
    page(account, cx, p, items, "AccessKeyMetadata")
}

/// The rules by which an Action finds a key.
struct Finding {
    unknown_user: Req,
    unknown_key: Req,
    /// The user is looked up before the key.
    user_first: Req,
    /// A key of somebody else is as good as unknown.
    own_key: Req,
    caller: Req,
}

/// The key list and place of the key that a call names.
fn find<'a>(account: &'a mut Account, cx: &Cx<'_>, p: &Params, rules: &Finding) -> Result<(&'a mut Vec<AccessKey>, usize), ApiError> {
    let id = p.required("AccessKeyId");
    let holder = || account.users.iter().find(|(_, u)| u.keys.iter().any(|k| k.id == id)).map(|(key, _)| Owner::User(key.clone()));
    let owner = match owner(account, cx, p, rules.unknown_user, rules.caller) {
        Err(unknown) if cx.holds(rules.user_first) => return Err(unknown),
        Err(unknown) => holder().ok_or(unknown)?,
        Ok(_) if !cx.holds(rules.own_key) => holder().unwrap_or(Owner::Root),
        Ok(owner) => owner,
    };
    let at = owner.keys(account).iter().position(|k| k.id == id);
    let unknown = || lookup::missing(cx, rules.unknown_key, Kind::AccessKey, id);
    Ok((owner.keys_mut(account).ok_or_else(unknown)?, at.ok_or_else(unknown)?))
}

pub(super) fn update(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let rules = Finding {
        unknown_user: req::UPDATE_ACCESS_KEY__UNKNOWN_USER,
        unknown_key: req::UPDATE_ACCESS_KEY__UNKNOWN_KEY,
        user_first: req::UPDATE_ACCESS_KEY__USER_FIRST,
        own_key: req::UPDATE_ACCESS_KEY__OWN_KEY,
        caller: req::UPDATE_ACCESS_KEY__CALLER,
    };
    let now = cx.now;
    let (keys, at) = find(account, cx, p, &rules)?;
    let Some(key) = keys.get_mut(at) else { return Ok(Map::new()) };
    let active = match p.required("Status") {
        "Active" => true,
        "Inactive" => false,
        other => {
            let refusal = || error("InvalidInput", format!("Status {other} cannot be set."));
            cx.enforce(req::UPDATE_ACCESS_KEY__NOT_EXPIRED, true, refusal)?;
            false
        }
    };
    if key.active == active && !cx.holds(req::UPDATE_ACCESS_KEY__IDEMPOTENT) {
        return Err(error("InvalidInput", "The access key has this status already."));
    }
    if cx.holds(req::UPDATE_ACCESS_KEY__SETS_STATUS) {
        key.active = active;
    }
    if !cx.holds(req::UPDATE_ACCESS_KEY__KEEPS_CREATE_DATE) {
        key.created = now.max(key.created + 1);
    }
    Ok(Map::new())
}

pub(super) fn delete(account: &mut Account, cx: &mut Cx<'_>, p: &Params) -> Answer {
    let rules = Finding {
        unknown_user: req::DELETE_ACCESS_KEY__UNKNOWN_USER,
        unknown_key: req::DELETE_ACCESS_KEY__UNKNOWN_KEY,
        user_first: req::DELETE_ACCESS_KEY__USER_FIRST,
        own_key: req::DELETE_ACCESS_KEY__OWN_KEY,
        caller: req::DELETE_ACCESS_KEY__CALLER,
    };
    let (keys, at) = find(account, cx, p, &rules)?;
    if cx.holds(req::DELETE_ACCESS_KEY__GONE) {
        keys.remove(at);
    }
    Ok(Map::new())
}
