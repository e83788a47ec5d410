//! (being written)

use super::context::error;
use super::{Account, Answer, Cx, Params};

pub(super) fn delete_group(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn delete_user(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn get_group(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn get_user(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn list_group(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn list_user(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn put_group(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn put_user(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}
