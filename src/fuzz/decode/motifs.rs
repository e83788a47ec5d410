//! Beginnings of programs that set a scene: a list long enough for pages, a user whose policies decide, something with one thing hanging on
//! it that must go first. Chance alone comes to them late.

use serde_json::{Value, json};

use super::Maker;
use super::world::Life;
use crate::case::Step;
use crate::fuzz::program;

/// Lists, each with the calls that make three items of one and the call that takes the first away. `repeat` makes them.
struct List {
    action: &'static str,
    with: &'static [(&'static str, &'static str)],
    before: &'static [(&'static str, &'static [(&'static str, &'static str)])],
    make: &'static [(&'static str, &'static [(&'static str, &'static str)])],
    take: (&'static str, &'static [(&'static str, &'static str)]),
}

const DOCUMENT: (&str, &str) = ("PolicyDocument", "${doc.allow-list-users}");
const USER: (&str, &str) = ("UserName", "${user}");
const GROUP: (&str, &str) = ("GroupName", "${group}");
const POLICY: (&str, &str) = ("PolicyArn", "${arn.policy:policy}");
const NTH_POLICY: (&str, &str) = ("PolicyArn", "${arn.policy:policy}-${i}");
const FIRST_POLICY: (&str, &str) = ("PolicyArn", "${arn.policy:policy}-1");

const LISTS: &[List] = &[
    List {
        action: "ListUsers",
        with: &[],
        before: &[],
        make: &[("CreateUser", &[("UserName", "${user}-${i}")])],
        take: ("DeleteUser", &[("UserName", "${user}-1")]),
    },
    List {
        action: "ListGroups",
        with: &[],
        before: &[],
        make: &[("CreateGroup", &[("GroupName", "${group}-${i}")])],
        take: ("DeleteGroup", &[("GroupName", "${group}-1")]),
    },
    List {
        action: "ListPolicies",
        with: &[],
        before: &[],
        make: &[("CreatePolicy", &[("PolicyName", "${policy}-${i}"), DOCUMENT])],
        take: ("DeletePolicy", &[FIRST_POLICY]),
    },
    List {
        action: "ListServerCertificates",
        with: &[],
        before: &[],
        make: &[(
            "UploadServerCertificate",
            &[("ServerCertificateName", "${certificate}-${i}"), ("CertificateBody", "${cert.leaf}"), ("PrivateKey", "${cert.leaf.key}")],
        )],
        take: ("DeleteServerCertificate", &[("ServerCertificateName", "${certificate}-1")]),
    },
    List {
        action: "ListAccessKeys",
        with: &[USER],
        before: &[("CreateUser", &[USER])],
        make: &[("CreateAccessKey", &[USER])],
        take: ("UpdateAccessKey", &[USER, ("AccessKeyId", "AKIAIAMSPEC0NOBODYS0"), ("Status", "Inactive")]),
    },
    List {
        action: "ListUserPolicies",
        with: &[USER],
        before: &[("CreateUser", &[USER])],
        make: &[("PutUserPolicy", &[USER, ("PolicyName", "${inline}-${i}"), DOCUMENT])],
        take: ("DeleteUserPolicy", &[USER, ("PolicyName", "${inline}-1")]),
    },
    List {
        action: "ListGroupPolicies",
        with: &[GROUP],
        before: &[("CreateGroup", &[GROUP])],
        make: &[("PutGroupPolicy", &[GROUP, ("PolicyName", "${inline}-${i}"), DOCUMENT])],
        take: ("DeleteGroupPolicy", &[GROUP, ("PolicyName", "${inline}-1")]),
    },
    List {
        action: "ListAttachedUserPolicies",
        with: &[USER],
        before: &[("CreateUser", &[USER])],
        make: &[("CreatePolicy", &[("PolicyName", "${policy}-${i}"), DOCUMENT]), ("AttachUserPolicy", &[USER, NTH_POLICY])],
        take: ("DetachUserPolicy", &[USER, FIRST_POLICY]),
    },
    List {
        action: "ListAttachedGroupPolicies",
        with: &[GROUP],
        before: &[("CreateGroup", &[GROUP])],
        make: &[("CreatePolicy", &[("PolicyName", "${policy}-${i}"), DOCUMENT]), ("AttachGroupPolicy", &[GROUP, NTH_POLICY])],
        take: ("DetachGroupPolicy", &[GROUP, FIRST_POLICY]),
    },
    List {
        action: "ListGroupsForUser",
        with: &[USER],
        before: &[("CreateUser", &[USER])],
        make: &[("CreateGroup", &[("GroupName", "${group}-${i}")]), ("AddUserToGroup", &[("GroupName", "${group}-${i}"), USER])],
        take: ("RemoveUserFromGroup", &[("GroupName", "${group}-1"), USER]),
    },
    List {
        action: "GetGroup",
        with: &[GROUP],
        before: &[("CreateGroup", &[GROUP])],
        make: &[("CreateUser", &[("UserName", "${user}-${i}")]), ("AddUserToGroup", &[GROUP, ("UserName", "${user}-${i}")])],
        take: ("RemoveUserFromGroup", &[GROUP, ("UserName", "${user}-1")]),
    },
    List {
        action: "ListPolicyVersions",
        with: &[POLICY],
        before: &[("CreatePolicy", &[("PolicyName", "${policy}"), DOCUMENT])],
        make: &[("CreatePolicyVersion", &[POLICY, DOCUMENT])],
        take: ("DeletePolicyVersion", &[POLICY, ("VersionId", "v4")]),
    },
];

