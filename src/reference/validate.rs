//! Checks every call meets before its Action looks at anything: name, version, parameters.

use serde_json::{Map, Value};

use super::context::error;
use super::{Cx, Params};
use crate::api::{Action, model};
use crate::dialect::{ApiError, Call};

/// The Action that a call names.
pub(super) fn action(_cx: &Cx<'_>, call: &Call) -> Result<&'static Action, ApiError> {
    model().action(call.action_name()).ok_or_else(|| error("InvalidAction", call.action_name()))
}

/// The parameters of a call against the API model.
pub(super) fn parameters<'a>(_cx: &Cx<'_>, action: &'static Action, call: &'a Call) -> Result<Params<'a>, ApiError> {
    let values: Map<String, Value> = call.params.iter().map(|(k, v)| (k.clone(), Value::String(v.clone()))).collect();
    Ok(Params { action, values, raw: &call.params })
}
