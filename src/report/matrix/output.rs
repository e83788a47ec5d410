//! Which form a matrix takes, and where it goes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::str::FromStr;

use super::model::Matrix;
use super::{csv, html, json, markdown};

/// Forms of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A page.
    Html,
    /// GitHub-flavoured Markdown.
    Markdown,
    /// One JSON document.
    Json,
    /// A line for each verdict.
    Csv,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "html" => Ok(Format::Html),
            "md" => Ok(Format::Markdown),
            "json" => Ok(Format::Json),
            "csv" => Ok(Format::Csv),
            _ => Err(format!("unknown format '{text}': one of html, md, json, csv")),
        }
    }
}

/// One `--output`: a file whose extension is its format, or `FORMAT=FILE`. The file `-` is standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The format that was named; none: of the extension.
    pub format: Option<Format>,
    /// File.
    pub file: String,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = text.split_once('=').and_then(|(format, file)| Some((format.parse().ok()?, file)));
        let (format, file) = match named {
            Some((format, file)) => (Some(format), file),
            None => (None, text),
        };
        let extension = Path::new(file).extension().and_then(|e| e.to_str());
        match (file, format, extension.map(str::parse::<Format>)) {
            ("", ..) => Err(format!("'{text}' names no file")),
            ("-", format, _) => Ok(Output { format, file: file.into() }),
            (file, Some(format), _) | (file, None, Some(Ok(format))) => Ok(Output { format: Some(format), file: file.into() }),
            (file, None, _) => Err(format!(
                "the extension of '{file}' names no format: end it in .html, .md, .json or .csv, or say FORMAT=FILE as in md=$GITHUB_STEP_SUMMARY"
            )),
        }
    }
}

/// Writes a matrix in a format. `summary`: Markdown for a CI summary, where what is known is counted and not listed.
///
/// # Errors
/// When it cannot be written.
pub fn render(matrix: &Matrix<'_>, format: Format, summary: bool, to: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Html => html::write(matrix, to),
        Format::Markdown => markdown::write(matrix, summary, to),
        Format::Json => json::write(matrix, to),
        Format::Csv => csv::write(matrix, to),
    }
}

impl Output {
    /// Writes a matrix where this says, in `default` where it names no format.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, matrix: &Matrix<'_>, default: Format, summary: bool) -> io::Result<()> {
        let format = self.format.unwrap_or(default);
        let mut to: Box<dyn Write> =
            if self.file == "-" { Box::new(io::stdout().lock()) } else { Box::new(BufWriter::new(File::create(&self.file)?)) };
        render(matrix, format, summary, &mut to)?;
        to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_or_the_name_before_the_equals_sign_is_the_format() {
        let read = |text: &str| text.parse::<Output>();
        assert_eq!(read("a.b/m.html"), Ok(Output { format: Some(Format::Html), file: "a.b/m.html".into() }));
        assert_eq!(read("md=/tmp/summary"), Ok(Output { format: Some(Format::Markdown), file: "/tmp/summary".into() }));
        assert_eq!(read("csv=-"), Ok(Output { format: Some(Format::Csv), file: "-".into() }));
        assert_eq!(read("-"), Ok(Output { format: None, file: "-".into() }));
        assert_eq!(read("a=b.json"), Ok(Output { format: Some(Format::Json), file: "a=b.json".into() }));
        for (text, why) in [("matrix", "names no format"), ("m.pdf", "names no format"), ("md=", "names no file"), ("", "names no file")] {
            assert!(read(text).is_err_and(|e| e.contains(why)), "{text}");
        }
    }
}
