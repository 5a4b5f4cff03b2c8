//! Reads a whole configuration: finds the file, parses it, and reads its sections and lists. Reports all mistakes together.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::credentials::{self, Credentials};
use super::environment::Environment;
use super::mask::mask;
use super::overlay::Overlay;
use super::paths::{ConfigFlags, STATE_DIRECTORY, config_file, store_file};
use super::problem::{ConfigError, Invalid, Problem};
use super::reading::{Reading, SpannedTable};
use super::section::Section;
use super::sections::{
    read_dedup, read_fetch, read_schedule, read_server, read_store, read_websub,
};
use super::value::Value;
use super::{
    Config, DedupConfig, FetchConfig, Origin, SAMPLE, ScheduleConfig, ServerConfig, StoreConfig,
    WebSubConfig, feeds, notify, topics,
};

/// Maximum size of a configuration file, in bytes: some ten thousand feeds.
pub const CONFIG_BYTES_MAX: u64 = 8 << 20;

const SECTIONS: [&str; 6] = ["store", "server", "fetch", "schedule", "dedup", "websub"];

/// Finds, reads and checks the configuration for these flags and the environment of the process.
///
/// # Errors
/// [`ConfigError`].
pub fn load(flags: &ConfigFlags) -> Result<Config, ConfigError> {
    let env = Environment::of_process();
    if flags.sample {
        return read_text(SAMPLE, None, flags, &env);
    }
    match config_file(flags, &env) {
        None => read_text("", None, flags, &env),
        Some(path) => read_text(&text_of_file(&path)?, Some(&path), flags, &env),
    }
}

fn text_of_file(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |reason: String| ConfigError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    credentials::read_text(path, CONFIG_BYTES_MAX).map_err(unreadable)
}

/// Reads and checks a configuration. `file` is its name in messages and the base of relative paths.
///
/// # Errors
/// [`ConfigError`].
pub fn read_text(
    text: &str,
    file: Option<&Path>,
    flags: &ConfigFlags,
    env: &Environment,
) -> Result<Config, ConfigError> {
    let mut overlay = Overlay::of_environment(env);
    overlay.flag("--listen", ("server", "listen"), &flags.listen);
    let overlay = overlay;
    let invalid = |mut problems: Vec<Problem>| {
        problems.sort_by_key(|p| p.span.start);
        ConfigError::Invalid(Box::new(Invalid {
            path: file.map_or_else(|| "(built in)".to_owned(), |p| p.display().to_string()),
            text: mask(text),
            overlay: mask(overlay.text()),
            problems,
        }))
    };
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // After a syntax error the rest of the text may be misread, so only the syntax errors are reported.
        return Err(invalid(errors.iter().map(syntax_problem).collect()));
    }
    let mut reading = Reading::new(text, &overlay, Credentials::of(env));
    let contents = root_table(&mut reading, root.get_ref(), file);
    reading.close();
    if !reading.problems.is_empty() {
        return Err(invalid(reading.problems));
    }
    let (path, origin) = store_file(flags, env, contents.path)?;
    let shown = path.show();
    for setting in &mut reading.settings {
        if setting.key == "store.path" {
            (setting.value, setting.origin) = (shown.clone(), origin.clone());
        }
    }
    let is_default_path = match &origin {
        Origin::Default => true,
        Origin::Env(name) => name == STATE_DIRECTORY,
        Origin::Line(_) | Origin::Flag(_) => false,
    };
    Ok(Config {
        file: file.map(Path::to_owned),
        is_sample: flags.sample,
        store: StoreConfig {
            path,
            is_default_path,
            ..contents.store
        },
        server: contents.server,
        fetch: contents.fetch,
        schedule: contents.schedule,
        dedup: contents.dedup,
        websub: contents.websub,
        feeds: contents.feeds,
        topics: contents.topics,
        notify: contents.notify,
        settings: reading.settings,
        warnings: reading.warnings,
        unavailable: reading.unavailable,
    })
}

fn syntax_problem(error: &toml::de::Error) -> Problem {
    let message = error.message();
    let (what, label) = message.split_once(", ").unwrap_or((message, "here"));
    Problem::new(error.span().unwrap_or(0..0), what, label)
}

