//! Whether a firing can be seen again, and how little shows it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::fuzz::shrink::{Tried, shrink};
use crate::fuzz::{Executor, Fingerprint, Firing, Focus, Stop, program};

/// How often a new firing is looked for again.
pub const TIMES: usize = 3;

/// How a finding behaves when its program runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stability {
    /// It is there every time.
    Reproducible,
    /// It is there sometimes.
    Flaky,
    /// It was there once and never again: it needs what other programs left, or an account on which nothing has happened yet.
    StateDependent,
    /// Nobody has looked for it again.
    Unsettled,
}

impl fmt::Display for Stability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stability::Reproducible => "reproducible",
            Stability::Flaky => "flaky",
            Stability::StateDependent => "state-dependent",
            Stability::Unsettled => "unsettled",
        })
    }
}

/// A firing after it was looked for again.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The smallest program found that shows it.
    pub program: Case,
    /// The firing as that program shows it.
    pub firing: Firing,
    /// How it behaves.
    pub stability: Stability,
    /// In how many of three runs it was seen again.
    pub seen: usize,
    /// Steps of the program in which it was seen first.
    pub steps: usize,
    /// Calls sent for all this.
    pub calls: usize,
    /// Nothing was left to try when shrinking ended.
    pub minimal: bool,
    /// Why it ended early, where it did: the target went away and did not come back.
    pub stopped: Option<Stop>,
}

/// Runs the program of a new firing three times under fresh names, and shrinks it with at most `budget` calls.
///
/// A target that goes away is brought back by `revive`, if that can: true, it is there again.
pub async fn settle<E: Executor>(
    executor: &mut E,
    program: &Case,
    firing: &Firing,
    budget: usize,
    revive: impl AsyncFnMut() -> bool,
) -> Settled {
    let mut again =
        Again { executor, revive, fingerprint: &firing.fingerprint, base: base(program), runs: 0, calls: 0, most: 1, stopped: None };
    let steps = program.steps.len();
    let mut settled = Settled {
        program: cut(program, firing.step),
        firing: firing.clone(),
        stability: Stability::StateDependent,
        seen: 0,
        steps,
        calls: 0,
        minimal: false,
        stopped: None,
    };
    for _ in 0..TIMES {
        if let Some(firing) = again.look(program).await {
            settled.seen += 1;
            settled.program = cut(program, firing.step);
            settled.firing = firing;
        }
    }
    settled.stability = match settled.seen {
        TIMES => Stability::Reproducible,
        0 => Stability::StateDependent,
        _ => Stability::Flaky,
    };
    if settled.seen > 0 && again.stopped.is_none() {
        // What is there sometimes is given as many chances.
        let chances = if settled.stability == Stability::Flaky { TIMES } else { 1 };
        let each = again.most * chances;
        let mut last = settled.firing.clone();
        let still = async |candidate: &Case| {
            let before = again.calls;
            for _ in 0..chances {
                if let Some(firing) = again.look(candidate).await {
                    let at = Some(firing.step);
                    last = firing;
                    return Tried { at, calls: again.calls - before };
                }
            }
            Tried { at: None, calls: again.calls - before }
        };
        let shrunk = shrink(&settled.program, settled.firing.step, budget, |case| (case.steps.len() + 1) * each, still).await;
        (settled.program, settled.minimal) = (shrunk.case, shrunk.minimal);
        settled.firing = last;
    }
    settled.calls = again.calls;
    settled.stopped = again.stopped;
    settled
}

/// The part of a program's id that its runs under other names begin with.
fn base(program: &Case) -> String {
    program.id.strip_prefix(&format!("{}/", program::FAMILY)).unwrap_or(&program.id).to_owned()
}

fn cut(program: &Case, at: usize) -> Case {
    program::with_steps(program, program.steps.iter().take(at + 1).cloned().collect())
}

struct Again<'a, E, R> {
    executor: &'a mut E,
    revive: R,
    fingerprint: &'a Fingerprint,
    base: String,
    runs: usize,
    calls: usize,
    /// Calls for a step, at most, in any run so far.
    most: usize,
    stopped: Option<Stop>,
}

