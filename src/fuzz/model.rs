//! The reference in lock step: an account of its own that is given the same calls as the target.
//!
//! It is as sound as the reference, and knows of a target what its profile says: limits that differ, and those that nobody knows, which
//! it then does not keep.

use std::sync::Arc;

use crate::api::{DialectId, Level, Req, model};
use crate::case::Tamper;
use crate::dialect::{ApiError, Call, Dialect, Format, Outcome, dialect};
use crate::reference::faults::Trace;
use crate::reference::{Account, Faults, Ids, Principal, Settings};

/// An account that mirrors what a program does to the target.
#[derive(Clone)]
pub struct Model {
    account: Account,
    ids: Ids,
    now: i64,
    dialect: &'static dyn Dialect,
    format: Format,
}

/// Who calls, as the model sees it.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The access key that signs; none: the account itself.
    pub key: Option<&'a str>,
    /// What is wrong with its proof.
    pub tamper: Option<&'a Tamper>,
}

impl Model {
    /// An empty account at `now` (seconds since 1970, UTC). `None`: the dialect has no reference.
    pub fn new(settings: Settings, format: Format, now: i64, seed: u64) -> Option<Model> {
        let dialect = dialect(settings.dialect)?;
        Some(Model { account: Account::new(settings), ids: Ids::new(seed), now, dialect, format })
    }

    /// The account as it is now.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// How many ties there are: memberships, attachments and inline policies.
    pub fn ties(&self) -> usize {
        let users = self.account.users.values().map(|u| u.attached.len() + u.inline.len());
        users.chain(self.account.groups.values().map(|g| g.attached.len() + g.inline.len() + g.members.len())).sum()
    }

    /// Carries out a call; the answer as a client reads it.
    pub fn apply(&mut self, call: &Call, caller: Caller<'_>) -> Outcome {
        self.apply_with(call, caller, &Faults::default())
    }

    fn apply_with(&mut self, call: &Call, caller: Caller<'_>, faults: &Faults) -> Outcome {
        if let Some(refusal) = self.turned_away(caller) {
            return Outcome::Error(refusal);
        }
        let principal = match caller.key {
            Some(key) => self.account.principal_of(Some(key)),
            None => Principal::Root,
        };
        let now = self.now.saturating_add(self.account.ahead);
        let outcome = self.account.apply(&principal, call, now, &mut self.ids, faults);
        if matches!(outcome, Outcome::Success(_)) && model().action(call.action_name()).is_some_and(|action| action.mutates) {
            self.account.ahead += self.account.settings.tick;
        }
        self.read(call, outcome)
    }

    /// An answer as it looks after its way over the wire: what an empty element is there, and what has no place.
    fn read(&self, call: &Call, outcome: Outcome) -> Outcome {
        match &outcome {
            Outcome::Success(tree) if !tree.is_empty() => {
                let response = self.dialect.encode_response(call.action_name(), &outcome, "0", self.format);
                let reply = self.dialect.decode_response(call.action_name(), &response, self.format);
                reply.outcome.unwrap_or(outcome)
            }
            _ => outcome,
        }
    }

    /// The answer to a request whose sender is not who it says.
    fn turned_away(&self, caller: Caller<'_>) -> Option<ApiError> {
        let refuse = |code: &str| Some(error(code));
        match caller.tamper {
            // What stands in front of the API on ecs wants a token or a signature, and has errors of its own.
            Some(Tamper::None) if self.dialect.id() == DialectId::Ecs => {
                return Some(ApiError { status: 401, ..error("1004") });
            }
            Some(Tamper::None) => return refuse("MissingAuthenticationToken"),
            Some(Tamper::UnknownKey) => return refuse("InvalidClientTokenId"),
            Some(Tamper::Region(_) | Tamper::Service(_)) => return refuse("SignatureDoesNotMatch"),
            _ => {}
        }
        if caller.key.is_some_and(|key| self.account.any_key(key).is_none_or(|key| !key.active)) {
            return refuse("InvalidClientTokenId");
        }
        match caller.tamper {
            None | Some(Tamper::Query) => None,
            Some(_) => refuse("SignatureDoesNotMatch"),
        }
    }

    /// Codes that would be right as well as the one that the model answers to a refused call: other things are wrong with the call too,
    /// and which of them is said first is not promised. Nothing is changed.
    ///
    /// Promised is (facts of AWS's order of checks): who calls before anything else; permission and the form of parameters before what is
    /// looked up; the owner before what it owns. Of the rest, any refusal whose condition holds will do.
    pub fn refusals(&self, call: &Call, caller: Caller<'_>) -> Vec<String> {
        let mut codes: Vec<String> = Vec::new();
        for rule in self.asked(call, caller) {
            if comes_first(rule) && rule.get().level(self.dialect.id()) >= Level::Should {
                continue;
            }
            if let Outcome::Error(error) = self.clone().apply_with(call, caller, &Faults::breaking(rule))
                && error.status < 500
            {
                codes.push(error.code);
            }
        }
        codes.extend(self.of_the_content(call));
        codes.sort();
        codes.dedup();
        codes
    }

