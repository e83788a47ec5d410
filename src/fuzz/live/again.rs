//! Looking again: reads after a call, held against the model.

use super::{Answers, Asked, Work, fnv};
use crate::api::model;
use crate::case::Step;
use crate::dialect::Outcome;
use crate::fuzz::executor::{Focus, Stop};
use crate::fuzz::oracle::OracleId;
use crate::fuzz::reads::{finds, reads};

impl Work<'_> {
    /// Everything that oracles want to know after a call on which target and model agree.
    pub(super) async fn look_again(&mut self, index: usize, step: &Step, answers: &Answers) -> Result<(), Stop> {
        let done = matches!(answers.observed, Outcome::Success(_));
        if !model().action(&step.call).is_some_and(|a| a.mutates) {
            return self.read_otherwise(index, step, answers).await;
        }
        self.remember(step, answers);
        let oracle = if done { OracleId::Probe } else { OracleId::NoTrace };
        if self.asks(oracle, step, if done { 2 } else { 3 }) {
            self.probe(oracle, index, step).await?;
        }
        if !done {
            return Ok(());
        }
        self.keeps_its_id(index, step).await?;
        if let Some((read, _)) = finds(step)
            && self.asks(OracleId::StaysDeleted, step, 2)
        {
            self.stays_deleted(index, step, &read).await?;
        }
        self.twice(index, step, answers).await?;
        self.undo(index, step, answers).await
    }

    /// Reads what a call was about: one of the reads, or in a run that is about this, all of them.
    async fn probe(&mut self, oracle: OracleId, index: usize, step: &Step) -> Result<(), Stop> {
        let mut all = reads(step, &self.place.ground);
        if self.focus == Focus::All && !all.is_empty() {
            // The first ones say most.
            let dice = fnv(format!("{} {}", step.call, self.calls).as_bytes()) ^ self.dice;
            let at = usize::try_from((dice >> 7) % all.len() as u64).unwrap_or_default();
            let at = if dice.is_multiple_of(3) { 0 } else { at };
            all = vec![all.swap_remove(at)];
        }
        for read in all {
            let sent = [read];
            if let Asked::Both(answers) = self.ask(index, &sent[0], &sent).await? {
                self.judge(oracle, index, &sent[0], &sent, &answers);
            }
        }
        Ok(())
    }
}
