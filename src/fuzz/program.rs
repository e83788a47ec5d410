//! A program: a case that only tries. Its steps expect nothing, its name says where it comes from.

use serde_json::Value;

use crate::api::{DialectId, req};
use crate::case::{Case, Expect, Step};
use crate::verdict::Loc;

/// Family of programs, where cases have `users` or `policies`.
pub const FAMILY: &str = "fuzz";

/// A program of these steps. `name` (`7f3a/12`) goes into its id and so into the names of what it makes: the same program under another
/// name makes other things.
pub fn new(name: &str, dialect: DialectId, steps: Vec<Step>) -> Case {
    Case {
        id: format!("{FAMILY}/{name}"),
        family: FAMILY.into(),
        action: None,
        title: format!("Fuzz program {name}"),
        requirements: vec![req::TRANSPORT__ANSWERS],
        tags: Vec::new(),
        requires: Vec::new(),
        dialects: vec![dialect],
        serial: false,
        rows: Vec::new(),
        steps,
        loc: Loc::default(),
    }
}

/// The same program under another name: what it makes has other names too.
pub fn renamed(program: &Case, name: &str) -> Case {
    Case { id: format!("{FAMILY}/{name}"), title: format!("Fuzz program {name}"), ..program.clone() }
}

/// The same program with other steps.
pub fn with_steps(program: &Case, steps: Vec<Step>) -> Case {
    Case { steps, ..program.clone() }
}

/// A step that calls an Action and takes whatever comes.
pub fn step(action: &str, with: Vec<(String, Value)>) -> Step {
    Step {
        call: action.to_owned(),
        with,
        unknown_parameters: false,
        save: Vec::new(),
        principal: None,
        auth: None,
        raw: None,
        repeat: None,
        pages: None,
        expect: Expect { any: true, given: true, ..Expect::default() },
        on: std::collections::BTreeMap::new(),
        loc: Loc::default(),
    }
}

/// The same step, which also saves what stands at `path` of its result as the variable `name`. Where the call fails, the variable stays
/// unset, and steps that need it are left out.
pub fn saving(mut step: Step, name: &str, path: &str) -> Step {
    step.save.push((name.to_owned(), path.to_owned(), Loc::default()));
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_under_another_name_differs_in_its_id_alone() {
        let one = new("1/2", DialectId::Aws, vec![saving(step("CreateUser", vec![("UserName".into(), "${user}".into())]), "u", "User")]);
        let other = renamed(&one, "1/3");
        assert_eq!(other.id, "fuzz/1/3");
        assert_eq!(other.steps, one.steps);
        assert!(one.steps.iter().all(|s| s.expect.any));
        assert!(with_steps(&one, Vec::new()).steps.is_empty());
    }
}
