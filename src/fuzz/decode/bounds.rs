//! One Action at each bound of its parameters, one after the other: chance alone comes to each of them late.

use serde_json::Value;

use super::{Chosen, Maker};
use crate::api::{Member, ScalarBase, Type, model};
use crate::fuzz::program;

/// A value that stands in for a parameter, and whether the API takes it; none: the parameter is left out.
type Instead = (Option<Value>, bool);

impl Maker<'_> {
    /// Calls of one Action, in each of which one parameter is at a bound, just beyond it, of other characters or missing.
    pub(super) fn bounds(&mut self) {
        let Some(action) = self.bits.pick(&self.ground.actions).copied() else { return };
        let mut parameters: Vec<&'static Member> = action.parameters.iter().filter(|p| self.ground.takes(p)).collect();
        if parameters.is_empty() {
            return;
        }
        // A program has an end: whichever comes first has the most room.
        let first = self.bits.below(parameters.len());
        parameters.rotate_left(first);
        for parameter in parameters {
            let Type::Scalar(name) = &parameter.ty else { continue };
            let scalar = model().constraints(name, self.ground.dialect);
            let mut values: Vec<Instead> = Vec::new();
            for (length, allowed) in [
                (scalar.max.map(|max| max + 1), false),
                (scalar.max, true),
                (scalar.min, true),
                (scalar.min.and_then(|min| min.checked_sub(1)), false),
            ] {
                values.extend(length.and_then(|length| self.of_length(action, scalar, length)).map(|value| (Some(value), allowed)));
            }
            if scalar.base == ScalarBase::String {
                values.extend(self.off_pattern(scalar).map(|value| (Some(value), false)));
            }
            if parameter.required {
                values.push((None, false));
            }
            for (value, allowed) in values {
                let mut with = self.arguments(action, false, &mut Chosen::default());
                with.retain(|(n, _)| *n != parameter.name);
                with.extend(value.map(|value| (parameter.name.clone(), value)));
                let mut step = program::step(&action.name, with);
                step.unknown_parameters = !allowed;
                self.steps.push(step);
            }
        }
    }
}
