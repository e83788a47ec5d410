//! Where a target's main credentials come from: the environment, or a named profile in a file that other tools keep.
//!
//! Never from a target profile. What is looked at depends on the environment alone, which is handed in, so that it can be tested.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::api::DialectId;
use crate::auth::Credentials;

/// What [`resolve`] may look at.
pub struct Sources<'a> {
    /// Looks up an environment variable; empty ones count as not set.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Named profile asked for on the command line.
    pub profile: Option<&'a str>,
    /// The home folder.
    pub home: Option<PathBuf>,
}

/// No credentials, with everything that was looked at.
#[derive(Debug, thiserror::Error)]
#[error("no credentials for {target}: looked at {looked}; set {advice}")]
pub struct NoCredentials {
    /// The target they were wanted for.
    pub target: String,
    /// What was looked at, and what was wrong with it.
    pub looked: String,
    /// What to do.
    pub advice: String,
}

/// A pair of variables with an optional token.
struct Variables {
    key: &'static str,
    secret: &'static str,
    token: Option<&'static str>,
}

const AWS: Variables = Variables { key: "AWS_ACCESS_KEY_ID", secret: "AWS_SECRET_ACCESS_KEY", token: Some("AWS_SESSION_TOKEN") };
const OSC: Variables = Variables { key: "OSC_ACCESS_KEY", secret: "OSC_SECRET_KEY", token: None };

/// The main credentials for a target of `dialect`: a named profile if one is asked for, else the environment (`OSC_*` first on eim,
/// `AWS_*` first elsewhere), else the profile that `AWS_PROFILE` or `OSC_PROFILE` names, else the default profile.
///
/// # Errors
/// When there are none: with the variables and files looked at.
pub fn resolve(target: &str, dialect: DialectId, sources: &Sources<'_>) -> Result<Credentials, NoCredentials> {
    let mut looked = Vec::new();
    let order = if dialect == DialectId::Eim { [OSC, AWS] } else { [AWS, OSC] };
    if sources.profile.is_none() {
        for variables in &order {
            match from_env(variables, sources.env) {
                Ok(credentials) => return Ok(credentials),
                Err(why) => looked.push(why),
            }
        }
    }
    let named = |variable: &str| sources.profile.map(str::to_owned).or_else(|| (sources.env)(variable));
    let path = |variable: &str, below: &str| {
        (sources.env)(variable).map(PathBuf::from).or_else(|| sources.home.as_ref().map(|home| home.join(below)))
    };
    let aws = path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials").map(|p| from_aws_file(&p, named("AWS_PROFILE").as_deref()));
    let osc = path("OSC_CONFIG_FILE", ".osc/config.json").map(|p| from_osc_file(&p, named("OSC_PROFILE").as_deref()));
    let files = if dialect == DialectId::Eim { [osc, aws] } else { [aws, osc] };
    for found in files.into_iter().flatten() {
        match found {
            Ok(credentials) => return Ok(credentials),
            Err(why) => looked.push(why),
        }
    }
    let first = &order[0];
    let advice = format!("{} and {}, or name a profile with --profile", first.key, first.secret);
    Err(NoCredentials { target: target.to_owned(), looked: looked.join(", "), advice })
}

fn from_env(names: &Variables, env: &dyn Fn(&str) -> Option<String>) -> Result<Credentials, String> {
    match (env(names.key), env(names.secret)) {
        (Some(access_key_id), Some(secret)) => Ok(Credentials { access_key_id, secret, session_token: names.token.and_then(env) }),
        (None, None) => Err(format!("{} and {} (not set)", names.key, names.secret)),
        (Some(_), None) => Err(format!("{} (not set, though {} is)", names.secret, names.key)),
        (None, Some(_)) => Err(format!("{} (not set, though {} is)", names.key, names.secret)),
    }
}

/// `[name]` sections of `key = value` lines.
fn from_aws_file(path: &Path, profile: Option<&str>) -> Result<Credentials, String> {
    let profile = profile.unwrap_or("default");
    let text = read(path)?;
    let mut section = String::new();
    let (mut found, mut key, mut secret, mut token) = (false, None, None, None);
    for line in text.lines().map(str::trim).filter(|l| !l.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name.trim().trim_start_matches("profile ").trim().to_owned();
            found |= section == profile;
        } else if let Some((name, value)) = line.split_once('=').filter(|_| section == profile) {
            let value = Some(value.trim().to_owned()).filter(|v| !v.is_empty());
            match name.trim() {
                "aws_access_key_id" => key = value,
                "aws_secret_access_key" => secret = value,
                "aws_session_token" => token = value,
                _ => {}
            }
        }
    }
    match (key, secret) {
        (Some(access_key_id), Some(secret)) => Ok(Credentials { access_key_id, secret, session_token: token }),
        _ if found => Err(format!("profile '{profile}' of {} (has no key)", path.display())),
        _ => Err(format!("profile '{profile}' of {} (not there)", path.display())),
    }
}

