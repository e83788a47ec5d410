//! Sends malformed requests to a target, one after the other, with a good call behind each, and tells what it did not take as it should.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use super::judge::{Asked, Departure, Seen, judge};
use super::restart::Restart;
use super::shrink::simpler;
use super::twist::{Malformed, Proof};
use super::write::{Place, Written, write};
use super::{Base, decode};
use crate::case::generate::{PREFIX, mark};
use crate::dialect::{Call, Configuration, Outcome, Reply, Wire};
use crate::fuzz::finding::Fingerprint;
use crate::fuzz::oracle::OracleId;
use crate::reference::Ids;
use crate::runner::cleanup::{Left, clean};
use crate::runner::journal::Effect;
use crate::runner::session::{Manner, Session, SessionError};
use crate::runner::trial::Main;
use crate::target::transport::{Heard, TransportError};

/// Bytes that a malformed request is made of.
const INPUT: usize = 64;

/// Requests that shrinking one find may take.
const SHRINKING: usize = 60;

/// How long shrinking one find may take: what is not answered costs its whole patience each time.
const SHRINKING_TIME: Duration = Duration::from_secs(60);

/// Requests of a find's shrinking that may each cost a restart.
const DEADLY: usize = 12;

/// How a run goes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Unique part of the run's names.
    pub run: String,
    /// What decides which requests are sent.
    pub seed: u64,
    /// How long, if that is what ends it.
    pub time: Option<Duration>,
    /// How many malformed requests, if that is what ends it.
    pub requests: Option<u64>,
    /// How a target that died is brought back; none: the run ends there.
    pub restart: Option<Restart>,
}

/// What a run came to so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Malformed requests judged, those of shrinking not counted.
    pub requests: u64,
    /// Good calls behind them.
    pub controls: u64,
    /// How many were answered 2xx, 3xx, 4xx, 5xx, or not at all: `closed`.
    pub answers: BTreeMap<String, u64>,
    /// How many had each class of twist.
    pub classes: BTreeMap<String, u64>,
    /// Departures that were not seen again when the same was sent once more: not told as finds.
    pub unsteady: u64,
    /// How often the target had to be started again.
    pub restarts: usize,
}

/// A way in which the target does not take malformed requests as it should.
#[derive(Clone, Debug)]
pub struct Find {
    /// By what it is known again.
    pub fingerprint: Fingerprint,
    /// The simplest request that shows it.
    pub malformed: Malformed,
    /// The configuration that it is sent in.
    pub configuration: Configuration,
    /// What is wrong, in a sentence, secrets masked.
    pub text: String,
    /// The request as it went out, secrets masked.
    pub request: Vec<u8>,
    /// The answer as it came, secrets masked; empty: none.
    pub answer: String,
    /// How often it was met.
    pub met: u64,
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Counts.
    pub tally: Tally,
    /// What was found, each once.
    pub finds: Vec<Find>,
    /// What could not be removed.
    pub left: Vec<Left>,
    /// Why it ended before its time, if it did.
    pub stopped: Option<String>,
}

/// Why a run could not go on, by no fault of the target's.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The harness or the network broke.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The target was never there, or cannot be spoken to over a plain socket.
    #[error("{0}")]
    Unreached(String),
    /// The target does not serve a good call to begin with.
    #[error("{call} is answered with {seen} before anything malformed was sent, so nothing could be told from it afterwards")]
    Unserved {
        /// The Action.
        call: String,
        /// Status and code, or why there is none.
        seen: String,
    },
    /// The command that brings a target back cannot be run.
    #[error("the target cannot be started again: {0}")]
    Restart(io::Error),
}

/// One run against one target.
pub struct Wiretap<'a> {
    session: &'a Session,
    configurations: &'a [Configuration],
    plan: &'a Plan,
    report: Report,
    /// Names of what was sent, so that no two requests share one.
    sent: u64,
    /// What has been looked into already: departure and classes of what showed it first, and the find that it is.
    known: BTreeMap<(Departure, String), Option<usize>>,
}

/// One request and what came of it.
struct Shot {
    written: Written,
    seen: Seen,
    departure: Option<Departure>,
    /// The target is gone.
    dead: bool,
}

