//! Simpler malformed requests to try in place of one that shows a departure.

use super::twist::{Base, Malformed};

/// What to try next, the greatest step first: one twist instead of several, one less, the simplest call, half a size. Each is simpler than
/// `malformed`, so that whoever takes one and asks again comes to an end.
pub fn simpler(malformed: &Malformed) -> Vec<Malformed> {
    let twists = &malformed.twists;
    let with = |twists: Vec<_>| Malformed { twists, ..malformed.clone() };
    let mut tries = Vec::new();
    if twists.len() > 1 {
        tries.extend(twists.iter().map(|twist| with(vec![*twist])));
    }
    if twists.len() > 2 {
        tries.extend((0..twists.len()).map(|i| {
            let mut fewer = twists.clone();
            fewer.remove(i);
            with(fewer)
        }));
    }
    if malformed.base != Base::ListUsers {
        tries.push(Malformed { base: Base::ListUsers, ..malformed.clone() });
    }
    for (i, twist) in twists.iter().enumerate() {
        if let Some(smaller) = twist.halved() {
            let mut changed = twists.clone();
            changed[i] = smaller;
            tries.push(with(changed));
        }
    }
    tries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::wire::{Proof, Twist};

    /// Takes the first simpler one that still shows it, as long as there is one.
    fn shrunk(mut from: Malformed, shows: impl Fn(&Malformed) -> bool) -> Malformed {
        while let Some(next) = simpler(&from).into_iter().find(|m| shows(m)) {
            from = next;
        }
        from
    }

    #[test]
    fn what_does_not_matter_goes_and_sizes_come_down() {
        let twists = vec![Twist::NoHost, Twist::LongValue { length: 1_200_000 }, Twist::Value { index: 3 }];
        let from = Malformed { base: Base::CreatePolicy, proof: Proof::Right, twists };
        let long = |m: &Malformed| m.twists.iter().any(|t| matches!(t, Twist::LongValue { length } if *length > 70_000));
        let end = shrunk(from.clone(), long);
        assert_eq!((end.base, end.twists), (Base::ListUsers, vec![Twist::LongValue { length: 75_000 }]));
        let both = |m: &Malformed| m.twists.contains(&Twist::NoHost) && m.twists.contains(&Twist::Value { index: 3 });
        assert_eq!(shrunk(from, both).twists, [Twist::NoHost, Twist::Value { index: 3 }]);
    }
}
