//! `newswire open`: the page of a story in a browser. Only http and https URLs, and never through a shell.

use std::process::{Command, Stdio};

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::lookup;
use crate::model::WebUrl;

/// What opens a URL where `$BROWSER` names nothing.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// `newswire open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// The story's id or the beginning of it, the id of a copy, or the URL of a copy
    #[arg(value_name = "ID|URL")]
    pub story: String,
}

/// Runs `newswire open`. Where there is no browser, the URL is printed.
pub fn open(cx: &mut Context, args: &OpenArgs) -> Result<(), Failure> {
    let reads = cx.reads()?;
    let id = lookup::story(&reads, &args.story)?;
    let story = reads
        .story(id)?
        .ok_or_else(|| Failure::missing(format!("the story {id} is gone")))?;
    let url = story
        .url
        .as_deref()
        .and_then(|url| WebUrl::parse(url).ok())
        .ok_or_else(|| {
            Failure::missing(format!(
                "{:?} has no page; `newswire show {}` prints it",
                story.title,
                lookup::short(&id.to_string())
            ))
        })?;
    let browser = std::env::var("BROWSER").unwrap_or_default();
    let named = browser
        .split(':')
        .map(|one| words_of(one, &url))
        .filter(|words| !words.is_empty());
    for words in named {
        if opens(&words, Stdio::inherit()) {
            return Ok(());
        }
    }
    // It says at length which browsers it did not find.
    if opens(&[OPENER.to_owned(), url.to_string()], Stdio::null()) {
        return Ok(());
    }
    cx.out.line(url.as_str())
}

/// One entry of `$BROWSER`, taken apart at spaces: `%s` stands for the URL, which else comes last.
fn words_of(entry: &str, url: &WebUrl) -> Vec<String> {
    let mut words: Vec<String> = entry
        .split_whitespace()
        .map(|word| word.replace("%s", url.as_str()))
        .collect();
    if !words.is_empty() && !entry.contains("%s") {
        words.push(url.to_string());
    }
    words
}

/// Whether the program could be started and ended well. It may be one that runs in this terminal.
fn opens(words: &[String], complaints: Stdio) -> bool {
    let Some((program, rest)) = words.split_first() else {
        return false;
    };
    let status = Command::new(program).args(rest).stderr(complaints).status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_stands_where_the_browser_wants_it() {
        let url = WebUrl::parse("https://a.example/x?a=%s").unwrap();
        let shown = url.as_str();
        assert_eq!(words_of("w3m", &url), ["w3m", shown]);
        assert_eq!(
            words_of("firefox --new-tab %s -x", &url),
            ["firefox", "--new-tab", shown, "-x"]
        );
        assert!(words_of(" ", &url).is_empty());
    }
}
