//! `newswire parse`: prints a feed document as newswire reads it; nothing is stored. Files need no configuration and no network; a
//! URL is fetched once, under the rules of the configuration.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::{Out, print_error};
use super::{runtime, terminal_escape};
use crate::config;
use crate::fetch::ACCEPT_FEEDS;
use crate::model::{ParsedFeed, WebUrl};
use crate::parse::{ParseContext, parse as parse_document};

/// Stack size of the thread that parses documents, in bytes: the limit on nesting assumes it.
const STACK_BYTES: usize = 16 << 20;

/// Maximum size of a document, in bytes. The daemon's limit is `fetch.max_body_bytes`.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;

/// Maximum size of a request line of `--batch`, in bytes.
const REQUEST_BYTES_MAX: u64 = 1 << 20;

/// `newswire parse`.
#[derive(Debug, Args)]
pub struct ParseArgs {
    /// Print JSON, one object per file; this is the only format
    #[arg(long)]
    pub json: bool,
    /// URL of the document after redirects: the base of relative URLs
    #[arg(long, value_name = "URL", conflicts_with = "batch")]
    pub url: Option<WebUrl>,
    /// Content-Type header of the document
    #[arg(long, value_name = "CT", conflicts_with = "batch")]
    pub content_type: Option<String>,
    /// Read requests from stdin, one per line: {"file":…,"url":…|null,"content_type":…|null}; print one line for each,
    /// the object or {"error":…}
    #[arg(long, conflicts_with = "files")]
    pub batch: bool,
    /// Documents: files, - for stdin, or URLs, each of which is fetched once
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

/// The URL that was given instead of a file, if any.
fn url_of(file: &Path) -> Result<Option<WebUrl>, Failure> {
    let Some(text) = file.to_str().filter(|text| text.contains("://")) else {
        return Ok(None);
    };
    WebUrl::parse(text).map(Some).map_err(|e| {
        let shown = terminal_escape::without_password(text);
        Failure::usage(format!("cannot parse {shown:?}: {e}"))
    })
}

/// Runs `work` on a thread with a known stack size.
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

/// Prints the result of `answer` for each file, one per line.
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
                // The other files are still processed.
                print_error(&format!("newswire: {}", terminal_escape::line(&message)));
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

/// Prints one line for each request on stdin.
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
            "a request must be at most {REQUEST_BYTES_MAX} bytes long"
        ));
    }
    serde_json::from_slice(line).map_err(|e| format!("invalid request: {e}"))
}

fn feed_of(file: &Path, bytes: &[u8], context: &ParseContext) -> Result<ParsedFeed, Failure> {
    parse_document(bytes, context)
        .map_err(|e| Failure::new(Exit::BadInput, format!("{}: {e}", file.display())))
}

/// Reads a whole file, or stdin.
pub fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    read_up_to(file, DOCUMENT_BYTES_MAX)
}

/// Reads a whole file, or stdin. More than `limit` bytes are an error.
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
                "{}: longer than {} MiB, the maximum",
                file.display(),
                limit >> 20
            ),
        ));
    }
    Ok(bytes)
}
