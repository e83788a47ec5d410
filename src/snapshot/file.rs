//! insta's file format: a header in YAML between `---`, then the contents.

use std::fmt;

use serde_json::Value;

/// A snapshot file, as `cargo insta review` reads and writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// What it is a snapshot of: a file of the project.
    pub source: String,
    /// One sentence.
    pub description: String,
    /// What was recorded: a case id, or an Action and how it was asked.
    pub expression: String,
    /// Everything below the header, without the last line feed.
    pub contents: String,
}

impl File {
    /// Reads a file. Keys of the header that are not ours are left out.
    ///
    /// # Errors
    /// When it does not begin with a header.
    pub fn parse(text: &str) -> Result<File, String> {
        let text = text.replace("\r\n", "\n");
        let parts = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
        let (header, contents) = parts.ok_or("expected a header between two lines `---`")?;
        let mut file = File { contents: contents.trim_end().to_owned(), ..File::default() };
        for line in header.lines() {
            let Some((key, value)) = line.split_once(": ") else { continue };
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.to_owned());
            match key {
                "source" => file.source = value,
                "description" => file.description = value,
                "expression" => file.expression = value,
                _ => {}
            }
        }
        Ok(file)
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "---")?;
        for (key, value) in [("source", &self.source), ("description", &self.description), ("expression", &self.expression)] {
            if !value.is_empty() {
                writeln!(f, "{key}: {}", scalar(value))?;
            }
        }
        writeln!(f, "---\n{}", self.contents.trim_end())
    }
}

/// A text as YAML: in quotes where it could be taken for something else, as insta does it, so that accepting changes no header.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && !text.ends_with(' ')
        && !text.contains(|c: char| c.is_control() || ":{}[],#`\"'\\".contains(c));
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> File {
        File {
            source: "cases/users/CreateUser.toml".into(),
            description: "A name's length: 64 characters, \"no\" more".into(),
            expression: "users/CreateUser/name-length".into(),
            contents: "on aws\n\n1 CreateUser → 200\n  User.Path = \"/\"".into(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = file().to_string();
        assert!(text.starts_with("---\nsource: cases/users/CreateUser.toml\ndescription: \"A name's length: 64"), "{text}");
        assert_eq!(File::parse(&text), Ok(file()));
        assert_eq!(File::parse(&text.replace('\n', "\r\n")), Ok(file()));
        assert!(File::parse("on aws").is_err());
    }

    #[test]
    fn insta_reads_the_same() {
        let path = std::env::temp_dir().join(format!("iamspec-insta-{}.snap", std::process::id()));
        std::fs::write(&path, file().to_string()).expect("a temporary file");
        let read = insta::Snapshot::from_file(&path).expect("insta's own reader");
        std::fs::remove_file(path).expect("it is there");
        assert_eq!(read.metadata().expression(), Some(file().expression.as_str()));
        assert_eq!(read.metadata().description(), Some(file().description.as_str()));
        assert_eq!(read.metadata().source(), Some(file().source.as_str()));
        assert_eq!(read.as_text().map(ToString::to_string), Some(file().contents));
    }
}
