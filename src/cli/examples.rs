//! Examples for the help of each command. A test checks that each one is a valid command line.

/// The examples of a command (`list`, `topic test`); empty if there are none.
pub fn of(command: &str) -> Vec<&'static str> {
    all()
        .filter(|(name, _)| *name == command)
        .map(|(_, line)| line)
        .collect()
}

/// Every example with the name of its command.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut command = "";
    EXAMPLES
        .lines()
        .filter_map(move |line| match line.strip_prefix("  ") {
            Some(example) => Some((command, example)),
            None => {
                command = line.trim_end_matches(':');
                None
            }
        })
}

const EXAMPLES: &str = "\
run:
  newswire run                      poll feeds, serve http://127.0.0.1:8390/
  newswire run --no-fetch           only serve stored articles
demo:
  newswire demo                     then open http://127.0.0.1:8390/
  newswire demo --listen 127.0.0.1:8400
fetch:
  newswire fetch                    poll what is due
  newswire fetch lwn bbc            these two, due or not
mcp:
  newswire mcp                      a program starts it: see docs/mcp.md
add:
  newswire add lwn.net              a web page: newswire finds its feed
  newswire add https://example.org/feed.xml --folder news/world --tag daily
remove:
  newswire remove lwn
pause:
  newswire pause lwn bbc
set:
  newswire set lwn title=LWN tags=linux,weekly
  newswire set lwn interval=2h      interval= restores the automatic schedule
feeds:
  newswire feeds --failing          what fails, and what to do about it
  newswire feeds --why-next --folder news
import:
  newswire import subscriptions.opml && newswire fetch
export:
  newswire export > subscriptions.opml
list:
  newswire list --since yesterday
  newswire list 'ukraine -sport' --topic world -n 20
  newswire list --follow --fields arrived,feed.title,title
  newswire list --published-since monday --format csv > week.csv
top:
  newswire top --since 24h
  newswire top ukraine --since 6h --json
search:
  newswire search '\"armed forces\" title:kyiv'
  newswire search 'nuclear* copies>=3' --since 7d --folder news
show:
  newswire show 4f1c                any unique prefix of an id
  newswire show https://example.org/article.html --text
open:
  newswire open 4f1c
explain:
  newswire explain 4f1c
split:
  newswire split 4f1c 9a0b          the copy 9a0b is a different story
  newswire split 4f1c --each        all its copies are different stories
join:
  newswire join 4f1c 77e2           they are one story
topic test:
  newswire topic test 'ukraine -sport' --since 7d
topic explain:
  newswire topic explain world 4f1c
emit:
  newswire emit world > world.atom
  newswire emit all --format jsonfeed --out all.json
notify test:
  newswire notify test desk         one message to the target desk
notify log:
  newswire notify log --state failed
  newswire notify log desk --json
render:
  newswire render --out /var/www/news
parse:
  newswire parse feed.xml           how newswire reads a file
  newswire parse https://example.org/feed.xml
schema:
  newswire schema story             the object of `list --json`
  newswire schema openapi > openapi.json
check:
  newswire check --print            every value and where it comes from
backup:
  newswire backup /var/backups/newswire.db
completions:
  newswire completions fish > ~/.config/fish/completions/newswire.fish";

#[cfg(test)]
mod tests {
    use super::super::help;
    use super::all;

    /// Splits a line as a shell would, up to a remark, a redirection or the next command.
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
        assert!(all().count() > 30);
        for (name, line) in all() {
            let read = help::command().try_get_matches_from(words(line));
            assert!(read.is_ok(), "{line}: {read:?}");
            assert!(line.contains(&format!("newswire {name}")), "{line}");
            assert!(line.chars().count() <= 78, "{line}");
        }
    }
}
