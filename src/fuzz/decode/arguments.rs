//! Arguments as they should be: names of what is there, mostly; what may be, sometimes what is gone or never was.

use serde_json::{Value, json};

use super::world::{INLINE, Life};
use super::{Chosen, Maker, braced};
use crate::api::{Action, Member, Type, model};

/// Actions that, without UserName, are about the keys of whoever calls: the main principal must name a user.
const OWN_KEYS: [&str; 4] = ["CreateAccessKey", "DeleteAccessKey", "UpdateAccessKey", "ListAccessKeys"];

impl Maker<'_> {
    /// Arguments of a call, in the order of the API.
    pub(super) fn arguments(&mut self, action: &'static Action, by_user: bool, chosen: &mut Chosen) -> Vec<(String, Value)> {
        let row = self.bits.below(8);
        let mut optional = 0;
        let mut with = Vec::new();
        for parameter in action.parameters.iter().filter(|p| self.ground.takes(p)) {
            let mut given = parameter.required;
            if !given {
                // A column of the orthogonal array: any two of them are independent over the eight rows.
                optional += 1;
                given = (row & (optional % 8)).count_ones() % 2 == 1;
            }
            if parameter.name == "UserName" && OWN_KEYS.contains(&action.name.as_str()) {
                given = !by_user || self.bits.chance(50);
            }
            if !given {
                continue;
            }
            let edge = if self.bits.chance(5) { self.edge(action, parameter) } else { None };
            if let Some(value) = edge.or_else(|| self.argument(action, parameter, chosen)) {
                with.push((parameter.name.clone(), value));
            }
        }
        with
    }

    fn argument(&mut self, action: &'static Action, parameter: &Member, chosen: &mut Chosen) -> Option<Value> {
        let (creates, name) = (action.name.as_str(), parameter.name.as_str());
        Some(match name {
            "UserName" if creates == "CreateUser" => self.new_name(Kind::User, chosen),
            "GroupName" if creates == "CreateGroup" => self.new_name(Kind::Group, chosen),
            "PolicyName" if creates == "CreatePolicy" => self.new_name(Kind::Policy, chosen),
            "ServerCertificateName" if creates == "UploadServerCertificate" => self.new_name(Kind::Certificate, chosen),
            "NewUserName" => self.new_name(Kind::User, chosen),
            "NewGroupName" => self.new_name(Kind::Group, chosen),
            "NewServerCertificateName" => self.new_name(Kind::Certificate, chosen),
            "UserName" => self.user(action, chosen),
            "GroupName" => self.group(action, chosen),
            "ServerCertificateName" => self.certificate(chosen),
            "PolicyArn" => self.policy_arn(action, chosen),
            "PermissionsBoundary" => {
                let mut about = Chosen::default();
                let value = self.policy_arn(action, &mut about);
                chosen.boundary = about.policy;
                value
            }
            "PolicyName" => self.inline(action, chosen),
            "VersionId" => self.version(chosen),
            "AccessKeyId" => self.key(chosen),
            "PolicyDocument" => self.document(),
            "CertificateBody" | "PrivateKey" | "CertificateChain" => self.pem(name),
            "Path" | "NewPath" => self.path(),
            "PathPrefix" => self.prefix(),
            "MaxItems" => Value::from(self.bits.text(&["1", "1", "2", "3", "1000", "+2", "02"])),
            "Marker" => self.marker(action)?,
            "Description" => Value::from(self.bits.text(&["reads who is there", "", "a&<\"b' ü Ω", "  two  blanks ", "%41+%2B"])),
            "Tags" => self.tags(),
            "SetAsDefault" | "OnlyAttached" => {
                let text = self.bits.text(&["true", "false", "True", "False"]);
                // Which of the two capitalised forms are read is the dialect's; both sides are asked.
                chosen.default = text == "true";
                Value::from(text)
            }
            _ => match &parameter.ty {
                Type::Scalar(scalar) => {
                    let values = &model().constraints(scalar, self.ground.dialect).values;
                    Value::from(self.bits.pick(values).cloned().unwrap_or_else(|| "x".into()))
                }
                Type::Struct(_) | Type::List(_) => return None,
            },
        })
    }

    /// An expression, sometimes in other letters.
    fn spelled(&mut self, name: &str) -> Value {
        let twin = self.bits.weighted(&[88, 6, 3, 3]);
        match ["", "swapcase:", "upper:", "lower:"].get(twin) {
            Some(twin) => braced(&format!("{twin}{name}")),
            None => braced(name),
        }
    }

    /// A name for something to be made or renamed to: mostly free.
    fn new_name(&mut self, kind: Kind, chosen: &mut Chosen) -> Value {
        let lives = self.lives(kind);
        let free: Vec<usize> = (0..lives.len()).filter(|i| lives[*i].1 != Life::Live).collect();
        let slot = if free.is_empty() || self.bits.chance(18) { self.bits.below(lives.len()) } else { free[self.bits.below(free.len())] };
        chosen.slot = Some(slot);
        self.spelled(lives[slot].0)
    }

    fn lives(&self, kind: Kind) -> Vec<(&'static str, Life)> {
        let world = &self.world;
        match kind {
            Kind::User => world.users.iter().map(|u| (u.name, u.life)).collect(),
            Kind::Group => world.groups.iter().map(|g| (g.name, g.life)).collect(),
            Kind::Policy => world.policies.iter().map(|p| (p.name, p.life)).collect(),
            Kind::Certificate => world.certificates.iter().map(|c| (c.name, c.life)).collect(),
        }
    }

    /// Index of something: mostly of those that are wanted, else of those that live, else any.
    fn index(&mut self, lives: &[(&'static str, Life)], wanted: &[usize]) -> usize {
        let live: Vec<usize> = (0..lives.len()).filter(|i| lives[*i].1 == Life::Live).collect();
        match self.bits.weighted(&[70, 22, 8]) {
            0 if !wanted.is_empty() => wanted[self.bits.below(wanted.len())],
            0 | 1 if !live.is_empty() => live[self.bits.below(live.len())],
            _ => self.bits.below(lives.len()),
        }
    }

    fn user(&mut self, action: &Action, chosen: &mut Chosen) -> Value {
        let group = chosen.group;
        let wanted = |u: &super::world::User| match action.name.as_str() {
            "DeleteAccessKey" | "UpdateAccessKey" | "ListAccessKeys" => !u.keys.is_empty(),
            "GetUserPolicy" | "DeleteUserPolicy" | "ListUserPolicies" => !u.inline.is_empty(),
            "DetachUserPolicy" | "ListAttachedUserPolicies" => !u.attached.is_empty(),
            "RemoveUserFromGroup" => group.is_some_and(|g| u.groups.contains(&g)),
            "ListGroupsForUser" => !u.groups.is_empty(),
            "DeleteUser" => u.keys.is_empty() && u.inline.is_empty() && u.attached.is_empty() && u.groups.is_empty(),
            _ => true,
        };
        let users = &self.world.users;
        let wanted: Vec<usize> = (0..users.len()).filter(|i| users[*i].life == Life::Live && wanted(&users[*i])).collect();
        let lives = self.lives(Kind::User);
        let i = self.index(&lives, &wanted);
        chosen.user = Some(i);
        self.spelled(lives[i].0)
    }

    fn group(&mut self, action: &Action, chosen: &mut Chosen) -> Value {
        let world = &self.world;
        let wanted = |i: usize| {
            let g = &world.groups[i];
            match action.name.as_str() {
                "GetGroupPolicy" | "DeleteGroupPolicy" | "ListGroupPolicies" => !g.inline.is_empty(),
                "DetachGroupPolicy" | "ListAttachedGroupPolicies" => !g.attached.is_empty(),
                "RemoveUserFromGroup" | "GetGroup" => world.has_members(i),
                "DeleteGroup" => g.inline.is_empty() && g.attached.is_empty() && !world.has_members(i),
                _ => true,
            }
        };
        let wanted: Vec<usize> = (0..world.groups.len()).filter(|i| world.groups[*i].life == Life::Live && wanted(*i)).collect();
        let lives = self.lives(Kind::Group);
        let i = self.index(&lives, &wanted);
        chosen.group = Some(i);
        self.spelled(lives[i].0)
    }

    fn certificate(&mut self, chosen: &mut Chosen) -> Value {
        let lives = self.lives(Kind::Certificate);
        let i = self.index(&lives, &[]);
        chosen.certificate = Some(i);
        self.spelled(lives[i].0)
    }

    fn policy_arn(&mut self, action: &Action, chosen: &mut Chosen) -> Value {
        let world = &self.world;
        let attached = match action.name.as_str() {
            "DetachUserPolicy" => chosen.user.map(|u| world.users[u].attached.clone()),
            "DetachGroupPolicy" => chosen.group.map(|g| world.groups[g].attached.clone()),
            "DeletePolicyVersion" | "SetDefaultPolicyVersion" | "ListPolicyVersions" => {
                Some((0..world.policies.len()).filter(|p| world.policies[*p].versions.len() > 1).collect())
            }
            "DeletePolicy" => Some((0..world.policies.len()).filter(|p| world.uses(*p) == 0).collect()),
            _ => None,
        };
        match self.bits.weighted(&[86, 3, 3, 2, 3, 3]) {
            1 => json!("${arn.policy:policy9}"),
            2 => json!("arn:aws:iam::999999999999:policy/${policy}"),
            3 => json!("${arn.user:user}"),
            4 if self.ground.provider => self.provider(),
            5 if self.ground.alone => {
                // The right name in other letters, or on another path: an ARN must be equal to the letter.
                json!(self.bits.text(&["${arn.policy:policy}", "${swapcase:p1.Arn}", "${upper:p1.Arn}", "${arn.policy:x}/${policy}"]))
            }
            _ => {
                let wanted: Vec<usize> =
                    attached.unwrap_or_default().into_iter().filter(|p| self.world.policies[*p].life == Life::Live).collect();
                let lives = self.lives(Kind::Policy);
                let i = self.index(&lives, &wanted);
                chosen.policy = Some(i);
                match lives[i].1 {
                    Life::Never => braced(&format!("arn.policy:{}", lives[i].0)),
                    Life::Live | Life::Gone => braced(&format!("{}.Arn", self.world.policies[i].var)),
                }
            }
        }
    }

    fn provider(&mut self) -> Value {
        use crate::api::DialectId;
        json!(match self.ground.dialect {
            DialectId::Ecs => self.bits.text(&["urn:ecs:iam:::policy/IAMReadOnlyAccess", "urn:ecs:iam:::policy/NoSuchPolicy"]),
            DialectId::Eim | DialectId::Aws => {
                self.bits.text(&[
                    "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
                    "arn:aws:iam::aws:policy/ReadOnlyAccess",
                    "arn:aws:iam::aws:policy/NoSuchPolicy",
                ])
            }
        })
    }

    fn inline(&mut self, action: &Action, chosen: &mut Chosen) -> Value {
        let of_user = chosen.user.map(|u| self.world.users[u].inline.clone());
        let there = of_user.or_else(|| chosen.group.map(|g| self.world.groups[g].inline.clone())).unwrap_or_default();
        let wants_there = !action.name.starts_with("Put");
        let name = match self.bits.weighted(&[80, 20]) {
            0 if wants_there && !there.is_empty() => there[self.bits.below(there.len())],
            _ => self.bits.text(&INLINE),
        };
        chosen.inline = Some(name);
        // The names of inline policies distinguish letters; the twin is another one, which the decoder does not keep.
        if self.bits.chance(6) {
            chosen.inline = None;
            return braced(&format!("swapcase:{name}"));
        }
        braced(name)
    }

    fn version(&mut self, chosen: &mut Chosen) -> Value {
        let (versions, default, next) = match chosen.policy.map(|p| &self.world.policies[p]) {
            Some(p) => (p.versions.clone(), p.default, p.next),
            None => (vec![1], 1, 2),
        };
        let others: Vec<usize> = versions.iter().copied().filter(|v| *v != default).collect();
        let version = match self.bits.weighted(&[50, 20, 10, 10]) {
            0 if !others.is_empty() => others[self.bits.below(others.len())],
            0 | 1 => default,
            2 => next,
            _ => 1 + self.bits.below(next.max(1)),
        };
        chosen.version = Some(version);
        Value::from(format!("v{version}"))
    }

    fn key(&mut self, chosen: &mut Chosen) -> Value {
        let own = chosen.user.map(|u| self.world.users[u].keys.clone()).unwrap_or_default();
        let all: Vec<String> = self.world.keys().into_iter().map(|(_, key)| key.to_owned()).collect();
        let lost = self.world.lost_keys.clone();
        let key = match self.bits.weighted(&[70, 14, 8, 8]) {
            1 if !all.is_empty() => all[self.bits.below(all.len())].clone(),
            2 if !lost.is_empty() => lost[self.bits.below(lost.len())].clone(),
            3 => return json!("AKIAIAMSPEC0NOBODYS0"),
            _ if !own.is_empty() => own[self.bits.below(own.len())].clone(),
            _ => return json!("AKIAIAMSPEC0NOBODYS0"),
        };
        let value = braced(&format!("{key}.AccessKeyId"));
        chosen.key = own.contains(&key).then_some(key);
        value
    }

    fn path(&mut self) -> Value {
        if !self.ground.paths {
            return json!("/");
        }
        if self.ground.dialect == crate::api::DialectId::Aws && self.bits.chance(12) {
            return json!("${path}a&<\"b/");
        }
        json!(self.bits.text(&["${path}", "${path}", "${path}sub/", "/", "${upper:path}", "${path}sub/sub/"]))
    }

    fn prefix(&mut self) -> Value {
        if !self.ground.paths {
            return json!("/");
        }
        json!(self.bits.text(&[
            "${path}",
            "/",
            "${path}sub/",
            "${prefix:path:12}",
            "${path}s",
            "/nowhere/",
            "${path}sub",
            "${swapcase:path}"
        ]))
    }

    fn marker(&mut self, action: &Action) -> Option<Value> {
        let own = |(_, of): &&(String, String)| *of == action.name;
        let mine: Vec<String> = self.world.markers.iter().filter(own).map(|(name, _)| name.clone()).collect();
        let others: Vec<String> = self.world.markers.iter().filter(|m| !own(m)).map(|(name, _)| name.clone()).collect();
        match self.bits.weighted(&[80, 10, 10]) {
            1 if !others.is_empty() => Some(braced(&others[self.bits.below(others.len())])),
            2 => Some(json!("bm9ib2R5J3MgbWFya2Vy")),
            _ => mine.last().map(|name| braced(name)),
        }
    }

    fn tags(&mut self) -> Value {
        match self.bits.below(9) {
            0 => json!([{ "Key": "team", "Value": "a" }]),
            1 => json!([{ "Key": "team", "Value": "a and b" }, { "Key": "cost", "Value": "" }]),
            2 => json!([]),
            3 => json!([{ "Key": "team", "Value": "a" }, { "Key": "team", "Value": "b" }]),
            4 => json!([{ "Key": "team", "Value": "a" }, { "Key": "Team", "Value": "b" }]),
            5 => json!([{ "Key": "aws:x", "Value": "a" }]),
            6 => json!([{ "Key": "k/ü Ω_.:=+-@", "Value": "v/ü Ω_.:=+-@" }]),
            7 => Value::Array((1..=50).map(|i| json!({ "Key": format!("k{i}"), "Value": "v" })).collect()),
            _ => Value::Array((1..=51).map(|i| json!({ "Key": format!("k{i}"), "Value": "v" })).collect()),
        }
    }
}

/// What has names of its own.
#[derive(Clone, Copy)]
enum Kind {
    User,
    Group,
    Policy,
    Certificate,
}
