use std::collections::BTreeSet;

use super::*;
use crate::case::template::Template;
use crate::reference::Ids;

fn random(seed: u64, length: usize) -> Vec<u8> {
    let mut ids = Ids::new(seed);
    (0..length.div_ceil(8)).flat_map(|_| ids.next_u64().to_le_bytes()).collect()
}

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

#[test]
fn every_text_is_a_template_and_every_variable_was_saved_before() {
    fn texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::String(text) => found.push(text),
            Value::Array(items) => items.iter().for_each(|v| texts(v, found)),
            Value::Object(members) => members.values().for_each(|v| texts(v, found)),
            _ => {}
        }
    }
    for dialect in DialectId::ALL {
        let ground = Ground::of(dialect);
        for seed in 0..400 {
            let mut saved: BTreeSet<&str> = ["p1"].into();
            let program = program(&random(seed, 900), &ground, "a");
            for step in &program.steps {
                let mut found = Vec::new();
                step.with.iter().for_each(|(_, value)| texts(value, &mut found));
                for text in found {
                    let template = Template::parse(text).unwrap_or_else(|e| panic!("{text}: {}", e.what));
                    for (expr, _) in template.expressions() {
                        if let crate::case::template::Expr::Saved(name, _) = expr.innermost() {
                            assert!(saved.contains(name.as_str()), "{text} in seed {seed}");
                        }
                    }
                }
                assert!(step.principal.as_ref().is_none_or(|p| saved.contains(p.as_str())));
                saved.extend(step.save.iter().map(|(name, ..)| name.as_str()));
            }
        }
    }
}

#[test]
fn programs_reach_every_action_parameter_and_pair_of_optional_ones() {
    for dialect in DialectId::ALL {
        let ground = Ground::of(dialect);
        let mut seen = BTreeSet::new();
        for seed in 0..3000 {
            for step in program(&random(seed, 900), &ground, "a").steps {
                let names: Vec<&str> = step.with.iter().map(|(name, _)| name.as_str()).collect();
                for (i, one) in names.iter().enumerate() {
                    seen.insert(format!("{} {one}", step.call));
                    for other in &names[i + 1..] {
                        seen.insert(format!("{} {one} {other}", step.call));
                    }
                }
                seen.insert(step.call);
            }
        }
        for action in &ground.actions {
            assert!(seen.contains(&action.name), "{}", action.name);
            let own: Vec<&Member> = action.parameters.iter().filter(|p| ground.takes(p)).collect();
            for (i, one) in own.iter().enumerate() {
                assert!(seen.contains(&format!("{} {}", action.name, one.name)), "{} {}", action.name, one.name);
                for other in &own[i + 1..] {
                    assert!(
                        seen.contains(&format!("{} {} {}", action.name, one.name, other.name)),
                        "{} {} {} on {dialect}",
                        action.name,
                        one.name,
                        other.name
                    );
                }
            }
        }
    }
}

#[test]
fn the_main_principal_never_touches_its_own_keys() {
    let own = ["CreateAccessKey", "DeleteAccessKey", "UpdateAccessKey", "ListAccessKeys"];
    let ground = Ground::of(DialectId::Aws);
    let mut named = 0;
    for seed in 0..500 {
        for step in program(&random(seed, 900), &ground, "a").steps {
            if own.contains(&step.call.as_str()) && !step.unknown_parameters && step.principal.is_none() {
                assert!(step.with.iter().any(|(name, _)| name == "UserName"), "{step:?}");
                named += 1;
            }
        }
    }
    assert!(named > 100);
}
