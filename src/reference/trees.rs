//! Users and groups as answers show them.

use serde_json::{Map, Value, json};

use super::state::{Group, User, date, tags_tree};
use super::{Account, Cx};
use crate::api::{Req, model, req};

/// What of a user an answer shows beside its name, path, id, ARN and date.
#[derive(Clone, Copy)]
pub(super) struct Shows {
    pub tags: bool,
    pub boundary: bool,
}

/// A user. Tags and boundary are only there when they are set (on `eim` they never are).
pub(super) fn user_tree(account: &Account, cx: &Cx<'_>, user: &User, shows: Shows) -> Map<String, Value> {
    let stale = account.former.get(&user.id).filter(|_| !cx.holds(req::UPDATE_USER__REBUILDS_ARN));
    let mut tree = Map::new();
    tree.insert("Path".into(), json!(user.path));
    tree.insert("UserName".into(), json!(user.name));
    tree.insert("UserId".into(), json!(user.id));
    tree.insert("Arn".into(), stale.map_or_else(|| arn(account, cx, "user", &user.path, &user.name), |f| json!(f.arn)));
    tree.insert("CreateDate".into(), date(user.created));
    if shows.tags && !user.tags.is_empty() {
        tree.insert("Tags".into(), tags_tree(&user.tags));
    }
    if let Some(boundary) = user.boundary.as_ref().filter(|_| shows.boundary) {
        let kind = &model().constraints("boundary-type", cx.dialect).values;
        tree.insert("PermissionsBoundary".into(), json!({ "PermissionsBoundaryType": kind.first(), "PermissionsBoundaryArn": boundary }));
    }
    tree
}

/// The account itself, as GetUser shows it: it has neither name nor path.
pub(super) fn root_tree(account: &Account) -> Map<String, Value> {
    let mut tree = Map::new();
    tree.insert("UserId".into(), json!(account.settings.account));
    tree.insert("Arn".into(), json!(account.arn("root", "", "")));
    tree.insert("CreateDate".into(), date(account.created));
    tree
}

/// A group.
pub(super) fn group_tree(account: &Account, cx: &Cx<'_>, group: &Group) -> Map<String, Value> {
    let stale = account.former.get(&group.id).filter(|_| !cx.holds(req::UPDATE_GROUP__REBUILDS_ARN));
    let mut tree = Map::new();
    tree.insert("Path".into(), json!(group.path));
    tree.insert("GroupName".into(), json!(group.name));
    tree.insert("GroupId".into(), json!(group.id));
    tree.insert("Arn".into(), stale.map_or_else(|| arn(account, cx, "group", &group.path, &group.name), |f| json!(f.arn)));
    tree.insert("CreateDate".into(), date(group.created));
    tree
}

/// What was answered when it was created is answered ever after; with `rule` broken the date is rounded up.
pub(super) fn as_created(cx: &Cx<'_>, rule: Req, created: i64, tree: &mut Map<String, Value>) {
    if !cx.holds(rule) {
        tree.insert("CreateDate".into(), date(created + 1));
    }
}

fn arn(account: &Account, cx: &Cx<'_>, kind: &str, path: &str, name: &str) -> Value {
    let path = if cx.holds(req::NAMES__ARN_HAS_PATH) { path } else { "/" };
    json!(account.arn(kind, path, name))
}

/// An answer of one element.
pub(super) fn single(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}
