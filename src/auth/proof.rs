//! What the main principal of a target proves itself with.

use super::Credentials;
use super::ecs_token::Login;

/// An access key, or a login. Neither ever appears in output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Every request is signed.
    Key(Credentials),
    /// Requests carry the token that a login hands out.
    Login {
        /// User and password.
        login: Login,
        /// What requests of style sigv4 are signed with; none: they cannot be sent.
        key: Option<Credentials>,
    },
}

impl Proof {
    /// The access key, where there is one.
    pub fn key(&self) -> Option<&Credentials> {
        match self {
            Proof::Key(key) => Some(key),
            Proof::Login { key, .. } => key.as_ref(),
        }
    }

    /// The login, where there is one.
    pub fn login(&self) -> Option<&Login> {
        match self {
            Proof::Key(_) => None,
            Proof::Login { login, .. } => Some(login),
        }
    }

    /// Everything in it that must not appear in output.
    pub fn secrets(&self) -> Vec<String> {
        let key = self.key().into_iter().flat_map(|key| std::iter::once(key.secret.clone()).chain(key.session_token.clone()));
        let login = self.login().into_iter().flat_map(|login| [login.password.clone(), login.basic()]);
        key.chain(login).collect()
    }
}

impl From<Credentials> for Proof {
    fn from(key: Credentials) -> Proof {
        Proof::Key(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_shown_is_known_and_not_shown() {
        let key = Credentials { access_key_id: "A".into(), secret: "s3cret".into(), session_token: Some("t0ken".into()) };
        let login = Login { user: "Aladdin".into(), password: "open sesame".into() };
        let proof = Proof::Login { login, key: Some(key.clone()) };
        // The third is the example of RFC 7617.
        assert_eq!(proof.secrets(), ["s3cret", "t0ken", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]);
        let shown = format!("{proof:?}");
        assert!(proof.secrets().iter().all(|secret| !shown.contains(secret.as_str())), "{shown}");
        assert_eq!((Proof::from(key).login(), proof.key().is_some()), (None, true));
    }
}
