//! (being written)

use super::context::error;
use super::{Account, Answer, Cx, Params};

pub(super) fn attach_group(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn attach_user(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn create(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn create_version(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn delete(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn delete_version(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn detach_group(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn detach_user(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn get(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn get_version(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn list_attached_group(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn list_attached_user(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn list(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn list_versions(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}

pub(super) fn set_default_version(_account: &mut Account, _cx: &mut Cx<'_>, p: &Params<'_>) -> Answer {
    Err(error("NotImplemented", &p.action.name))
}
