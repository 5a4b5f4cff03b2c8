//! `newswire show`: a story with its copies.

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::humanize::count;
use super::lines::wrapped;
use super::times::Times;
use super::{lookup, terminal_escape};
use crate::api::StoryWithCopies;
use crate::model::{ArticleView, StoryView};

/// Maximum width of text, in columns: longer lines are hard to read.
const WIDTH_MAX: usize = 96;

/// `newswire show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Id of a story or copy or its first characters, or URL of a copy
    #[arg(value_name = "ID|URL")]
    pub story: String,
    /// Print only the body, as sanitized HTML
    #[arg(long, conflicts_with_all = ["text", "json"])]
    pub html: bool,
    /// Print only the body, as plain text
    #[arg(long, conflicts_with = "json")]
    pub text: bool,
    /// Print a JSON object, with every copy in full under "articles"
    #[arg(long)]
    pub json: bool,
}

/// Runs `newswire show`.
pub fn show(cx: &mut Context, args: &ShowArgs) -> Result<(), Failure> {
    let reads = cx.reads()?;
    let story = lookup::story_view(&reads, &args.story)?;
    if args.html {
        return cx
            .out
            .document(&story.content.content_html.unwrap_or_default());
    }
    if args.text {
        return cx.out.text(&story.content.content_text.unwrap_or_default());
    }
    let articles = reads.copies(story.id)?;
    if args.json {
        return cx.out.json(&StoryWithCopies {
            story,
            articles,
            next: None,
        });
    }
    cx.out.page();
    readable(cx, &story, &articles)
}

fn readable(cx: &mut Context, story: &StoryView, articles: &[ArticleView]) -> Result<(), Failure> {
    let width = cx.out.width.unwrap_or(WIDTH_MAX).min(WIDTH_MAX);
    cx.out.heading(&story.title)?;
    cx.out.line(&byline(story, &cx.times))?;
    cx.out.line(story.url.as_deref().unwrap_or("(no URL)"))?;
    let mut labels = story.topics.clone();
    labels.extend(story.tags.iter().cloned());
    if !labels.is_empty() {
        cx.out.line(&format!("[{}]", labels.join("] [")))?;
    }
    let text = story.content_text.as_deref().unwrap_or_default();
    if !begins_with(text, &story.summary) {
        cx.out.line("")?;
        cx.out.text(&wrapped(
            &terminal_escape::lines(&story.summary),
            width,
            "  ",
        ))?;
    }
    if !text.is_empty() {
        cx.out.line("")?;
        cx.out
            .text(&wrapped(&terminal_escape::lines(text), width, ""))?;
    }
    if !story.boilerplate.is_empty() {
        cx.out.line("")?;
        cx.out.line(&format!(
            "({} left out as boilerplate; `newswire explain {}` lists {})",
            count(story.boilerplate.len(), "paragraph"),
            story.id,
            if story.boilerplate.len() == 1 {
                "it"
            } else {
                "them"
            }
        ))?;
    }
    for file in &story.enclosures {
        cx.out.line("")?;
        cx.out.line(&format!(
            "{}  {}",
            file.mime.as_deref().unwrap_or("file"),
            file.url
        ))?;
    }
    cx.out.line("")?;
    if let [_] = articles {
        return cx.out.line(&format!("id {}, one copy", story.id));
    }
    cx.out
        .line(&format!("id {}, {} copies:", story.id, articles.len()))?;
    for copy in articles {
        let why = copy
            .same_as
            .as_ref()
            .map_or_else(|| "first seen".to_owned(), |same| same.in_words());
        cx.out.line(&format!(
            "  {}  {}, {why} (id {})",
            cx.times.exact(copy.arrived),
            copy.feed.title,
            lookup::short(&copy.id.to_string())
        ))?;
        cx.out.line(&format!("    {}", copy.title))?;
        let page = copy.url.as_deref().unwrap_or("(no URL)");
        cx.out.line(&format!("    {page}"))?;
    }
    Ok(())
}

/// Whether a text begins with its summary, which may be truncated and has no line ends.
fn begins_with(text: &str, summary: &str) -> bool {
    let summary = summary
        .trim_end_matches([']', ')'])
        .trim_end_matches(['.', '…', '[', '(', ' ', '\u{a0}']);
    let mut words = text.split_whitespace();
    let mut wanted = summary.split_whitespace().peekable();
    while let Some(word) = wanted.next() {
        let is_last = wanted.peek().is_none();
        match words.next() {
            Some(found) if found == word || (is_last && found.starts_with(word)) => {}
            _ => return false,
        }
    }
    true
}

/// The feed, the authors, the agencies and the time.
fn byline(story: &StoryView, times: &Times) -> String {
    let mut parts = vec![story.feed.title.clone()];
    let names: Vec<&str> = story
        .authors
        .iter()
        .filter_map(|a| a.name.as_deref())
        .collect();
    if !names.is_empty() {
        parts.push(names.join(", "));
    }
    if !story.agencies.is_empty() {
        parts.push(format!("with {}", story.agencies.join(", ")));
    }
    parts.push(times.full(story.published.unwrap_or(story.arrived)));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_that_the_body_begins_with_is_recognized() {
        let body = "Ten boats came in.\nThe harbour was full.";
        for summary in [
            "",
            "Ten boats came in.",
            "Ten boats came in. The harbour…",
            "Ten boats came in. The harb [...]",
            "Ten  boats came in. The harbour was full.",
        ] {
            assert!(begins_with(body, summary), "{summary:?}");
        }
        for summary in [
            "Eleven boats",
            "Ten boats came in. And more.",
            "Ten boats came in. The harbour was full. More",
        ] {
            assert!(!begins_with(body, summary), "{summary:?}");
        }
    }
}
