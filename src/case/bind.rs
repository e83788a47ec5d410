//! Binds a step: takes in what its dialect says otherwise, and fills in its variables.

use serde_json::Value;

use super::{Alternative, Raw, RenderError, Scope, Step, Tamper};
use crate::api::model;
use crate::auth::Credentials;
use crate::dialect::Call;

/// A step with what its dialect says otherwise taken in, and its variables filled in.
pub(crate) struct Bound {
    /// The call.
    pub call: Call,
    /// Oddities on the wire.
    pub raw: Option<Raw>,
    /// Who sends it, with a name for reports; none: the main principal.
    pub principal: Option<(String, Credentials)>,
    /// Fault in authentication.
    pub auth: Option<Tamper>,
    /// Follow markers.
    pub pages: bool,
}

/// Why a step cannot be filled in.
pub(crate) enum Unbound {
    /// An expression has no value.
    Template(RenderError),
    /// The variable of that name holds no access key.
    Principal(String),
}

impl From<RenderError> for Unbound {
    fn from(e: RenderError) -> Unbound {
        Unbound::Template(e)
    }
}

/// Makes a step ready to be sent.
pub(crate) fn bind(step: &Step, other: Option<&Alternative>, scope: &Scope) -> Result<Bound, Unbound> {
    let mut with = step.with.clone();
    for (name, value) in other.map(|o| o.with.as_slice()).unwrap_or_default() {
        match with.iter_mut().find(|(n, _)| n == name) {
            Some(at) => at.1 = value.clone(),
            None => with.push((name.clone(), value.clone())),
        }
    }
    let pages = step.pages.as_ref();
    let paginates = model().action(&step.call).is_some_and(|a| a.parameter("MaxItems", scope.dialect()).is_some());
    if let Some(size) = pages.and_then(|p| p.size.as_ref()).filter(|_| paginates) {
        with.push(("MaxItems".into(), Value::from(scope.render(size)?)));
    }
    let mut call = Call::new(&step.call);
    call.params = scope.flatten(&with)?;
    let mut raw = None;
    if let Some(oddity) = &step.raw {
        let mut oddity = oddity.clone();
        for text in [&mut oddity.body, &mut oddity.path].into_iter().flatten() {
            *text = scope.render(text)?;
        }
        for text in oddity.headers.iter_mut().filter_map(|(_, value)| value.as_mut()) {
            *text = scope.render(text)?;
        }
        if let Some(action) = &oddity.action {
            call.action = action.as_deref().map(|a| scope.render(a)).transpose()?;
        }
        if let Some(version) = &oddity.version {
            call.version = version.as_deref().map(|v| scope.render(v)).transpose()?;
        }
        raw = Some(oddity);
    }
    let principal = step.principal.as_deref().map(|p| principal(p, scope)).transpose()?;
    let auth = match &step.auth {
        Some(Tamper::Header(text)) => Some(Tamper::Header(scope.render(text)?)),
        Some(Tamper::Token(text)) => Some(Tamper::Token(scope.render(text)?)),
        Some(Tamper::Region(text)) => Some(Tamper::Region(scope.render(text)?)),
        Some(Tamper::Service(text)) => Some(Tamper::Service(scope.render(text)?)),
        other => other.clone(),
    };
    Ok(Bound { call, raw, principal, auth, pages: pages.is_some() })
}

/// The access key that a step is sent with: the variable holds CreateAccessKey's `AccessKey`.
fn principal(text: &str, scope: &Scope) -> Result<(String, Credentials), Unbound> {
    let key = scope.get(text).unwrap_or_default();
    let part = |name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
    match (part("AccessKeyId"), part("SecretAccessKey")) {
        (Some(access_key_id), Some(secret)) => {
            let label = part("UserName").map_or_else(|| access_key_id.clone(), |user| format!("key of {user}"));
            Ok((label, Credentials { access_key_id, secret, session_token: None }))
        }
        _ => Err(Unbound::Principal(text.to_owned())),
    }
}
