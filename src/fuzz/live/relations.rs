//! Relations between answers of the target alone: they need no model, which only goes along so that it stays in step.

use serde_json::{Map, Value};

use super::{Answers, Asked, Work};
use crate::api::{Type, model};
use crate::case::{Case, Raw, Step, lookup};
use crate::dialect::Outcome;
use crate::fuzz::compare::label;
use crate::fuzz::executor::Stop;
use crate::fuzz::finding::{Evidence, Fingerprint};
use crate::fuzz::oracle::OracleId;
use crate::fuzz::program;
use crate::fuzz::reads::{argument, finds, reads, renamed, sets, undone};
use crate::report::event::without_index;
use crate::report::text::short;
use crate::runner::session::Sent;

/// What may change although nothing was changed: a marker names a moment, and a repeated setting is a change.
const VOLATILE: [&str; 2] = ["Marker", "UpdateDate"];

/// What an oracle holds against what.
struct Relation<'r> {
    oracle: OracleId,
    index: usize,
    /// The Action whose answer departs.
    step: &'r Step,
    /// What the oracle sent.
    probe: &'r [Step],
    /// In words, what must be the same.
    what: &'r str,
}

impl Work<'_> {
    /// Asks, and gives back what the target answered.
    async fn hear(&mut self, index: usize, step: &Step, probe: &[Step]) -> Result<Option<Box<Answers>>, Stop> {
        Ok(match self.ask(index, step, probe).await? {
            Asked::Both(answers) => Some(answers),
            Asked::Skipped | Asked::Unanswered => None,
        })
    }

    /// Fires where two outcomes of the target are not the same.
    fn relate(&mut self, relation: &Relation<'_>, expected: &Outcome, observed: &Outcome, sent: &Sent) {
        self.count(relation.oracle);
        let difference = match (expected, observed) {
            (Outcome::Success(e), Outcome::Success(o)) => first(&Value::Object(e.clone()), &Value::Object(o.clone()), ""),
            _ if label(expected) == label(observed) => None,
            _ => Some(("status".to_owned(), None, None)),
        };
        let Some((path, e, o)) = difference else { return };
        let status = path == "status";
        let kind = |outcome: &Outcome| if status { label(outcome) } else { "same".to_owned() };
        // How a request is written has nothing to do with the Action, where it is not understood at all.
        let written = status && matches!(relation.oracle, OracleId::GetPost | OracleId::ParameterOrder);
        let fingerprint = Fingerprint {
            oracle: relation.oracle,
            action: if written { "*".into() } else { relation.step.call.clone() },
            expected: if written { "the same".into() } else { kind(expected) },
            observed: if status { label(observed) } else { "other".into() },
            path: without_index(&path),
            class: String::new(),
        };
        let show = |value: &Option<Value>| value.as_ref().map_or("absent".to_owned(), |v| short(&v.to_string(), 120));
        let text = if status {
            format!("{}: {}: {} before, then {}", relation.step.call, relation.what, label(expected), label(observed))
        } else {
            format!("{}: {}: {path} was {}, then {}", relation.step.call, relation.what, show(&e), show(&o))
        };
        let evidence = Evidence {
            expected: Some(expected.clone()),
            observed: Some(observed.clone()),
            path,
            expected_value: e,
            observed_value: o,
            ..Evidence::default()
        };
        self.fire(fingerprint, relation.index, relation.probe, text, evidence, sent);
    }

    /// The same read by GET, with its parameters the other way round, in pages, and with a prefix.
    pub(super) async fn read_otherwise(&mut self, index: usize, step: &Step, answers: &Answers) -> Result<(), Stop> {
        if step.call == "GetUser" && answers.key.is_none() && argument(step, "UserName").is_none() && !self.place.closeness.alone {
            // Who the main credentials are, and since when, is the target's affair.
            return Ok(());
        }
        if step.raw.is_none() && self.asks(OracleId::GetPost, step, 8) {
            let raw = Some(Raw { method: Some("GET".into()), ..Raw::default() });
            let probe = [Step { raw, save: Vec::new(), ..step.clone() }];
            if let Some(again) = self.hear(index, &probe[0], &probe).await? {
                let relation = Relation { oracle: OracleId::GetPost, index, step, probe: &probe, what: "the same by GET" };
                self.relate(&relation, &answers.observed, &again.observed, &again.sent);
            }
        }
        let names: std::collections::BTreeSet<&String> = step.with.iter().map(|(name, _)| name).collect();
        if names.len() > 1 && names.len() == step.with.len() && self.asks(OracleId::ParameterOrder, step, 4) {
            let mut turned = Step { save: Vec::new(), ..step.clone() };
            turned.with.reverse();
            let probe = [turned];
            if let Some(again) = self.hear(index, &probe[0], &probe).await? {
                let what = "the same with its parameters in another order";
                let relation = Relation { oracle: OracleId::ParameterOrder, index, step, probe: &probe, what };
                self.relate(&relation, &answers.observed, &again.observed, &again.sent);
            }
        }
        if matches!(answers.observed, Outcome::Success(_)) {
            self.pages(index, step, answers).await?;
            self.prefix(index, step).await?;
        }
        Ok(())
    }

    /// Pages of one item, together, are the whole.
    async fn pages(&mut self, index: usize, step: &Step, answers: &Answers) -> Result<(), Stop> {
        let Some(action) = model().action(&step.call) else { return Ok(()) };
        let ground = &self.place.ground;
        let plain = step.raw.is_none() && argument(step, "Marker").is_none() && argument(step, "MaxItems").is_none();
        let truncated = |o: &Outcome| matches!(o, Outcome::Success(t) if t.get("IsTruncated") == Some(&Value::Bool(true)));
        if !plain || !ground.pages || !action.paginates_on(ground.dialect) || truncated(&answers.observed) {
            return Ok(());
        }
        let Some(list) = action.response.iter().find(|m| matches!(m.ty, Type::List(_))).map(|m| m.name.clone()) else { return Ok(()) };
        // What others have in a list may come and go meanwhile; with a prefix of our own there is nothing of theirs.
        let own = self.place.closeness.alone || !crate::case::owned::ACCOUNT_WIDE.iter().any(|(name, _)| *name == step.call);
        if !own || !self.asks(OracleId::Pages, step, 2) {
            return Ok(());
        }
        let items = |o: &Outcome| match o {
            Outcome::Success(tree) => tree.get(&list).and_then(Value::as_array).cloned().unwrap_or_default(),
            Outcome::Error(_) => Vec::new(),
        };
        let whole = items(&answers.observed);
        let size = if whole.len() > 6 { "3" } else { "1" };
        let (mut together, mut probe) = (Vec::new(), Vec::new());
        let mut sent = None;
        for _ in 0..=whole.len() + 1 {
            let mut next = Step { save: Vec::new(), ..step.clone() };
            next.with.push(("MaxItems".into(), size.into()));
            if !probe.is_empty() {
                next.with.push(("Marker".into(), "${page}".into()));
            }
            next = program::saving(next, "page", "Marker");
            probe.push(next.clone());
            let Some(page) = self.hear(index, &next, &probe).await? else { return Ok(()) };
            let more = truncated(&page.observed);
            together.extend(items(&page.observed));
            self.save(&next, &page);
            let done = !more || !matches!(page.observed, Outcome::Success(_));
            sent = Some(page);
            if done {
                break;
            }
        }
        let Some(last) = sent else { return Ok(()) };
        let tree = |items: Vec<Value>| Outcome::Success(Map::from_iter([(list.clone(), Value::Array(items))]));
        let observed = if matches!(last.observed, Outcome::Success(_)) { tree(together) } else { last.observed.clone() };
        let relation = Relation { oracle: OracleId::Pages, index, step, probe: &probe, what: "pages together are the whole" };
        self.relate(&relation, &tree(whole), &observed, &last.sent);
        Ok(())
    }

    /// With a prefix a list is the whole, filtered.
    async fn prefix(&mut self, index: usize, step: &Step) -> Result<(), Stop> {
        let Some(action) = model().action(&step.call) else { return Ok(()) };
        let plain = step.raw.is_none() && argument(step, "Marker").is_none() && argument(step, "MaxItems").is_none();
        let lists = crate::case::owned::ACCOUNT_WIDE.iter().find(|(name, _)| *name == step.call);
        let Some((_, list)) = lists.filter(|_| plain && action.parameter("PathPrefix", self.place.ground.dialect).is_some()) else {
            return Ok(());
        };
        if !self.place.ground.paths || !self.asks(OracleId::Prefix, step, 2) {
            return Ok(());
        }
        let with = |prefix: Option<&str>| {
            let mut other = Step { save: Vec::new(), ..step.clone() };
            other.with.retain(|(name, _)| name != "PathPrefix");
            other.with.extend(prefix.map(|p| ("PathPrefix".to_owned(), Value::from(p))));
            other
        };
        let probe = [with(None), with(Some("${path}"))];
        let Some(all) = self.hear(index, &probe[0], &probe[..1]).await? else { return Ok(()) };
        let Some(some) = self.hear(index, &probe[1], &probe).await? else { return Ok(()) };
        let (Outcome::Success(all), Ok(prefix)) = (&all.observed, self.target.render("${path}")) else { return Ok(()) };
        if all.get("IsTruncated") == Some(&Value::Bool(true)) {
            return Ok(());
        }
        let below = |item: &&Value| item.get("Path").and_then(Value::as_str).is_some_and(|path| path.starts_with(&prefix));
        let filtered: Vec<Value> = all.get(*list).and_then(Value::as_array).into_iter().flatten().filter(below).cloned().collect();
        let tree = |items: Vec<Value>| Outcome::Success(Map::from_iter([((*list).to_owned(), Value::Array(items))]));
        let observed = match &some.observed {
            Outcome::Success(t) => tree(t.get(*list).and_then(Value::as_array).cloned().unwrap_or_default()),
            refused @ Outcome::Error(_) => refused.clone(),
        };
        let relation = Relation { oracle: OracleId::Prefix, index, step, probe: &probe, what: "with a prefix it is the whole, filtered" };
        self.relate(&relation, &tree(filtered), &observed, &some.sent);
        Ok(())
    }

    /// Keeps in mind the id and the date of what a call made.
    pub(super) fn remember(&mut self, step: &Step, answers: &Answers) {
        let Outcome::Success(tree) = &answers.observed else { return };
        let made = match step.call.as_str() {
            "CreateUser" => ("UserName", "User", ["UserId", "CreateDate"]),
            "CreateGroup" => ("GroupName", "Group", ["GroupId", "CreateDate"]),
            "UploadServerCertificate" => ("ServerCertificateName", "ServerCertificateMetadata", ["ServerCertificateId", "UploadDate"]),
            _ => return,
        };
        let (parameter, element, parts) = made;
        let (Some(name), Some(thing)) = (answers.call.param(parameter), tree.get(element)) else { return };
        let key = format!("{parameter} {}", name.to_lowercase());
        self.known.insert(key, parts.iter().map(|part| thing.get(*part).cloned()).collect());
    }

    /// What was renamed has the id and the date that it had when it was made.
    pub(super) async fn keeps_its_id(&mut self, index: usize, step: &Step) -> Result<(), Stop> {
        let Some((read, paths)) = renamed(step) else { return Ok(()) };
        let Some((parameter, _)) = read.with.first() else { return Ok(()) };
        let name = |value: Option<&Value>| -> Option<String> {
            let text = self.reference.render(value?.as_str()?).ok()?;
            Some(format!("{parameter} {}", text.to_lowercase()))
        };
        let (old, new) = (name(argument(step, parameter)), name(read.with.first().map(|(_, v)| v)));
        let (Some(old), Some(new)) = (old, new) else { return Ok(()) };
        let Some(known) = self.known.remove(&old) else { return Ok(()) };
        self.known.insert(new, known.clone());
        if !self.asks(OracleId::KeepsId, step, 1) {
            return Ok(());
        }
        let probe = [read];
        let Some(seen) = self.hear(index, &probe[0], &probe).await? else { return Ok(()) };
        let Outcome::Success(tree) = &seen.observed else { return Ok(()) };
        let tree = Value::Object(tree.clone());
        let parts = |values: Vec<Option<Value>>| {
            let named = paths.iter().zip(values).filter_map(|(path, value)| Some(((*path).to_owned(), value?)));
            Outcome::Success(named.collect())
        };
        let now = paths.iter().zip(&known).map(|(path, known)| known.as_ref().and_then(|_| lookup(&tree, path))).collect();
        let relation = Relation { oracle: OracleId::KeepsId, index, step, probe: &probe, what: "a rename keeps id and date" };
        self.relate(&relation, &parts(known), &parts(now), &seen.sent);
        Ok(())
    }

    /// What was deleted is not found.
    pub(super) async fn stays_deleted(&mut self, index: usize, step: &Step, read: &Step) -> Result<(), Stop> {
        let probe = [read.clone()];
        let Some(seen) = self.hear(index, read, &probe).await? else { return Ok(()) };
        let missing = crate::dialect::ApiError { status: 404, code: "NoSuchEntity".into(), message: String::new() };
        let relation = Relation { oracle: OracleId::StaysDeleted, index, step, probe: &probe, what: "what is deleted is not found" };
        self.relate(&relation, &Outcome::Error(missing), &seen.observed, &seen.sent);
        Ok(())
    }

    /// Setting something twice leaves what setting it once left.
    pub(super) async fn twice(&mut self, index: usize, step: &Step, answers: &Answers) -> Result<(), Stop> {
        if !sets(&step.call) || step.raw.is_some() || step.principal.is_some() || !self.asks(OracleId::PutTwice, step, 4) {
            return Ok(());
        }
        let Some(read) = reads(step, &self.place.ground).into_iter().next() else { return Ok(()) };
        let probe = [read.clone(), Step { save: Vec::new(), ..step.clone() }, read.clone()];
        let Some(once) = self.hear(index, &probe[0], &probe[..1]).await? else { return Ok(()) };
        let Some(again) = self.hear(index, &probe[1], &probe[..2]).await? else { return Ok(()) };
        let relation = Relation { oracle: OracleId::PutTwice, index, step, probe: &probe[..2], what: "the same again" };
        self.relate(&relation, &answers.observed, &again.observed, &again.sent);
        let Some(twice) = self.hear(index, &probe[2], &probe).await? else { return Ok(()) };
        let relation = Relation { oracle: OracleId::PutTwice, index, step: &read, probe: &probe, what: "after the same again" };
        self.relate(&relation, &once.observed, &twice.observed, &twice.sent);
        Ok(())
    }

    /// Taking back what was just tied, and tying it again: the read shows one thing less in between, and the same before and after.
    pub(super) async fn undo(&mut self, index: usize, step: &Step, answers: &Answers) -> Result<(), Stop> {
        let Some((read, undo)) = undone(step) else { return Ok(()) };
        let there = |s: &Step| self.place.ground.actions.iter().any(|a| a.name == s.call);
        let possible = there(&read) && there(&undo) && step.raw.is_none() && step.principal.is_none();
        // Only what this very call tied can be taken back without a trace.
        let tied = answers.before.as_ref().is_some_and(|before| before.ties() < self.model.ties());
        if !possible || !tied || !self.asks(OracleId::Detach, step, 4) {
            return Ok(());
        }
        let probe = [read.clone(), undo, read.clone(), Step { save: Vec::new(), ..step.clone() }, read.clone()];
        let mut heard = Vec::new();
        for (i, each) in probe.iter().enumerate() {
            let Some(answer) = self.hear(index, each, &probe[..=i]).await? else { return Ok(()) };
            heard.push(answer);
        }
        let [before, taken, less, tied, after] = heard.as_slice() else { return Ok(()) };
        let count = |answers: &Answers| match &answers.observed {
            Outcome::Success(tree) => tree.values().filter_map(Value::as_array).map(Vec::len).sum::<usize>(),
            Outcome::Error(_) => 0,
        };
        let number = |n: usize| Outcome::Success(Map::from_iter([("items".to_owned(), Value::from(n))]));
        for (i, (what, expected, observed, sent)) in [
            ("taking back succeeds", answers.observed.clone(), taken.observed.clone(), taken),
            ("one less after it is taken back", number(count(before).saturating_sub(1)), number(count(less)), less),
            ("tying again succeeds", answers.observed.clone(), tied.observed.clone(), tied),
            ("the same after tying again", before.observed.clone(), after.observed.clone(), after),
        ]
        .into_iter()
        .enumerate()
        {
            let relation = Relation { oracle: OracleId::Detach, index, step: &probe[i + 1], probe: &probe[..i + 2], what };
            self.relate(&relation, &expected, &observed, &sent.sent);
        }
        Ok(())
    }

    /// When the program is over: what it deleted is still gone, and a stranger sees nothing.
    pub(super) async fn at_the_end(&mut self, case: &Case) -> Result<(), Stop> {
        let last = case.steps.len().saturating_sub(1);
        let deleted: Vec<(Step, Step)> = case.steps.iter().filter_map(|step| Some((step.clone(), finds(step)?.0))).take(2).collect();
        if self.firings.is_empty() {
            for (step, read) in deleted {
                if self.asks(OracleId::StaysDeleted, &step, 3) && self.is_missing(&read) {
                    self.stays_deleted(last, &step, &read).await?;
                }
            }
        }
        self.strangers(case, last).await
    }

    /// Whether the model has no such thing.
    fn is_missing(&self, read: &Step) -> bool {
        let Ok(bound) = crate::case::bind::bind(read, None, &self.reference) else { return false };
        let main = crate::fuzz::model::Caller { key: None, tamper: None };
        matches!(self.model.clone().apply(&bound.call, main), Outcome::Error(e) if e.code == "NoSuchEntity")
    }

    /// A user without policies is refused, and the second namespace has nothing of ours.
    async fn strangers(&mut self, case: &Case, last: usize) -> Result<(), Stop> {
        let list = program::step("ListUsers", Vec::new());
        if !self.asks(OracleId::Stranger, &list, 2) || !self.place.ground.actions.iter().any(|a| a.name == "ListUsers") {
            return Ok(());
        }
        // A key is of one namespace, whatever the header says.
        let by_token = self.place.configuration.style != crate::dialect::Style::Sigv4;
        if self.place.target.second_namespace.is_some() && self.session.target.proof.login().is_some() && by_token {
            let namespace = ("x-emc-namespace".to_owned(), Some("${second-namespace}".to_owned()));
            let probe = [Step { raw: Some(Raw { headers: vec![namespace], ..Raw::default() }), ..list.clone() }];
            if let Some(seen) = self.hear(last, &probe[0], &probe).await?
                && let Outcome::Success(tree) = &seen.observed
            {
                let own = |item: &&Value| item.get("UserName").and_then(Value::as_str).is_some_and(|name| self.target.owns(name));
                let ours: Vec<Value> = tree.get("Users").and_then(Value::as_array).into_iter().flatten().filter(own).cloned().collect();
                let tree = |items: Vec<Value>| Outcome::Success(Map::from_iter([("Users".to_owned(), Value::Array(items))]));
                let what = "another namespace has nothing of ours";
                let relation = Relation { oracle: OracleId::Stranger, index: last, step: &list, probe: &probe, what };
                self.relate(&relation, &tree(Vec::new()), &tree(ours), &seen.sent);
            }
        }
        let keys: Vec<&str> =
            case.steps.iter().flat_map(|s| &s.save).filter(|(_, path, _)| path == "AccessKey").map(|(n, ..)| n.as_str()).collect();
        let stranger = keys.into_iter().find(|key| self.is_stranger(key)).map(str::to_owned);
        if let Some(key) = stranger.filter(|_| self.place.ground.principals) {
            let probe = [Step { principal: Some(key), ..list.clone() }];
            if let Some(seen) = self.hear(last, &probe[0], &probe).await? {
                let denied = crate::dialect::ApiError { status: 403, code: "AccessDenied".into(), message: String::new() };
                let what = "a user without policies is refused";
                let relation = Relation { oracle: OracleId::Stranger, index: last, step: &list, probe: &probe, what };
                self.relate(&relation, &Outcome::Error(denied), &seen.observed, &seen.sent);
            }
        }
        Ok(())
    }

    /// Whether a variable holds the active key of a user that no policy speaks of.
    fn is_stranger(&self, key: &str) -> bool {
        let Some(Value::String(id)) = self.reference.get(&format!("{key}.AccessKeyId")) else { return false };
        let account = self.model.account();
        account.key(&id).is_some_and(|(user, key)| {
            key.active && user.inline.is_empty() && user.attached.is_empty() && account.groups_of(&user.id).next().is_none()
        })
    }
}

/// The first difference of two trees of the same target, with both values.
fn first(expected: &Value, observed: &Value, path: &str) -> Option<(String, Option<Value>, Option<Value>)> {
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (expected, observed) {
        (Value::Object(e), Value::Object(o)) => {
            let names: std::collections::BTreeSet<&String> = e.keys().chain(o.keys()).collect();
            names.into_iter().filter(|name| !VOLATILE.contains(&name.as_str())).find_map(|name| match (e.get(name), o.get(name)) {
                (Some(e), Some(o)) => first(e, o, &at(name)),
                (e, o) => Some((at(name), e.cloned(), o.cloned())),
            })
        }
        (Value::Array(e), Value::Array(o)) if e.len() == o.len() => {
            e.iter().zip(o).enumerate().find_map(|(i, (e, o))| first(e, o, &format!("{path}[{i}]")))
        }
        (e, o) if e == o => None,
        (e, o) => Some((path.to_owned(), Some(e.clone()), Some(o.clone()))),
    }
}