impl<'a> Wiretap<'a> {
    /// A run that has sent nothing yet.
    pub fn new(session: &'a Session, configurations: &'a [Configuration], plan: &'a Plan) -> Wiretap<'a> {
        Wiretap { session, configurations, plan, report: Report::default(), sent: 0, known: BTreeMap::new() }
    }

    /// Sends until time or number is up, or `stop` says so; `told` hears of every request.
    ///
    /// # Errors
    /// When nothing can be said about the target: see [`WireError`].
    pub async fn run(mut self, stop: &dyn Fn() -> bool, told: &mut dyn FnMut(&Report)) -> Result<Report, WireError> {
        let Some(first) = self.configurations.first().copied() else { return Ok(self.report) };
        self.begin(first).await?;
        let began = Instant::now();
        let mut numbers = Ids::new(self.plan.seed);
        for round in 0.. {
            let over = self.plan.time.is_some_and(|time| began.elapsed() >= time) || self.plan.requests.is_some_and(|most| round >= most);
            if over || stop() {
                break;
            }
            let input: Vec<u8> = std::iter::repeat_with(|| numbers.next_u64().to_le_bytes()).flatten().take(INPUT).collect();
            let turn = usize::try_from(round).unwrap_or_default() % self.configurations.len();
            let go_on = self.one(&decode(&input), self.configurations[turn]).await?;
            told(&self.report);
            if !go_on {
                break;
            }
        }
        Ok(self.report)
    }

    /// Sends one request that is known, and says what is wrong with what comes of it; none: nothing.
    ///
    /// # Errors
    /// As [`Wiretap::run`].
    pub async fn again(
        mut self,
        malformed: &Malformed,
        configuration: Configuration,
    ) -> Result<Option<(Departure, Fingerprint)>, WireError> {
        self.begin(configuration).await?;
        let shot = self.shoot(malformed, configuration).await?;
        Ok(shot.departure.map(|departure| {
            let fingerprint = fingerprint(malformed, &departure);
            (departure, fingerprint)
        }))
    }

    /// A good call must be served before anything can be told from its not being served.
    async fn begin(&mut self, configuration: Configuration) -> Result<(), WireError> {
        match self.control(configuration).await? {
            Control::Served => Ok(()),
            Control::Unserved(seen) => Err(WireError::Unserved { call: good().action_name().to_owned(), seen }),
            Control::Unreached(why) => Err(WireError::Unreached(why.to_string())),
        }
    }

    /// Sends a request and looks into what is wrong. False: the target is gone for good.
    async fn one(&mut self, malformed: &Malformed, configuration: Configuration) -> Result<bool, WireError> {
        let shot = self.shoot(malformed, configuration).await?;
        self.count(malformed, &shot.seen);
        let Some(departure) = &shot.departure else { return Ok(true) };
        let key = (Departure { text: String::new(), ..departure.clone() }, malformed.class());
        match self.known.get(&key).copied() {
            Some(find) => {
                if let Some(find) = find {
                    self.report.finds[find].met += 1;
                }
                if shot.dead { self.bring_back().await } else { Ok(true) }
            }
            None => self.look_into(malformed, configuration, shot, key).await,
        }
    }

    /// Is it so every time, and what of the request does it take?
    async fn look_into(
        &mut self,
        malformed: &Malformed,
        configuration: Configuration,
        first: Shot,
        key: (Departure, String),
    ) -> Result<bool, WireError> {
        let Some(departure) = first.departure.clone() else { return Ok(true) };
        let mut alive = !first.dead || self.bring_back().await?;
        let (mut simplest, mut shown) = (malformed.clone(), first);
        let mut budget = if shown.dead { DEADLY } else { SHRINKING };
        let began = Instant::now();
        let mut steady = shown.dead && !alive;
        if alive {
            let again = self.shoot(malformed, configuration).await?;
            steady = again.departure.as_ref().is_some_and(|d| d.same(&departure));
            alive = !again.dead || self.bring_back().await?;
        }
        if !steady {
            self.known.insert(key, None);
            self.report.tally.unsteady += 1;
            return Ok(alive);
        }
        'smaller: while alive {
            for next in simpler(&simplest) {
                if budget == 0 || !alive || began.elapsed() > SHRINKING_TIME {
                    break 'smaller;
                }
                budget -= 1;
                let shot = self.shoot(&next, configuration).await?;
                let dead = shot.dead;
                let same = shot.departure.as_ref().is_some_and(|d| d.same(&departure));
                if same {
                    (simplest, shown) = (next, shot);
                }
                alive = !dead || self.bring_back().await?;
                if same {
                    continue 'smaller;
                }
            }
            break;
        }
        let find = self.find(&simplest, configuration, &shown, &departure);
        self.known.insert(key, Some(find));
        Ok(alive)
    }

