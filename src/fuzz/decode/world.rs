//! What the decoder believes to exist while it makes a program: enough to write calls that mostly succeed. Whether they do, the reference
//! knows; where this is wrong, a program has a few more refusals than meant.

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Never,
    Live,
    Gone,
}

/// A user, by the name that it has.
#[derive(Clone, Debug)]
pub(super) struct User {
    /// The expression of its name, without braces.
    pub name: &'static str,
    /// The variable that its answer is saved as.
    pub var: &'static str,
    pub life: Life,
    pub attached: Vec<usize>,
    pub inline: Vec<&'static str>,
    pub groups: Vec<usize>,
    pub keys: Vec<String>,
    pub boundary: Option<usize>,
}

/// A group, by the name that it has.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub name: &'static str,
    pub var: &'static str,
    pub life: Life,
    pub attached: Vec<usize>,
    pub inline: Vec<&'static str>,
}

/// A managed policy.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub name: &'static str,
    pub var: &'static str,
    pub life: Life,
    pub versions: Vec<usize>,
    pub default: usize,
    pub next: usize,
}

/// A server certificate, by the name that it has.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub name: &'static str,
    pub life: Life,
}

/// Names of inline policies.
pub(super) const INLINE: [&str; 3] = ["inline", "inline2", "inline3"];

/// Everything.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub users: Vec<User>,
    pub groups: Vec<Group>,
    pub policies: Vec<Policy>,
    pub certificates: Vec<Certificate>,
    /// Keys that were deleted.
    pub lost_keys: Vec<String>,
    /// Variables with markers, and the Action that gave each.
    pub markers: Vec<(String, String)>,
    next: usize,
}

impl World {
    pub fn new() -> World {
        let user = |(name, var)| User {
            name,
            var,
            life: Life::Never,
            attached: Vec::new(),
            inline: Vec::new(),
            groups: Vec::new(),
            keys: Vec::new(),
            boundary: None,
        };
        let group = |(name, var)| Group { name, var, life: Life::Never, attached: Vec::new(), inline: Vec::new() };
        let policy = |(name, var)| Policy { name, var, life: Life::Never, versions: Vec::new(), default: 1, next: 1 };
        World {
            users: [("user", "u1"), ("user2", "u2"), ("user3", "u3")].map(user).into(),
            groups: [("group", "g1"), ("group2", "g2"), ("group3", "g3")].map(group).into(),
            policies: [("policy", "p1"), ("policy2", "p2"), ("policy3", "p3")].map(policy).into(),
            certificates: ["certificate", "certificate2", "certificate3"].map(|name| Certificate { name, life: Life::Never }).into(),
            lost_keys: Vec::new(),
            markers: Vec::new(),
            next: 0,
        }
    }

    /// A variable that no step has saved yet.
    pub fn variable(&mut self, letter: char) -> String {
        self.next += 1;
        format!("{letter}{}", self.next)
    }

    /// Keys that can sign, with the index of their user.
    pub fn keys(&self) -> Vec<(usize, &str)> {
        self.users.iter().enumerate().flat_map(|(i, user)| user.keys.iter().map(move |key| (i, key.as_str()))).collect()
    }

    /// How many things a policy is attached to.
    pub fn uses(&self, policy: usize) -> usize {
        let users = self.users.iter().filter(|u| u.attached.contains(&policy) || u.boundary == Some(policy)).count();
        users + self.groups.iter().filter(|g| g.attached.contains(&policy)).count()
    }

    /// Whether a group has members.
    pub fn has_members(&self, group: usize) -> bool {
        self.users.iter().any(|u| u.groups.contains(&group))
    }
}
