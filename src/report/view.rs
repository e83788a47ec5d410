//! What a view is, and where the ones that go to files go: `--output FORMAT=FILE`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::str::FromStr;

use super::event::Event;

/// Something that shows a run, event by event. The last event is always [`Event::RunFinished`].
pub trait View {
    /// Takes the next event.
    ///
    /// # Errors
    /// When what it writes to cannot be written to.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

/// Formats of `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// The stream of events as it is.
    Ndjson,
    /// One JSON document.
    Json,
    /// JUnit XML.
    Junit,
    /// Annotations of a GitHub workflow.
    Github,
}

/// One `--output FORMAT=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Format.
    pub format: OutputFormat,
    /// File; `-`: standard output.
    pub file: String,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = text.split_once('=').unwrap_or((text, "-"));
        let format = match format {
            "ndjson" => OutputFormat::Ndjson,
            "json" => OutputFormat::Json,
            "junit" => OutputFormat::Junit,
            "github" => OutputFormat::Github,
            _ => return Err(format!("unknown format '{format}': one of ndjson, json, junit, github, as in junit=report.xml")),
        };
        match file {
            "" => Err(format!("'{text}' names no file: FORMAT=FILE, or FORMAT=- for standard output")),
            file => Ok(Output { format, file: file.to_owned() }),
        }
    }
}

impl Output {
    /// Whether it goes to standard output.
    pub fn is_stdout(&self) -> bool {
        self.file == "-"
    }

    /// Opens the file, so that a path that cannot be written to is known before anything is sent.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn open(&self) -> io::Result<Box<dyn View>> {
        let to: Box<dyn Write> =
            if self.is_stdout() { Box::new(io::stdout()) } else { Box::new(BufWriter::new(File::create(&self.file)?)) };
        Ok(match self.format {
            OutputFormat::Ndjson => Box::new(super::ndjson::Ndjson::new(to)),
            OutputFormat::Json => Box::new(super::json::Json::new(to)),
            OutputFormat::Github => Box::new(super::github::Github::new(to)),
            #[cfg(feature = "cli")]
            OutputFormat::Junit => Box::new(super::junit::Junit::new(to)),
            #[cfg(not(feature = "cli"))]
            OutputFormat::Junit => return Err(io::Error::other("built without feature cli, which writes JUnit")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_format_and_file() {
        assert_eq!("junit=a=b.xml".parse(), Ok(Output { format: OutputFormat::Junit, file: "a=b.xml".into() }));
        assert!("ndjson".parse::<Output>().is_ok_and(|o| o.is_stdout()));
        assert!("html=x".parse::<Output>().is_err_and(|e| e.contains("one of ndjson, json, junit")));
        assert!("json=".parse::<Output>().is_err_and(|e| e.contains("names no file")));
    }
}
