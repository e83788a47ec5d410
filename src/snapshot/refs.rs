//! Numbered references in place of what a target makes up.

use std::collections::BTreeMap;

/// Values shorter than this could stand in a text by chance.
const TELLING: usize = 12;

/// The values of one case that have a number, by kind (`UserId`, `Account`).
#[derive(Clone, Debug, Default)]
pub struct Refs {
    values: BTreeMap<String, Vec<String>>,
    dates: Vec<Dated>,
}

/// A date as an element of a thing.
#[derive(Clone, Debug, PartialEq)]
struct Dated {
    owner: String,
    element: String,
    value: String,
}

/// Whether a value that has no number yet gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It gets the next one.
    Number,
    /// It stays without: `<UserId>`.
    Leave,
}

impl Refs {
    /// `<UserId:1>`: the same value always has the same number.
    pub fn of(&mut self, kind: &str, value: &str, unknown: Unknown) -> String {
        let known = self.values.get(kind).and_then(|values| values.iter().position(|v| v == value));
        let number = match (known, unknown) {
            (None, Unknown::Leave) => return format!("<{kind}>"),
            (None, Unknown::Number) => {
                let values = self.values.entry(kind.to_owned()).or_default();
                values.push(value.to_owned());
                values.len()
            }
            (Some(at), _) => at + 1,
        };
        format!("<{kind}:{number}>")
    }

    /// The same for a date, which is compared only with what the same thing had at the same element before.
    pub fn of_date(&mut self, owner: &str, element: &str, value: &str, unknown: Unknown) -> String {
        let date = Dated { owner: owner.to_owned(), element: element.to_owned(), value: value.to_owned() };
        let number = match (self.dates.iter().position(|d| *d == date), unknown) {
            (None, Unknown::Leave) => return "<Date>".to_owned(),
            (None, Unknown::Number) => {
                self.dates.push(date);
                self.dates.len()
            }
            (Some(at), _) => at + 1,
        };
        format!("<Date:{number}>")
    }

    /// What was known of the dates of a thing is void: it is gone, and what is made in its place has dates of its own.
    pub fn forget(&mut self, owner: &str) {
        for date in self.dates.iter_mut().filter(|d| d.owner.starts_with(owner)) {
            date.owner.clear();
        }
    }

    /// A text with a reference in place of each value that has a number and is long enough to tell.
    pub fn in_text(&self, text: &str) -> String {
        let known = self.values.iter().flat_map(|(kind, values)| values.iter().enumerate().map(move |(i, v)| (kind, i + 1, v)));
        let mut found: Vec<_> = known.filter(|(_, _, value)| value.len() >= TELLING && text.contains(value.as_str())).collect();
        found.sort_by_key(|(_, _, value)| usize::MAX - value.len());
        found.into_iter().fold(text.to_owned(), |text, (kind, n, value)| text.replace(value.as_str(), &format!("<{kind}:{n}>")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_value_has_the_same_number() {
        let mut refs = Refs::default();
        assert_eq!(refs.of("UserId", "AIDA2", Unknown::Leave), "<UserId>");
        assert_eq!(refs.of("UserId", "AIDA1", Unknown::Number), "<UserId:1>");
        assert_eq!(refs.of("UserId", "AIDA2", Unknown::Number), "<UserId:2>");
        assert_eq!(refs.of("UserId", "AIDA1", Unknown::Leave), "<UserId:1>");
        assert_eq!(refs.of("GroupId", "AIDA1", Unknown::Number), "<GroupId:1>", "kinds are numbered apart");
    }

    #[test]
    fn dates_are_those_of_a_thing_not_of_the_clock() {
        let mut refs = Refs::default();
        let now = "2026-01-01T00:00:00Z";
        assert_eq!(refs.of_date("A", "CreateDate", now, Unknown::Number), "<Date:1>");
        assert_eq!(refs.of_date("B", "CreateDate", now, Unknown::Number), "<Date:2>", "made in the same second");
        assert_eq!(refs.of_date("A", "CreateDate", now, Unknown::Number), "<Date:1>");
        assert_eq!(refs.of_date("A", "CreateDate", "2026-01-01T00:00:01Z", Unknown::Number), "<Date:3>", "it must not change");
        refs.forget("A");
        assert_eq!(refs.of_date("A", "CreateDate", now, Unknown::Number), "<Date:4>", "another thing in its place");
    }

    #[test]
    fn known_values_are_replaced_in_texts_longest_first() {
        let mut refs = Refs::default();
        refs.of("Account", "123456789012", Unknown::Number);
        refs.of("UserId", "AIDA123456789012", Unknown::Number);
        refs.of("Short", "a", Unknown::Number);
        assert_eq!(refs.in_text("a AIDA123456789012 in 123456789012"), "a <UserId:1> in <Account:1>");
    }
}
