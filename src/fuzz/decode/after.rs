//! What a call that succeeds leaves behind, as far as the decoder cares.

use super::world::{Certificate, Group, Life, Policy, User};
use super::{Chosen, Maker};
use crate::api::Action;

impl Maker<'_> {
    /// Takes note of a call that probably succeeded. `saved`: the variable that its answer went into.
    pub(super) fn after(&mut self, action: &Action, chosen: &Chosen, caller: Option<usize>, saved: Option<String>) {
        let world = &mut self.world;
        let (user, group, policy) = (chosen.user.or(caller.filter(|_| action.family == "access-keys")), chosen.group, chosen.policy);
        match (action.name.as_str(), chosen.slot) {
            ("CreateUser", Some(slot)) if world.users[slot].life != Life::Live => {
                let User { name, var, .. } = world.users[slot];
                let fresh = User {
                    name,
                    var,
                    life: Life::Live,
                    attached: Vec::new(),
                    inline: Vec::new(),
                    groups: Vec::new(),
                    keys: Vec::new(),
                    boundary: chosen.boundary,
                };
                world.users[slot] = fresh;
            }
            ("CreateGroup", Some(slot)) if world.groups[slot].life != Life::Live => {
                let Group { name, var, .. } = world.groups[slot];
                world.groups[slot] = Group { name, var, life: Life::Live, attached: Vec::new(), inline: Vec::new() };
            }
            ("CreatePolicy", Some(slot)) if world.policies[slot].life != Life::Live => {
                let Policy { name, var, .. } = world.policies[slot];
                world.policies[slot] = Policy { name, var, life: Life::Live, versions: vec![1], default: 1, next: 2 };
            }
            ("UploadServerCertificate", Some(slot)) => world.certificates[slot].life = Life::Live,
            ("UpdateUser", Some(slot)) => {
                if let Some(from) = user.filter(|from| *from != slot && world.users[slot].life != Life::Live) {
                    let (old, new) = (world.users[from].clone(), world.users[slot].clone());
                    world.users[slot] = User { name: new.name, var: new.var, ..old.clone() };
                    world.users[from] = User { life: Life::Gone, ..empty(&old) };
                }
            }
            ("UpdateGroup", Some(slot)) => {
                if let Some(from) = group.filter(|from| *from != slot && world.groups[slot].life != Life::Live) {
                    let (old, new) = (world.groups[from].clone(), world.groups[slot].clone());
                    world.groups[slot] = Group { name: new.name, var: new.var, ..old.clone() };
                    world.groups[from] = Group { name: old.name, var: old.var, life: Life::Gone, attached: Vec::new(), inline: Vec::new() };
                    for member in &mut world.users {
                        member.groups.iter_mut().filter(|g| **g == from).for_each(|g| *g = slot);
                    }
                }
            }
            ("UpdateServerCertificate", Some(slot)) => {
                if let Some(from) = chosen.certificate.filter(|from| *from != slot && world.certificates[slot].life != Life::Live) {
                    let Certificate { life, .. } = world.certificates[from];
                    world.certificates[slot].life = life;
                    world.certificates[from].life = Life::Gone;
                }
            }
            ("DeleteServerCertificate", _) => {
                if let Some(i) = chosen.certificate.filter(|i| world.certificates[*i].life == Life::Live) {
                    world.certificates[i].life = Life::Gone;
                }
            }
            ("DeleteUser", _) => {
                if let Some(i) = user {
                    let u = &world.users[i];
                    if u.attached.is_empty() && u.inline.is_empty() && u.groups.is_empty() && u.keys.is_empty() && u.life == Life::Live {
                        world.users[i] = User { life: Life::Gone, ..empty(u) };
                    }
                }
            }
            ("DeleteGroup", _) => {
                if let Some(i) = group {
                    let g = &world.groups[i];
                    if g.attached.is_empty() && g.inline.is_empty() && !world.has_members(i) && g.life == Life::Live {
                        world.groups[i].life = Life::Gone;
                    }
                }
            }
            ("DeletePolicy", _) => {
                if let Some(i) = policy.filter(|i| world.uses(*i) == 0 && world.policies[*i].versions.len() == 1) {
                    world.policies[i].life = Life::Gone;
                }
            }
            _ => self.ties(action, chosen, user, saved),
        }
    }

    /// The same for what ties things together.
    fn ties(&mut self, action: &Action, chosen: &Chosen, user: Option<usize>, saved: Option<String>) {
        let world = &mut self.world;
        let user = user.and_then(|i| world.users.get_mut(i)).filter(|u| u.life == Life::Live);
        let group = chosen.group.and_then(|i| world.groups.get_mut(i)).filter(|g| g.life == Life::Live);
        let policy = chosen.policy.filter(|i| world.policies[*i].life == Life::Live);
        match (action.name.as_str(), user, group, policy) {
            ("CreateAccessKey", Some(u), ..) => u.keys.extend(saved),
            ("DeleteAccessKey", Some(u), ..) => {
                if let Some(key) = &chosen.key {
                    u.keys.retain(|k| k != key);
                    world.lost_keys.push(key.clone());
                }
            }
            ("AddUserToGroup", Some(u), Some(_), _) => add(&mut u.groups, chosen.group),
            ("RemoveUserFromGroup", Some(u), Some(_), _) => u.groups.retain(|g| Some(*g) != chosen.group),
            ("AttachUserPolicy", Some(u), _, Some(_)) => add(&mut u.attached, policy),
            ("DetachUserPolicy", Some(u), ..) => u.attached.retain(|p| Some(*p) != chosen.policy),
            ("AttachGroupPolicy", _, Some(g), Some(_)) => add(&mut g.attached, policy),
            ("DetachGroupPolicy", _, Some(g), _) => g.attached.retain(|p| Some(*p) != chosen.policy),
            ("PutUserPolicy", Some(u), ..) => add(&mut u.inline, chosen.inline),
            ("DeleteUserPolicy", Some(u), ..) => u.inline.retain(|n| Some(*n) != chosen.inline),
            ("PutGroupPolicy", _, Some(g), _) => add(&mut g.inline, chosen.inline),
            ("DeleteGroupPolicy", _, Some(g), _) => g.inline.retain(|n| Some(*n) != chosen.inline),
            ("CreatePolicyVersion", _, _, Some(i)) => {
                let p = &mut world.policies[i];
                if p.versions.len() < 5 {
                    p.versions.push(p.next);
                    p.default = if chosen.default { p.next } else { p.default };
                    p.next += 1;
                }
            }
            ("SetDefaultPolicyVersion", _, _, Some(i)) => {
                let p = &mut world.policies[i];
                p.default = chosen.version.filter(|v| p.versions.contains(v)).unwrap_or(p.default);
            }
            ("DeletePolicyVersion", _, _, Some(i)) => {
                let p = &mut world.policies[i];
                p.versions.retain(|v| Some(*v) != chosen.version || *v == p.default);
            }
            (name, ..) if name.starts_with("List") || name == "GetGroup" => {
                if let Some(marker) = saved {
                    world.markers.push((marker, action.name.clone()));
                }
            }
            _ => {}
        }
    }
}

fn empty(user: &User) -> User {
    let User { name, var, life, .. } = *user;
    User { name, var, life, attached: Vec::new(), inline: Vec::new(), groups: Vec::new(), keys: Vec::new(), boundary: None }
}

fn add<T: PartialEq>(to: &mut Vec<T>, what: Option<T>) {
    if let Some(what) = what.filter(|what| !to.contains(what)) {
        to.push(what);
    }
}
