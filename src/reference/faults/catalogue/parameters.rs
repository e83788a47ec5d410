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
            for (lapse, about) in lapses(model().constraints(ty, dialect)) {
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

const PATTERNS: [Req; 5] =
    [req::PARAMETERS__PATTERN, req::PARAMETERS__NAME_CHARACTERS, req::PARAMETERS__PATH, req::PARAMETERS__PATH_PREFIX, req::PARAMETERS__ARN];

const MINIMA: [Req; 2] = [req::PARAMETERS__MIN_LENGTH, req::PARAMETERS__RANGE_MIN];

const MAXIMA: [Req; 3] = [req::PARAMETERS__MAX_LENGTH, req::PARAMETERS__RANGE_MAX, req::PARAMETERS__LENGTH_IN_CHARACTERS];
