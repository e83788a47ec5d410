//! A failure, told so that a developer of the target can act on it without reading our code.

use std::fmt::Write as _;

use super::event::{CaseRecord, Exchange, StepRecord};
use super::text::{Paint, duration, printable, printable_lines, short};
use crate::api::{DialectId, Req, Requirement};
use crate::verdict::{Mismatch, Status};

/// How much to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Colours.
    pub paint: Paint,
    /// Whole values instead of their beginnings, and the raw exchange of the calls that differ.
    pub verbose: bool,
}

/// Characters of a value that are shown unless everything is asked for.
const VALUE: usize = 160;
/// Differences from snapshots that are shown of a case: an item too many moves all after it.
const DIFFERENCES: usize = 6;
/// Calls of one step that are shown before the rest is counted: a repeated step may have hundreds.
const REPEATED: usize = 3;

/// The report of a case that failed, broke, was skipped or passed unexpectedly. `also`: further configurations in which the same
/// happened. Ends with a line feed.
pub fn failure(record: &CaseRecord, also: &[&str], options: &Options) -> String {
    let paint = options.paint;
    let mut out = String::new();
    let (word, status) = match record.verdict.status {
        Status::Fail => ("FAIL", paint.bad("FAIL")),
        Status::Error => ("ERROR", paint.bad("ERROR")),
        Status::Xpass => ("XPASS", paint.bad("XPASS")),
        Status::Xfail => ("XFAIL", paint.warn("XFAIL")),
        Status::Skip => ("SKIP", paint.warn("SKIP")),
        Status::Pass if record.verdict.differs.is_empty() => ("PASS", paint.good("PASS")),
        Status::Pass => ("DIFFERS", paint.bad("DIFFERS")),
    };
    let _ = write!(out, "{status}  {}", paint.bold(&printable(&record.case)));
    let _ = writeln!(out, "  {} · {}", record.target, [&[record.configuration.as_str()], also].concat().join(" "));
    let indent = " ".repeat(word.len() + 2);
    let _ = writeln!(out, "{indent}{}", printable(&record.title));
    if !record.verdict.reason.is_empty() {
        let _ = writeln!(out, "{indent}{}", printable(&record.verdict.reason));
    }
    for id in broken(record) {
        requirement(&mut out, &id, &record.configuration, paint);
    }
    if !record.steps.is_empty() {
        let _ = writeln!(out, "  {}", paint.dim("calls"));
        calls(&mut out, record, options);
    }
    for mismatch in &record.verdict.mismatches {
        difference(&mut out, mismatch, record, options);
    }
    snapshots(&mut out, record, options);
    if record.waited_millis > 0 {
        let _ = writeln!(out, "  {} {} for repeated attempts", paint.dim("waited     "), duration(record.waited_millis));
    }
    if word != "PASS" {
        let _ = writeln!(out, "  {} {}", paint.dim("repeat     "), printable(&record.repeat));
        if word == "DIFFERS" {
            let _ = writeln!(out, "  {} add --snapshots update to that line, if this is how it should be", paint.dim("accept     "));
        }
        if !record.steps.is_empty() {
            let _ = writeln!(out, "  {} add --curl DIR to that line for a script of curl calls", paint.dim("without us "));
        }
    }
    out
}

/// What the case breaks: the requirements its mismatches are charged to, else (an error) none.
fn broken(record: &CaseRecord) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in record.verdict.mismatches.iter().map(|m| &m.requirement) {
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids
}

/// A requirement with its level on the configuration's dialect, its text and where it is known from. An id that this version does not
/// know (a stored run of another one) stands alone.
fn requirement(out: &mut String, id: &str, configuration: &str, paint: Paint) {
    let label = paint.dim("requirement");
    match Req::find(id).map(Req::get) {
        Some(found) => {
            let dialect = configuration.split('/').next().and_then(|d| d.parse::<DialectId>().ok());
            let level = dialect.map(|d| format!("  ({} on {d})", found.level(d))).unwrap_or_default();
            let _ = writeln!(out, "  {label} {id}{level}\n{}", sources(found, paint));
        }
        None => {
            let _ = writeln!(out, "  {label} {}", printable(id));
        }
    }
}

