//! Data flow: which steps make, change or save what another one is about.

use std::collections::BTreeSet;

use crate::api::model;
use crate::case::{Case, Step};

/// The case without saves that no later step reads: a case file with them is refused.
pub fn tidy(case: &Case) -> Case {
    let mut case = case.clone();
    let mut read: BTreeSet<String> = BTreeSet::new();
    for step in case.steps.iter_mut().rev() {
        // Of two saves under one name the later one is what is read.
        let mut kept = Vec::new();
        for save in step.save.drain(..).rev() {
            if read.remove(&save.0) {
                kept.push(save);
            }
        }
        kept.reverse();
        step.save = kept;
        read.extend(step.reads());
    }
    case
}

/// The case without `drop`, and without the steps that read a variable that is then saved nowhere before them. None: `at` would be among
/// them.
pub(super) fn without(case: &Case, drop: &BTreeSet<usize>, at: usize) -> Option<Case> {
    let mut gone = drop.clone();
    let mut saved: BTreeSet<&str> = BTreeSet::new();
    let ever: BTreeSet<&str> = case.steps.iter().flat_map(|s| &s.save).map(|(name, _, _)| name.as_str()).collect();
    for (i, step) in case.steps.iter().enumerate() {
        // What nobody saves, such as the profile's other principals, cannot go missing.
        if step.reads().iter().any(|name| ever.contains(name.as_str()) && !saved.contains(name.as_str())) {
            gone.insert(i);
        }
        if !gone.contains(&i) {
            saved.extend(step.save.iter().map(|(name, _, _)| name.as_str()));
        }
    }
    if gone.contains(&at) || gone.is_empty() {
        return None;
    }
    let steps = case.steps.iter().enumerate().filter(|(i, _)| !gone.contains(i)).map(|(_, step)| step.clone()).collect();
    Some(Case { steps, ..case.clone() })
}

/// The steps that step `at` does not depend on, as far as names and variables tell. Narrow: it depends on what makes the things that it
/// names; wide: also on whatever else changes them.
pub(super) fn outside(case: &Case, at: usize, wide: bool) -> BTreeSet<usize> {
    let Some(focus) = case.steps.get(at) else { return BTreeSet::new() };
    let (mut names, mut variables) = (names(focus), focus.reads());
    let mut inside = BTreeSet::from([at]);
    for (i, step) in case.steps[..at].iter().enumerate().rev() {
        let saves = step.save.iter().any(|(name, _, _)| variables.contains(name));
        let own = self::names(step);
        let touches = (if wide { mutates(step) } else { makes(step) }) && !own.is_disjoint(&names);
        if saves || touches {
            inside.insert(i);
            names.extend(own);
            variables.extend(step.reads());
        }
    }
    (0..case.steps.len()).filter(|i| !inside.contains(i)).collect()
}

/// The things that a step names: fresh names, and what it writes out, in lower case as names are compared.
fn names(step: &Step) -> BTreeSet<String> {
    let fresh = step.expressions().iter().filter_map(|expr| Some(expr.fresh_name()?.to_owned())).collect::<Vec<_>>();
    let written = step.with.iter().filter(|(name, _)| name.ends_with("Name")).filter_map(|(_, value)| Some(value.as_str()?.to_lowercase()));
    fresh.into_iter().chain(written).collect()
}

fn mutates(step: &Step) -> bool {
    // An Action that nobody knows may do anything.
    model().action(&step.call).is_none_or(|action| action.mutates)
}

fn makes(step: &Step) -> bool {
    ["Create", "Upload"].iter().any(|verb| step.call.starts_with(verb))
}
