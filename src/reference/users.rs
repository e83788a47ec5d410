//! (being written)

use super::context::error;
use super::{Account, Answer, Cx, Params};

pub(super) fn create(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn delete(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn get(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn list(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn update(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}
