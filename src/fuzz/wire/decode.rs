//! Bytes to a malformed request: total, so that seeded random numbers and kept inputs drive it alike.

use arbitrary::{Result, Unstructured};

use super::poison::{
    AUTHORIZATIONS, BODIES, BROKEN_HEADERS, CONTENT_TYPES, DATES, GARBAGE, HEADERS, METHODS, PAIRS, TARGETS, VALUES, VERSIONS,
};
use super::twist::{Base, Framing, Malformed, Proof, Twist};

/// Most twists of a request: more would only hide one another.
const TWISTS: usize = 3;

/// Lengths in characters: about the bounds that servers have.
const LENGTHS: [usize; 8] = [100, 1_000, 4_096, 8_192, 20_000, 65_536, 300_000, 1_200_000];

/// Counts of parameters and headers: likewise.
const COUNTS: [usize; 7] = [10, 64, 101, 300, 1_001, 5_000, 20_000];

/// The malformed request that `bytes` say. Never fails: bytes that run out leave it with fewer twists.
pub fn decode(bytes: &[u8]) -> Malformed {
    let mut u = Unstructured::new(bytes);
    let base = u.choose(&Base::ALL).copied().unwrap_or(Base::ListUsers);
    // Most are let in: what refuses the others at the door says little of what is behind it.
    let proof = if u.ratio(1, 6).unwrap_or(false) { Proof::None } else { Proof::Right };
    let mut twists = Vec::new();
    // Mostly one: what is wrong alone is seen most clearly.
    let count = u.choose(&[1, 1, 1, 1, 2, 2, TWISTS]).copied().unwrap_or(1);
    while twists.len() < count {
        match twist(&mut u) {
            Ok(twist) => twists.push(twist),
            Err(_) => break,
        }
        if u.is_empty() {
            break;
        }
    }
    Malformed { base, proof, twists }
}

fn twist(u: &mut Unstructured<'_>) -> Result<Twist> {
    let index = |u: &mut Unstructured<'_>, length: usize| u.choose_index(length);
    Ok(match u.int_in_range(0..=29)? {
        0..=3 => Twist::Value { index: index(u, VALUES.len())? },
        4 => Twist::ActionValue { index: index(u, VALUES.len())? },
        5..=7 => Twist::Pair { index: index(u, PAIRS.len())? },
        8 => Twist::LongValue { length: *u.choose(&LENGTHS)? },
        9 => Twist::LongName { length: *u.choose(&LENGTHS)? },
        10 => Twist::Many { count: *u.choose(&COUNTS)? },
        11 => Twist::Repeated { count: *u.choose(&COUNTS)? },
        12 => Twist::Deep { levels: *u.choose(&COUNTS)? },
        13 | 14 => Twist::Body { index: index(u, BODIES.len())? },
        15 | 16 => Twist::ContentType { index: index(u, CONTENT_TYPES.len())? },
        17 | 18 => Twist::Header { index: index(u, HEADERS.len())? },
        19 => Twist::LongHeader { length: *u.choose(&LENGTHS)? },
        20 => Twist::ManyHeaders { count: *u.choose(&COUNTS)? },
        21 => Twist::NoHost,
        22 => Twist::BrokenHeader { index: index(u, BROKEN_HEADERS.len())? },
        23 => Twist::Authorization { index: index(u, AUTHORIZATIONS.len())? },
        24 => Twist::Date { index: index(u, DATES.len())? },
        25 => Twist::Method { index: index(u, METHODS.len())? },
        26 if u.ratio(1, 4)? => Twist::LongTarget { length: *u.choose(&LENGTHS)? },
        26 => Twist::Target { index: index(u, TARGETS.len())? },
        27 if u.ratio(1, 2)? => Twist::Version { index: index(u, VERSIONS.len())? },
        27 => Twist::Garbage { index: index(u, GARBAGE.len())? },
        _ => Twist::Framing(*u.choose(&Framing::ALL)?),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::reference::Ids;

    #[test]
    fn any_bytes_are_a_request_and_the_same_bytes_are_the_same_one() {
        assert!(decode(&[]).twists.len() <= 1);
        arbtest::arbtest(|u| {
            let bytes = u.bytes(u.len())?;
            let one = decode(bytes);
            assert!(one.twists.len() <= TWISTS);
            assert_eq!(one, decode(bytes));
            Ok(())
        });
    }

    #[test]
    fn every_kind_of_twist_comes_up() {
        let mut numbers = Ids::new(1);
        let mut kinds = BTreeSet::new();
        for _ in 0..4_000 {
            let bytes: Vec<u8> = (0..8).flat_map(|_| numbers.next_u64().to_le_bytes()).collect();
            for twist in decode(&bytes).twists {
                let text = format!("{twist:?}");
                kinds.insert(text.split([' ', '{']).next().unwrap_or_default().to_owned());
            }
        }
        // As many as there are kinds, with each framing a kind of its own.
        assert_eq!(kinds.len(), 22 + Framing::ALL.len(), "{kinds:?}");
    }
}