    /// Notes what was found; a find that is known already is met once more.
    fn find(&mut self, malformed: &Malformed, configuration: Configuration, shown: &Shot, departure: &Departure) -> usize {
        let fingerprint = fingerprint(malformed, departure);
        if let Some(known) = self.report.finds.iter().position(|find| find.fingerprint == fingerprint) {
            self.report.finds[known].met += 1;
            return known;
        }
        let redactor = &self.session.redactor;
        let answer = match &shown.seen {
            Seen::Answer(response) => String::from_utf8_lossy(&crate::fuzz::targets::http::response_text(response)).into_owned(),
            _ => String::new(),
        };
        let text = shown.departure.as_ref().map_or(&departure.text, |d| &d.text);
        let request = match std::str::from_utf8(&shown.written.bytes) {
            Ok(text) => redactor.redact(text).into_bytes(),
            // A token or password is text: what is masked in the lossy form is in the other one too, at the same place.
            Err(_) if redactor.redact(&String::from_utf8_lossy(&shown.written.bytes)) != String::from_utf8_lossy(&shown.written.bytes) => {
                redactor.redact(&String::from_utf8_lossy(&shown.written.bytes)).into_bytes()
            }
            Err(_) => shown.written.bytes.clone(),
        };
        let (text, answer) = (redactor.redact(text), redactor.redact(&answer));
        self.report.finds.push(Find { fingerprint, malformed: malformed.clone(), configuration, text, request, answer, met: 1 });
        self.report.finds.len() - 1
    }

    fn count(&mut self, malformed: &Malformed, seen: &Seen) {
        let tally = &mut self.report.tally;
        tally.requests += 1;
        let answer = match seen {
            Seen::Answer(response) => format!("{}xx", response.status / 100),
            Seen::Closed | Seen::Reset(_) => "closed".into(),
            Seen::Silent => "silent".into(),
            Seen::Short(_) | Seen::NotHttp(_) | Seen::TooLarge => "unreadable".into(),
            Seen::Refused(_) => "refused".into(),
        };
        *tally.answers.entry(answer).or_default() += 1;
        for twist in &malformed.twists {
            *tally.classes.entry(twist.class()).or_default() += 1;
        }
    }

    /// Sends a request and a good call behind it, and takes away what may have been made.
    async fn shoot(&mut self, malformed: &Malformed, configuration: Configuration) -> Result<Shot, WireError> {
        self.sent += 1;
        let name = format!("wire/{}", self.sent);
        let stem = format!("{PREFIX}-{}", mark(&self.plan.run, &name, None));
        let trial = format!("{name} {configuration}");
        let manner = Manner { configuration, principal: None, auth: None, raw: None, trial: &trial, scope: None };
        let written = self.write(malformed, &manner, &stem).await?;
        let noted = self.session.announce(&written.meant, &manner)?;
        let seen = match self.session.send_bytes(&written.bytes, written.ends, &written.method).await {
            Ok(heard) => heard.map_or(Seen::Silent, seen),
            Err(TransportError::Refused { why, .. }) => Seen::Refused(why),
            Err(why) => return Err(WireError::Unreached(why.to_string())),
        };
        let asked = Asked {
            dialect: self.session.dialect(),
            action: malformed.base.action(),
            format: configuration.format,
            damage: written.damage,
            proven: malformed.is_proven(),
            home: malformed.is_home(),
            begun: written.bytes.iter().any(|byte| !byte.is_ascii_whitespace()),
            busy: &self.session.target.profile.retry.statuses,
        };
        let mut departure = judge(asked, &seen);
        let taken = matches!(&seen, Seen::Answer(response) if (200..300).contains(&response.status));
        let refused = matches!(&seen, Seen::Answer(response) if (400..500).contains(&response.status));
        let effect = if taken {
            Effect::Done
        } else if refused {
            Effect::Refused
        } else {
            Effect::Unknown
        };
        self.session.settle(noted, effect)?;

        let mut dead = false;
        self.report.tally.controls += 1;
        match self.control(configuration).await? {
            Control::Served => self.clean(&trial, configuration, &stem, taken).await,
            Control::Unserved(seen) => {
                let text = format!("did not serve the good call after it, but answered {seen}");
                departure = Some(Departure::unserved(seen, text));
            }
            Control::Unreached(why) => {
                let text = format!("did not serve the good call after it: {}", why.word());
                departure = Some(Departure::unserved(why.word(), text));
                dead = true;
            }
        }
        Ok(Shot { written, seen, departure, dead })
    }

    async fn write(&self, malformed: &Malformed, manner: &Manner<'_>, stem: &str) -> Result<Written, WireError> {
        let (session, host) = (self.session, self.session.target.host());
        let wire: Wire = session.wire(manner);
        let place = Place { dialect: session.dialect(), wire: &wire, host: &host, stem };
        let unsigned = write(malformed, place);
        if malformed.proof == Proof::None {
            return Ok(unsigned.finish(None));
        }
        let proven = match session.proven(&unsigned.request, manner).await {
            // What cannot be signed as it is goes out with the signature of the call that it nearly is.
            Err(SessionError::Sign(_)) => session.proven(&unsigned.clean, manner).await?,
            proven => proven?,
        };
        Ok(unsigned.finish(Some(&proven)))
    }

