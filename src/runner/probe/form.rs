//! Patterns from single samples: as wide as they must be for other values of the kind, as narrow as one sample allows.

use std::fmt::Write as _;

/// The form of an id: runs of letters and digits by class and length, everything else as it is. A prefix of four capitals (`AIDA`)
/// differs between kinds of things and stands for any.
pub(super) fn of_id(sample: &str) -> String {
    let mut out = String::new();
    let mut rest = sample;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if length == 0 {
            out.push_str(&regex::escape(&first.to_string()));
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let _ = write!(out, "[{}]{{{length}}}", class(&rest[..length]));
        rest = &rest[length..];
    }
    out
}

/// The classes of characters that a run of letters and digits needs; hexadecimal where it could be.
fn class(run: &str) -> &'static str {
    let hex = run.bytes().all(|b| b.is_ascii_hexdigit());
    let (upper, lower) = (run.bytes().any(|b| b.is_ascii_uppercase()), run.bytes().any(|b| b.is_ascii_lowercase()));
    match (upper, lower) {
        (true, true) => "A-Za-z0-9",
        (true, false) => "A-Z0-9",
        (false, true) if hex => "0-9a-f",
        (false, true) => "a-z0-9",
        // Digits alone, of a form that has letters as often as not.
        (false, false) => "0-9a-f",
    }
}

/// The form of ARNs: what names vendor and service as it is, the account by its class, then any kind and name.
pub(super) fn of_arn(sample: &str) -> String {
    let fields: Vec<&str> = sample.splitn(6, ':').collect();
    let [scheme, vendor, service, region, account, _] = fields.as_slice() else {
        return "[!-~]+".to_owned();
    };
    let head = [scheme, vendor, service, region].map(|field| regex::escape(field)).join(":");
    let account = match *account {
        "" => String::new(),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => format!("[0-9]{{{}}}", digits.len()),
        _ => "[^:]*".to_owned(),
    };
    format!("{head}:{account}:(root|(user|group|policy|server-certificate)/[!-~]+)")
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    fn whole(pattern: &str, text: &str) -> bool {
        Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(text)
    }

    #[test]
    fn ids_of_the_same_kind_match() {
        for (sample, other, foreign) in [
            ("AIDA0123456789ABCDEF", "AGPAFEDCBA9876543210", "AIDA0123"),
            ("u-7f3a", "u-09bc", "u_7f3a"),
            ("6b29fc40-ca47-1067-b31d-00dd010662da", "00000000-0000-0000-0000-000000000000", "6b29fc40"),
        ] {
            let pattern = of_id(sample);
            assert!(whole(&pattern, sample) && whole(&pattern, other) && !whole(&pattern, foreign), "{pattern}");
        }
    }

    #[test]
    fn arns_of_the_same_account_match() {
        let pattern = of_arn("arn:aws:iam::RGW123:user/a/b");
        assert!(whole(&pattern, "arn:aws:iam::RGW9:policy/x") && !whole(&pattern, "arn:other:iam::RGW9:policy/x"), "{pattern}");
        assert!(whole(&of_arn("arn:minio:iam:::user/x"), "arn:minio:iam:::group/y"));
        assert!(whole(&of_arn("whatever"), "anything"));
    }

    #[test]
    fn any_sample_matches_its_own_form() {
        arbtest::arbtest(|u| {
            let sample: String = u.arbitrary()?;
            assert!(whole(&of_id(&sample), &sample), "{sample:?}: {}", of_id(&sample));
            assert!(Regex::new(&of_arn(&sample)).is_ok());
            Ok(())
        });
    }
}
