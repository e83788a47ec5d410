//! Did-you-mean: the known word closest to a misspelt one.

/// The closest of `known` to `word`, where one is close enough to be meant. Case does not count as a difference.
pub fn closest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let folded = word.to_lowercase();
    let score = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let edits = strsim::damerau_levenshtein(&folded, &candidate);
        // A word that only lacks its end ("paths" for "path-prefix") is meant as often as one with a letter exchanged.
        let near = edits <= 1 + folded.chars().count() / 4 || strsim::jaro_winkler(&folded, &candidate) > 0.9;
        near.then_some(edits)
    };
    known.into_iter().filter_map(|k| score(k).map(|s| (s, k))).min_by_key(|(s, _)| *s).map(|(_, k)| k)
}

/// `did you mean …?`, where there is something to suggest.
pub fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    closest(word, known).map(|k| format!("did you mean `{k}`?"))
}

/// The words as a list for people: `a, b or c`.
pub fn one_of<'k>(known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match known.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_wins_and_a_foreign_one_gets_none() {
        let known = ["title", "tags", "serial", "requirement"];
        assert_eq!(closest("titel", known), Some("title"));
        assert_eq!(closest("Requirements", known), Some("requirement"));
        assert_eq!(closest("banana", known), None);
        assert_eq!(did_you_mean("tag", known).as_deref(), Some("did you mean `tags`?"));
    }

    #[test]
    fn lists_read_like_prose() {
        assert_eq!(one_of(["a"]), "a");
        assert_eq!(one_of(["a", "b", "c"]), "a, b or c");
    }
}
