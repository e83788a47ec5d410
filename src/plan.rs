//! Cases × configurations → trials: what is run, and what is skipped and why. Pure.

mod footprint;
mod lacks;
mod needs;
mod shard;

use std::collections::BTreeMap;

use crate::api::{DialectId, model};
use crate::case::Case;
use crate::dialect::Configuration;
use crate::target::Profile;

pub use footprint::{Footprint, footprint};
pub use lacks::of_dialect;
pub use needs::{Needs, needs};
pub use shard::Shard;

/// Tag of cases that fail authentication on purpose.
pub const AUTH_FAILURE: &str = "auth-failure";
/// Tag of cases that fill a quota.
pub const QUOTA: &str = "quota";
/// Largest quota that is filled on this machine without being asked for: more would take long.
const LARGEST_QUOTA: u64 = 200;

/// Tag of cases that try to change what the provider owns.
pub const PROVIDER_POLICY: &str = "provider-policy";

/// One case in one configuration.
#[derive(Clone, Debug)]
pub struct Trial<'c> {
    /// The case.
    pub case: &'c Case,
    /// The configuration.
    pub configuration: Configuration,
    /// Whether it is run.
    pub disposition: Disposition,
}

/// What is to be done with a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Run it.
    Run,
    /// Do not; why.
    Skip(String),
}

/// Groups of cases that run off this machine, or at all, only when asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptIn {
    /// Cases that fail authentication on purpose.
    pub auth_failures: bool,
    /// Cases that fill quotas.
    pub quotas: bool,
    /// Cases that try to change the provider's policies, which a target must refuse: one that does not is changed for everybody, so
    /// these are opt-in on this machine too.
    pub provider_policies: bool,
}

impl OptIn {
    /// Everything, as is right for an account that nobody else uses.
    pub const ALL: OptIn = OptIn { auth_failures: true, quotas: true, provider_policies: true };
}

/// What of a target decides which cases are run on it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its profile.
    pub profile: &'a Profile,
    /// It is on this machine: nobody minds failed authentications and full quotas.
    pub loopback: bool,
    /// What was asked for.
    pub opt_in: OptIn,
    /// Actions that a capability pass found missing, with the answer that said so.
    pub missing: &'a BTreeMap<String, String>,
}

/// Every case in every configuration, in the order of the cases.
pub fn plan<'c>(cases: &[&'c Case], place: &Place<'_>, configurations: &[Configuration]) -> Vec<Trial<'c>> {
    let trial = |case: &&'c Case, configuration: &Configuration| Trial {
        case,
        configuration: *configuration,
        disposition: skip(case, place, *configuration).map_or(Disposition::Run, Disposition::Skip),
    };
    cases.iter().flat_map(|case| configurations.iter().map(move |c| trial(case, c))).collect()
}

/// Why a case is not run there; none: it is.
pub fn skip(case: &Case, place: &Place<'_>, configuration: Configuration) -> Option<String> {
    let (profile, dialect) = (place.profile, configuration.dialect);
    let needs = needs(case, dialect);
    for action in &needs.actions {
        if let Some(known) = model().action(action).filter(|a| !a.dialects.contains(&dialect)) {
            return Some(format!("{dialect} has no {}", known.name));
        }
        if model().action(action).is_some_and(|a| a.not_implemented.contains(&dialect)) {
            return Some(format!("{dialect} has {action} in name only: it answers NotImplemented"));
        }
        if profile.unsupported.contains(action) {
            return Some(format!("the target does not support {action} (says its profile)"));
        }
        if let Some(evidence) = place.missing.get(action) {
            return Some(format!("the target does not support {action} (it answers {evidence})"));
        }
    }
    if !case.dialects.contains(&dialect) {
        let names: Vec<&str> = case.dialects.iter().map(|d| d.name()).collect();
        return Some(format!("applies to {} only", names.join(" and ")));
    }
    if !case.rows.is_empty() && !case.rows.iter().any(|row| row.dialects.contains(&dialect)) {
        return Some(format!("none of its rows applies to {dialect}"));
    }
    if let Some((action, parameter)) = needs.parameters.iter().find(|(action, parameter)| lacks_parameter(action, parameter, dialect)) {
        return Some(format!("{dialect} has no parameter {parameter} of {action}"));
    }
    let implied = needs.proof.into_iter().filter(|name| !case.requires.iter().any(|required| required == name));
    let required = case.requires.iter().map(String::as_str).chain(implied);
    if let Some(why) = required.into_iter().find_map(|name| lacks::lack(name, profile, configuration)) {
        return Some(why);
    }
    if let Some(limit) = needs.limits.iter().find(|limit| profile.limit(limit).is_none()) {
        return Some(format!("the limit {limit} of this target is not known: set it in the profile's [limits]"));
    }
    let tagged = |tag: &str| case.tags.iter().any(|t| t == tag);
    if tagged(AUTH_FAILURE) {
        if profile.auth_failures == Some(0) {
            return Some("the profile allows no failed authentications".to_owned());
        }
        if !place.loopback && !place.opt_in.auth_failures {
            return Some("fails authentication on purpose: off this machine only with --allow auth-failures".to_owned());
        }
    }
    if tagged(PROVIDER_POLICY) && !place.opt_in.provider_policies {
        return Some("tries to change a policy of the provider, which it must not: only with --allow provider-policies".to_owned());
    }
    if tagged(QUOTA) && !place.opt_in.quotas {
        if !place.loopback {
            return Some("fills a quota: off this machine only with --allow quotas".to_owned());
        }
        // A size is filled by one thing.
        let mut counted = needs.limits.iter().filter(|limit| !limit.ends_with("-size"));
        if let Some(limit) = counted.find(|limit| profile.limit(limit).is_some_and(|most| most > LARGEST_QUOTA)) {
            let most = profile.limit(limit).unwrap_or_default();
            return Some(format!("fills a quota of {most} ({limit}): more than {LARGEST_QUOTA} only with --allow quotas"));
        }
    }
    None
}

