//! Arguments at the very edge of what the API takes.

use serde_json::{Value, json};

use super::{Maker, braced};
use crate::api::{Action, Member, Scalar, ScalarBase, Type, model};

/// The role of fresh names that a type of name stands for; none: it is no name.
pub(super) fn role(scalar: &str) -> Option<&'static str> {
    Some(match scalar {
        "user-name" | "existing-user-name" | "inline-owner-name" => "user",
        "group-name" => "group",
        "policy-name" => "policy",
        "certificate-name" => "certificate",
        _ => return None,
    })
}

impl Maker<'_> {
    /// A value that is just allowed: the longest, the shortest, the largest, the smallest. None: the type has no edges.
    pub(super) fn edge(&mut self, action: &Action, parameter: &Member) -> Option<Value> {
        match &parameter.ty {
            Type::Scalar(name) => {
                let scalar = model().constraints(name, self.ground.dialect);
                let longest = self.bits.below(3) < 2;
                let length = if longest { scalar.max } else { scalar.min }?;
                self.of_length(action, scalar, length)
            }
            Type::List(_) => Some(match self.bits.below(3) {
                0 => json!([{ "Key": "${text:128}", "Value": "${text:256}" }]),
                1 => json!([{ "Key": "k", "Value": "" }]),
                _ => json!([{ "Key": "${text:128}", "Value": "v" }, { "Key": "b", "Value": "${text:256}" }]),
            }),
            Type::Struct(_) => None,
        }
    }

    /// A value of exactly that length or size, allowed otherwise.
    pub(super) fn of_length(&mut self, action: &Action, scalar: &Scalar, length: u64) -> Option<Value> {
        if scalar.base == ScalarBase::Integer {
            return Some(Value::from(length.to_string()));
        }
        if !scalar.values.is_empty() || scalar.base != ScalarBase::String || length > self.ground.longest {
            return None;
        }
        // Documents of a hundred thousand characters are slow to send and to read: rarely.
        if length > 20_000 && !self.bits.chance(8) {
            return None;
        }
        if let Some(role) = role(&scalar.name) {
            // A name too short for the run's mark may be somebody's.
            return (length == 0 || length >= 20 || self.ground.alone || !action.mutates)
                .then(|| if length == 0 { json!("") } else { braced(&format!("{role}:{length}")) });
        }
        Some(match scalar.name.as_str() {
            "path" | "policy-path" | "path-prefix" if length == 0 => json!(""),
            "path" | "policy-path" | "path-prefix" if !self.ground.paths => json!("/"),
            "path" | "policy-path" | "path-prefix" => braced(&format!("path:{length}")),
            "arn" => {
                let head = "arn:aws:iam::1:";
                let rest = usize::try_from(length).ok()?.checked_sub(head.len())?;
                json!(format!("{head}${{text:{rest}}}"))
            }
            "access-key-id" => braced(&format!("digits:{length}")),
            "certificate-body" if length == 16_384 && self.ground.certificates => braced("cert.leaf.16384"),
            "certificate-body" if length == 16_385 && self.ground.certificates => braced("cert.leaf.16385"),
            _ => braced(&format!("text:{length}")),
        })
    }
}
