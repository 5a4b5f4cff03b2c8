//! `newswire extract`: prints the article that newswire extracts from a web page; nothing is fetched or stored. Hidden from the
//! help: it is for measurements and for debugging wrong full texts.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::json;
use super::parse::{Request, batch, each, on_known_stack, read};
use crate::model::{Time, WebUrl};
use crate::normalize::boilerplate::{self, Boilerplate};
use crate::normalize::page;
use crate::parse::charset;
use crate::text::html_text;

/// The default base of relative URLs.
const NOWHERE: &str = "http://localhost/";

/// `newswire extract`.
#[derive(Debug, Args)]
pub struct ExtractArgs {
    /// URL of the page after redirects
    #[arg(long, value_name = "URL", conflicts_with = "batch")]
    pub url: Option<WebUrl>,
    /// Read requests from stdin, one per line: {"file":…,"url":…|null,"content_type":…|null}; print one line for each, the
    /// object or {"error":…}
    #[arg(long, conflicts_with = "files")]
    pub batch: bool,
    /// Pages; - for stdin
    #[arg(value_name = "FILE", required_unless_present = "batch")]
    pub files: Vec<PathBuf>,
}

/// The output for one page.
#[derive(Serialize)]
struct Extracted {
    #[serde(serialize_with = "json::path")]
    file: PathBuf,
    title: Option<String>,
    byline: Option<String>,
    date: Option<Time>,
    language: Option<String>,
    text: String,
    html: String,
}

/// Runs `newswire extract`.
pub fn extract(cx: &mut Context, args: &ExtractArgs) -> Result<(), Failure> {
    let out = &mut cx.out;
    on_known_stack(|| {
        if args.batch {
            batch(out, |request: Request| {
                let url = request.url.and_then(|url| WebUrl::parse(&url).ok());
                extracted(&request.file, url, request.content_type.as_deref())
            })
        } else {
            each(out, &args.files, |file| {
                extracted(file, args.url.clone(), None)
            })
        }
    })
}

fn extracted(
    file: &Path,
    url: Option<WebUrl>,
    content_type: Option<&str>,
) -> Result<Extracted, Failure> {
    let nothing = |what: &str| Failure::new(Exit::BadInput, format!("{}: {what}", file.display()));
    let url = match url {
        Some(url) => url,
        None => WebUrl::parse(NOWHERE).map_err(|e| nothing(&e.to_string()))?,
    };
    let bytes = read(file)?;
    let page = charset::page_to_text(&bytes, content_type);
    let page = page::read(&page, &url).ok_or_else(|| nothing("no article found"))?;
    let html = boilerplate::without(&page.html, &Boilerplate::default());
    Ok(Extracted {
        file: file.to_owned(),
        title: page.title,
        byline: (!page.authors.is_empty()).then(|| page.authors.join(", ")),
        date: page.published,
        language: page.language,
        text: html_text::from_html(&html),
        html: html.into_owned(),
    })
}
