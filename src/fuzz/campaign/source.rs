//! Where programs come from: a seed, and the corpus that was there at the beginning.

use crate::reference::Ids;

/// Bytes of a program made from nothing.
const LENGTH: usize = 800;

/// Gives the bytes of each program by its number: the same for the same seed and corpus.
#[derive(Clone, Debug)]
pub struct Source {
    seed: u64,
    corpus: Vec<Vec<u8>>,
}

impl Source {
    /// `corpus`: programs to vary; in their order.
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>) -> Source {
        Source { seed, corpus }
    }

    /// The bytes of program `number`. With a corpus, every other one is a program of the corpus with something changed.
    pub fn bytes(&self, number: u64) -> Vec<u8> {
        let mut ids = Ids::new(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        let mut below = |n: usize| usize::try_from(ids.next_u64() % n.max(1) as u64).unwrap_or_default();
        if self.corpus.is_empty() || number.is_multiple_of(2) {
            let mut fresh = Vec::with_capacity(LENGTH);
            while fresh.len() < LENGTH {
                fresh.push(u8::try_from(below(256)).unwrap_or_default());
            }
            return fresh;
        }
        let mut bytes = self.corpus[below(self.corpus.len())].clone();
        for _ in 0..=below(4) {
            let at = below(bytes.len());
            match below(4) {
                0 if !bytes.is_empty() => bytes[at] = u8::try_from(below(256)).unwrap_or_default(),
                1 => bytes.insert(at, u8::try_from(below(256)).unwrap_or_default()),
                2 => bytes.truncate(at.max(16)),
                _ => {
                    let other = &self.corpus[below(self.corpus.len())];
                    let from = below(other.len());
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
            }
        }
        bytes.truncate(4 * LENGTH);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_corpus_give_the_same_programs() {
        let corpus = vec![vec![1, 2, 3], Vec::new(), vec![9; 100]];
        let (one, two) = (Source::new(5, corpus.clone()), Source::new(5, corpus));
        assert!((0..200).all(|n| one.bytes(n) == two.bytes(n)));
        let plain = Source::new(5, Vec::new());
        assert_eq!(plain.bytes(4), one.bytes(4));
        assert_ne!(plain.bytes(5), one.bytes(5));
        assert_ne!(plain.bytes(4), Source::new(6, Vec::new()).bytes(4));
        assert_eq!(plain.bytes(1).len(), LENGTH);
    }
}
