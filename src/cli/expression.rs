//! Expressions as arguments: their words joined, and what the help says about them.

/// The syntax of expressions, for the help of commands that take one.
pub const EXPRESSIONS: &str = "\
Expressions:
  ukraine (defence OR \"armed forces\") -sport
                              words, phrases, OR, NOT; side by side is AND
  a | b   a || b   a && b     the same; lang:en|de is lang:(en OR de)
  nuclear*   /re.?gex/i       beginnings, regular expressions
  NEAR(a b, 5)                at most five words between them
  wifi  us  obrien  3000  🚀  Wi-Fi, U.S., O'Brien, 3,000 too; emoji
  title: body: author: category: agency: feed: tag: lang: site: url: topic:
                              a word, phrase, regex or (group) there
  since:7d  since:yesterday   by arrival; a date or day (today, yesterday,
  until:2030-01-31            the last monday ... sunday) is its midnight UTC
  copies>=3   words>=200      by number; feeds>=3 too";

/// Joins the words of a command line to one expression. [`super::leading`] put a space before words that begin with `-`.
pub fn joined(words: &[String]) -> String {
    let words: Vec<&str> = words.iter().map(|word| word.trim()).collect();
    words.join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_line_are_one_expression() {
        let words = [" -covid vaccines", "a", " -b"].map(str::to_owned);
        assert_eq!(joined(&words), "-covid vaccines a -b");
        assert_eq!(joined(&[]), "");
    }
}
