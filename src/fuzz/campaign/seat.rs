//! A target while findings are looked for again: one session after the other, as it goes away and comes back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use crate::case::{Case, CertSource};
use crate::dialect::Configuration;
use crate::fuzz::executor::{Executor, Focus, Ran, Stop};
use crate::fuzz::live::{Live, Place};
use crate::fuzz::triage::{OnTarget, Trials};
use crate::runner::session::Session;
use crate::runner::state::State;
use crate::runner::trial::TrialResult;

/// The session under way.
pub(super) struct Seat<'s> {
    /// The target's folder.
    pub(super) state: &'s State,
    session: RefCell<Rc<Session>>,
    trials: Cell<usize>,
}

impl<'s> Seat<'s> {
    /// A seat with its first session.
    pub(super) fn new(state: &'s State, session: Session) -> Seat<'s> {
        Seat { state, session: RefCell::new(Rc::new(session)), trials: Cell::new(0) }
    }

    /// The session.
    pub(super) fn session(&self) -> Rc<Session> {
        Rc::clone(&self.session.borrow())
    }

    /// Another session takes the place of one that the target did not survive.
    pub(super) fn put(&self, session: Session) {
        *self.session.borrow_mut() = Rc::new(session);
    }

    /// The last session, for its end.
    pub(super) fn into_session(self) -> Option<Session> {
        Rc::into_inner(self.session.into_inner())
    }
}

/// Programs on a seat.
pub(super) struct Programs<'s> {
    /// Where.
    pub(super) seat: &'s Seat<'s>,
    /// How.
    pub(super) place: &'s Place,
}

impl Executor for Programs<'_> {
    async fn run(&mut self, program: &Case, focus: Focus) -> Result<Ran, Stop> {
        let session = self.seat.session();
        let _guard = self.seat.state.shared().await.map_err(|why| Stop::Broken(format!("the target cannot be shared: {why}")))?;
        Live { session: &session, place: self.place }.run(program, focus).await
    }
}

/// Cases on a seat. `revive` brings the target back, before a case that would find it gone.
pub(super) struct Cases<'s, R> {
    /// Where.
    pub(super) seat: &'s Seat<'s>,
    /// In which configuration.
    pub(super) configuration: Configuration,
    /// Part of every name.
    pub(super) run: String,
    /// Test certificates.
    pub(super) certificates: Arc<dyn CertSource>,
    /// Brings the target back.
    pub(super) revive: R,
}

impl<R: AsyncFnMut() -> bool> Trials for Cases<'_, R> {
    async fn trial(&mut self, case: &Case) -> Result<TrialResult, String> {
        if let Some(why) = self.seat.session().gone()
            && !(self.revive)().await
        {
            return Err(format!("the target is gone: {why}"));
        }
        let session = self.seat.session();
        let _guard = self.seat.state.shared().await.map_err(|why| format!("the target cannot be shared: {why}"))?;
        let number = self.seat.trials.replace(self.seat.trials.get() + 1);
        let run = format!("{}d{number}", self.run);
        OnTarget::new(&session, self.configuration, run, Arc::clone(&self.certificates)).trial(case).await
    }
}