impl<E: Executor, R: AsyncFnMut() -> bool> Again<'_, E, R> {
    /// Runs a program under a fresh name, and gives the firing where it is there again.
    async fn look(&mut self, program: &Case) -> Option<Firing> {
        for _ in 0..2 {
            if self.stopped.is_some() {
                return None;
            }
            self.runs += 1;
            let named = program::renamed(program, &format!("{}-again-{}", self.base, self.runs));
            match self.executor.run(&named, Focus::On(self.fingerprint.oracle)).await {
                Ok(ran) => {
                    self.calls += ran.calls;
                    self.most = self.most.max(ran.calls.div_ceil(program.steps.len().max(1)));
                    return ran.firings.into_iter().find(|f| f.fingerprint == *self.fingerprint);
                }
                Err(Stop::Gone(_)) if (self.revive)().await => {}
                Err(stop) => self.stopped = Some(stop),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::api::DialectId;
    use crate::fuzz::{Evidence, OracleId, Ran};

    /// A made-up target: it fires at the first DeleteUser after a CreateUser, in the runs that are listed.
    struct Target {
        fires: fn(usize) -> bool,
        dies: Option<usize>,
        names: BTreeSet<String>,
        runs: usize,
    }

    impl Executor for Target {
        async fn run(&mut self, program: &Case, focus: Focus) -> Result<Ran, Stop> {
            assert_eq!(focus, Focus::On(OracleId::Lockstep));
            assert!(self.names.insert(program.id.clone()), "the name {} is not fresh", program.id);
            self.runs += 1;
            if self.dies == Some(self.runs) {
                return Err(Stop::Gone("it died".into()));
            }
            let made = program.steps.iter().position(|s| s.call == "CreateUser");
            let at = made.and_then(|made| program.steps.iter().skip(made).position(|s| s.call == "DeleteUser").map(|at| made + at));
            let firings = at.filter(|_| (self.fires)(self.runs)).map(|step| Firing { step, ..firing() }).into_iter().collect();
            Ok(Ran { firings, calls: 2 * program.steps.len(), ..Ran::default() })
        }
    }

    fn firing() -> Firing {
        let fingerprint = Fingerprint {
            oracle: OracleId::Lockstep,
            action: "DeleteUser".into(),
            expected: "200".into(),
            observed: "404 NoSuchEntity".into(),
            path: "status".into(),
            class: String::new(),
        };
        Firing { fingerprint, step: 5, probe: Vec::new(), text: "t".into(), evidence: Evidence::default() }
    }

    fn settled(fires: fn(usize) -> bool, dies: Option<usize>, comes_back: bool, budget: usize) -> Settled {
        let calls = ["ListUsers", "CreateUser", "GetUser", "ListGroups", "ListUsers", "DeleteUser", "ListUsers"];
        let steps = calls.map(|call| program::step(call, vec![("UserName".into(), "${user2}".into())])).to_vec();
        let case = program::new("7f/1", DialectId::Aws, steps);
        let mut target = Target { fires, dies, names: BTreeSet::new(), runs: 0 };
        let firing = firing();
        let mut future = pin!(settle(&mut target, &case, &firing, budget, async || comes_back));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(settled) => settled,
            Poll::Pending => panic!("it waits"),
        }
    }

    fn calls(settled: &Settled) -> Vec<&str> {
        settled.program.steps.iter().map(|s| s.call.as_str()).collect()
    }

    #[test]
    fn what_is_there_every_time_is_shrunk() {
        let done = settled(|_| true, None, false, 1_000);
        assert_eq!((done.stability, done.seen, done.steps, done.minimal), (Stability::Reproducible, 3, 7, true));
        assert_eq!(calls(&done), ["CreateUser", "DeleteUser"]);
        assert_eq!(done.firing.step, 1, "the firing is that of the program that is left");
        assert!(done.calls >= 3 * 14);
    }

    #[test]
    fn what_comes_and_goes_is_flaky_and_what_does_not_come_back_depends_on_something() {
        let done = settled(|run| !run.is_multiple_of(3), None, false, 1_000);
        assert_eq!((done.stability, done.seen), (Stability::Flaky, 2));
        assert_eq!(calls(&done), ["CreateUser", "DeleteUser"], "three chances are enough for two of three");
        let done = settled(|_| false, None, false, 1_000);
        assert_eq!((done.stability, done.seen, done.minimal), (Stability::StateDependent, 0, false));
        assert_eq!(calls(&done).len(), 6, "what comes after it is cut off, nothing else");
    }

    #[test]
    fn a_budget_is_kept_and_a_target_that_dies_is_brought_back_or_left() {
        let done = settled(|_| true, None, false, 8);
        assert!(!done.minimal && done.calls <= 3 * 14 + 8, "{}", done.calls);
        let done = settled(|_| true, Some(2), true, 1_000);
        assert_eq!((done.stability, done.seen, done.stopped), (Stability::Reproducible, 3, None));
        let done = settled(|_| true, Some(2), false, 1_000);
        assert_eq!((done.stability, done.stopped), (Stability::Flaky, Some(Stop::Gone("it died".into()))));
    }
}
