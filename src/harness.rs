//! The suite as libtest tests: one test for each case and configuration, for `cargo test` and `cargo nextest`.
//!
//! `tests/iam.rs` of another project, with `harness = false` for that test in its Cargo.toml and
//! `iamspec = { version = "0.1", default-features = false, features = ["harness"] }` among its dev-dependencies:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     iamspec::harness::main()
//! }
//! ```
//!
//! `IAMSPEC_TARGET` or `IAMSPEC_ENDPOINT` and `IAMSPEC_DIALECT` say what to test; without them it is the embedded reference, in every
//! configuration. A project that starts its own server calls [`run`] with its address. Known failures are those of the target's
//! `baseline.toml`, or of the file that `IAMSPEC_BASELINE` names. On the reference, answers are held against their snapshots too.
//!
//! Tests are named after cases, `users/DeleteUser/attached-policy-blocks`, with the configuration in front where there are several:
//! `[eim/json] users/DeleteUser/attached-policy-blocks`. `--exact` takes the name with or without it. `serial` in the brackets marks
//! what must run alone (`.config/nextest.toml` of this project has the group for it). `--ignored` adds the cases that are opt-in off
//! this machine: failed authentications and full quotas. `cargo nextest run --partition` shares the tests out by their names.

mod board;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::api::Level;
use crate::report::event::CaseRecord;
use crate::report::failure::{Options, failure};
use crate::report::tally::exit;
use crate::target::TargetArgs;
use crate::verdict::Status;
use board::{Board, Plan};

/// From which level on a failure fails its test.
const LEVEL: Level = Level::Should;

/// Runs the suite as libtest tests on what the environment names.
pub fn main() -> ExitCode {
    run(TargetArgs::default())
}

/// Runs the suite as libtest tests on that target; what it leaves open comes from the environment.
pub fn run(target: TargetArgs) -> ExitCode {
    let args = Arguments::from_args();
    let plan = match Plan::new(target, args.ignored || args.include_ignored) {
        Ok(plan) => plan,
        Err(why) => {
            eprintln!("iamspec: {why}");
            return ExitCode::from(exit::USAGE as u8);
        }
    };
    let board = Arc::new(Board::new(plan));
    let mut trials = trials(&board);
    if !args.list {
        let wanted: Vec<bool> = trials.iter().map(|trial| !args.is_filtered_out(trial)).collect();
        board.want(&wanted, args.test_threads);
    }
    trials.extend(closing(&board));
    libtest_mimic::run(&args, trials).exit_code()
}

/// One test for each case and configuration, in the order of [`Plan::pairs`].
fn trials(board: &Arc<Board>) -> Vec<Trial> {
    let several = board.plan.configurations().len() > 1;
    let test = |(i, pair): (usize, &board::Pair)| {
        let board_here = Arc::clone(board);
        let marks = [several.then(|| pair.configuration.to_string()), pair.serial.then(|| "serial".to_owned())];
        let kind = marks.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Trial::ignorable_test(&pair.case, move || told(board_here.record(i)?)).with_kind(kind).with_ignored_flag(pair.opt_in)
    };
    board.plan.pairs.iter().enumerate().map(test).collect()
}

/// What a record means for its test.
fn told(record: CaseRecord) -> Result<Completion, Failed> {
    let verdict = &record.verdict;
    match verdict.status {
        Status::Pass if verdict.differs.is_empty() => Ok(Completion::Completed),
        Status::Skip => Ok(Completion::ignored_with(&verdict.reason)),
        Status::Xfail => Ok(Completion::ignored_with(format!("known failure: {}", verdict.reason))),
        Status::Fail if record.level < LEVEL => {
            Ok(Completion::ignored_with(format!("fails, which the API does not forbid clearly enough (level {})", record.level)))
        }
        Status::Pass | Status::Fail | Status::Error | Status::Xpass => Err(failure(&record, &[], &Options::default()).into()),
    }
}

/// Tests of what only the whole run shows. In a process of one case (cargo nextest) they have nothing to look at.
fn closing(board: &Arc<Board>) -> Vec<Trial> {
    let test = |name: &str, look: fn(&Board) -> Result<Vec<String>, Failed>| {
        let board = Arc::clone(board);
        Trial::ignorable_test(name, move || {
            if board.wants_nothing() {
                return Ok(Completion::ignored_with("looks at a run of cases in the same process"));
            }
            match look(&board)?.as_slice() {
                [] => Ok(Completion::Completed),
                found => Err(found.join("\n").into()),
            }
        })
    };
    vec![
        test("run/free-checks", Board::findings),
        test("run/nothing-left-behind", Board::leftovers),
        test("run/no-orphaned-snapshots", Board::orphans),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn verdicts_become_results_of_tests() {
        let with = |status: Status| {
            let mut record = samples::failure();
            record.verdict.status = status;
            record.verdict.reason = "because".into();
            record
        };
        // Neither type of libtest-mimic can be compared or printed.
        let ignored = |record: CaseRecord| match told(record) {
            Ok(Completion::Ignored { reason }) => reason.unwrap_or_default(),
            Ok(Completion::Completed) => "completed".into(),
            Err(_) => "failed".into(),
        };
        assert_eq!(ignored(with(Status::Pass)), "completed");
        assert_eq!(ignored(with(Status::Skip)), "because");
        assert_eq!(ignored(with(Status::Xfail)), "known failure: because");
        let mut weak = with(Status::Fail);
        weak.level = Level::May;
        assert!(ignored(weak).contains("level may"));
        let failures = [Status::Fail, Status::Error, Status::Xpass].map(with).into_iter();
        for record in failures.chain([samples::differs()]) {
            let id = record.case.clone();
            let failed = told(record).err();
            let text = failed.as_ref().and_then(Failed::message).unwrap_or_default();
            assert!(text.contains(&id) && text.contains("repeat"), "{text}");
        }
    }
}
