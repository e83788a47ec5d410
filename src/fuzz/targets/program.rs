//! Programs as the reference carries them out: what holds of an account holds after each of their calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use serde_json::{Map, Value};

use super::standing::Standing;
use super::{Check, demand};
use crate::api::{DialectId, model};
use crate::case::generate::NoCertificates;
use crate::case::{Case, Scope, Setting, Step, lookup};
use crate::dialect::shape::{self, Patterns};
use crate::dialect::{Call, Format, Outcome, dialect};
use crate::fuzz::decode::{Ground, program};
use crate::reference::{Principal, invariants};

/// What precedes the program's bytes.
#[derive(Arbitrary)]
struct Head {
    dialect: u8,
}

/// Bytes that are some program: a byte for the dialect, then as many as `bytes` has.
#[cfg(feature = "net")]
pub(in crate::fuzz) fn seed(dialect: DialectId, bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let dialect = DialectId::ALL.iter().position(|d| *d == dialect).and_then(|i| u8::try_from(i).ok());
    dialect.into_iter().chain(bytes).collect()
}

pub(super) fn check(data: &[u8]) -> Check {
    let mut bytes = Unstructured::new(data);
    let Ok(head) = Head::arbitrary(&mut bytes) else { return Ok(()) };
    let id = DialectId::ALL[usize::from(head.dialect) % DialectId::ALL.len()];
    let case = program(bytes.take_rest(), &Ground::of(id), "1/1");
    let mut run = Run { there: Standing::new(id), scope: scope(id, &case), patterns: Patterns::new(id, &BTreeMap::new())?, id };
    for (i, step) in case.steps.iter().enumerate() {
        run.step(step).map_err(|why| format!("step {i}, {}: {why}", step.call))?;
    }
    Ok(())
}

fn scope(dialect: DialectId, case: &Case) -> Scope {
    let setting = Setting {
        run: "fuzz".into(),
        dialect,
        region: "eu-west-2".into(),
        account: None,
        second_namespace: None,
        limits: Arc::new(move |name| model().limit(name, dialect).or_else(|| model().limit(name, DialectId::Aws))),
        certificates: Arc::new(NoCertificates),
    };
    Scope::new(Arc::new(setting), &case.id, None)
}

struct Run {
    there: Standing,
    scope: Scope,
    patterns: Patterns,
    id: DialectId,
}

impl Run {
    fn step(&mut self, step: &Step) -> Check {
        let Some((principal, call)) = self.bind(step) else { return Ok(()) };
        let before = self.there.account.clone();
        let outcome = self.there.ask(&principal, &call);
        match &outcome {
            Outcome::Success(result) => {
                self.save(step, result);
                self.shape(&call, result)?;
            }
            Outcome::Error(error) => {
                // An Action that ECS has in name only is refused with 501 there.
                let declared = error.code == "NotImplemented";
                demand(declared || (400..500).contains(&error.status), || format!("refused with {error:?}"))?;
                demand(self.there.account == before, || format!("refused with {} and changes the account", error.code))?;
            }
        }
        let broken = invariants::broken(&self.there.account);
        demand(broken.is_empty(), || format!("after {call:?}: {}", broken.join("; ")))?;
        self.attachments()?;
        self.on_the_wire(&call, &outcome)
    }

    /// Who calls what; none: the step needs what an earlier one has not made.
    fn bind(&self, step: &Step) -> Option<(Principal, Call)> {
        let mut call = Call { params: self.scope.flatten(&step.with).ok()?, ..Call::new(&step.call) };
        if let Some(raw) = &step.raw {
            call.action = raw.action.clone().unwrap_or(call.action);
            call.version = raw.version.clone().unwrap_or(call.version);
        }
        let principal = match &step.principal {
            None => Principal::Root,
            Some(name) => {
                let id = self.scope.get(name)?.get("AccessKeyId")?.as_str()?.to_owned();
                let active = self.there.account.any_key(&id).is_some_and(|key| key.active);
                active.then(|| self.there.account.principal_of(Some(&id)))?
            }
        };
        Some((principal, call))
    }

    fn save(&mut self, step: &Step, result: &Map<String, Value>) {
        let whole = Value::Object(result.clone());
        for (name, path, _) in &step.save {
            if let Some(value) = lookup(&whole, path) {
                self.scope.set(name, value);
            }
        }
    }

    /// The reference keeps to the API model itself.
    fn shape(&self, call: &Call, result: &Map<String, Value>) -> Check {
        let Some(action) = model().action(call.action_name()) else { return Err("an unknown Action succeeds".into()) };
        let findings = shape::check(action, self.id, result, &self.patterns);
        demand(findings.is_empty(), || format!("{result:?} departs from the API model: {findings:?}"))
    }

    /// What GetPolicy counts is what there is.
    fn attachments(&mut self) -> Check {
        let account = &self.there.account;
        let arns: Vec<String> = account.policies.values().map(|p| account.arn("policy", &p.path, &p.name)).collect();
        for arn in arns {
            let there = self.there.account.attachments(&arn);
            let Outcome::Success(result) = self.there.ask(&Principal::Root, &Call::new("GetPolicy").with("PolicyArn", arn.as_str())) else {
                return Err(format!("{arn} is kept and not found"));
            };
            let counted = result.get("Policy").and_then(|p| p.get("AttachmentCount")).and_then(Value::as_u64);
            let same = counted.is_none_or(|counted| counted == there as u64);
            demand(same, || format!("{arn} is attached {there} times and counted {counted:?} times"))?;
        }
        Ok(())
    }

    /// What the server's half writes the client's half reads, without a finding.
    fn on_the_wire(&self, call: &Call, outcome: &Outcome) -> Check {
        let Some(dialect) = dialect(self.id) else { return Ok(()) };
        let formats: &[Format] = if self.id == DialectId::Aws { &[Format::Xml] } else { &[Format::Xml, Format::Json] };
        for format in formats {
            let written = dialect.encode_response(call.action_name(), outcome, "2b6f3b2e-0000-4000-8000-000000000000", *format);
            let read = dialect.decode_response(call.action_name(), &written, *format);
            let same = match (&read.outcome, outcome) {
                // XML cannot carry every character of a text that a refusal repeats.
                (Ok(Outcome::Error(read)), Outcome::Error(said)) => read.code == said.code && read.status == said.status,
                (Ok(read), said) => read == said,
                (Err(_), _) => false,
            };
            demand(same, || format!("{outcome:?} is read as {:?} in {format:?}", read.outcome))?;
            demand(read.findings.is_empty(), || format!("the answer in {format:?} departs from the dialect: {:?}", read.findings))?;
        }
        Ok(())
    }
}
