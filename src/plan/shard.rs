//! Sharing the cases of a run out among several processes or machines.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One of the parts that a run is divided into, as `2/4`: the second of four. Each case belongs to exactly one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// The `index`th of `count`; none unless 1 ≤ index ≤ count.
    pub fn new(index: u32, count: u32) -> Option<Shard> {
        (1..=count).contains(&index).then_some(Shard { index, count })
    }

    /// Which one, from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// Of how many.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether the case of that id belongs to this part. Only the id decides: a case that is added or removed moves no other.
    pub fn takes(self, case: &str) -> bool {
        let hash = Sha256::digest(case);
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        u64::from_be_bytes(first) % u64::from(self.count) == u64::from(self.index - 1)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        let (index, count) = parts.ok_or_else(|| format!("'{text}' is no part of a run: write 2/4 for the second of four"))?;
        Shard::new(index, count).ok_or_else(|| format!("there is no part {index} of {count}: they count from 1 to {count}"))
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Shard, String> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> String {
        shard.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::corpus::Corpus;

    #[test]
    fn parts_are_written_as_a_fraction() {
        assert_eq!("2/4".parse::<Shard>().unwrap().to_string(), "2/4");
        assert!("2".parse::<Shard>().unwrap_err().contains("write 2/4"));
        for none in ["0/4", "5/4", "0/0"] {
            assert!(none.parse::<Shard>().unwrap_err().starts_with("there is no part"), "{none}");
        }
        assert!(serde_json::from_str::<Shard>("\"5/4\"").is_err());
    }

    #[test]
    fn each_case_is_in_exactly_one_part_and_no_part_is_much_larger_than_another() {
        let corpus = Corpus::embedded().unwrap();
        for count in [1, 2, 7] {
            let mut sizes = vec![0; count as usize];
            for case in &corpus.cases {
                let of: Vec<u32> = (1..=count).filter(|i| Shard::new(*i, count).unwrap().takes(&case.id)).collect();
                assert_eq!(of.len(), 1, "{}", case.id);
                sizes[of[0] as usize - 1] += 1;
            }
            let fair = corpus.cases.len() / sizes.len();
            assert!(sizes.iter().all(|n| (fair / 2..=fair * 2).contains(n)), "{sizes:?}");
        }
    }

    #[test]
    fn a_case_stays_where_it_is_from_version_to_version() {
        let place = |case: &str| (1..=8).find(|i| Shard::new(*i, 8).unwrap().takes(case));
        assert_eq!(place("users/CreateUser/name-taken"), Some(4));
        assert_eq!(place("groups/ListGroups/path-prefix"), Some(5));
    }
}
