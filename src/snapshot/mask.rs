//! A single value in canonical form: checked against the form it must have, then replaced if a target or a run made it up.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::names::Names;
use super::refs::{Refs, Unknown};
use crate::api::{DialectId, Pattern, ScalarBase, model};
use crate::dialect::shape::Patterns;

/// Dates that change while the thing they belong to stays.
const MOVING: [&str; 2] = ["UpdateDate", "PasswordLastUsed"];

/// What values of one case are replaced by. Lives as long as the case; its names are those of the row under way.
pub struct Masks<'a> {
    /// Dialect of the target.
    pub dialect: DialectId,
    /// Forms of ids and ARNs on the target.
    pub patterns: &'a Patterns,
    /// What the case generates.
    pub names: Names,
    /// What the target made up.
    pub refs: Refs,
}

/// What a value belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// Name of the element.
    pub element: &'a str,
    /// Id of the thing whose element it is.
    pub owner: Option<&'a str>,
    /// The date of the thing's creation that stands beside it, where this is the answer to the creation.
    pub created: Option<&'a str>,
    /// The account, where the thing is the account itself, shown as a user.
    pub account: Option<&'a str>,
}

impl Masks<'_> {
    /// A scalar of the API model's type `ty`; none: the model has no such element. A value of another kind stands as it is.
    pub fn scalar(&mut self, ty: Option<&str>, value: &Value, at: Place<'_>, unknown: Unknown) -> String {
        let Value::String(text) = value else { return value.to_string() };
        let Some(ty) = ty else {
            return if date_form(text).is_some() { "<Date>".to_owned() } else { self.text(text) };
        };
        let scalar = model().constraints(ty, self.dialect);
        if scalar.sensitive {
            return self.refs.of("Secret", text, unknown);
        }
        match (scalar.base, ty) {
            (ScalarBase::Date, _) => self.date(text, at, unknown),
            (ScalarBase::String, "id") => match at.account {
                Some(account) if account == text => self.refs.of("Account", text, unknown),
                _ => self.formed(at.element, text, &self.patterns.id, unknown),
            },
            (ScalarBase::String, "access-key-id") => self.formed(at.element, text, &self.patterns.access_key_id, unknown),
            (ScalarBase::String, "arn") => self.arn(text, unknown),
            (ScalarBase::String, "response-marker") if !text.is_empty() => self.refs.of("Marker", text, unknown),
            (ScalarBase::String, "certificate-body" | "certificate-chain") if text.contains("-----BEGIN") => {
                self.names.whole(text).unwrap_or_else(|| self.refs.of(at.element, text, unknown))
            }
            (ScalarBase::String, _) => self.text(text),
            // A number or boolean as text.
            (ScalarBase::Integer | ScalarBase::Boolean, _) => value.to_string(),
        }
    }

    /// A free text: generated texts by name, known values by reference, the rest as it is, in quotes.
    pub fn text(&self, text: &str) -> String {
        self.names.whole(text).unwrap_or_else(|| quoted(&self.inside(text)))
    }

    /// The same without quotes.
    pub fn inside(&self, text: &str) -> String {
        self.refs.in_text(&self.names.in_text(text))
    }

    fn formed(&mut self, kind: &str, text: &str, form: &Pattern, unknown: Unknown) -> String {
        odd_unless(form.matches(text), self.refs.of(kind, text, unknown))
    }

    fn date(&mut self, text: &str, at: Place<'_>, unknown: Unknown) -> String {
        let Some(whole_seconds) = date_form(text) else { return quoted(text) };
        let element = match at.created {
            // A thing that was made just now was not changed since.
            Some(created) if created == text && MOVING.contains(&at.element) => "CreateDate",
            _ => at.element,
        };
        let moving = MOVING.contains(&element) && at.created.is_none();
        let reference = match at.owner.filter(|_| !moving) {
            Some(owner) => self.refs.of_date(owner, element, text, unknown),
            None => "<Date>".to_owned(),
        };
        odd_unless(whole_seconds, reference)
    }

    fn arn(&mut self, text: &str, unknown: Unknown) -> String {
        let Some((_, account, resource)) = arn_parts(text).filter(|_| self.patterns.arn.matches(text)) else {
            return self.text(text);
        };
        let account = self.account(account, unknown);
        quoted(&format!("arn:{account}:{}", self.resource(resource)))
    }

    /// The account of an ARN; the provider has none, or the name `aws`.
    pub fn account(&mut self, account: &str, unknown: Unknown) -> String {
        if account.is_empty() || account == "aws" { account.to_owned() } else { self.refs.of("Account", account, unknown) }
    }

    /// Kind, path and name of an ARN. A name too short to be looked for inside of texts is looked for at its end.
    pub fn resource(&self, resource: &str) -> String {
        let (head, name) = resource.split_at(resource.rfind('/').map_or(0, |slash| slash + 1));
        match self.names.whole(name) {
            Some(name) => format!("{}{name}", self.names.in_text(head)),
            None => self.names.in_text(resource),
        }
    }
}

/// What stands in front of the account, the account, and what stands after it: `arn:aws:iam::`, `123456789012`, `user/x`.
pub fn arn_parts(text: &str) -> Option<(&str, &str, &str)> {
    let colons: Vec<usize> = text.match_indices(':').map(|(at, _)| at).take(5).collect();
    let [_, _, _, before, after] = colons.as_slice() else { return None };
    Some((&text[..before + 1], &text[before + 1..*after], &text[after + 1..]))
}

/// Whether a text is a date, and then whether it is one in whole seconds and UTC.
pub fn date_form(text: &str) -> Option<bool> {
    const WHOLE: usize = "2026-01-31T23:59:59Z".len();
    OffsetDateTime::parse(text, &Rfc3339).is_ok().then(|| text.len() == WHOLE && text.ends_with('Z'))
}

/// A reference, marked where the value does not have the form.
pub fn odd_unless(good: bool, reference: String) -> String {
    if good { reference } else { reference.replace('>', "?>") }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
