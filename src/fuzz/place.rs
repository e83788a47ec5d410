//! From what is known of a target to what programs on it are made of, and how closely it must agree with the model.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compare::Closeness;
use super::decode::Ground;
use super::live::Place;
use super::oracle::Oracles;
use crate::api::{DialectId, model};
use crate::case::{CertSource, Setting};
use crate::dialect::{Configuration, Style};
use crate::reference::Settings;
use crate::runner::in_process;
use crate::runner::run::setting;
use crate::target::{Profile, Target};

/// Quotas of a whole account, which others fill too.
const OF_THE_ACCOUNT: [&str; 4] = ["users", "groups", "policies", "server-certificates"];

/// What programs for the reference in this process are made of.
pub fn embedded(configuration: Configuration, target: &Target, run: &str, certificates: Arc<dyn CertSource>, oracles: Oracles) -> Place {
    let dialect = configuration.dialect;
    let longest = if configuration.style == Style::Query { 16_000 } else { 140_000 };
    let tampering = configuration.style == Style::Sigv4 || dialect != DialectId::Ecs;
    let ground = Ground { tampering, longest, ..Ground::of(dialect) };
    let setting = Arc::new(setting(target, run.to_owned(), certificates));
    Place {
        configuration,
        target: Arc::clone(&setting),
        reference: setting,
        settings: in_process::settings(dialect),
        ground,
        closeness: Closeness { to_the_letter: true, alone: true },
        oracles,
        unknown_limits: false,
        now: now(),
        clean: false,
        keep: false,
    }
}

/// What programs for a foreign target are made of. `missing`: Actions that it does not have.
pub fn foreign(
    configuration: Configuration,
    target: &Target,
    run: &str,
    certificates: Arc<dyn CertSource>,
    oracles: Oracles,
    missing: &BTreeMap<String, String>,
) -> Place {
    let profile = &target.profile;
    let dialect = profile.dialect;
    let lacks = |capability: &str| profile.lacks.contains_key(capability);
    let all = Ground::of(dialect);
    let there = |name: &str| !missing.contains_key(name) && !profile.unsupported.iter().any(|u| u == name);
    let actions = all.actions.iter().copied().filter(|a| there(&a.name)).collect();
    let quick = target.loopback();
    let ground = Ground {
        dialect,
        actions,
        steps: all.steps,
        principals: !lacks("principals") && !lacks("authorization") && profile.account_principal,
        paths: all.paths && !lacks("paths"),
        tags: all.tags && !lacks("tags"),
        boundaries: all.boundaries && !lacks("permissions-boundary"),
        pages: !lacks("markers"),
        certificates: all.certificates,
        quotas: quick && !lacks("quotas"),
        // Which ones a provider has is its own affair.
        provider: false,
        tampering: quick && !lacks("signatures") && target.proof.login().is_none(),
        alone: false,
        // Many servers read eight thousand bytes of a request's first line.
        longest: if configuration.style == Style::Query { 2_000 } else { 140_000 },
    };
    let there = setting(target, run.to_owned(), certificates);
    let (limits, unknown_limits) = limits(profile);
    let settings = Settings { limits, region: profile.region.clone(), tick: 10, ..Settings::new(dialect) };
    let here = Setting { account: None, ..there.clone() };
    Place {
        configuration,
        target: Arc::new(there),
        reference: Arc::new(here),
        settings,
        ground,
        closeness: Closeness { to_the_letter: false, alone: false },
        oracles,
        unknown_limits,
        now: now(),
        clean: true,
        keep: false,
    }
}

/// The limits of the model's account: the target's, and none where nobody knows or where others count too. True: there are such.
fn limits(profile: &Profile) -> (BTreeMap<String, u64>, bool) {
    let known = |name: &str| profile.limit(name).filter(|_| !OF_THE_ACCOUNT.contains(&name));
    let all = model().limit_names().map(|name| (name.to_owned(), known(name).unwrap_or(u64::MAX / 2)));
    (all.collect(), true)
}

fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::NoCertificates;
    use crate::dialect::Format;
    use crate::target::Proof;

    #[test]
    fn what_a_profile_lacks_is_not_asked_for() {
        let mut profile = Profile { dialect: DialectId::Aws, account_principal: true, ..Profile::default() };
        profile.lacks = [("tags".to_owned(), "none".to_owned()), ("authorization".to_owned(), "none".to_owned())].into();
        profile.unsupported = vec!["ListUsers".into()];
        profile.limits = [("users".to_owned(), 3), ("access-keys-per-user".to_owned(), 4)].into();
        let credentials = crate::auth::Credentials { access_key_id: "AKIAX".into(), secret: "s".into(), session_token: None };
        let target = Target::new(profile, "http://127.0.0.1:9", Proof::from(credentials), false).unwrap();
        let configuration = Configuration { dialect: DialectId::Aws, format: Format::Xml, style: Style::Form };
        let missing = [("GetUser".to_owned(), "InvalidAction".to_owned())].into();
        let place = foreign(configuration, &target, "r", Arc::new(NoCertificates), Oracles::default(), &missing);
        let has = |name: &str| place.ground.actions.iter().any(|a| a.name == name);
        assert!(!has("ListUsers") && !has("GetUser") && has("ListGroups"));
        assert!(!place.ground.tags && !place.ground.principals && place.ground.boundaries && place.ground.tampering);
        assert_eq!(place.settings.limits["access-keys-per-user"], 4);
        assert!(place.settings.limits["users"] > 1_000_000, "others' users count too");
    }
}
