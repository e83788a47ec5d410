//! Decisions out of bytes. Where the bytes have run out every decision is the first one, and nothing that is a matter of chance happens.

use arbitrary::Unstructured;

/// Bytes, being used up.
pub(super) struct Bits<'a>(Unstructured<'a>);

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8]) -> Bits<'a> {
        Bits(Unstructured::new(bytes))
    }

    /// Whether any are left.
    pub fn left(&self) -> bool {
        !self.0.is_empty()
    }

    /// A number below `n`; 0 where `n` is.
    pub fn below(&mut self, n: usize) -> usize {
        if n < 2 { 0 } else { self.0.int_in_range(0..=n - 1).unwrap_or(0) }
    }

    /// True in that many of 100 cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) + percent >= 100
    }

    /// One of them; none of none.
    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        from.get(self.below(from.len()))
    }

    /// One of several texts.
    pub fn text(&mut self, from: &[&'static str]) -> &'static str {
        self.pick(from).copied().unwrap_or_default()
    }

    /// Index of one of them, each as likely as its weight says.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut rest = self.below(weights.iter().sum());
        for (i, weight) in weights.iter().enumerate() {
            if rest < *weight {
                return i;
            }
            rest -= weight;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_bytes_every_decision_is_the_first_and_nothing_happens_by_chance() {
        let mut none = Bits::new(&[]);
        assert_eq!((none.below(7), none.weighted(&[1, 9]), none.chance(99), none.text(&["a", "b"])), (0, 0, false, "a"));
        assert!(none.chance(100) && none.pick::<u8>(&[]).is_none());
        let mut some = Bits::new(&[99, 0, 200]);
        assert!(some.chance(1) && !some.chance(99) && some.left());
        assert!(some.below(3) < 3 && !some.left());
    }
}
