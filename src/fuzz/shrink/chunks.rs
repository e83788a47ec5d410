//! Delta debugging over steps.

use std::collections::BTreeSet;

use super::search::{Search, Tried};
use crate::case::Case;

/// Takes away halves of the steps, then quarters, down to single ones, for as long as any of them can go.
pub(super) async fn reduce<C, S>(search: &mut Search<C, S>)
where
    C: Fn(&Case) -> usize,
    S: AsyncFnMut(&Case) -> Tried,
{
    let mut parts = 2;
    loop {
        let others: Vec<usize> = (0..search.best.steps.len()).filter(|i| *i != search.at).collect();
        if others.is_empty() {
            return;
        }
        let size = others.len().div_ceil(parts);
        let mut reduced = false;
        // From the end: what comes last was made of what came before it, and goes without it.
        for chunk in others.rchunks(size) {
            let chunk: BTreeSet<usize> = chunk.iter().copied().collect();
            if search.without(&chunk).await {
                reduced = true;
                break;
            }
        }
        match reduced {
            true => parts = (parts - 1).max(2),
            false if size == 1 => return,
            false => parts = (parts * 2).min(others.len()),
        }
    }
}
