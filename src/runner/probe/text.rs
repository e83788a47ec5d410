//! What was learnt as a `target.toml`, with what each line was guessed from.

use std::fmt::Write as _;

use super::Learnt;
use crate::api::DialectId;
use crate::target::Target;

/// The text of the profile.
pub(super) fn profile(target: &Target, learnt: &Learnt) -> String {
    let profile = &target.profile;
    let mut out = String::from("# A first profile, written by `iamspec probe`: look it through, it holds guesses.\nformat = 1\n");
    let _ = writeln!(out, "name = {}", quoted(&folder_name(&profile.name)));
    if let Some(version) = &learnt.version {
        let _ = writeln!(out, "# as it introduces itself\nversion = {}", quoted(version));
    }
    let _ = writeln!(out, "# {}\ndialect = {}", comment(&learnt.dialect_because), quoted(profile.dialect.name()));
    let _ = writeln!(out, "endpoint = {}", quoted(&target.url()));
    if let Some(namespace) = &profile.namespace {
        let _ = writeln!(
            out,
            "namespace = {}  # second-namespace = \"…\" if there is another, for cases that show that the two are apart",
            quoted(namespace)
        );
    }
    let _ = writeln!(out, "region = {}", quoted(&profile.region));
    if let Some(service) = &profile.service {
        let _ = writeln!(out, "service = {}", quoted(service));
    }
    match profile.dialect {
        DialectId::Eim => out.push_str("formats = [\"xml\"]  # add \"json\" if it answers that\n"),
        DialectId::Ecs => {
            let styles: Vec<String> = profile.styles().iter().map(|style| quoted(style.name())).collect();
            let _ = writeln!(out, "formats = [\"xml\", \"json\"]\nstyles = [{}]", styles.join(", "));
        }
        DialectId::Aws => {}
    }
    if !learnt.unsupported.is_empty() {
        out.push_str("unsupported = [\n");
        for (action, answer) in &learnt.unsupported {
            let _ = writeln!(out, "  {},  # {}", quoted(action), comment(answer));
        }
        out.push_str("]\n");
    }
    for left in &learnt.left {
        let _ = writeln!(out, "# left behind by the probe, since the target would not remove it: {}", comment(left));
    }
    if !learnt.lacks.is_empty() {
        out.push_str("\n[lacks]\n");
        for (capability, why) in &learnt.lacks {
            let _ = writeln!(out, "{capability} = {}", quoted(why));
        }
    }
    if !learnt.patterns.is_empty() {
        out.push_str("\n[patterns]\n");
        for (name, pattern, sample) in &learnt.patterns {
            let _ = writeln!(out, "{name} = {}  # {}", quoted(pattern), comment(sample));
        }
    }
    if profile.tls.ca.is_some() || profile.tls.insecure {
        out.push_str("\n[tls]\n");
        if let Some(ca) = &profile.tls.ca {
            let _ = writeln!(out, "ca = {}", quoted(ca));
        }
        if profile.tls.insecure {
            out.push_str("insecure = true\n");
        }
    }
    out
}

/// A name that a folder can have.
fn folder_name(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "target".to_owned() } else { name.to_owned() }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Text that came from a target, as a comment: on one line, without control characters.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Credentials;
    use crate::target::{Profile, parse};

    #[test]
    fn whatever_was_learnt_can_be_read_back() {
        let credentials = Credentials { access_key_id: "A".into(), secret: "a".into(), session_token: None };
        let target =
            Target::new(Profile { name: "127.0.0.1:5000".into(), ..Profile::default() }, "http://127.0.0.1:5000", credentials, false)
                .unwrap();
        let learnt = Learnt {
            dialect_because: "so\nit = \"seems\"".into(),
            version: Some("Werkzeug \"3\"\r\n".into()),
            unsupported: vec![("GetUser".into(), "501 \u{1b}[2J".into())],
            lacks: vec![("paths", "answers \"/\"\nalways".into())],
            patterns: vec![("id", r"A\[x\]".into(), "A[x]".into())],
            left: vec!["user x\ny".into()],
        };
        let text = profile(&target, &learnt);
        let read = parse::parse(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
        assert_eq!((read.name.as_str(), read.unsupported.len(), read.patterns["id"].as_str()), ("127-0-0-1-5000", 1, r"A\[x\]"));
        assert_eq!(read.lacks["paths"], "answers \"/\"\nalways");
        assert!(!text.contains('\u{1b}'));
    }
}
