//! Bytes to a program: total, so that random numbers, corpus files and libFuzzer can drive it alike.

use arbitrary::Unstructured;
use serde_json::Value;

use super::program;
use crate::api::{Action, DialectId, model};
use crate::case::{Case, Step};

/// What programs for a target may be made of.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Dialect of the target.
    pub dialect: DialectId,
    /// Actions that may be called: those that the target has.
    pub actions: Vec<&'static Action>,
    /// Most steps of a program.
    pub steps: usize,
    /// Whether other principals may call: keys that earlier steps made.
    pub principals: bool,
    /// Whether things may have paths other than `/`.
    pub paths: bool,
    /// Whether test certificates can be made.
    pub certificates: bool,
}

impl Ground {
    /// Everything that a dialect has.
    pub fn of(dialect: DialectId) -> Ground {
        let there = |a: &&Action| a.dialects.contains(&dialect);
        Ground {
            dialect,
            actions: model().actions.iter().filter(there).collect(),
            steps: 24,
            principals: true,
            paths: dialect != DialectId::Ecs,
            certificates: dialect != DialectId::Ecs,
        }
    }
}

/// The program that `bytes` say, under a name. Never fails: bytes that run out leave it short, and the empty ones give a program too.
pub fn program(bytes: &[u8], ground: &Ground, name: &str) -> Case {
    let mut bytes = Unstructured::new(bytes);
    let steps = steps(&mut bytes, ground);
    program::new(name, ground.dialect, steps)
}

fn steps(bytes: &mut Unstructured<'_>, ground: &Ground) -> Vec<Step> {
    let mut steps = vec![program::step("CreateUser", vec![("UserName".into(), "${user}".into())])];
    while !bytes.is_empty() && steps.len() < ground.steps {
        let Ok(action) = bytes.choose(&ground.actions) else { break };
        let named = action.parameter("UserName", ground.dialect).map(|p| (p.name.clone(), Value::from("${user}")));
        steps.push(program::step(&action.name, named.into_iter().collect()));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_a_program_and_none_are_one_too() {
        for dialect in DialectId::ALL {
            let ground = Ground::of(dialect);
            assert!(!program(&[], &ground, "a").steps.is_empty());
            arbtest::arbtest(|bytes| {
                let bytes = bytes.bytes(bytes.len())?;
                let one = program(bytes, &ground, "a");
                assert!((1..=ground.steps).contains(&one.steps.len()));
                assert_eq!(one, program(bytes, &ground, "a"), "the same bytes are the same program");
                Ok(())
            });
        }
    }
}
