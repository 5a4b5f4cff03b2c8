//! Expressions as command-line arguments, and their section in the help.

/// The syntax of expressions, for the help of commands that take one.
pub const EXPRESSIONS: &str = "\
Expressions:
  ukraine (defence OR \"armed forces\") -sport
                              words, phrases, OR, NOT; adjacent terms mean AND
  a | b   a || b   a && b     other operators; lang:en|de is lang:(en OR de)
  nuclear*   /re.?gex/i       prefixes, regular expressions
  NEAR(a b, 5)                at most five words in between
  wifi  us  obrien  3000  🚀  also match Wi-Fi, U.S., O'Brien, 3,000
  title: body: author: category: agency: feed: tag: lang: site: url: topic:
                              a word, phrase, regex or (group) in a field
  since:7d  since:yesterday   by arrival; dates and days (today, yesterday,
  until:2030-01-31            monday ... sunday) begin at midnight UTC
  copies>=3   words>=200      by number; also feeds>=3";

/// Joins the words of a command line into one expression. Removes the spaces that [`super::leading_dash`] added.
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
