//! Calls that break exactly one rule of their parameters.

use serde_json::{Value, json};

use super::Maker;
use crate::api::{Action, Member, Scalar, ScalarBase, Type, model};
use crate::case::Raw;

/// What is odd about a call.
pub(super) enum Oddity {
    /// A parameter is left out.
    Missing(String),
    /// A parameter has this value.
    Value(String, Value),
    /// A parameter is given a second time, with this value.
    Twice(String, Value),
    /// A parameter that the API does not know.
    Unknown,
    /// A parameter's name in other letters.
    KeyCase(String),
    /// A list in this form.
    List(Vec<(&'static str, &'static str)>),
    /// Another Action name, or none.
    Action(Option<String>),
    /// Another Version, or none.
    Version(Option<String>),
    /// Parameters in reverse order.
    Reversed,
}

const NAMES: [&str; 6] = ["/x", " x", "&<\"b", "é", "%2Fx", "#"];
const PATHS: [&str; 9] = ["x", "/x", "x/", "//", "/a b/", "/a&<\"b/", "", "/é/", "/a-b/"];
const ARNS: [&str; 6] = [
    "no arn of any kind, though long enough",
    "arn:aws:iam::&<\"123456789012:",
    "arn:aws:iam",
    "policy/iamspec-somebody-policy",
    "arn:aws:iam:::",
    "brn:aws:iam::123456789012:policy/x",
];
const VERSIONS: [&str; 8] = ["1", "v0", "V1", "latest", "v1.", "", "v01", "v1.a&<b"];
const INTEGERS: [&str; 9] = ["0", "-1", "1001", "abc", "1.5", "", "2147483648", " 1", "1e3"];
const BOOLEANS: [&str; 6] = ["yes", "TRUE", "1", "", " true", "tru"];

