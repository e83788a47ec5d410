//! Where a target's proof comes from: an access key as ever, and on ecs the user and password of a login, from the environment alone.

use super::credentials::{self, NoCredentials, Sources};
use crate::api::DialectId;
use crate::auth::Proof;
use crate::auth::ecs_token::Login;
use crate::dialect::Style;

/// Variables that hold user and password, first pair first.
const VARIABLES: [(&str, &str); 2] = [("IAMSPEC_USER", "IAMSPEC_PASSWORD"), ("ECS_USERNAME", "ECS_PASSWORD")];

/// What a target of `dialect` is to be talked to with in these request styles: on ecs a login for all but sigv4, else an access key.
///
/// # Errors
/// When something that the styles need is not there: with the variables and files looked at.
pub fn prove(target: &str, dialect: DialectId, styles: &[Style], sources: &Sources<'_>) -> Result<Proof, NoCredentials> {
    let key = || credentials::resolve(target, dialect, sources);
    if dialect != DialectId::Ecs || styles.iter().all(|style| *style == Style::Sigv4) {
        return key().map(Proof::Key).map_err(|why| hinting_at_ecs(why, dialect, sources));
    }
    let key = if styles.contains(&Style::Sigv4) { Some(key()?) } else { None };
    Ok(Proof::Login { login: login(target, sources.env)?, key })
}

fn login(target: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Login, NoCredentials> {
    let mut looked = Vec::new();
    for (user, password) in VARIABLES {
        match (env(user), env(password)) {
            (Some(name), Some(_)) if name.contains(':') => looked.push(format!("{user} (holds a colon, which no login can carry)")),
            (Some(name), Some(word)) => return Ok(Login { user: name, password: word }),
            (None, None) => looked.push(format!("{user} and {password} (not set)")),
            (Some(_), None) => looked.push(format!("{password} (not set, though {user} is)")),
            (None, Some(_)) => looked.push(format!("{user} (not set, though {password} is)")),
        }
    }
    let [.., (user, password)] = VARIABLES;
    let advice = format!("{user} and {password}, or sign with an access key instead: --style sigv4");
    Err(NoCredentials { target: target.to_owned(), looked: looked.join(", "), advice })
}

/// Somebody who has a login set, and no key, forgot to say that the target is an ECS.
fn hinting_at_ecs(why: NoCredentials, dialect: DialectId, sources: &Sources<'_>) -> NoCredentials {
    let forgot = dialect != DialectId::Ecs && login("", sources.env).is_ok();
    let advice = if forgot { format!("{}, or say --dialect ecs to log in", why.advice) } else { why.advice };
    NoCredentials { advice, ..why }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Vars = &'static [(&'static str, &'static str)];

    fn with(vars: Vars, dialect: DialectId, styles: &[Style]) -> Result<Proof, String> {
        let env = move |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let sources = Sources { env: &env, profile: None, home: None };
        prove("ecs1", dialect, styles, &sources).map_err(|e| e.to_string())
    }

    const LOGIN: Vars = &[("ECS_USERNAME", "root"), ("ECS_PASSWORD", "s3cret")];
    const BOTH: Vars = &[
        ("ECS_USERNAME", "root"),
        ("ECS_PASSWORD", "s3cret"),
        ("IAMSPEC_USER", "tester"),
        ("IAMSPEC_PASSWORD", "other"),
        ("AWS_ACCESS_KEY_ID", "A"),
        ("AWS_SECRET_ACCESS_KEY", "a"),
    ];

    #[test]
    fn the_styles_say_what_is_needed() {
        let proof = with(BOTH, DialectId::Ecs, &[Style::Query, Style::Form]).unwrap();
        assert_eq!((proof.login().map(|l| l.user.as_str()), proof.key()), (Some("tester"), None));
        let proof = with(BOTH, DialectId::Ecs, &[Style::Sigv4]).unwrap();
        assert_eq!((proof.login(), proof.key().map(|k| k.secret.as_str())), (None, Some("a")));
        let proof = with(BOTH, DialectId::Ecs, &[Style::Sigv4, Style::Form]).unwrap();
        assert!(proof.login().is_some() && proof.key().is_some());
        let proof = with(LOGIN, DialectId::Ecs, &[Style::Query]).unwrap();
        assert_eq!(proof.login().map(|l| (l.user.as_str(), l.password.as_str())), Some(("root", "s3cret")));
        assert!(with(LOGIN, DialectId::Ecs, &[Style::Query, Style::Sigv4]).unwrap_err().contains("AWS_ACCESS_KEY_ID"));
        assert!(with(BOTH, DialectId::Aws, &[Style::Form]).unwrap().login().is_none());
    }

    #[test]
    fn what_is_missing_is_said_and_no_password() {
        for (vars, parts) in [
            (&[][..], ["IAMSPEC_USER and IAMSPEC_PASSWORD (not set)", "ECS_USERNAME and ECS_PASSWORD (not set)", "--style sigv4"]),
            (&[("ECS_PASSWORD", "s3cret")], ["ecs1", "ECS_USERNAME (not set, though ECS_PASSWORD is)", "set ECS_USERNAME"]),
            (&[("ECS_USERNAME", "a:b"), ("ECS_PASSWORD", "s3cret")], ["ecs1", "ECS_USERNAME (holds a colon", "set ECS_USERNAME"]),
        ] {
            let why = with(vars, DialectId::Ecs, &[Style::Query]).unwrap_err();
            assert!(parts.iter().all(|part| why.contains(part)) && !why.contains("s3cret"), "{why}");
        }
        let why = with(LOGIN, DialectId::Aws, &[Style::Form]).unwrap_err();
        assert!(why.contains("AWS_ACCESS_KEY_ID") && why.ends_with("or say --dialect ecs to log in"), "{why}");
    }
}