    /// Codes that say the same as the one that the model answers: the sources do not agree on it, and cases of the suite take either.
    pub fn same_in_other_words(&self, call: &Call, caller: Caller<'_>, expected: &Outcome) -> Vec<&'static str> {
        let of = |rule: Req| match rule.id() {
            "parameters.required" => &["ValidationError", "MissingParameter"][..],
            "parameters.integer" | "parameters.boolean" | "parameters.range-min" | "parameters.range-max" => {
                &["ValidationError", "MalformedInput"]
            }
            "parameters.enum" | "parameters.enum-case" => &["ValidationError", "InvalidInput"],
            "parameters.pattern" if call.param("PolicyDocument").is_some() => &["ValidationError", "MalformedPolicyDocument"],
            _ => &[],
        };
        self.reasons(call, caller, expected).into_iter().flat_map(of).copied().collect()
    }

    /// The rules for whose sake the model refuses a call as it does: without any one of them it would answer otherwise. Where several
    /// things are wrong with a call, those that are about the first.
    pub fn reasons(&self, call: &Call, caller: Caller<'_>, expected: &Outcome) -> Vec<Req> {
        let Outcome::Error(here) = expected else { return Vec::new() };
        // A model that breaks a rule may also refuse for the sake of the breach: who may not call at all is told nothing else.
        let denial = |status: u16| matches!(status, 401 | 403);
        // What becomes of the call without a rule: 0 it is taken, 1 refused with another code, 2 in other words; none: as before.
        let rank = |rule: Req| match self.clone().apply_with(call, caller, &Faults::breaking(rule)) {
            Outcome::Success(_) => Some(0),
            Outcome::Error(e) if denial(e.status) && !denial(here.status) => None,
            Outcome::Error(e) if (e.status, &e.code) != (here.status, &here.code) => Some(1),
            Outcome::Error(e) if e.message != here.message && !rule.id().contains("text") => Some(2),
            Outcome::Error(_) => None,
        };
        let ranked: Vec<(i32, Req)> = self.asked(call, caller).into_iter().filter_map(|rule| Some((rank(rule)?, rule))).collect();
        // A rule may be asked, and broken, without being what the call is refused for: the best answer counts.
        let best = ranked.iter().map(|(rank, _)| *rank).min();
        let mut rules: Vec<Req> = ranked.into_iter().filter(|(rank, _)| Some(*rank) == best).map(|(_, rule)| rule).collect();
        // Which of two checks comes first is the smaller matter.
        rules.sort_by_key(|rule| (rule.id().contains("before"), std::cmp::Reverse(rule.get().level(self.dialect.id()))));
        rules
    }

    /// The rules that came up in a call.
    fn asked(&self, call: &Call, caller: Caller<'_>) -> Vec<Req> {
        let trace = Arc::new(Trace::default());
        self.clone().apply_with(call, caller, &Faults::traced(&trace));
        trace.rules()
    }

    /// What is wrong with a document, certificate or status by itself, wherever it was to go.
    fn of_the_content(&self, call: &Call) -> Option<String> {
        if call.action_name() == "UpdateAccessKey" && call.param("Status") == Some("Expired") {
            return Some("InvalidInput".into());
        }
        let alone = if let Some(document) = call.param("PolicyDocument") {
            Call::new("CreatePolicy").with("PolicyName", "x").with("PolicyDocument", document)
        } else {
            let mut alone = Call::new("UploadServerCertificate").with("ServerCertificateName", "x");
            for name in ["CertificateBody", "PrivateKey", "CertificateChain"] {
                alone.params.extend(call.param(name).map(|value| (name.to_owned(), value.to_owned())));
            }
            call.param("CertificateBody")?;
            alone
        };
        let empty = Account::new(self.account.settings.clone());
        let mut empty = Model { account: empty, ..self.clone() };
        match empty.apply(&alone, Caller { key: None, tamper: None }) {
            Outcome::Error(error) => Some(error.code),
            Outcome::Success(_) => None,
        }
    }

    /// The requirements that, each by itself broken, would make the model answer what `same` accepts. The first one names the departure.
    pub fn explain(&self, call: &Call, caller: Caller<'_>, same: &mut dyn FnMut(&Outcome) -> bool) -> Vec<Req> {
        let broken = |rule: &Req| self.clone().apply_with(call, caller, &Faults::breaking(*rule));
        self.asked(call, caller).into_iter().filter(|rule| same(&broken(rule))).collect()
    }
}

/// Whether a requirement says what is checked before what, or belongs to the checks that come before all look-ups.
fn comes_first(rule: Req) -> bool {
    const FIRST: [&str; 4] = ["auth.", "authorization.", "dispatch.", "parameters."];
    rule.id().contains("before") || FIRST.iter().any(|area| rule.id().starts_with(area))
}

fn error(code: &str) -> ApiError {
    ApiError { status: model().status_of(code).unwrap_or(403), code: code.to_owned(), message: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::req;

    const MAIN: Caller<'static> = Caller { key: None, tamper: None };

    fn fresh() -> Model {
        Model::new(Settings { tick: 10, ..Settings::new(DialectId::Aws) }, Format::Xml, 1_800_000_000, 1).unwrap()
    }

    fn code(outcome: &Outcome) -> &str {
        match outcome {
            Outcome::Success(_) => "",
            Outcome::Error(error) => &error.code,
        }
    }

    #[test]
    fn a_key_acts_as_its_user_until_it_is_gone() {
        let mut model = fresh();
        model.apply(&Call::new("CreateUser").with("UserName", "ann"), MAIN);
        let Outcome::Success(tree) = model.apply(&Call::new("CreateAccessKey").with("UserName", "ann"), MAIN) else { panic!("refused") };
        let key = tree["AccessKey"]["AccessKeyId"].as_str().unwrap().to_owned();
        let by_key = Caller { key: Some(&key), tamper: None };
        assert_eq!(code(&model.apply(&Call::new("ListUsers"), by_key)), "AccessDenied");
        let wrong = Caller { tamper: Some(&Tamper::WrongSecret), ..by_key };
        assert_eq!(code(&model.apply(&Call::new("ListUsers"), wrong)), "SignatureDoesNotMatch");
        model.apply(&Call::new("DeleteAccessKey").with("UserName", "ann").with("AccessKeyId", &*key), MAIN);
        assert_eq!(code(&model.apply(&Call::new("ListUsers"), wrong)), "InvalidClientTokenId");
    }

    #[test]
    fn where_two_things_are_wrong_either_may_be_said() {
        let mut model = fresh();
        let put = Call::new("PutUserPolicy").with("UserName", "nobody").with("PolicyName", "p").with("PolicyDocument", "{");
        assert_eq!(code(&model.apply(&put, MAIN)), "NoSuchEntity");
        assert!(model.refusals(&put, MAIN).contains(&"MalformedPolicyDocument".to_owned()));
        // That parameters are looked at before things are looked up is promised.
        let get = Call::new("GetUser").with("UserName", "no/body");
        assert_eq!(code(&model.apply(&get, MAIN)), "ValidationError");
        assert!(!model.refusals(&get, MAIN).contains(&"NoSuchEntity".to_owned()));
    }

    #[test]
    fn a_refusal_has_its_reasons() {
        let model = fresh();
        let reasons = |call: &Call| {
            let expected = model.clone().apply(call, MAIN);
            model.reasons(call, MAIN, &expected).into_iter().map(Req::id).collect::<Vec<_>>()
        };
        let create = Call::new("CreateUser").with("UserName", "ann");
        assert_eq!(reasons(&create), [""; 0], "nothing is refused");
        let long = create.clone().with("Path", "x").with("PermissionsBoundary", "arn:aws:iam::123456789012:policy/nothing");
        assert_eq!(reasons(&long), ["parameters.path", "parameters.before-look-up"], "what is wrong besides is no reason");
        let missing = Call::new("CreateUser");
        let expected = model.clone().apply(&missing, MAIN);
        assert!(model.same_in_other_words(&missing, MAIN, &expected).contains(&"MissingParameter"));
        let expected = model.clone().apply(&long, MAIN);
        assert_eq!(model.same_in_other_words(&long, MAIN, &expected), [""; 0]);
    }

    #[test]
    fn the_rule_that_a_target_breaks_is_found_by_breaking_it() {
        let mut model = fresh();
        let create = |name: &str| Call::new("CreateUser").with("UserName", name);
        model.apply(&create("ann"), MAIN);
        let reqs = model.explain(&create("ANN"), MAIN, &mut |outcome| matches!(outcome, Outcome::Success(_)));
        assert_eq!(reqs, [req::CREATE_USER__NAME_UNIQUE_IGNORES_CASE]);
    }
}
