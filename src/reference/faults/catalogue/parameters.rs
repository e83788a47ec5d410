//! Parameters that are ignored, and constraints on them that are not the model's.

use super::{Aim, Fault, of_action};
use crate::api::{Action, DialectId, Member, Req, Scalar, Type, model, req};
use crate::reference::faults::{Lapse, Wrong};

pub(super) fn faults(action: &'static Action, dialect: DialectId) -> Vec<Fault> {
    let mut all = Vec::new();
    for parameter in action.parameters.iter().filter(|p| p.on(dialect)) {
        all.push(ignored(action, parameter));
        constraints(action, parameter, parameter.name.clone(), dialect, &mut all);
    }
    all
}

fn ignored(action: &'static Action, parameter: &Member) -> Fault {
    let (name, parameter) = (&action.name, &parameter.name);
    // A marker that is ignored brings the same page for ever.
    let requirements = if parameter == "Marker" { vec![req::TRANSPORT__PAGES_END] } else { Vec::new() };
    let aim = Aim { requirements, action: Some(name), ..Aim::default() };
    let about = format!("{name} ignores {parameter}");
    of_action(action, format!("parameter-ignored:{name}.{parameter}"), about, Wrong::Ignored(parameter.clone()), aim)
}

/// Everything about one parameter, or member of one, that can be checked and is not, or not rightly.
fn constraints(action: &'static Action, member: &Member, path: String, dialect: DialectId, all: &mut Vec<Fault>) {
    if member.required {
        all.push(fault(action, &path, Lapse::NotRequired, "may be missing".into()));
    }
    match &member.ty {
        Type::Scalar(ty) => {
            let scalar = model().constraints(ty, dialect);
            for (lapse, about) in lapses(scalar).into_iter().filter(|(lapse, _)| shows(action, scalar, *lapse, dialect)) {
                all.push(fault(action, &path, lapse, about));
            }
        }
        Type::List(item) => {
            let Type::Struct(item) = &**item else { return };
            for inner in model().structure(item).iter().filter(|m| m.on(dialect)) {
                constraints(action, inner, format!("{path}[].{}", inner.name), dialect, all);
            }
        }
        Type::Struct(_) => {}
    }
}

/// What can be checked wrongly of a type, with a word on each.
fn lapses(scalar: &Scalar) -> Vec<(Lapse, String)> {
    let mut all = Vec::new();
    if scalar.pattern.is_some() || scalar.name == "arn" {
        all.push((Lapse::NoPattern, "may hold any characters".to_owned()));
    }
    if !scalar.values.is_empty() {
        all.push((Lapse::AnyValue, format!("may be other than {}", scalar.values.join(", "))));
    }
    if let Some(min) = scalar.min.filter(|min| *min > 0) {
        all.push((Lapse::LowerMin, format!("may be {} instead of {min} at least", min - 1)));
        all.push((Lapse::HigherMin, format!("must be {} instead of {min} at least", min + 1)));
    }
    if let Some(max) = scalar.max {
        all.push((Lapse::HigherMax, format!("may be {} instead of {max} at most", max + 1)));
        all.push((Lapse::LowerMax, format!("must be {} instead of {max} at most", max - 1)));
    }
    all
}

/// Whether a client could tell that a type is checked so. It cannot where something else refuses the value with the same code.
fn shows(action: &Action, scalar: &Scalar, lapse: Lapse, dialect: DialectId) -> bool {
    use Lapse::{HigherMax, HigherMin, LowerMax, LowerMin, NoPattern};
    match (scalar.name.as_str(), lapse) {
        // A marker that was not handed out is refused anyway. That it is looked at before what else the call names is looked up can be
        // seen; that one of any certain length is good cannot.
        ("marker", HigherMin | LowerMax) => false,
        ("marker", LowerMin | HigherMax | NoPattern) => looks_up(action),
        // No ARN that names anything has 20 characters or 2048, so that one which has may be refused for naming nothing.
        ("arn", HigherMin | LowerMax) => false,
        // Where the only path is /, any other prefix may be refused for being none.
        ("path-prefix", LowerMax) if dialect == DialectId::Ecs => false,
        // As long as that it does not go into a query string.
        ("document", HigherMax | LowerMax) if dialect == DialectId::Ecs => false,
        (_, HigherMin) => fits(scalar, scalar.min),
        (_, LowerMax) => fits(scalar, scalar.max),
        (_, HigherMax) => fits(scalar, scalar.max.map(|max| max + 1)),
        _ => true,
    }
}

/// Whether a call of the Action looks something up that may not exist.
fn looks_up(action: &Action) -> bool {
    action.errors.iter().any(|code| code == "NoSuchEntity")
}

