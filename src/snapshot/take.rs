//! Takes the snapshot of one trial, answer by answer.

use super::mask::Masks;
use super::names::Names;
use super::refs::Refs;
use super::render;
use super::transcript::{Entry, Label, Line, Transcript};
use super::wire::{Answer, Wanted, answer};
use crate::api::model;
use crate::case::{Case, Row, Scope};
use crate::dialect::shape::Patterns;
use crate::dialect::{Call, Configuration, Outcome, Reply, Response};

/// What a trial has answered so far.
pub struct Taker<'a> {
    case: &'a Case,
    configuration: Configuration,
    masks: Masks<'a>,
    transcript: Transcript,
    wanted: Vec<&'a Wanted>,
    answers: Vec<Answer>,
}

/// Where a call stands in its case.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// Index of the step, from 0.
    pub step: usize,
    /// Row, repetition, page.
    pub at: &'a str,
    /// The variable with the key that it is sent with; none: the main principal.
    pub principal: Option<&'a str>,
    /// The case asserts the text of the refusal.
    pub message: bool,
}

impl<'a> Taker<'a> {
    /// Nothing is taken yet. `wanted`: the answers to keep as they are on the wire, of which this case may show some.
    pub fn new(case: &'a Case, configuration: Configuration, patterns: &'a Patterns, wanted: &'a [Wanted]) -> Taker<'a> {
        let masks = Masks { dialect: configuration.dialect, patterns, names: Names::default(), refs: Refs::default() };
        let wanted = wanted.iter().filter(|wanted| wanted.case == case.id).collect();
        Taker { case, configuration, masks, transcript: Transcript::default(), wanted, answers: Vec::new() }
    }

    /// A row begins, or the case if it has none: what it generates is called by name from now on.
    pub fn row(&mut self, row: Option<&Row>, scope: &Scope) {
        self.masks.names = Names::of(self.case, row, scope);
    }

    /// A response came: perhaps it is one to keep as it is on the wire.
    pub fn response(&mut self, step: usize, at: &str, call: &Call, (response, reply): (&Response, &Reply), scope: &Scope) {
        let (Some(action), Ok(outcome)) = (model().action(call.action_name()), &reply.outcome) else { return };
        if self.wanted.iter().all(|wanted| wanted.action != action.name) {
            return;
        }
        let Some(kind) = answer::kind(action, outcome, scope) else { return };
        for wanted in self.wanted.iter().filter(|wanted| wanted.action == action.name && wanted.kind() == kind) {
            if !self.answers.iter().any(|kept| kept.is(wanted)) {
                let mut masks = Masks { names: self.masks.names.clone(), refs: Refs::default(), ..self.masks };
                let text = answer::text(&mut masks, action, response, reply, scope);
                let (action, title) = (wanted.action.clone(), wanted.title.clone());
                self.answers.push(Answer { action, title, step, at: at.to_owned(), text });
            }
        }
    }

    /// How many answers are kept.
    pub fn kept(&self) -> usize {
        self.answers.len()
    }

    /// Forgets the answers from that number on: the step is tried again.
    pub fn rewind(&mut self, kept: usize) {
        self.answers.truncate(kept);
    }

    /// A step has its answer: of a list whose pages were followed, the whole.
    pub fn answer(&mut self, at: At<'_>, call: &Call, status: u16, outcome: &Outcome, scope: &Scope) {
        let name = call.action_name();
        let label = Label { step: at.step, at: at.at.to_owned(), call: name.to_owned(), principal: at.principal.map(str::to_owned) };
        let (answer, lines) = match (outcome, model().action(name)) {
            (Outcome::Success(tree), Some(action)) => {
                let lines = render::result(&mut self.masks, action, call, tree, scope);
                if name == "DeletePolicy" {
                    // Versions are known by the ARN of their policy, which another policy may have from now on.
                    self.masks.refs.forget(call.param("PolicyArn").unwrap_or_default());
                }
                (status.to_string(), lines)
            }
            (Outcome::Success(_), None) => (status.to_string(), Vec::new()),
            (Outcome::Error(error), _) => {
                let message = at.message.then(|| Line { path: "message".to_owned(), text: self.masks.text(&error.message) });
                (format!("{status} {}", error.code).trim_end().to_owned(), message.into_iter().collect())
            }
        };
        self.transcript.steps.push(Entry { label, answer, lines });
    }

    /// What was taken, each text passed through `clear`, which leaves no secret in it.
    pub fn end(self, clear: impl Fn(&str) -> String) -> Taken {
        let Taker { case, configuration, mut transcript, wanted, mut answers, .. } = self;
        for line in transcript.steps.iter_mut().flat_map(|entry| &mut entry.lines) {
            line.text = clear(&line.text);
        }
        answers.iter_mut().for_each(|answer| answer.text = clear(&answer.text));
        let unseen = wanted.into_iter().filter(|w| !answers.iter().any(|answer| answer.is(w)));
        let unseen = unseen.cloned().collect();
        Taken {
            case: case.id.clone(),
            title: case.title.clone(),
            source: case.loc.file.clone(),
            configuration,
            transcript,
            answers,
            unseen,
        }
    }
}

/// The snapshot of one trial.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Case id.
    pub case: String,
    /// The case's title.
    pub title: String,
    /// Its file.
    pub source: String,
    /// In which it was taken.
    pub configuration: Configuration,
    /// What was answered, in canonical form.
    pub transcript: Transcript,
    /// Answers as they were on the wire.
    pub answers: Vec<Answer>,
    /// Answers that the index says it shows, and that did not come in this configuration.
    pub unseen: Vec<Wanted>,
}
