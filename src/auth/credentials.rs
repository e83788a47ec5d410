//! What a request is signed with.

/// An access key. Its secret parts never appear in output: `Debug` hides them, and nothing displays or serializes them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret: String,
    /// Session token of temporary credentials.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_secrets() {
        let credentials = Credentials { access_key_id: "AKIA1".into(), secret: "s3cret".into(), session_token: Some("t0ken".into()) };
        assert_eq!(format!("{credentials:?}"), "Credentials { access_key_id: \"AKIA1\", .. }");
    }
}
