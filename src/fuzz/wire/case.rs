//! A find as a case, where a case can say it: something wrong with what a request says, of which the API must answer.

use super::twist::{Damage, Malformed, Proof, Twist};
use super::write::{Place, write};
use crate::api::{Req, req};
use crate::case::write::{Unwritable, checked};
use crate::case::{Case, Expect, Raw, Tamper};
use crate::dialect::{Configuration, Dialect, FormEncoding, Style, Wire};
use crate::fuzz::program;

/// Stands for the case's own name until the request is written.
const STAND_IN: &str = "iamspecstandin";

/// Longest body that a case shows.
const LONGEST: usize = 2_048;

/// Statuses of refusals.
const REFUSALS: [u16; 12] = [400, 401, 403, 404, 405, 409, 411, 413, 414, 415, 422, 431];

/// The case that fails as a find does: its call is `malformed`, and what must come back is a well-formed refusal, or where the reference
/// takes it for a legal call ([`expecting_success`]) that call's result. None: no case can say it. `name` is the last part of its id.
pub fn case(malformed: &Malformed, configuration: Configuration, dialect: &'static dyn Dialect, name: &str) -> Option<Case> {
    if malformed.damage() != Damage::Content || configuration.style == Style::Query {
        return None;
    }
    let says = |twist: &Twist| !matches!(twist, Twist::Authorization { .. } | Twist::Date { .. });
    if !malformed.twists.iter().all(says) {
        return None;
    }
    let wire = Wire {
        format: configuration.format,
        style: configuration.style,
        method: "POST".into(),
        path: if configuration.dialect == crate::api::DialectId::Ecs { "/iam" } else { "/" }.into(),
        form_encoding: FormEncoding::Plus,
        headers: Vec::new(),
    };
    let unsigned = write(malformed, Place { dialect, wire: &wire, host: "", stem: STAND_IN });
    let body = String::from_utf8(unsigned.request.body.clone()).ok().filter(|body| body.len() <= LONGEST)?;
    let body = body.replace("${", "$${").replace(&format!("{STAND_IN}-name"), "${name}").replace(STAND_IN, "${name}");
    let typed = malformed.twists.iter().any(|twist| matches!(twist, Twist::ContentType { .. }));
    let content_type = unsigned.request.header("content-type").map(str::to_owned);
    let mut step = program::step(malformed.base.call("").action_name(), Vec::new());
    step.raw = Some(Raw {
        body: Some(body),
        headers: if typed { vec![("Content-Type".into(), content_type)] } else { Vec::new() },
        ..Raw::default()
    });
    step.auth = (malformed.proof == Proof::None).then_some(Tamper::None);
    step.expect = Expect { status: REFUSALS.to_vec(), any_error: true, given: true, ..Expect::default() };
    let mut case = program::new(name, configuration.dialect, vec![step]);
    case.title = format!("A malformed request is refused: {}", malformed.class());
    Some(case)
}

/// The same, where the malformed request is a legal call to the reference.
pub fn expecting_success(mut case: Case) -> Case {
    case.title = case.title.replacen("is refused", "is answered", 1);
    for step in &mut case.steps {
        step.expect = Expect { status: vec![200], given: true, ..Expect::default() };
    }
    case
}

/// The same as the text of a file, with the rule that `path` of a departure is about.
///
/// # Errors
/// When it has no form in a file.
pub fn file(mut case: Case, path: &str) -> Result<String, Unwritable> {
    case.requirements = vec![rule(path)];
    checked(&[&case])
}

fn rule(path: &str) -> Req {
    match path {
        "status" => req::TRANSPORT__NO_SERVER_ERROR,
        "body" => req::WIRE__ERROR_ENVELOPE,
        _ => req::TRANSPORT__ANSWERS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DialectId;
    use crate::case::parse;
    use crate::dialect::{Format, dialect};
    use crate::fuzz::wire::Base;

    fn of(twists: &[Twist], style: Style) -> Option<Case> {
        let malformed = Malformed { base: Base::GetUser, proof: Proof::Right, twists: twists.to_vec() };
        let configuration = Configuration { dialect: DialectId::Aws, format: Format::Xml, style };
        case(&malformed, configuration, dialect(DialectId::Aws).unwrap(), "wire-1/malformed")
    }

    #[test]
    fn what_a_request_says_can_be_said_by_a_case() {
        let text = file(of(&[Twist::Value { index: 0 }], Style::Form).unwrap(), "status").unwrap();
        assert!(text.contains("Action=GetUser&Version=2010-05-08&UserName=%"), "{text}");
        let back = parse("fuzz/wire-1.toml", "wire-1.toml", &text).unwrap();
        assert_eq!((back.len(), back[0].requirements[0].id()), (1, "transport.no-server-error"));
        let named = of(&[Twist::Pair { index: 0 }], Style::Form).unwrap();
        assert!(named.steps[0].raw.as_ref().unwrap().body.as_ref().unwrap().contains("UserName=${name}&=x"));
        assert!(of(&[Twist::ContentType { index: 0 }], Style::Form).unwrap().steps[0].raw.as_ref().unwrap().headers[0].1.is_none());
    }

    #[test]
    fn what_a_request_is_cannot() {
        assert!(of(&[Twist::NoHost], Style::Form).is_none());
        assert!(of(&[Twist::Value { index: 0 }], Style::Query).is_none());
        assert!(of(&[Twist::Value { index: 8 }], Style::Form).is_none(), "no UTF-8");
        assert!(of(&[Twist::LongValue { length: 4_000 }], Style::Form).is_none());
    }
}
