//! Where the gate writes what it found: `--output FORMAT=FILE`.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::str::FromStr;

use crate::baseline::gate::markdown::markdown;
use crate::baseline::gate::text::text;
use crate::baseline::gate::{Finding, Report};
use crate::cli::fail::Failure;
use crate::cli::stream::Named;
use crate::launch::variable;
use crate::report::event::Event;
use crate::report::failure::Options;
use crate::report::github::{self, Annotation};
use crate::report::tally::exit;
use crate::report::text::{Paint, printable};
use crate::report::view::Output;

/// One `--output FORMAT=FILE`; `-` is standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateOutput {
    /// A view of the run, as the list judges it.
    Run(Output),
    /// What the gate found.
    Gate(Format, String),
}

/// Formats of what the gate found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON document.
    Json,
    /// GitHub-flavoured Markdown, added to the file.
    Markdown,
    /// Annotations of a GitHub workflow.
    Github,
}

impl GateOutput {
    /// The JSON document on standard output.
    pub fn json() -> GateOutput {
        GateOutput::Gate(Format::Json, "-".into())
    }
}

impl FromStr for GateOutput {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        let (format, file) = given.split_once('=').unwrap_or((given, "-"));
        let format = match format {
            "json" => Format::Json,
            "markdown" => Format::Markdown,
            "github" => Format::Github,
            "ndjson" | "junit" => return given.parse().map(GateOutput::Run),
            _ => {
                let known = "json, markdown or github for what the gate found, ndjson or junit for the run";
                return Err(format!("unknown format '{format}': {known}, as in markdown=summary.md"));
            }
        };
        match file {
            "" => Err(format!("'{given}' names no file: FORMAT=FILE, or FORMAT=- for standard output")),
            file => Ok(GateOutput::Gate(format, file.to_owned())),
        }
    }
}

/// Everything that is asked for, open.
pub struct Outputs {
    views: Vec<Named<'static>>,
    reports: Vec<(Format, String, Box<dyn Write>)>,
    /// Standard output belongs to one of them.
    aside: bool,
}

/// Opens every file, so that one that cannot be written to is known before anything is run.
///
/// # Errors
/// When a file cannot be created.
pub fn open(outputs: impl IntoIterator<Item = GateOutput>) -> Result<Outputs, Failure> {
    let mut all = Outputs { views: Vec::new(), reports: Vec::new(), aside: false };
    for output in outputs {
        let cannot = |file: &str, why: io::Error| Failure::usage(format!("cannot write the report {file}: {why}"));
        match output {
            GateOutput::Run(output) => {
                all.aside |= output.is_stdout();
                let view = output.open().map_err(|why| cannot(&output.file, why))?;
                all.views.push((output.file, view));
            }
            GateOutput::Gate(format, file) => {
                all.aside |= file == "-";
                let to = create(format, &file).map_err(|why| cannot(&file, why))?;
                all.reports.push((format, file, to));
            }
        }
    }
    Ok(all)
}

fn create(format: Format, file: &str) -> io::Result<Box<dyn Write>> {
    Ok(match (file, format) {
        ("-", _) => Box::new(io::stdout()),
        // A step's summary may hold what others wrote before.
        (file, Format::Markdown) => Box::new(OpenOptions::new().create(true).append(true).open(file)?),
        (file, _) => Box::new(File::create(file)?),
    })
}

impl Outputs {
    /// The views of the run, for whoever makes one.
    pub fn take_views(&mut self) -> Vec<Named<'static>> {
        std::mem::take(&mut self.views)
    }

    /// Where text for a person goes.
    fn person(&self) -> (Box<dyn Write>, bool) {
        if self.aside { (Box::new(io::stderr()), io::stderr().is_terminal()) } else { (Box::new(io::stdout()), io::stdout().is_terminal()) }
    }

    /// How text for a person looks.
    pub fn options(&self, verbose: bool) -> Options {
        let smart = variable("TERM").is_none_or(|term| term != "dumb");
        Options { paint: Paint(self.person().1 && smart && variable("NO_COLOR").is_none()), verbose }
    }

    /// Writes text for a person.
    ///
    /// # Errors
    /// When it cannot be written. That nobody reads it is no error: the exit code stands.
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        let (mut to, _) = self.person();
        quiet(to.write_all(text.as_bytes()).and_then(|()| to.flush()), "the report")
    }

    /// Writes the report in every form, and the run to the views that are still there.
    ///
    /// # Errors
    /// When one of them cannot be written.
    pub fn tell(&mut self, report: &Report, events: &[Event], verbose: bool) -> Result<(), Failure> {
        self.say(&text(report, &self.options(verbose)))?;
        for (file, view) in &mut self.views {
            for event in events {
                quiet(view.event(event), file)?;
            }
        }
        for (format, file, to) in &mut self.reports {
            let written = match format {
                Format::Json => serde_json::to_writer_pretty(&mut *to, report).map_err(io::Error::from).and_then(|()| writeln!(to)),
                Format::Markdown => to.write_all(markdown(report).as_bytes()),
                Format::Github => github::write(to, &annotations(report)),
            };
            quiet(written.and_then(|()| to.flush()), file)?;
        }
        Ok(())
    }
}

fn quiet(written: io::Result<()>, file: &str) -> Result<(), Failure> {
    match written {
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => Err(Failure::broken(format!("cannot write {file}: {why}"))),
        _ => Ok(()),
    }
}

/// An annotation for each finding that keeps the run from passing.
fn annotations(report: &Report) -> Vec<Annotation> {
    let annotation = |finding: &Finding| {
        let configuration = finding.configuration.as_ref().map(|c| format!(" {c}")).unwrap_or_default();
        let repeat = finding.repeat.as_ref().map(|repeat| format!("\n{repeat}")).unwrap_or_default();
        Annotation {
            title: format!("{}: {}{configuration}", finding.outcome.words(), finding.what),
            // What a target sent has no lines of its own here.
            message: format!("{}{repeat}", printable(&finding.text)),
            at: finding.at.clone(),
        }
    };
    report.findings.iter().filter(|finding| finding.outcome.exit() != exit::OK).map(annotation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_of_the_run_or_of_the_gate() {
        assert_eq!("markdown=a=b.md".parse(), Ok(GateOutput::Gate(Format::Markdown, "a=b.md".into())));
        assert!(matches!("junit=r.xml".parse(), Ok(GateOutput::Run(_))));
        assert_eq!("json".parse(), Ok(GateOutput::json()));
        assert!("html=x".parse::<GateOutput>().is_err_and(|e| e.contains("json, markdown or github")));
        assert!("json=".parse::<GateOutput>().is_err_and(|e| e.contains("names no file")));
    }
}