/// `{"name": {"access_key": …, "secret_key": …}}`.
fn from_osc_file(path: &Path, profile: Option<&str>) -> Result<Credentials, String> {
    let profile = profile.unwrap_or("default");
    let shown = path.display();
    // The parser's message could show a part of the text: it is not passed on.
    let config: Value = serde_json::from_str(&read(path)?).map_err(|_| format!("{shown} (is no JSON)"))?;
    let Some(entry) = config.get(profile) else { return Err(format!("profile '{profile}' of {shown} (not there)")) };
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|v| !v.is_empty()).map(str::to_owned);
    match (text("access_key"), text("secret_key")) {
        (Some(access_key_id), Some(secret)) => Ok(Credentials { access_key_id, secret, session_token: None }),
        _ => Err(format!("profile '{profile}' of {shown} (has no key)")),
    }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("{} (not there)", path.display()),
        _ => format!("{} ({e})", path.display()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(vars: &[(&str, &str)], home: Option<PathBuf>, profile: Option<&str>, dialect: DialectId) -> Result<Credentials, NoCredentials> {
        let vars: Vec<(String, String)> = vars.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        let env = move |name: &str| vars.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.clone());
        resolve("moto", dialect, &Sources { env: &env, profile, home })
    }

    #[test]
    fn each_dialect_prefers_its_own_variables() {
        let vars = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "a"), ("OSC_ACCESS_KEY", "O"), ("OSC_SECRET_KEY", "o")];
        assert_eq!(with(&vars, None, None, DialectId::Eim).unwrap().access_key_id, "O");
        assert_eq!(with(&vars, None, None, DialectId::Aws).unwrap().access_key_id, "A");
        assert_eq!(with(&vars[2..], None, None, DialectId::Aws).unwrap().secret, "o");
    }

    #[test]
    fn what_was_looked_at_is_said_and_no_secret() {
        let e = with(&[("AWS_SECRET_ACCESS_KEY", "s3cret")], Some("/nowhere".into()), None, DialectId::Eim).unwrap_err().to_string();
        for part in [
            "moto",
            "OSC_ACCESS_KEY and OSC_SECRET_KEY (not set)",
            "AWS_ACCESS_KEY_ID (not set, though",
            "/nowhere/.osc/config.json (not there)",
        ] {
            assert!(e.contains(part), "{part} in {e}");
        }
        assert!(!e.contains("s3cret"));
    }

    #[test]
    fn named_profiles_come_from_either_file() {
        let home = std::env::temp_dir().join(format!("iamspec-credentials-{}", std::process::id()));
        std::fs::create_dir_all(home.join(".aws")).unwrap();
        std::fs::create_dir_all(home.join(".osc")).unwrap();
        let text = "[default]\naws_access_key_id = D\naws_secret_access_key=d\n; x\n[ci]\naws_access_key_id=C\naws_secret_access_key = c\naws_session_token = t\n[empty]\n";
        std::fs::write(home.join(".aws/credentials"), text).unwrap();
        std::fs::write(home.join(".osc/config.json"), r#"{"eu":{"access_key":"E","secret_key":"e"}}"#).unwrap();
        let of = |profile, dialect| with(&[], Some(home.clone()), profile, dialect);
        assert_eq!(of(None, DialectId::Aws).unwrap().access_key_id, "D");
        assert_eq!(of(Some("ci"), DialectId::Aws).unwrap().session_token.as_deref(), Some("t"));
        assert_eq!(of(Some("eu"), DialectId::Aws).unwrap().access_key_id, "E");
        let e = of(Some("empty"), DialectId::Aws).unwrap_err().to_string();
        assert!(e.contains("profile 'empty'") && e.contains("has no key"), "{e}");
        std::fs::write(home.join(".osc/config.json"), "{\"secret_key\": s3cret").unwrap();
        let e = of(Some("eu"), DialectId::Eim).unwrap_err().to_string();
        assert!(e.contains("is no JSON") && !e.contains("s3cret"), "{e}");
        std::fs::remove_dir_all(&home).unwrap();
    }

    #[test]
    fn a_profile_asked_for_wins_over_the_environment() {
        let vars = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "a")];
        assert!(with(&vars, Some("/nowhere".into()), Some("ci"), DialectId::Aws).is_err());
    }
}
