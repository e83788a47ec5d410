//! Bytes to a program: total, so that random numbers, corpus files and libFuzzer can drive it alike.
//!
//! A program takes a random subset of the Actions (so that each is often alone with few others), keeps what it makes under few names, and
//! calls mostly with what is there. A call that needs something which is not there yet makes it first. One call in six breaks exactly one
//! rule of its parameters; which optional parameters are given follows an orthogonal array, so that eight calls of an Action have every
//! pair of them together, apart and absent.

mod after;
mod arguments;
mod bits;
mod bounds;
mod bursts;
mod certificates;
mod documents;
mod edges;
mod motifs;
mod oddities;
mod world;

use serde_json::Value;

use super::program;
use crate::api::{Action, DialectId, Member, model};
use crate::case::{Case, Raw, Step, Tamper};
use bits::Bits;
use world::{Life, World};

/// What programs for a target may be made of.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Dialect of the target.
    pub dialect: DialectId,
    /// Actions that may be called: those that the target has.
    pub actions: Vec<&'static Action>,
    /// Most steps of a program.
    pub steps: usize,
    /// Whether other principals may call: keys that earlier steps made, and what their policies allow.
    pub principals: bool,
    /// Whether things may have paths other than `/`.
    pub paths: bool,
    /// Whether things may have tags.
    pub tags: bool,
    /// Whether users may have a permissions boundary.
    pub boundaries: bool,
    /// Whether lists may be asked for in pages.
    pub pages: bool,
    /// Whether test certificates can be made.
    pub certificates: bool,
    /// Whether quotas may be filled.
    pub quotas: bool,
    /// Whether the provider's own policies may be named.
    pub provider: bool,
    /// Whether requests may be signed wrongly.
    pub tampering: bool,
    /// Whether the account is ours alone, so that names too short to hold the run's mark hurt nobody, and account-wide quotas can be
    /// filled.
    pub alone: bool,
    /// Longest text that is sent, in characters: in a query string there is less room than in a body.
    pub longest: u64,
}

impl Ground {
    /// Everything that a dialect has, in an account of our own.
    pub fn of(dialect: DialectId) -> Ground {
        let there = |a: &&Action| a.dialects.contains(&dialect);
        Ground {
            dialect,
            actions: model().actions.iter().filter(there).collect(),
            steps: 24,
            principals: true,
            paths: dialect != DialectId::Ecs,
            tags: dialect != DialectId::Eim,
            boundaries: dialect != DialectId::Eim,
            pages: true,
            certificates: dialect != DialectId::Ecs,
            quotas: true,
            provider: true,
            tampering: dialect != DialectId::Ecs,
            alone: true,
            longest: 140_000,
        }
    }

    /// The Action of that name, where programs may call it.
    fn action(&self, name: &str) -> Option<&'static Action> {
        self.actions.iter().copied().find(|a| a.name == name)
    }

    /// Whether a parameter may be given.
    fn takes(&self, parameter: &Member) -> bool {
        parameter.on(self.dialect)
            && match parameter.name.as_str() {
                "Tags" => self.tags,
                "PermissionsBoundary" => self.boundaries,
                "Marker" | "MaxItems" => self.pages,
                "Path" | "NewPath" => self.paths || self.alone,
                _ => true,
            }
    }
}

/// The program that `bytes` say, under a name. Never fails: bytes that run out leave it short, and the empty ones give a program too.
pub fn program(bytes: &[u8], ground: &Ground, name: &str) -> Case {
    let mut maker = Maker { bits: Bits::new(bytes), ground, world: World::new(), steps: Vec::new() };
    maker.fill();
    program::new(name, ground.dialect, maker.steps)
}

/// What a call is about, as far as the world is concerned.
#[derive(Clone, Debug, Default)]
struct Chosen {
    user: Option<usize>,
    group: Option<usize>,
    policy: Option<usize>,
    certificate: Option<usize>,
    key: Option<String>,
    inline: Option<&'static str>,
    version: Option<usize>,
    /// Where something goes that is made or renamed.
    slot: Option<usize>,
    default: bool,
    boundary: Option<usize>,
}

struct Maker<'a> {
    bits: Bits<'a>,
    ground: &'a Ground,
    world: World,
    steps: Vec<Step>,
}