/// Whether the pattern of a type lets any text of that length through. Tried with letters, and with paths of them.
fn fits(scalar: &Scalar, length: Option<u64>) -> bool {
    let (Some(pattern), Some(length)) = (&scalar.pattern, length.and_then(|n| usize::try_from(n).ok())) else { return true };
    let path = match length {
        0 | 1 => "/".repeat(length),
        _ => format!("/{}/", "a".repeat(length - 2)),
    };
    pattern.matches(&path) || pattern.matches(&"a".repeat(length))
}

fn fault(action: &'static Action, path: &str, lapse: Lapse, about: String) -> Fault {
    let name = &action.name;
    let (word, requirements): (_, &[Req]) = match lapse {
        Lapse::NotRequired => ("required-unchecked", &[req::PARAMETERS__REQUIRED, req::PARAMETERS__ALL_FINDINGS]),
        Lapse::NoPattern => ("pattern-ignored", &PATTERNS),
        Lapse::AnyValue => ("enum-unchecked", &[req::PARAMETERS__ENUM, req::PARAMETERS__ENUM_CASE]),
        Lapse::LowerMin => ("min-lower", &MINIMA),
        Lapse::HigherMin => ("min-higher", &MINIMA),
        Lapse::HigherMax => ("max-higher", &MAXIMA),
        Lapse::LowerMax => ("max-lower", &MAXIMA),
    };
    let aim = Aim { requirements: requirements.to_vec(), action: Some(name), calls: Some(name), element: None };
    let about = format!("{path} of {name} {about}");
    of_action(action, format!("{word}:{name}.{path}"), about, Wrong::Constraint { parameter: path.to_owned(), lapse }, aim)
}

const PATTERNS: [Req; 6] = [
    req::PARAMETERS__PATTERN,
    req::PARAMETERS__NAME_CHARACTERS,
    req::UPLOAD_SERVER_CERTIFICATE__NAME_CHARACTERS,
    req::PARAMETERS__PATH,
    req::PARAMETERS__PATH_PREFIX,
    req::PARAMETERS__ARN,
];

const MINIMA: [Req; 3] = [req::PARAMETERS__MIN_LENGTH, req::PARAMETERS__STATED_LENGTH, req::PARAMETERS__RANGE_MIN];

const MAXIMA: [Req; 4] =
    [req::PARAMETERS__MAX_LENGTH, req::PARAMETERS__STATED_LENGTH, req::PARAMETERS__RANGE_MAX, req::PARAMETERS__LENGTH_IN_CHARACTERS];

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(action: &str, dialect: DialectId) -> Vec<String> {
        model().action(action).map(|action| faults(action, dialect)).unwrap_or_default().into_iter().map(|f| f.id).collect()
    }

    #[test]
    fn what_nobody_could_tell_is_no_fault() {
        let has = |dialect, id: &str| {
            let action = id.split([':', '.']).nth(1).unwrap_or_default();
            ids(action, dialect).iter().any(|known| known == id)
        };
        for id in [
            "max-higher:ListUsers.MaxItems",
            "max-higher:GetUserPolicy.UserName",
            "min-higher:CreateUser.Path",
            "max-lower:CreateUser.Path",
            "min-lower:GetPolicy.PolicyArn",
            "max-higher:GetPolicy.PolicyArn",
            "max-higher:CreatePolicy.PolicyDocument",
            "max-lower:CreatePolicy.PolicyDocument",
            "max-higher:ListAccessKeys.Marker",
            "min-lower:ListAccessKeys.Marker",
            "pattern-ignored:ListAccessKeys.Marker",
        ] {
            assert!(has(DialectId::Aws, id), "{id}");
        }
        for id in [
            "min-higher:GetPolicy.PolicyArn",
            "max-lower:GetPolicy.PolicyArn",
            "min-higher:ListAccessKeys.Marker",
            "max-lower:ListAccessKeys.Marker",
            "max-higher:ListUsers.Marker",
            "min-lower:ListUsers.Marker",
            "pattern-ignored:ListUsers.Marker",
        ] {
            assert!(!has(DialectId::Aws, id), "{id}");
        }
        for (id, there) in [
            ("min-higher:CreateUser.Path", true),
            ("min-lower:CreateUser.Path", true),
            ("pattern-ignored:CreateUser.Path", true),
            ("max-higher:CreateUser.Path", false),
            ("max-lower:CreateUser.Path", false),
            ("max-higher:ListUsers.PathPrefix", true),
            ("max-lower:ListUsers.PathPrefix", false),
            ("min-lower:CreatePolicy.PolicyDocument", true),
            ("max-higher:CreatePolicy.PolicyDocument", false),
        ] {
            assert_eq!(has(DialectId::Ecs, id), there, "{id}: the only path is /, and queries are short");
        }
    }
}
