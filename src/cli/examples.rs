//! Examples for the help of each command: what a person would type first. Each one must be readable by the parser, which a
//! test sees to.

/// The examples of a command (`list`, `topic test`), one a line.
pub fn of(command: &str) -> Option<&'static [&'static str]> {
    EXAMPLES
        .iter()
        .find(|(name, _)| *name == command)
        .map(|(_, lines)| *lines)
}

const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "run",
        &[
            "newswire run                      poll the feeds, serve http://127.0.0.1:8390/",
            "newswire run --no-fetch           serve what is stored",
        ],
    ),
    (
        "demo",
        &[
            "newswire demo                     then open http://127.0.0.1:8390/",
            "newswire demo --listen 127.0.0.1:8400",
        ],
    ),
    (
        "fetch",
        &[
            "newswire fetch                    poll what is due",
            "newswire fetch lwn bbc            these two, due or not",
        ],
    ),
    (
        "add",
        &[
            "newswire add lwn.net              a page: its feed is found",
            "newswire add https://example.org/feed.xml --folder news/world --tag daily",
        ],
    ),
    ("remove", &["newswire remove lwn"]),
    ("pause", &["newswire pause lwn bbc"]),
    (
        "set",
        &[
            "newswire set lwn title=LWN tags=linux,weekly",
            "newswire set lwn interval=2h      interval= goes back to newswire's own plan",
        ],
    ),
    (
        "feeds",
        &[
            "newswire feeds --failing          what fails, and what to do about it",
            "newswire feeds --why-next --folder news",
        ],
    ),
    (
        "import",
        &["newswire import subscriptions.opml && newswire fetch"],
    ),
    ("export", &["newswire export > subscriptions.opml"]),
    (
        "list",
        &[
            "newswire list --since yesterday",
            "newswire list 'ukraine -sport' --topic world -n 20",
            "newswire list --follow --fields arrived,feed.title,title",
            "newswire list --published-since monday --format csv > week.csv",
        ],
    ),
    (
        "search",
        &[
            "newswire search '\"armed forces\" title:kyiv'",
            "newswire search 'nuclear* copies>=3' --since 7d --folder news",
        ],
    ),
    (
        "show",
        &[
            "newswire show 4f1c                any beginning of an id that is unique",
            "newswire show https://example.org/article.html --text",
        ],
    ),
    ("open", &["newswire open 4f1c"]),
    ("explain", &["newswire explain 4f1c"]),
    (
        "split",
        &[
            "newswire split 4f1c 9a0b          the copy 9a0b is another story",
            "newswire split 4f1c --each        all its copies are different stories",
        ],
    ),
    (
        "join",
        &["newswire join 4f1c 77e2           they are one story"],
    ),
    (
        "topic test",
        &["newswire topic test 'ukraine -sport' --since 7d"],
    ),
    ("topic explain", &["newswire topic explain world 4f1c"]),
    (
        "emit",
        &[
            "newswire emit world > world.atom",
            "newswire emit all --format jsonfeed --out all.json",
        ],
    ),
    ("render", &["newswire render --out /var/www/news"]),
    (
        "parse",
        &[
            "newswire parse feed.xml           what newswire makes of a file",
            "newswire parse https://example.org/feed.xml",
        ],
    ),
    (
        "check",
        &["newswire check --print            every value and where it comes from"],
    ),
    ("backup", &["newswire backup /var/backups/newswire.db"]),
    (
        "completions",
        &["newswire completions fish > ~/.config/fish/completions/newswire.fish"],
    ),
];

#[cfg(test)]
mod tests {
    use super::super::help;
    use super::EXAMPLES;

    /// Words as a shell would part them, up to a remark, a redirection or the next command.
    fn words(line: &str) -> Vec<String> {
        let line = line.split("   ").next().unwrap_or_default();
        let line = line.split(" > ").next().unwrap_or_default();
        let line = line.split(" && ").next().unwrap_or_default();
        let mut words = vec![String::new()];
        let mut quoted = false;
        for c in line.chars() {
            match c {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                c => words.last_mut().unwrap().push(c),
            }
        }
        words
    }

    #[test]
    fn every_example_is_a_command_line() {
        for (name, lines) in EXAMPLES {
            for line in *lines {
                let read = help::command().try_get_matches_from(words(line));
                assert!(read.is_ok(), "{line}: {read:?}");
                assert!(line.contains(&format!("newswire {name}")), "{line}");
                assert!(line.chars().count() <= 78, "{line}");
            }
        }
    }
}
