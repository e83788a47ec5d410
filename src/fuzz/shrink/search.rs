//! The search: the smallest program so far, what was tried, and what is left of the budget.

use std::collections::BTreeSet;

use super::{arguments, chunks, flow};
use crate::case::{Case, write};

/// What came of trying a candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Index of the step at which it shows what the program showed; none: it does not.
    pub at: Option<usize>,
    /// Calls sent for it.
    pub calls: usize,
}

/// What is left of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The program.
    pub case: Case,
    /// Index of the step that shows it.
    pub at: usize,
    /// Calls sent on the way.
    pub calls: usize,
    /// Candidates tried.
    pub tried: usize,
    /// Nothing was left to try: the budget sufficed.
    pub minimal: bool,
}

/// Shrinks a program, step `at` of which shows something.
///
/// `still` runs a candidate; `cost` says how many calls that takes at most. A candidate that would go over `budget` is not tried, so that no
/// more calls are sent than the budget has, as far as `cost` is right.
pub async fn shrink<C, S>(case: &Case, at: usize, budget: usize, cost: C, still: S) -> Shrunk
where
    C: Fn(&Case) -> usize,
    S: AsyncFnMut(&Case) -> Tried,
{
    let best = flow::tidy(case);
    let weight = weigh(&best);
    let mut search = Search { best, weight, at, budget, calls: 0, seen: BTreeSet::new(), tried: 0, minimal: true, cost, still };
    search.cut_off().await;
    search.slice().await;
    loop {
        let before = search.weight;
        chunks::reduce(&mut search).await;
        arguments::simplify(&mut search).await;
        if search.weight == before {
            break;
        }
    }
    Shrunk { case: search.best, at: search.at, calls: search.calls, tried: search.tried, minimal: search.minimal }
}

/// How big a program is: steps, what they are given, and text. Whatever is taken for the best weighs less than what was before it, so that
/// the search ends.
pub(super) type Weight = (usize, usize, usize);

pub(super) fn weigh(case: &Case) -> Weight {
    let things = case.rows.len() + case.steps.iter().map(arguments::count).sum::<usize>();
    (case.steps.len(), things, write::text(&[case]).len())
}

pub(super) struct Search<C, S> {
    pub(super) best: Case,
    weight: Weight,
    /// Step of `best` that shows it.
    pub(super) at: usize,
    budget: usize,
    calls: usize,
    /// Candidates tried, as text.
    seen: BTreeSet<String>,
    tried: usize,
    minimal: bool,
    cost: C,
    still: S,
}

impl<C, S> Search<C, S>
where
    C: Fn(&Case) -> usize,
    S: AsyncFnMut(&Case) -> Tried,
{
    /// Tries a candidate; true: it still shows it, weighs less, and is the best from now on.
    pub(super) async fn attempt(&mut self, candidate: &Case) -> bool {
        let candidate = flow::tidy(candidate);
        let weight = weigh(&candidate);
        if candidate.steps.is_empty() || weight >= self.weight || !self.seen.insert(write::text(&[&candidate])) {
            return false;
        }
        if self.calls + (self.cost)(&candidate) > self.budget {
            self.minimal = false;
            return false;
        }
        let Tried { at, calls } = (self.still)(&candidate).await;
        self.calls += calls;
        self.tried += 1;
        let Some(at) = at.filter(|at| *at < candidate.steps.len()) else { return false };
        (self.best, self.weight, self.at) = (candidate, weight, at);
        true
    }

    /// Tries the program without these steps and without those that read what only they save.
    pub(super) async fn without(&mut self, steps: &BTreeSet<usize>) -> bool {
        match flow::without(&self.best, steps, self.at) {
            Some(candidate) => self.attempt(&candidate).await,
            None => false,
        }
    }

    async fn cut_off(&mut self) {
        self.without(&(self.at + 1..self.best.steps.len()).collect()).await;
    }

    /// The narrow slice, and if that is too narrow the wide one.
    async fn slice(&mut self) {
        for wide in [false, true] {
            if self.without(&flow::outside(&self.best, self.at, wide)).await {
                return;
            }
        }
    }
}