/// A requirement's text and its sources, a line each.
pub fn sources(requirement: &Requirement, paint: Paint) -> String {
    let mut lines = vec![format!("              {}", requirement.text)];
    for source in &requirement.sources {
        lines.push(format!("              {}", paint.dim(&format!("{} {}: {}", source.system, word(source), source.reference))));
    }
    lines.join("\n")
}

/// The provenance as the catalogue writes it.
fn word(source: &crate::api::Source) -> String {
    match serde_json::to_value(source.provenance) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn calls(out: &mut String, record: &CaseRecord, options: &Options) {
    let verdict = &record.verdict;
    let differs = |s: &StepRecord| {
        let expected = verdict.mismatches.iter().any(|m| m.step == s.step && m.at == s.at);
        expected || verdict.differs.iter().any(|d| d.step == s.step && d.at == s.at)
    };
    let mut i = 0;
    while i < record.steps.len() {
        let same = record.steps[i..].iter().take_while(|s| s.step == record.steps[i].step).count();
        for (k, step) in record.steps[i..i + same].iter().enumerate() {
            let last = k + 1 == same;
            if options.verbose || k < REPEATED || last || differs(step) {
                call(out, step, differs(step), options);
            } else if k == REPEATED {
                let _ = writeln!(out, "       … further calls of this step; all of them with -v");
            }
        }
        i += same;
    }
}

fn call(out: &mut String, step: &StepRecord, differs: bool, options: &Options) {
    let limit = if options.verbose { usize::MAX } else { VALUE };
    let mark = if differs { options.paint.bad(">") } else { " ".into() };
    let _ = write!(out, "  {mark} {:>2}  {}", step.step + 1, options.paint.bold(&printable(&step.call)));
    if !step.at.is_empty() {
        let _ = write!(out, " [{}]", printable(&step.at));
    }
    if let Some(principal) = &step.principal {
        let _ = write!(out, " as {}", printable(principal));
    }
    for (name, value) in &step.params {
        let value = short(value, limit);
        let quote = if value.contains(' ') || value.is_empty() { "'" } else { "" };
        let _ = write!(out, " {}={quote}{value}{quote}", printable(name));
    }
    let answer = match (step.status, &step.code) {
        (Some(status), Some(code)) => format!("{status} {}", printable(code)),
        (Some(status), None) => status.to_string(),
        (None, _) => "no answer".into(),
    };
    let _ = write!(out, " → {answer}");
    if let Some(message) = &step.message {
        let _ = write!(out, " ({})", short(message, limit));
    }
    out.push('\n');
    if let (true, true, Some(exchange)) = (differs, options.verbose, &step.exchange) {
        raw(out, exchange, step.status, options.paint);
    }
}

fn raw(out: &mut String, exchange: &Exchange, status: Option<u16>, paint: Paint) {
    let mut line = |mark: &str, text: &str| {
        let _ = writeln!(out, "         {} {}", paint.dim(mark), printable(text));
    };
    line(">", &exchange.request_line);
    for (name, value) in &exchange.request_headers {
        line(">", &format!("{name}: {value}"));
    }
    if !exchange.request_body.is_empty() {
        line(">", "");
        line(">", &exchange.request_body);
    }
    if let Some(status) = status {
        line("<", &format!("HTTP {status}"));
    }
    for (name, value) in &exchange.response_headers {
        line("<", &format!("{name}: {value}"));
    }
    line("<", "");
    for text in printable_lines(&exchange.response_body) {
        line("<", &text);
    }
}

fn difference(out: &mut String, mismatch: &Mismatch, record: &CaseRecord, options: &Options) {
    let limit = if options.verbose { usize::MAX } else { 4 * VALUE };
    let paint = options.paint;
    let call = record.steps.iter().find(|s| s.step == mismatch.step).map_or("", |s| s.call.as_str());
    let at = if mismatch.at.is_empty() { String::new() } else { format!(" [{}]", printable(&mismatch.at)) };
    let _ = writeln!(
        out,
        "  {} step {} {}{at}: {}   {}",
        paint.dim("differs    "),
        mismatch.step + 1,
        printable(call),
        paint.bold(&printable(&mismatch.path)),
        paint.dim(&mismatch.loc.to_string())
    );
    if mismatch.prerequisite {
        let _ = writeln!(out, "              a step that only prepares what the case is about");
    }
    let _ = writeln!(out, "              expected {}", paint.good(&short(&mismatch.expected, limit)));
    let _ = writeln!(out, "              actual   {}", paint.bad(&short(&mismatch.actual, limit)));
}

/// Where the answers differ from their snapshots.
fn snapshots(out: &mut String, record: &CaseRecord, options: &Options) {
    let (limit, most) = if options.verbose { (usize::MAX, usize::MAX) } else { (VALUE, DIFFERENCES) };
    let paint = options.paint;
    let differs = &record.verdict.differs;
    for found in differs.iter().take(most) {
        let call = record.steps.iter().find(|s| s.step == found.step).map_or("", |s| s.call.as_str());
        let at = if found.at.is_empty() { String::new() } else { format!(" [{}]", printable(&found.at)) };
        let place = format!("step {} {}{at}: {}", found.step + 1, printable(call), paint.bold(&printable(&found.path)));
        let _ = writeln!(out, "  {} {place}   {}", paint.dim("snapshot   "), paint.dim(&printable(&found.snapshot)));
        let _ = writeln!(out, "              expected {}", paint.good(&short(&found.expected, limit)));
        let _ = writeln!(out, "              actual   {}", paint.bad(&short(&found.actual, limit)));
    }
    if let Some(more) = differs.len().checked_sub(most).filter(|more| *more > 0) {
        let _ = writeln!(out, "              … {more} more; all of them with -v");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_failure_reads_like_this() {
        insta::assert_snapshot!(failure(&samples::failure(), &[], &Options::default()));
    }

    #[test]
    fn verbose_shows_the_exchange_without_its_control_characters() {
        let mut record = samples::failure();
        record.verdict.mismatches.truncate(1);
        record.verdict.mismatches[0].actual = "200\u{1b}[2J".into();
        let text = failure(&record, &["aws/json"], &Options { verbose: true, ..Options::default() });
        assert!(!text.contains('\u{1b}'));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_requirement_comes_with_its_sources() {
        let rule: Requirement = toml::from_str(
            r#"
            id = "example.attached-policy-blocks"
            kind = "enforced"
            text = "A user with an attached policy cannot be deleted."
            sources = [
                { system = "eim", provenance = "seed", reference = "EIM API reference, DeleteUser" },
                { system = "aws", provenance = "client-code", reference = "a client" },
            ]"#,
        )
        .unwrap();
        assert_eq!(
            sources(&rule, Paint(false)),
            "              A user with an attached policy cannot be deleted.\n              \
             eim seed: EIM API reference, DeleteUser\n              aws client-code: a client"
        );
    }

    #[test]
    fn repeated_calls_are_counted_not_listed() {
        let mut record = samples::failure();
        record.verdict.mismatches.truncate(1);
        let many = (1..=100).map(|i| {
            let mut s = record.steps[0].clone();
            s.at = format!("i={i}");
            s
        });
        record.steps = many.chain(record.steps.iter().skip(1).cloned()).collect();
        let text = failure(&record, &[], &Options::default());
        assert_eq!(text.matches("CreateUser").count(), REPEATED + 1);
        assert!(text.contains("further calls of this step"));
    }

    #[test]
    fn a_difference_from_a_snapshot_reads_like_this() {
        insta::assert_snapshot!(failure(&samples::differs(), &[], &Options::default()));
        let mut many = samples::differs();
        many.verdict.differs = vec![many.verdict.differs[0].clone(); DIFFERENCES + 3];
        let told = |verbose| failure(&many, &[], &Options { verbose, ..Options::default() });
        assert_eq!((told(false).matches("expected <").count(), told(true).matches("expected <").count()), (DIFFERENCES, DIFFERENCES + 3));
        assert!(told(false).contains("… 3 more; all of them with -v"));
    }

    #[test]
    fn an_error_says_why_and_a_pass_needs_no_repetition() {
        let mut record = samples::pass();
        record.verdict.status = Status::Error;
        record.verdict.reason = "connection refused".into();
        assert!(failure(&record, &[], &Options::default()).contains("ERROR  users/GetUser/by-name  moto · aws/xml"));
        assert!(!failure(&samples::pass(), &[], &Options::default()).contains("repeat"));
    }
}
