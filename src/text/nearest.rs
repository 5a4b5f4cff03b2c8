//! "Did you mean …?": the known name that a wrong one is most similar to. The one place that decides how similar two names must
//! be for a suggestion, for configuration keys, topics, query fields and addresses alike.

/// Minimum Jaro-Winkler similarity (0 to 1) for a suggestion.
const SIMILARITY_MIN: f64 = 0.75;

/// The name most similar to `wrong`, or `None` if none is similar. Case does not count, nor whether words are joined by `-` or
/// `_`.
pub fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let wrong = normalized(wrong);
    names
        .map(|name| (strsim::jaro_winkler(&wrong, &normalized(name)), name))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

fn normalized(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similar_name_is_suggested_and_no_other() {
        let names = || ["max_interval", "Title", "world-news"].into_iter();
        assert_eq!(nearest("max-intervall", names()), Some("max_interval"));
        assert_eq!(nearest("TITEL", names()), Some("Title"));
        assert_eq!(nearest("world_new", names()), Some("world-news"));
        assert_eq!(nearest("xyz", names()), None);
        assert_eq!(nearest("title", std::iter::empty()), None);
    }
}
