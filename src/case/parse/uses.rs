//! Whether every variable is there when it is used, and used when it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::reader::Reader;
use crate::case::suggest::did_you_mean;
use crate::case::template::words;

/// A variable that a template reads.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) used: Used,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Used {
    /// A saved variable.
    Saved(String),
    /// A variable of the row.
    Row(String),
    /// `${i}`.
    Index,
}

/// What a step does with variables.
#[derive(Debug, Default)]
pub(super) struct StepUses {
    pub(super) uses: Vec<Use>,
    pub(super) saves: Vec<(String, Range<usize>)>,
    pub(super) repeats: bool,
}

/// The variables of a row.
#[derive(Debug)]
pub(super) struct RowUses {
    pub(super) id: String,
    pub(super) span: Range<usize>,
    /// Name, place and what its own template uses.
    pub(super) vars: Vec<(String, Range<usize>, Vec<Use>)>,
    /// What its own parameters and expectation use, which are the last step's.
    pub(super) own: Vec<Use>,
}

/// Checks the variables of one case.
pub(super) fn check(reader: &mut Reader<'_>, rows: &[RowUses], steps: &[StepUses]) {
    let mut check = Check { reader, rows, steps, saved: BTreeMap::new(), used: BTreeSet::new(), rows_used: BTreeSet::new() };
    for (i, step) in steps.iter().enumerate() {
        for u in &step.uses {
            check.one(i, u);
        }
        if i + 1 == steps.len() {
            rows.iter().flat_map(|row| &row.own).for_each(|u| check.one(i, u));
        }
        for (n, (name, _)) in step.saves.iter().enumerate() {
            check.saved.insert(name, (i, n));
        }
    }
    check.unused();
}

struct Check<'c, 't> {
    reader: &'c mut Reader<'t>,
    rows: &'c [RowUses],
    steps: &'c [StepUses],
    /// Where each variable was saved last: step and position.
    saved: BTreeMap<&'c str, (usize, usize)>,
    /// Saves that were used.
    used: BTreeSet<(usize, usize)>,
    rows_used: BTreeSet<String>,
}

impl Check<'_, '_> {
    fn one(&mut self, step: usize, u: &Use) {
        match &u.used {
            Used::Index if !self.steps[step].repeats => {
                self.reader.wrong(u.span.clone(), "`${i}` in a step without `repeat`", "has no value here");
            }
            Used::Index => {}
            Used::Row(name) => self.row(step, name, &u.span),
            Used::Saved(name) => self.variable(name, &u.span),
        }
    }

    fn variable(&mut self, name: &str, span: &Range<usize>) {
        if let Some(save) = self.saved.get(name) {
            self.used.insert(*save);
            return;
        }
        let saves = || self.steps.iter().flat_map(|s| &s.saves);
        if let Some((_, place)) = saves().find(|(n, _)| n == name) {
            let place = place.clone();
            let d = self.reader.wrong(span.clone(), format!("`{name}` is used before it is saved"), "has no value yet");
            d.also.push((place, "saved here".to_owned()));
            return;
        }
        let mut known: Vec<&str> = words().collect();
        known.extend(saves().map(|(n, _)| n.as_str()));
        let help = did_you_mean(name, known).unwrap_or_else(|| format!("save it in an earlier step: `save = {{ {name} = \"…\" }}`"));
        self.reader.wrong(span.clone(), format!("unknown variable or generator `{name}`"), "no earlier step saves it").help = Some(help);
    }

    fn row(&mut self, step: usize, name: &str, span: &Range<usize>) {
        if self.rows.is_empty() {
            self.reader.wrong(span.clone(), format!("`row.{name}` in a case without rows"), "").help =
                Some("add `[[case.row]]` tables".to_owned());
            return;
        }
        let known = || self.rows.iter().flat_map(|r| &r.vars).map(|(n, _, _)| n.as_str());
        if !known().any(|n| n == name) {
            let help = did_you_mean(name, known());
            self.reader.wrong(span.clone(), format!("no row has `{name}`"), "unknown variable of the row").help = help;
            return;
        }
        let first = self.rows_used.insert(name.to_owned());
        for row in self.rows {
            match row.vars.iter().find(|(n, _, _)| n == name) {
                // A row's variable stands for what it says where it is used: what that uses must be there by then.
                Some((_, _, uses)) if first => uses.iter().filter(|u| !matches!(u.used, Used::Row(_))).for_each(|u| self.one(step, u)),
                Some(_) => {}
                None if first => {
                    let d = self.reader.wrong(row.span.clone(), format!("row `{}` has no `{name}`", row.id), "this row");
                    d.also.push((span.clone(), "used here".to_owned()));
                    d.help = Some(format!("give every row a value; `{name} = {{ absent = true }}` leaves a parameter out"));
                }
                None => {}
            }
        }
    }

    fn unused(&mut self) {
        for (i, step) in self.steps.iter().enumerate() {
            for (n, (name, span)) in step.saves.iter().enumerate() {
                if !self.used.contains(&(i, n)) {
                    self.reader.wrong(span.clone(), format!("`{name}` is saved and never used"), "unused").help =
                        Some("use it in a later step, or remove it".to_owned());
                }
            }
        }
        let mut told = BTreeSet::new();
        for row in self.rows {
            for (name, span, uses) in &row.vars {
                if !self.rows_used.contains(name) && told.insert(name) {
                    self.reader.wrong(span.clone(), format!("no step uses `${{row.{name}}}`"), "unused");
                }
                for u in uses.iter().filter(|u| matches!(u.used, Used::Row(_))) {
                    self.reader.wrong(u.span.clone(), "a row's variable inside another", "").help = Some("write it out".to_owned());
                }
            }
        }
    }
}