    /// Whether a good call is served.
    async fn control(&self, configuration: Configuration) -> Result<Control, WireError> {
        let manner = Manner { configuration, principal: None, auth: None, raw: None, trial: "wire", scope: None };
        let mut last = None;
        // Once more, in case that what came before took the one connection that there was.
        for _ in 0..2 {
            match self.session.control(&good(), &manner).await? {
                Ok(Reply { outcome: Ok(Outcome::Success(_)), .. }) => return Ok(Control::Served),
                Ok(reply) => {
                    let code = match &reply.outcome {
                        Ok(Outcome::Error(error)) => error.code.clone(),
                        _ => "unreadable".into(),
                    };
                    last = Some(Control::Unserved(format!("{} {code}", reply.status)));
                }
                Err(why) => last = Some(Control::Unreached(why)),
            }
        }
        Ok(last.unwrap_or(Control::Served))
    }

    /// Takes away what a request may have made. `taken`: it was answered as a success, so that there may be things under names that nobody
    /// foresaw: whatever has this request's mark in its name goes.
    async fn clean(&mut self, trial: &str, configuration: Configuration, stem: &str, taken: bool) {
        let entries = self.session.journal().entries(trial);
        if entries.is_empty() {
            return;
        }
        let mut caller = Main { session: self.session, configuration, trial };
        let mut left = clean(&entries, &mut caller).await;
        if taken {
            left.extend(super::remains::remove(stem, trial, &mut caller).await);
        }
        if left.is_empty() {
            // A journal that cannot be written costs a sweep that finds nothing.
            let _ = self.session.journal().cleaned(trial);
        }
        self.report.left.extend(left);
    }

    /// Waits until the target is there again, which is brought back if there is a way. False: it is gone for good.
    async fn bring_back(&mut self) -> Result<bool, WireError> {
        let Some(first) = self.configurations.first().copied() else { return Ok(false) };
        // Some are watched over by something that starts them again.
        let watched = if self.plan.restart.is_some() { Duration::from_secs(1) } else { Duration::from_secs(10) };
        if self.comes_back(first, watched).await?.is_ok() {
            return Ok(true);
        }
        let Some(restart) = &self.plan.restart else {
            self.report.stopped = Some("the target no longer answers; --restart-command brings one back".into());
            return Ok(false);
        };
        if self.report.tally.restarts >= restart.most {
            self.report.stopped = Some(format!("the target died once more after {} restarts", restart.most));
            return Ok(false);
        }
        self.report.tally.restarts += 1;
        restart.run().await.map_err(WireError::Restart)?;
        let Err(seen) = self.comes_back(first, restart.wait).await? else { return Ok(true) };
        let within = restart.wait.as_secs();
        self.report.stopped = Some(format!("the target did not serve a good call within {within} s of its restart, but: {seen}"));
        Ok(false)
    }

    /// Waits until a good call is served, or for so long: then what is seen instead.
    async fn comes_back(&mut self, configuration: Configuration, within: Duration) -> Result<Result<(), String>, WireError> {
        let began = Instant::now();
        loop {
            let seen = match self.control(configuration).await? {
                Control::Served => {
                    self.session.revive();
                    return Ok(Ok(()));
                }
                Control::Unserved(seen) => seen,
                Control::Unreached(why) => why.word().to_owned(),
            };
            if began.elapsed() >= within {
                return Ok(Err(seen));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// What came of a good call.
enum Control {
    Served,
    Unserved(String),
    Unreached(TransportError),
}

/// A call that every target answers.
fn good() -> Call {
    Call::new(Base::ListGroups.action())
}

fn seen(heard: Heard) -> Seen {
    match heard {
        Heard::Answer(response) => Seen::Answer(response),
        Heard::Closed => Seen::Closed,
        Heard::Reset(why) => Seen::Reset(why),
        Heard::Short(why) => Seen::Short(why),
        Heard::NotHttp(why) => Seen::NotHttp(why),
        Heard::TooLarge => Seen::TooLarge,
    }
}

/// The Action counts only where it matters which one it is: a find in the simplest call is one of all.
fn fingerprint(malformed: &Malformed, departure: &Departure) -> Fingerprint {
    let action = if malformed.base == Base::ListUsers { "?" } else { malformed.base.action() };
    Fingerprint {
        oracle: OracleId::Wire,
        action: action.to_owned(),
        expected: departure.expected.clone(),
        observed: departure.observed.clone(),
        path: departure.path.to_owned(),
        class: malformed.class(),
    }
}