/// What the text says; the path of the store needs the environment too.
struct Contents {
    path: Option<(PathBuf, Origin)>,
    store: StoreConfig,
    server: ServerConfig,
    fetch: FetchConfig,
    schedule: ScheduleConfig,
    dedup: DedupConfig,
    websub: WebSubConfig,
    feeds: Vec<crate::store::NewFeed>,
    topics: Vec<crate::store::TopicDefinition>,
    notify: Vec<crate::deliver::Target>,
}

fn root_table<'t>(reading: &mut Reading<'t>, root: &DeTable<'_>, file: Option<&Path>) -> Contents {
    let [store, server, fetch, schedule, dedup, websub] =
        SECTIONS.map(|name| (name, table(reading, root, name)));
    let feed_tables = tables(reading, root, "feed");
    let topic_tables = tables(reading, root, "topic");
    let notify_tables = tables(reading, root, "notify");
    let mut top = Section::open(reading, "", Some(root), 0..0);
    for name in SECTIONS.into_iter().chain(["feed", "topic", "notify"]) {
        top.raw(name);
    }
    top.close();

    let (store, path) = read_store(section(reading, store), file);
    let server = read_server(section(reading, server), file);
    let fetch = read_fetch(section(reading, fetch), file);
    let schedule = read_schedule(section(reading, schedule));
    let dedup = read_dedup(section(reading, dedup));
    let websub = read_websub(section(reading, websub), &server);
    let feeds = feeds::read(reading, &feed_tables, file);
    let topics = topics::read(reading, &topic_tables, file);
    let notify = notify::read(reading, &notify_tables, &topics, file);
    if let Some(file) = file
        && has_secrets(&feeds)
        && credentials::is_open_to_others(file)
    {
        reading.warnings.push(format!(
            "{} contains credentials, and other users may read it; run chmod 600 on it, or use password_file",
            file.display()
        ));
    }
    Contents {
        path,
        store,
        server,
        fetch,
        schedule,
        dedup,
        websub,
        feeds,
        topics,
        notify,
    }
}

/// Whether the file contains secrets. Headers may be tokens; passwords in URLs have a warning of their own.
fn has_secrets(feeds: &[crate::store::NewFeed]) -> bool {
    feeds.iter().any(|f| !f.settings.headers.is_empty())
}

fn table<'d>(
    reading: &mut Reading<'_>,
    root: &'d DeTable<'d>,
    name: &str,
) -> Option<SpannedTable<'d>> {
    let (_, found) = root
        .iter()
        .find(|(key, _)| key.get_ref().as_ref() == name)?;
    let table = found.get_ref().as_table();
    if table.is_none() {
        reading.problems.push(
            Problem::new(
                found.span(),
                format!("{name} is a section"),
                "expected a table",
            )
            .help(format!(
                "write [{name}] on a line of its own, with the keys below it"
            )),
        );
    }
    table.map(|t| (t, found.span()))
}

fn tables<'d>(
    reading: &mut Reading<'_>,
    root: &'d DeTable<'d>,
    name: &str,
) -> Vec<SpannedTable<'d>> {
    let Some((_, found)) = root.iter().find(|(key, _)| key.get_ref().as_ref() == name) else {
        return Vec::new();
    };
    let advice = format!("each {name} has its own section: [[{name}]] with double brackets");
    let Some(items) = found.get_ref().as_array() else {
        reading.problems.push(
            Problem::new(
                found.span(),
                format!("{name} is a list"),
                "this is not a list",
            )
            .help(advice),
        );
        return Vec::new();
    };
    let mut tables = Vec::with_capacity(items.len());
    for item in items.iter() {
        match item.get_ref() {
            DeValue::Table(table) => tables.push((table, item.span())),
            _ => reading.problems.push(
                Problem::new(
                    item.span(),
                    format!("{name} is a list of sections"),
                    "not a table",
                )
                .help(advice.clone()),
            ),
        }
    }
    tables
}

fn section<'r, 'd, 't>(
    reading: &'r mut Reading<'t>,
    (name, table): (&'static str, Option<SpannedTable<'d>>),
) -> Section<'r, 'd, 't> {
    let (table, span) = table.map_or((None, 0..0), |(t, span)| (Some(t), span));
    Section::open(reading, name, table, span)
}