impl Maker<'_> {
    /// Something odd that a call of `action` can have; none: nothing came up.
    pub(super) fn oddity(&mut self, action: &'static Action) -> Option<Oddity> {
        let parameters: Vec<&Member> = action.parameters.iter().filter(|p| self.ground.takes(p)).collect();
        let parameter = self.bits.pick(&parameters).copied();
        Some(match self.bits.weighted(&[16, 50, 6, 4, 6, 6, 5, 5, 4]) {
            0 => {
                let required: Vec<&&Member> = parameters.iter().filter(|p| p.required).collect();
                Oddity::Missing(self.bits.pick(&required)?.name.clone())
            }
            1 => {
                let parameter = parameter?;
                Oddity::Value(parameter.name.clone(), self.odd_value(action, parameter)?)
            }
            2 => Oddity::Twice(parameter?.name.clone(), self.odd_value(action, parameter?)?),
            3 => Oddity::Unknown,
            4 => Oddity::KeyCase(parameter?.name.clone()),
            5 => Oddity::List(self.odd_list(action)?),
            6 => Oddity::Action(match self.bits.below(5) {
                0 => None,
                1 => Some(action.name.to_lowercase()),
                2 => Some(String::new()),
                3 => Some(format!("{}s", action.name)),
                _ => Some(action.name.to_uppercase()),
            }),
            7 => Oddity::Version(match self.bits.below(4) {
                0 => None,
                1 => Some("2010-05-09".into()),
                2 => Some(String::new()),
                _ => Some("latest".into()),
            }),
            _ => Oddity::Reversed,
        })
    }

    fn odd_value(&mut self, action: &'static Action, parameter: &Member) -> Option<Value> {
        let name = match &parameter.ty {
            Type::Scalar(name) => name,
            Type::List(_) => {
                return Some(match self.bits.below(6) {
                    0 => json!([{ "Key": "", "Value": "v" }]),
                    1 => json!([{ "Key": "${text:129}", "Value": "v" }]),
                    2 => json!([{ "Key": "k", "Value": "${text:257}" }]),
                    3 => json!([{ "Key": "k" }]),
                    4 => json!([{ "Value": "v" }]),
                    _ => json!([{ "Key": "a&<\"b", "Value": "v" }]),
                });
            }
            Type::Struct(_) => return None,
        };
        let scalar = model().constraints(name, self.ground.dialect);
        match scalar.base {
            ScalarBase::Integer => Some(json!(self.bits.text(&INTEGERS))),
            ScalarBase::Boolean => Some(json!(self.bits.text(&BOOLEANS))),
            ScalarBase::String | ScalarBase::Date => self.odd_text(action, scalar),
        }
    }

    fn odd_text(&mut self, action: &'static Action, scalar: &Scalar) -> Option<Value> {
        if !scalar.values.is_empty() {
            let known = self.bits.pick(&scalar.values)?.clone();
            return Some(json!(match self.bits.below(4) {
                0 => known.to_lowercase(),
                1 => known.to_uppercase(),
                2 => String::new(),
                _ => format!("{known}x"),
            }));
        }
        match self.bits.below(4) {
            0 => {
                let max = scalar.max?;
                self.of_length(action, scalar, max + 1)
            }
            1 => {
                let min = scalar.min.filter(|min| *min > 0)?;
                self.of_length(action, scalar, min - 1)
            }
            _ => self.off_pattern(scalar),
        }
    }

    /// A text of other characters or of another form than the API takes; none: the type takes any.
    pub(super) fn off_pattern(&mut self, scalar: &Scalar) -> Option<Value> {
        if !scalar.values.is_empty() {
            return None;
        }
        Some(json!(match scalar.name.as_str() {
            "path" | "policy-path" | "path-prefix" => self.bits.text(&PATHS).to_owned(),
            "arn" => self.bits.text(&ARNS).to_owned(),
            "version-id" => self.bits.text(&VERSIONS).to_owned(),
            "access-key-id" => self.bits.text(&["AKIA-0123456789AB-CD", "AKIA 0123456789AB&<\"", "AKIAÜ123456789ABCDEF"]).to_owned(),
            "document" | "certificate-body" | "certificate-chain" | "private-key" | "marker" => {
                self.bits.text(&["Ω beyond the last character", "\u{2028}", "{\"Version\":\"Ω\"}"]).to_owned()
            }
            "description" => self.bits.text(&["é", "Ω", "\u{1F600}"]).to_owned(),
            other => {
                let role = super::edges::role(other)?;
                format!("${{{role}}}{}", self.bits.text(&NAMES))
            }
        }))
    }

    fn odd_list(&mut self, action: &Action) -> Option<Vec<(&'static str, &'static str)>> {
        action.parameters.iter().find(|p| p.name == "Tags" && self.ground.takes(p))?;
        Some(match self.bits.below(7) {
            0 => vec![("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "1"), ("Tags.member.3.Key", "b"), ("Tags.member.3.Value", "2")],
            1 => vec![("Tags.member.2.Key", "b"), ("Tags.member.2.Value", "2"), ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "1")],
            2 => vec![("Tags.member.01.Key", "a"), ("Tags.member.01.Value", "1")],
            3 => vec![("Tags.member.0.Key", "a"), ("Tags.member.0.Value", "1")],
            4 => vec![("Tags.1.Key", "a"), ("Tags.1.Value", "1")],
            5 => vec![
                ("Tags.member.10.Key", "b"),
                ("Tags.member.10.Value", "2"),
                ("Tags.member.9.Key", "a"),
                ("Tags.member.9.Value", "1"),
                ("Tags.member.9.Flavour", "x"),
            ],
            _ => vec![("Tags", "")],
        })
    }

    /// Makes a call odd.
    pub(super) fn apply(&mut self, odd: &Oddity, action: &Action, with: &mut Vec<(String, Value)>, raw: &mut Raw) {
        match odd {
            Oddity::Missing(name) => with.retain(|(n, _)| n != name),
            Oddity::Value(name, value) => match with.iter_mut().find(|(n, _)| n == name) {
                Some(at) => at.1 = value.clone(),
                None => with.push((name.clone(), value.clone())),
            },
            Oddity::Twice(name, value) => {
                if with.iter().any(|(n, _)| n == name) && !value.is_array() {
                    let mut other = (name.clone(), value.clone());
                    if self.bits.chance(50)
                        && let Some(first) = with.iter_mut().find(|(n, _)| n == name)
                    {
                        std::mem::swap(first, &mut other);
                    }
                    with.push(other);
                }
            }
            Oddity::Unknown => with.push(("Flavour".into(), json!("plain"))),
            Oddity::KeyCase(name) => {
                for (n, _) in with.iter_mut().filter(|(n, _)| n == name) {
                    *n = if action.mutates { n.to_uppercase() } else { n.to_lowercase() };
                }
            }
            Oddity::List(pairs) => {
                with.retain(|(n, _)| n != "Tags");
                with.extend(pairs.iter().map(|(n, v)| ((*n).to_owned(), json!(v))));
            }
            Oddity::Action(name) => raw.action = Some(name.clone()),
            Oddity::Version(version) => raw.version = Some(version.clone()),
            Oddity::Reversed => with.reverse(),
        }
    }
}