impl Maker<'_> {
    fn fill(&mut self) {
        let most = 3 + self.bits.below(self.ground.steps.saturating_sub(2));
        match self.bits.weighted(&[54, 31, 5, 10]) {
            1 => self.motif(),
            2 => self.burst(),
            3 => self.bounds(),
            _ => {}
        }
        let mut subset: Vec<&'static Action> = Vec::new();
        let dense = self.bits.below(3) + 1;
        for action in &self.ground.actions {
            if self.bits.below(6) < dense {
                subset.push(action);
            }
        }
        if subset.is_empty() {
            subset.extend(self.ground.actions.first());
        }
        while let Some(action) = self.bits.pick(&subset).copied() {
            self.step_towards(action, 3);
            if !self.bits.left() || self.steps.len() >= most {
                break;
            }
        }
        self.steps.truncate(self.ground.steps);
    }

    /// A call of `action`, or of the one that makes what it needs and is not there.
    fn step_towards(&mut self, action: &'static Action, depth: usize) {
        let lacking = if depth == 0 || self.bits.chance(8) { None } else { self.lacks(action) };
        match lacking.and_then(|name| self.ground.action(name)) {
            Some(first) => {
                self.step_towards(first, depth - 1);
                if self.steps.len() < self.ground.steps {
                    self.step_towards(action, depth - 1);
                }
            }
            None => self.step(action),
        }
    }

    /// The Action that makes what `action` cannot do without.
    fn lacks(&self, action: &Action) -> Option<&'static str> {
        let world = &self.world;
        let live = |life: Life| life == Life::Live;
        let (users, groups) = (|| world.users.iter().filter(|u| live(u.life)), || world.groups.iter().filter(|g| live(g.life)));
        let has = |name: &str| action.parameters.iter().any(|p| p.name == name && p.on(self.ground.dialect));
        let name = action.name.as_str();
        if has("UserName") && name != "CreateUser" && users().count() == 0 {
            return Some("CreateUser");
        }
        if has("GroupName") && name != "CreateGroup" && groups().count() == 0 {
            return Some("CreateGroup");
        }
        if has("PolicyArn") && !world.policies.iter().any(|p| live(p.life)) {
            return Some("CreatePolicy");
        }
        if has("ServerCertificateName") && name != "UploadServerCertificate" && !world.certificates.iter().any(|c| live(c.life)) {
            return Some("UploadServerCertificate");
        }
        if has("AccessKeyId") && users().all(|u| u.keys.is_empty()) {
            return Some("CreateAccessKey");
        }
        match name {
            "GetUserPolicy" | "DeleteUserPolicy" | "ListUserPolicies" if users().all(|u| u.inline.is_empty()) => Some("PutUserPolicy"),
            "GetGroupPolicy" | "DeleteGroupPolicy" | "ListGroupPolicies" if groups().all(|g| g.inline.is_empty()) => Some("PutGroupPolicy"),
            "DetachUserPolicy" | "ListAttachedUserPolicies" if users().all(|u| u.attached.is_empty()) => Some("AttachUserPolicy"),
            "DetachGroupPolicy" | "ListAttachedGroupPolicies" if groups().all(|g| g.attached.is_empty()) => Some("AttachGroupPolicy"),
            "RemoveUserFromGroup" | "ListGroupsForUser" if users().all(|u| u.groups.is_empty()) => Some("AddUserToGroup"),
            "DeletePolicyVersion" | "SetDefaultPolicyVersion" if world.policies.iter().all(|p| p.versions.len() < 2) => {
                Some("CreatePolicyVersion")
            }
            _ => None,
        }
    }

    fn step(&mut self, action: &'static Action) {
        let odd = if self.bits.chance(16) { self.oddity(action) } else { None };
        let principal = self.principal();
        let mut chosen = Chosen::default();
        let mut with = self.arguments(action, principal.is_some(), &mut chosen);
        let mut raw = Raw::default();
        if let Some(odd) = &odd {
            self.apply(odd, action, &mut with, &mut raw);
        } else if !action.parameters.iter().any(|p| p.name == "PolicyDocument" || p.name == "PrivateKey") && self.bits.chance(3) {
            raw.method = Some("GET".into());
        }
        let mut step = program::step(&action.name, with);
        step.unknown_parameters = odd.is_some();
        step.raw = Some(raw).filter(|raw| *raw != Raw::default());
        step.principal = principal.as_ref().map(|(_, key)| key.clone());
        if odd.is_none() && self.ground.tampering && self.bits.chance(3) {
            step.auth = self.tamper();
        }
        let step = self.saving(action, &chosen, step);
        if odd.is_none() && step.auth.as_ref().is_none_or(|auth| *auth == Tamper::Query) {
            // Whether a user may do what it tries is not known here.
            let caller = principal.map(|(user, _)| user);
            self.after(action, &chosen, caller, step.save.first().map(|(name, ..)| name.clone()));
        }
        self.steps.push(step);
    }

    /// Who calls, where it is not the main principal: a user and the variable with its key.
    fn principal(&mut self) -> Option<(usize, String)> {
        if !self.ground.principals || !self.bits.chance(14) {
            return None;
        }
        let keys: Vec<(usize, String)> = self.world.keys().into_iter().map(|(user, key)| (user, key.to_owned())).collect();
        if let Some(lost) = self.world.lost_keys.last().filter(|_| self.ground.alone).cloned()
            && self.bits.chance(10)
        {
            return Some((usize::MAX, lost));
        }
        self.bits.pick(&keys).cloned()
    }

    fn tamper(&mut self) -> Option<Tamper> {
        Some(match self.bits.below(13) {
            0 => Tamper::None,
            1 => Tamper::WrongSecret,
            2 => Tamper::UnknownKey,
            3 => Tamper::AlteredBody,
            4 => Tamper::Region("mars-north-1".into()),
            5 => Tamper::Service("s3".into()),
            6 => Tamper::Skew(-1000),
            7 => Tamper::Skew(1000),
            8 => Tamper::UnsignedHost,
            9 => Tamper::UnsignedDate,
            10 => Tamper::ExpiredQuery,
            11 => Tamper::OtherAction,
            _ => Tamper::Query,
        })
    }

    /// What later steps can refer to.
    fn saving(&mut self, action: &Action, chosen: &Chosen, step: Step) -> Step {
        let slot = chosen.slot;
        match action.name.as_str() {
            "CreateUser" => match slot {
                Some(slot) => program::saving(step, self.world.users[slot].var, "User"),
                None => step,
            },
            "CreateGroup" => match slot {
                Some(slot) => program::saving(step, self.world.groups[slot].var, "Group"),
                None => step,
            },
            "CreatePolicy" => match slot {
                Some(slot) => program::saving(step, self.world.policies[slot].var, "Policy"),
                None => step,
            },
            "CreateAccessKey" => {
                let name = self.world.variable('k');
                program::saving(step, &name, "AccessKey")
            }
            _ if step.with.iter().any(|(name, _)| name == "MaxItems") => {
                let name = self.world.variable('m');
                program::saving(step, &name, "Marker")
            }
            _ => step,
        }
    }
}

/// An expression as it stands in a text.
fn braced(expression: &str) -> Value {
    Value::String(format!("${{{expression}}}"))
}

#[cfg(test)]
mod tests;
