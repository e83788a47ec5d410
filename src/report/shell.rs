//! Words of a POSIX shell (bash where a value has control characters).

use std::fmt::Write as _;

use super::text::printable;

/// Name of a shell variable for a case's variable.
pub fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// Text inside double quotes. Control characters are written as `$'\x1b'`, so that the script can be shown.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' | '`' => out.extend(['\\', c]),
            '\n' => out.push('\n'),
            c if printable(c.encode_utf8(&mut [0; 4])).len() == c.len_utf8() => out.push(c),
            c => {
                let bytes: String = c.encode_utf8(&mut [0; 4]).bytes().map(|b| format!("\\x{b:02x}")).collect();
                let _ = write!(out, "\"$'{bytes}'\"");
            }
        }
    }
    out
}

/// A word of the shell: bare where that is safe, in single quotes, or in double quotes where it has what those cannot hold.
pub fn quote(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_./:=+@%".contains(c);
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else if !text.contains('\'') && printable(text).len() == text.len() {
        format!("'{text}'")
    } else {
        format!("\"{}\"", escaped(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_escapes_from_its_quotes() {
        for text in ["it's $(rm -rf /) `x` \"y\" \\", "a\u{1b}[2Jb", "line\nline", "", "$RUN"] {
            let word = quote(text);
            assert!(!word.contains('\u{1b}'));
            let said = std::process::Command::new("bash").args(["-c", &format!("printf %s {word}")]).output();
            if let Ok(said) = said {
                assert_eq!(String::from_utf8_lossy(&said.stdout), text, "{word}");
            }
        }
    }
}
