//! Login tokens of the reference's ECS: handed out, checked, dropped. Pure; time comes in through the call.

use std::collections::{BTreeMap, BTreeSet};

use super::Ids;

/// Seconds that a token lives.
pub const LIFE: i64 = 8 * 60 * 60;

/// Seconds after which a token that nobody uses is no longer good.
pub const IDLE: i64 = 2 * 60 * 60;

/// Tokens that a user has at a time.
pub const PER_USER: usize = 100;

/// The tokens that are out.
#[derive(Debug, Default)]
pub struct Tokens {
    live: BTreeMap<String, Entry>,
    /// Expired, and not yet told so.
    expired: BTreeSet<String>,
    /// Uses after which a token expires; none: only time does it.
    uses: Option<u32>,
}

#[derive(Debug)]
struct Entry {
    user: String,
    issued: i64,
    used: i64,
    uses: u32,
}

/// What a token is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Good: the user it belongs to.
    Good(String),
    /// It has just been found to have expired; the next time it is unknown.
    Expired,
    /// Never handed out, dropped, or expired for long.
    Unknown,
}

/// A user has as many tokens as a user can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Tokens {
    /// Tokens that expire after so many uses, as no ECS has them: for clients to show how they cope.
    pub fn lasting(uses: Option<u32>) -> Tokens {
        Tokens { uses, ..Tokens::default() }
    }

    /// Hands out a token for `user` at `now` (seconds since 1970).
    ///
    /// # Errors
    /// When the user has [`PER_USER`] tokens that are good.
    pub fn issue(&mut self, user: &str, now: i64, ids: &mut Ids) -> Result<String, TooMany> {
        self.expire(now);
        if self.live.values().filter(|entry| entry.user == user).count() >= PER_USER {
            return Err(TooMany);
        }
        let token = format!("{}{}", ids.secret(), ids.secret());
        self.live.insert(token.clone(), Entry { user: user.to_owned(), issued: now, used: now, uses: 0 });
        Ok(token)
    }

    /// What a token is worth at `now`. To be asked is to be used.
    pub fn check(&mut self, token: &str, now: i64) -> Standing {
        self.expire(now);
        if self.expired.remove(token) {
            return Standing::Expired;
        }
        match self.live.get_mut(token) {
            Some(entry) if self.uses.is_some_and(|most| entry.uses >= most) => {
                self.live.remove(token);
                Standing::Expired
            }
            Some(entry) => {
                entry.used = entry.used.max(now);
                entry.uses += 1;
                Standing::Good(entry.user.clone())
            }
            None => Standing::Unknown,
        }
    }

    /// Ends a token.
    pub fn drop_one(&mut self, token: &str) {
        self.live.remove(token);
    }

    /// Ends every token of a user.
    pub fn drop_all(&mut self, user: &str) {
        self.live.retain(|_, entry| entry.user != user);
    }

    fn expire(&mut self, now: i64) {
        let over = |entry: &Entry| now - entry.issued >= LIFE || now - entry.used >= IDLE;
        let ended = self.live.iter().filter(|(_, entry)| over(entry)).map(|(token, _)| token.clone());
        self.expired.extend(ended);
        self.live.retain(|_, entry| !over(entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn good() -> Standing {
        Standing::Good("root".into())
    }

    #[test]
    fn a_token_is_good_until_it_is_dropped() {
        let (mut tokens, mut ids) = (Tokens::default(), Ids::new(1));
        let first = tokens.issue("root", NOW, &mut ids).expect("a token");
        let second = tokens.issue("root", NOW, &mut ids).expect("a token");
        assert_ne!(first, second);
        assert_eq!(tokens.check(&first, NOW), good());
        tokens.drop_one(&first);
        assert_eq!((tokens.check(&first, NOW), tokens.check(&second, NOW)), (Standing::Unknown, good()));
        assert_eq!(tokens.check("", NOW), Standing::Unknown);
    }

    #[test]
    fn dropping_all_is_one_users_matter() {
        let (mut tokens, mut ids) = (Tokens::default(), Ids::new(1));
        let mine = [(); 3].map(|()| tokens.issue("root", NOW, &mut ids).expect("a token"));
        let other = tokens.issue("admin", NOW, &mut ids).expect("a token");
        tokens.drop_all("root");
        assert!(mine.iter().all(|token| tokens.check(token, NOW) == Standing::Unknown));
        assert_eq!(tokens.check(&other, NOW), Standing::Good("admin".into()));
    }

    #[test]
    fn a_token_lives_for_eight_hours_however_often_it_is_used() {
        let (mut tokens, mut ids) = (Tokens::default(), Ids::new(1));
        let token = tokens.issue("root", NOW, &mut ids).expect("a token");
        for hour in 0..8 {
            assert_eq!(tokens.check(&token, NOW + hour * 3600), good());
        }
        assert_eq!(tokens.check(&token, NOW + LIFE - 1), good());
        assert_eq!(tokens.check(&token, NOW + LIFE), Standing::Expired);
        assert_eq!(tokens.check(&token, NOW + LIFE), Standing::Unknown, "it is said once");
    }

    #[test]
    fn an_idle_token_expires_after_two_hours() {
        let (mut tokens, mut ids) = (Tokens::default(), Ids::new(1));
        let token = tokens.issue("root", NOW, &mut ids).expect("a token");
        assert_eq!(tokens.check(&token, NOW + IDLE - 1), good());
        assert_eq!(tokens.check(&token, NOW + IDLE), good(), "using it starts the time anew");
        assert_eq!(tokens.check(&token, NOW + 2 * IDLE), Standing::Expired);
    }

    #[test]
    fn a_token_can_be_made_to_expire_by_its_use() {
        let (mut tokens, mut ids) = (Tokens::lasting(Some(2)), Ids::new(1));
        let token = tokens.issue("root", NOW, &mut ids).expect("a token");
        let standings = [(); 4].map(|()| tokens.check(&token, NOW));
        assert_eq!(standings, [good(), good(), Standing::Expired, Standing::Unknown]);
    }

    #[test]
    fn a_user_has_a_hundred_tokens_and_expired_ones_do_not_count() {
        let (mut tokens, mut ids) = (Tokens::default(), Ids::new(1));
        for _ in 0..PER_USER {
            tokens.issue("root", NOW, &mut ids).expect("a token");
        }
        assert_eq!((tokens.issue("root", NOW, &mut ids), tokens.live.len()), (Err(TooMany), PER_USER));
        assert!(tokens.issue("admin", NOW, &mut ids).is_ok());
        assert!(tokens.issue("root", NOW + IDLE, &mut ids).is_ok());
        assert_eq!(tokens.live.len(), 1);
    }
}
