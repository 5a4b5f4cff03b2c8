//! `newswire open`: opens the page of a story in a browser. Only http and https URLs, and never through a shell.

use std::process::{Command, Stdio};

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::lookup;
use crate::model::WebUrl;

/// The program that opens a URL if `$BROWSER` is not set.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// `newswire open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Id of a story or copy or its first characters, or URL of a copy
    #[arg(value_name = "ID|URL")]
    pub story: String,
}

/// Runs `newswire open`. If no browser can be started, prints the URL.
pub fn open(cx: &mut Context, args: &OpenArgs) -> Result<(), Failure> {
    let reads = cx.reads()?;
    let story = lookup::story_view(&reads, &args.story)?;
    let url = story
        .url
        .as_deref()
        .and_then(|url| WebUrl::parse(url).ok())
        .ok_or_else(|| {
            Failure::missing(format!(
                "{:?} has no URL; `newswire show {}` shows the story",
                story.title,
                lookup::short(&story.id.to_string())
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
    // xdg-open reports every browser that it did not find.
    if opens(&[OPENER.to_owned(), url.to_string()], Stdio::null()) {
        return Ok(());
    }
    cx.out.line(url.as_str())
}

/// One entry of `$BROWSER`, split at spaces. `%s` is replaced by the URL; without it, the URL is appended.
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

/// Runs the program, which may use this terminal; returns whether it succeeded.
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