/// Whether some dialect has the parameter and this one does not. A parameter that nobody has is sent on purpose.
fn lacks_parameter(action: &str, parameter: &str, dialect: DialectId) -> bool {
    let Some(action) = model().action(action) else { return false };
    let known = DialectId::ALL.into_iter().any(|d| action.parameter(parameter, d).is_some());
    known && action.parameter(parameter, dialect).is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::case::{Alternative, Expect, Row, Step};
    use crate::dialect::{Format, Style};
    use crate::verdict::Loc;

    pub(super) fn step(call: &str, with: &[(&str, serde_json::Value)]) -> Step {
        Step {
            call: call.into(),
            with: with.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect(),
            unknown_parameters: false,
            save: vec![],
            principal: None,
            auth: None,
            raw: None,
            repeat: None,
            pages: None,
            expect: Expect::default(),
            on: BTreeMap::new(),
            loc: Loc::default(),
        }
    }

    pub(super) fn case(steps: Vec<Step>) -> Case {
        Case {
            id: "users/CreateUser/x".into(),
            family: "users".into(),
            action: Some("CreateUser".into()),
            title: "t".into(),
            requirements: vec![],
            tags: vec![],
            requires: vec![],
            dialects: DialectId::ALL.to_vec(),
            serial: false,
            rows: vec![],
            steps,
            loc: Loc::default(),
        }
    }

    fn configuration(dialect: DialectId) -> Configuration {
        Configuration { dialect, format: Format::Xml, style: Style::Form }
    }

    fn why(case: &Case, profile: &Profile, dialect: DialectId) -> String {
        let missing = BTreeMap::from([("GetUser".to_owned(), "501 NotImplemented".to_owned())]);
        skip(case, &Place { profile, loopback: false, opt_in: OptIn::default(), missing: &missing }, configuration(dialect))
            .unwrap_or_default()
    }

    #[test]
    fn each_reason_to_skip_is_named() {
        let profile = Profile {
            unsupported: vec!["ListUsers".into()],
            lacks: BTreeMap::from([("signatures".into(), "nobody looks".into())]),
            ..Profile::default()
        };
        let create = || step("CreateUser", &[("UserName", json!("${user}"))]);
        let mut plain = case(vec![create()]);
        assert_eq!(why(&plain, &profile, DialectId::Aws), "");

        plain.dialects = vec![DialectId::Eim];
        assert_eq!(why(&plain, &profile, DialectId::Aws), "applies to eim only");
        assert!(
            why(&case(vec![create(), step("GetUser", &[])]), &profile, DialectId::Aws).contains("GetUser (it answers 501 NotImplemented)")
        );
        assert!(why(&case(vec![step("ListUsers", &[])]), &profile, DialectId::Aws).contains("ListUsers (says its profile)"));
        assert_eq!(why(&case(vec![step("UploadServerCertificate", &[])]), &profile, DialectId::Ecs), "ecs has no UploadServerCertificate");
        let tags = case(vec![step("CreateUser", &[("Tags", json!([]))])]);
        assert_eq!(why(&tags, &profile, DialectId::Eim), "eim has no parameter Tags of CreateUser");
        assert_eq!(why(&tags, &profile, DialectId::Aws), "");
        assert_eq!(why(&case(vec![step("CreateUser", &[("Unheard", json!("x"))])]), &profile, DialectId::Eim), "");

        let mut requires = case(vec![create()]);
        requires.requires = vec!["paths".into()];
        assert!(why(&requires, &profile, DialectId::Ecs).starts_with("ecs lacks paths"));
        requires.requires = vec!["signatures".into()];
        assert!(why(&requires, &profile, DialectId::Aws).ends_with("nobody looks"));

        let mut limit = case(vec![create()]);
        limit.steps[0].repeat = Some("${limit.groups-per-user}".into());
        let eim = Profile { dialect: DialectId::Eim, ..Profile::default() };
        assert!(why(&limit, &eim, DialectId::Eim).contains("limit groups-per-user"));
    }

    #[test]
    fn groups_that_may_annoy_are_opt_in_off_this_machine() {
        let profile = Profile::default();
        let missing = BTreeMap::new();
        for (tag, allowed) in
            [(AUTH_FAILURE, OptIn { auth_failures: true, ..OptIn::default() }), (QUOTA, OptIn { quotas: true, ..OptIn::default() })]
        {
            let mut c = case(vec![step("CreateUser", &[])]);
            c.tags = vec![tag.into()];
            let at = |loopback, opt_in| {
                skip(&c, &Place { profile: &profile, loopback, opt_in, missing: &missing }, configuration(DialectId::Aws))
            };
            assert!(at(false, OptIn::default()).is_some_and(|w| w.contains("--allow")));
            assert_eq!(at(false, allowed), None);
            assert_eq!(at(true, OptIn::default()), None);
        }
    }

    #[test]
    fn a_large_quota_waits_for_leave_and_a_large_size_does_not() {
        let (profile, missing) = (Profile::default(), BTreeMap::new());
        for (value, runs) in [("${doc:limit.policy-size+1}", true), ("${name}-${limit.users}", false)] {
            let mut c = case(vec![step("CreatePolicy", &[("PolicyDocument", json!(value))])]);
            c.tags = vec![QUOTA.into()];
            let at =
                |opt_in| skip(&c, &Place { profile: &profile, loopback: true, opt_in, missing: &missing }, configuration(DialectId::Aws));
            assert_eq!(at(OptIn::default()).is_none(), runs, "{value}");
            assert_eq!(at(OptIn::ALL), None);
        }
    }

    #[test]
    fn the_provider_s_policies_are_left_alone_unless_asked_for() {
        let (profile, missing) = (Profile::default(), BTreeMap::new());
        let mut c = case(vec![step("DeletePolicy", &[])]);
        c.tags = vec![PROVIDER_POLICY.into()];
        let at = |opt_in| skip(&c, &Place { profile: &profile, loopback: true, opt_in, missing: &missing }, configuration(DialectId::Aws));
        assert!(at(OptIn::default()).is_some_and(|w| w.contains("--allow provider-policies")));
        assert_eq!(at(OptIn::ALL), None);
    }

    #[test]
    fn no_group_that_needs_leave_is_empty() {
        for tag in [AUTH_FAILURE, QUOTA, PROVIDER_POLICY] {
            let cases = crate::case::corpus::Corpus::embedded().unwrap().cases;
            assert!(cases.iter().any(|c| c.tags.iter().any(|t| t == tag)), "no case has the tag {tag}");
        }
    }

    #[test]
    fn a_step_that_a_dialect_leaves_out_needs_nothing_there() {
        let mut c = case(vec![step("CreateUser", &[("Tags", json!([]))])]);
        let other = |with: Vec<(String, serde_json::Value)>, skip| Alternative {
            with,
            expect: None,
            skip,
            source: "s".into(),
            loc: Loc::default(),
        };
        c.steps[0].on.insert(DialectId::Eim, other(vec![("Tags".into(), json!(null))], false));
        assert_eq!(why(&c, &Profile::default(), DialectId::Eim), "");
        c.steps.push(step("GetUser", &[]));
        c.steps[1].on.insert(DialectId::Eim, other(vec![], true));
        assert_eq!(why(&c, &Profile::default(), DialectId::Eim), "");
    }

    #[test]
    fn trials_are_cases_by_configurations() {
        let (mut a, b) = (case(vec![]), case(vec![]));
        a.rows = vec![Row {
            id: "r".into(),
            vars: BTreeMap::new(),
            dialects: vec![DialectId::Aws],
            requirement: None,
            with: vec![],
            expect: None,
            loc: Loc::default(),
        }];
        let (profile, missing) = (Profile::default(), BTreeMap::new());
        let place = Place { profile: &profile, loopback: true, opt_in: OptIn::default(), missing: &missing };
        let trials = plan(&[&a, &b], &place, &[configuration(DialectId::Aws), configuration(DialectId::Eim)]);
        let run: Vec<bool> = trials.iter().map(|t| t.disposition == Disposition::Run).collect();
        assert_eq!(run, [true, false, true, true]);
    }
}