/// What a user can try with a key of its own.
const TRIES: &[(&str, &[(&str, &str)])] = &[
    ("ListUsers", &[]),
    ("ListUsers", &[]),
    ("GetUser", &[USER]),
    ("GetUser", &[]),
    ("GetUser", &[("UserName", "${user2}")]),
    ("ListGroups", &[]),
    ("ListAccessKeys", &[]),
    ("UpdateAccessKey", &[("AccessKeyId", "${kk.AccessKeyId}"), ("Status", "Active")]),
    ("CreateAccessKey", &[]),
    ("ListUsers", &[("MaxItems", "0")]),
    ("GetUser", &[("UserName", "no/body")]),
    ("GetUser", &[("UserName", "${user3}")]),
];

impl Maker<'_> {
    /// Sets a scene.
    pub(super) fn motif(&mut self) {
        let steps = match self.bits.weighted(&[45, 35, 20]) {
            0 => self.list(),
            1 if self.ground.principals => self.policies_decide(),
            _ => self.obstacle(),
        };
        let there = |step: &Step| self.ground.action(&step.call).is_some();
        let steps: Vec<Step> = steps.into_iter().filter(there).collect();
        for step in &steps {
            self.note(step);
        }
        self.steps.extend(steps);
    }

    /// What the world takes note of: the things under their usual names.
    fn note(&mut self, step: &Step) {
        let (value, world) = (step.with.first().and_then(|(_, v)| v.as_str()).unwrap_or_default(), &mut self.world);
        let live = |deleted: bool| if deleted { Life::Gone } else { Life::Live };
        let deletes = step.call.starts_with("Delete");
        match step.call.as_str() {
            "CreateUser" if value == "${user}" => world.users[0].life = live(deletes),
            "CreateUser" if value == "${user2}" => world.users[1].life = live(deletes),
            "CreateGroup" if value == "${group}" => world.groups[0].life = live(deletes),
            _ => {}
        }
    }

    /// A list of three, in pages, while one of them goes.
    fn list(&mut self) -> Vec<Step> {
        let at = self.bits.below(LISTS.len());
        let list = &LISTS[at];
        if list.action == "ListServerCertificates" && !self.ground.certificates {
            return Vec::new();
        }
        let mut steps: Vec<Step> = list.before.iter().map(|(action, with)| call(action, with)).collect();
        let count = self.bits.text(&["3", "3", "2", "4"]);
        steps.extend(list.make.iter().map(|(action, with)| Step { repeat: Some(count.into()), ..call(action, with) }));
        steps.push(call(list.action, list.with));
        let pages = self.ground.pages && self.ground.action(list.action).is_some_and(|a| a.paginates_on(self.ground.dialect));
        if !pages {
            return steps;
        }
        let size = self.bits.text(&["1", "1", "2"]);
        let page = |marker: Option<&str>, save: &str| {
            let mut step = call(list.action, list.with);
            step.with.push(("MaxItems".into(), json!(size)));
            step.with.extend(marker.map(|m| ("Marker".to_owned(), json!(m))));
            program::saving(step, save, "Marker")
        };
        steps.push(page(None, "ma"));
        let between = self.bits.below(6);
        if between == 0 {
            steps.push(call(list.take.0, list.take.1));
        }
        if between == 1 {
            // A marker is of one Action: of another it is a stranger's.
            let other = if list.action == "ListGroups" { "ListUsers" } else { "ListGroups" };
            let mut step = call(
                if self.ground.action(other).is_some_and(|a| a.paginates_on(self.ground.dialect)) { other } else { "ListPolicies" },
                &[],
            );
            step.with.push(("Marker".into(), json!("${ma}")));
            steps.push(step);
        }
        if between > 3 && list.action != "ListPolicies" {
            // And the other way round: this list is given the marker of another.
            let policies = call("CreatePolicy", &[("PolicyName", "${policy}-${i}"), DOCUMENT]);
            steps.push(Step { repeat: Some("2".into()), ..policies });
            let mut other = call("ListPolicies", &[]);
            other.with.push(("MaxItems".into(), json!("1")));
            steps.push(program::saving(other, "mo", "Marker"));
            let mut step = call(list.action, list.with);
            step.with.push(("Marker".into(), json!("${mo}")));
            steps.push(step);
        }
        if between == 2 && list.action != "ListUsers" {
            let mut step = call("ListPolicies", &[]);
            step.with.extend([("MaxItems".to_owned(), json!("1")), ("Marker".to_owned(), json!("bm9ib2R5J3MgbWFya2Vy"))]);
            steps.push(program::saving(step, "mx", "Marker"));
        }
        steps.push(page(Some("${ma}"), "mb"));
        steps.push(page(Some("${mb}"), "mc"));
        if between == 3 {
            let mut step = call(list.action, list.with);
            step.with.push(("Marker".into(), json!("${mb}")));
            steps.push(step);
        }
        steps
    }

    /// A user with a key, and a policy in one of the places where it counts.
    fn policies_decide(&mut self) -> Vec<Step> {
        let document = self.deciding();
        let policy = |document: &Value| {
            let step =
                program::step("CreatePolicy", vec![("PolicyName".into(), json!("${policy}")), ("PolicyDocument".into(), document.clone())]);
            program::saving(step, "p1", "Policy")
        };
        let arn = ("PolicyArn", "${arn.policy:policy}");
        let with = |action: &str, with: &[(&str, &str)], document: &Value| {
            let mut step = call(action, with);
            step.with.push(("PolicyDocument".into(), document.clone()));
            step
        };
        let user = call("CreateUser", &[USER]);
        let group = || vec![call("CreateGroup", &[GROUP]), call("AddUserToGroup", &[GROUP, USER])];
        let everything = json!("${doc.allow-all}");
        let inline = |document: &Value| with("PutUserPolicy", &[USER, ("PolicyName", "${inline}")], document);
        let mut steps = match self.bits.below(9) {
            0..=3 => vec![user, inline(&document)],
            4 => vec![user, policy(&document), call("AttachUserPolicy", &[USER, arn])],
            5 => {
                let mut steps = vec![user];
                steps.extend(group());
                steps.push(with("PutGroupPolicy", &[GROUP, ("PolicyName", "${inline}")], &document));
                steps
            }
            6 => {
                let mut steps = vec![user, policy(&document)];
                steps.extend(group());
                steps.push(call("AttachGroupPolicy", &[GROUP, arn]));
                steps
            }
            7 if self.ground.boundaries => {
                let bound = call("CreateUser", &[USER, ("PermissionsBoundary", "${arn.policy:policy}")]);
                vec![policy(&document), bound, inline(&everything)]
            }
            _ => {
                // Which version counts: the default one.
                let mut version = with("CreatePolicyVersion", &[arn], &everything);
                version.with.push(("SetAsDefault".into(), json!(self.bits.text(&["true", "false"]))));
                vec![user, policy(&document), version, call("AttachUserPolicy", &[USER, arn])]
            }
        };
        if self.bits.chance(30) {
            steps.push(call("CreateUser", &[("UserName", "${user2}")]));
        }
        if self.bits.chance(20) {
            let other = self.deciding();
            steps.push(with("PutUserPolicy", &[USER, ("PolicyName", "${inline2}")], &other));
        }
        steps.push(program::saving(call("CreateAccessKey", &[USER]), "kk", "AccessKey"));
        for _ in 0..2 + self.bits.below(3) {
            let at = self.bits.below(TRIES.len() + 1);
            let mut step = match TRIES.get(at) {
                Some((action, with)) => call(action, with),
                None => {
                    let mut step = call("CreateUser", &[("UserName", "${user3}")]);
                    let tags = json!([{ "Key": self.bits.text(&["team", "cost", "other"]), "Value": "a" }]);
                    step.with.extend(self.ground.tags.then_some(("Tags".to_owned(), tags)));
                    step
                }
            };
            step.principal = Some("kk".into());
            steps.push(step);
        }
        steps
    }

    /// Something with one thing hanging on it, and the attempt to delete it, to rename it onto another, or to fill its quota around it.
    fn obstacle(&mut self) -> Vec<Step> {
        let user = || call("CreateUser", &[USER]);
        let group = || call("CreateGroup", &[GROUP]);
        let policy = || call("CreatePolicy", &[("PolicyName", "${policy}"), DOCUMENT]);
        let key = || program::saving(call("CreateAccessKey", &[USER]), "kk", "AccessKey");
        let inactive = || call("UpdateAccessKey", &[USER, ("AccessKeyId", "${kk.AccessKeyId}"), ("Status", "Inactive")]);
        let second = || call("CreateUser", &[("UserName", "${user2}")]);
        match self.bits.below(16) {
            0 => vec![user(), key(), call("DeleteUser", &[USER])],
            1 => vec![user(), key(), inactive(), call("DeleteUser", &[USER])],
            2 => vec![user(), key(), inactive(), key(), call("CreateAccessKey", &[USER])],
            3 => vec![user(), group(), call("AddUserToGroup", &[GROUP, USER]), call("DeleteUser", &[USER]), call("DeleteGroup", &[GROUP])],
            4 => vec![
                user(),
                policy(),
                call("AttachUserPolicy", &[USER, POLICY]),
                call("DeleteUser", &[USER]),
                call("DeletePolicy", &[POLICY]),
            ],
            5 => vec![
                group(),
                policy(),
                call("AttachGroupPolicy", &[GROUP, POLICY]),
                call("DeleteGroup", &[GROUP]),
                call("DeletePolicy", &[POLICY]),
            ],
            6 => vec![user(), call("PutUserPolicy", &[USER, ("PolicyName", "${inline}"), DOCUMENT]), call("DeleteUser", &[USER])],
            7 => vec![group(), call("PutGroupPolicy", &[GROUP, ("PolicyName", "${inline}"), DOCUMENT]), call("DeleteGroup", &[GROUP])],
            8 => vec![
                policy(),
                call("CreatePolicyVersion", &[POLICY, DOCUMENT]),
                call("DeletePolicy", &[POLICY]),
                call("DeletePolicyVersion", &[POLICY, ("VersionId", "v1")]),
            ],
            9 => vec![
                user(),
                second(),
                key(),
                call("DeleteAccessKey", &[("UserName", "${user2}"), ("AccessKeyId", "${kk.AccessKeyId}")]),
                call("UpdateAccessKey", &[("UserName", "${user2}"), ("AccessKeyId", "${kk.AccessKeyId}"), ("Status", "Inactive")]),
            ],
            10 => {
                let new = self.bits.text(&["${user2}", "${swapcase:user2}", "${user}", "${swapcase:user}", "${user3}"]);
                vec![user(), second(), call("UpdateUser", &[USER, ("NewUserName", new)]), call("ListUsers", &[])]
            }
            11 => {
                let new = self.bits.text(&["${group2}", "${swapcase:group2}", "${group}", "${swapcase:group}", "${group3}"]);
                vec![
                    group(),
                    call("CreateGroup", &[("GroupName", "${group2}")]),
                    user(),
                    call("AddUserToGroup", &[GROUP, USER]),
                    call("UpdateGroup", &[GROUP, ("NewGroupName", new)]),
                    call("ListGroupsForUser", &[USER]),
                    call("GetGroup", &[("GroupName", new)]),
                ]
            }
            12 if self.ground.paths => vec![
                call("CreateUser", &[USER, ("Path", "${path}")]),
                call("UpdateUser", &[USER, ("NewUserName", "${user2}")]),
                call("GetUser", &[("UserName", "${user2}")]),
                call("ListUsers", &[("PathPrefix", self.bits.text(&["${path}", "${prefix:path:12}", "/"]))]),
            ],
            13 => vec![
                user(),
                Step { repeat: Some("${limit.page+1}".into()), ..call("PutUserPolicy", &[USER, ("PolicyName", "i${i}"), DOCUMENT]) },
                call("ListUserPolicies", &[USER]),
            ],
            14 => vec![
                group(),
                Step { repeat: Some("${limit.page+1}".into()), ..call("PutGroupPolicy", &[GROUP, ("PolicyName", "i${i}"), DOCUMENT]) },
                call("ListGroupPolicies", &[GROUP]),
            ],
            _ => vec![user(), call("DeleteUser", &[USER]), user(), call("GetUser", &[USER])],
        }
    }
}

fn call(action: &str, with: &[(&str, &str)]) -> Step {
    program::step(action, with.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect())
}
