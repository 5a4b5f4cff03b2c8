//! `newswire parse`: what newswire makes of a document; nothing is stored. Files need no configuration and no network; a URL is
//! fetched once, under the rules of the configuration.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::{Out, complain};
use super::{runtime, terminal_escape};
use crate::config;
use crate::fetch::ACCEPT_FEEDS;
use crate::model::{ParsedFeed, WebUrl};
use crate::parse::{ParseContext, parse as parse_document};

/// Stack of the thread that reads documents, in bytes: nesting is bounded for a stack of known size.
const STACK_BYTES: usize = 16 << 20;

/// Largest document read, in bytes; the daemon's own limit is `fetch.max_body_bytes`.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;

/// Longest request line of `--batch`, in bytes.
const REQUEST_BYTES_MAX: u64 = 1 << 20;

/// `newswire parse`.
#[derive(Debug, Args)]
pub struct ParseArgs {
    /// Print JSON, one object a file; there is no other shape
    #[arg(long)]
    pub json: bool,
    /// Where the document was found, after redirects: the base of relative URLs
    #[arg(long, value_name = "URL", conflicts_with = "batch")]
    pub url: Option<WebUrl>,
    /// The Content-Type header that came with it
    #[arg(long, value_name = "CT", conflicts_with = "batch")]
    pub content_type: Option<String>,
    /// Read requests from stdin, one a line: {"file":…,"url":…|null,"content_type":…|null}; answer each with one line,
    /// the object or {"error":…}
    #[arg(long, conflicts_with = "files")]
    pub batch: bool,
    /// The documents: files, - for stdin, or URLs, each of which is fetched once
    #[arg(value_name = "FILE|URL", required_unless_present = "batch")]
    pub files: Vec<PathBuf>,
}

/// One request of `--batch`.
#[derive(Deserialize)]
pub struct Request {
    /// The document.
    pub file: PathBuf,
    /// Where it was found.
    pub url: Option<String>,
    /// The Content-Type header that came with it.
    pub content_type: Option<String>,
}

/// Runs `newswire parse`.
pub fn parse(cx: &mut Context, args: &ParseArgs) -> Result<(), Failure> {
    let (out, clock, given) = (&mut cx.out, &cx.clock, &cx.given);
    let color = out.color_err;
    on_known_stack(|| {
        if args.batch {
            return batch(out, |request| {
                let context = ParseContext {
                    url: request.url.and_then(|url| WebUrl::parse(&url).ok()),
                    content_type: request.content_type,
                };
                feed_of(&request.file, &read(&request.file)?, &context)
            });
        }
        let context = ParseContext {
            url: args.url.clone(),
            content_type: args.content_type.clone(),
        };
        each(out, &args.files, |file| {
            let Some(url) = url_of(file)? else {
                return feed_of(file, &read(file)?, &context);
            };
            let config = config::load(given).map_err(|e| Failure::of_config(&e, color))?;
            let page = runtime::get(&config, clock, &url, ACCEPT_FEEDS)?;
            let context = ParseContext {
                url: context.url.clone().or(Some(page.url)),
                content_type: context.content_type.clone().or(page.content_type),
            };
            feed_of(Path::new(url.as_str()), &page.body, &context)
        })
    })
}

/// The URL that stands in the place of a file, if one does.
fn url_of(file: &Path) -> Result<Option<WebUrl>, Failure> {
    let Some(text) = file.to_str().filter(|text| text.contains("://")) else {
        return Ok(None);
    };
    WebUrl::parse(text).map(Some).map_err(|e| {
        let shown = terminal_escape::without_password(text);
        Failure::usage(format!("cannot parse {shown:?}: {e}"))
    })
}

/// Runs what reads documents on a thread of a stack of known size.
pub fn on_known_stack<T: Send>(
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("parse".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|e| Failure::new(Exit::Internal, format!("cannot start a thread: {e}")))?
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Prints what `answer` makes of each file, one a line.
pub fn each<T: Serialize>(
    out: &mut Out,
    files: &[PathBuf],
    answer: impl Fn(&Path) -> Result<T, Failure>,
) -> Result<(), Failure> {
    let mut first_failure = None;
    for file in files {
        match answer(file) {
            Ok(made) => out.json(&made)?,
            Err(Failure::Message(exit, message)) => {
                // The others are read all the same.
                complain(&format!("newswire: {}", terminal_escape::line(&message)));
                first_failure.get_or_insert(exit);
            }
            Err(other) => return Err(other),
        }
    }
    match first_failure {
        None => Ok(()),
        Some(exit) => Err(Failure::Quiet(exit)),
    }
}

/// Answers each request on stdin with one line.
pub fn batch<T: Serialize>(
    out: &mut Out,
    answer: impl Fn(Request) -> Result<T, Failure>,
) -> Result<(), Failure> {
    let mut requests = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut requests)
            .take(REQUEST_BYTES_MAX)
            .read_until(b'\n', &mut line)
            .map_err(|e| Failure::new(Exit::Failed, format!("cannot read stdin: {e}")))?;
        if read == 0 {
            return Ok(());
        }
        let answer = request(&line).and_then(|request| {
            answer(request).map_err(|failure| match failure {
                Failure::Message(_, message) => message,
                other => format!("{other:?}"),
            })
        });
        match answer {
            Ok(made) => out.json(&made)?,
            Err(error) => out.json(&serde_json::json!({ "error": error }))?,
        }
        out.flush()?;
    }
}

fn request(line: &[u8]) -> Result<Request, String> {
    if line.last() != Some(&b'\n') && line.len() as u64 == REQUEST_BYTES_MAX {
        return Err(format!(
            "a request is at most {REQUEST_BYTES_MAX} bytes long"
        ));
    }
    serde_json::from_slice(line).map_err(|e| format!("not a request: {e}"))
}

fn feed_of(file: &Path, bytes: &[u8], context: &ParseContext) -> Result<ParsedFeed, Failure> {
    parse_document(bytes, context)
        .map_err(|e| Failure::new(Exit::BadInput, format!("{}: {e}", file.display())))
}

/// A whole file, or stdin.
pub fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    read_up_to(file, DOCUMENT_BYTES_MAX)
}

/// The same up to `limit` bytes.
pub fn read_up_to(file: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let unreadable =
        |e: io::Error| Failure::missing(format!("cannot read {}: {e}", file.display()));
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)
    } else {
        File::open(file)
            .map_err(unreadable)?
            .take(limit + 1)
            .read_to_end(&mut bytes)
    }
    .map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(Failure::new(
            Exit::BadInput,
            format!(
                "{}: longer than {} MiB; nothing that long is read",
                file.display(),
                limit >> 20
            ),
        ));
    }
    Ok(bytes)
}
