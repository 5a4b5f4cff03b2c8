//! The configuration as users see it: whole texts in, values or rendered mistakes out.

mod environment;
mod notify;

use std::path::Path;
use std::time::Duration;

use super::environment::Environment;
use super::*;

fn home() -> Environment {
    [("HOME", "/home/ann")].into_iter().collect()
}

fn read(text: &str) -> Result<Config, ConfigError> {
    read_text(
        text,
        Some(Path::new("newswire.toml")),
        &ConfigFlags::default(),
        &home(),
    )
}

fn mistakes(text: &str) -> String {
    read(text).unwrap_err().render(false)
}

#[test]
fn an_empty_file_gives_the_documented_defaults() {
    let config = read("").unwrap();
    assert_eq!(
        config.store.keep,
        Keep::For(Duration::from_secs(180 * 86_400))
    );
    assert_eq!(config.store.keep_max_per_feed, 10_000);
    assert!(!config.store.synchronous_full);
    assert_eq!(config.fetch.max_body_bytes, 16 << 20);
    assert_eq!(config.schedule.manual_interval, Duration::from_secs(300));
    assert_eq!(config.server.listen.len(), 1);
    assert_eq!(
        config.store.path,
        PathBuf::from("/home/ann/.local/share/newswire/newswire.db")
    );
}

#[test]
fn the_documented_file_loads_and_says_what_the_defaults_say() {
    let text = include_str!("../../config/newswire.toml");
    let values = |config: &Config| -> Vec<(String, String)> {
        config
            .settings
            .iter()
            .map(|s| (s.key.clone(), s.value.clone()))
            .collect()
    };
    let documented = read(text).unwrap();
    assert_eq!(values(&documented), values(&read("").unwrap()));
    assert_eq!(documented.warnings, Vec::<String>::new());
}

#[test]
fn the_file_of_the_container_loads() {
    let config = read(include_str!("../../config/container.toml")).unwrap();
    assert_eq!(config.warnings, Vec::<String>::new());
    let listen: Vec<String> = config
        .server
        .listen
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(listen, ["0.0.0.0:8390"]);
}

#[test]
fn the_documented_file_names_every_key() {
    let text = include_str!("../../config/newswire.toml");
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(code)
                if code.starts_with("[[")
                    || code
                        .split_once(" = ")
                        .is_some_and(|(k, _)| !k.contains(' ')) =>
            {
                code
            }
            _ if line.starts_with('#') => "",
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        // These name files that do not exist, or are alternatives to `file` of [[notify]].
        .filter(|line| {
            let files = [
                "extra_ca",
                "auth",
                "token_file",
                "token_credential",
                "webhook",
                "secret_",
                "ntfy",
                "slack",
                "discord",
                "matrix",
                "room",
                "apprise",
                "email",
                "feed = true",
                "every",
                "at = ",
            ];
            !files.iter().any(|file| line.starts_with(file))
        })
        .collect();
    let config = read(&uncommented.replace('…', "x"))
        .map_err(|e| e.render(false))
        .unwrap();
    let is_set = |key: &str| {
        config
            .settings
            .iter()
            .any(|s| s.key == key && s.origin != Origin::Default)
    };
    for setting in &config.settings {
        let absent = [
            "fetch.extra_ca",
            "server.token_file",
            "server.token_credential",
        ]
        .contains(&setting.key.as_str());
        assert!(
            absent || is_set(&setting.key),
            "{} is not named",
            setting.key
        );
    }
    for key in [
        "url",
        "title",
        "folder",
        "tags",
        "interval",
        "user_agent",
        "headers",
        "paused",
    ] {
        assert!(is_set(&format!("feed[1].{key}")), "feed {key}");
    }
    for key in [
        "name",
        "title",
        "match",
        "feeds",
        "tags",
        "language",
        "one_per_story",
        "prefer",
        "limit_per_feed",
    ] {
        assert!(is_set(&format!("topic[1].{key}")), "topic {key}");
    }
    assert!(text.contains("# extra_ca = ") && text.contains("# auth = { user"));
}

#[test]
fn the_sample_loads_without_a_warning() {
    let config = read(SAMPLE).map_err(|e| e.render(false)).unwrap();
    assert_eq!((config.feeds.len(), config.topics.len()), (19, 4));
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn an_unknown_key_is_shown_with_the_nearest_one() {
    assert_eq!(
        mistakes("[store]\npath = \"a.db\"\n\n[fetch]\nconcurency = 3\n"),
        "\
error: unknown key \"concurency\" in [fetch]
 --> newswire.toml:5:1
  |
5 | concurency = 3
  | ^^^^^^^^^^ did you mean \"concurrency\"?

1 mistake in the configuration newswire.toml"
    );
}

#[test]
fn all_mistakes_are_reported_in_the_order_of_the_file() {
    let shown = mistakes(
        r#"
[store]
keep = "180"
synchronous = "fast"
[server]
listen = ["localhost:80", "127.0.0.1:99999", "unix:x"]
[fetch]
timeout = 30
per_host = 0
[[feed]]
title = "no url"
[[feed]]
url = "ftp://example.org/"
[feeed]
"#,
    );
    let lines: Vec<&str> = shown
        .lines()
        .filter_map(|l| l.split_once("--> newswire.toml:").map(|(_, at)| at))
        .collect();
    assert_eq!(
        lines,
        [
            "3:8", "4:15", "6:11", "6:27", "6:46", "8:11", "9:12", "10:1", "13:7", "14:2"
        ],
        "{shown}"
    );
    assert!(shown.contains("180d"), "{shown}");
    assert!(shown.contains("\"127.0.0.1:80\""), "{shown}");
    assert!(shown.contains("did you mean \"feed\"?"), "{shown}");
    assert!(shown.ends_with("10 mistakes in the configuration newswire.toml"));
}

#[test]
fn the_first_mistake_fits_on_one_line() {
    let error = read("[store]\nkeep = 7\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "1 mistake in the configuration newswire.toml; line 2, column 8: expected a duration such as \"30m\""
    );
}

#[test]
fn syntax_errors_have_a_position_too() {
    let shown = mistakes("[store\npath = \"x\"\n[server]\nlisten = [\n");
    assert!(shown.contains("--> newswire.toml:1:7"), "{shown}");
}

#[test]
fn sec_22_a_callback_has_the_one_path_for_hubs() {
    let written = |url: &str| format!("[websub]\ncallback_url = \"{url}\"\n");
    for good in [
        "https://x.example",
        "https://x.example/",
        "https://x.example/websub",
        "https://x.example/websub/",
        "https://x.example/in/front/websub",
    ] {
        assert!(read(&written(good)).is_ok(), "{good}");
    }
    for (bad, right) in [
        ("https://x.example//", "\"https://x.example/websub\""),
        (
            "https://x.example/feeds",
            "\"https://x.example/feeds/websub\"",
        ),
        ("https://x.example/websubs", "/websubs/websub\""),
        ("https://x.example//websub", "\"https://x.example/websub\""),
        ("https://x.example/a//websub", "must end in /websub"),
        ("https://x.example/websub//", "must end in /websub"),
        ("https://x.example/websub?a=b", "without ? and #"),
    ] {
        let message = mistakes(&written(bad));
        assert!(message.contains(right), "{bad}: {message}");
    }
}

#[test]
fn sec_22_allowed_hosts_are_host_names_only() {
    let hosts = |name: &str| format!("[server]\nallowed_hosts = [\"{name}\"]\n");
    let config = read(&hosts("newswire")).unwrap();
    assert_eq!(config.server.allowed_hosts, ["newswire"]);
    for bad in ["http://nas", "nas:8390", "a/b", "*", "10.0.0.1", "a b"] {
        let message = mistakes(&hosts(bad));
        assert!(message.contains("host names"), "{bad}: {message}");
    }
}

#[test]
fn a_hub_needs_a_public_url_and_is_not_used_with_tokens() {
    let hub = "[websub]\nhub = \"https://hub.example/\"\n";
    assert!(mistakes(hub).contains("server.public_url"));
    let public = "[server]\npublic_url = \"https://x.example/\"\n";
    assert!(
        read(&format!("{public}{hub}"))
            .unwrap()
            .websub
            .hub
            .is_some()
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tokens");
    std::fs::write(&file, "0123456789abcdef\n").unwrap();
    let private = format!("{public}token_file = {:?}\n{hub}", file);
    let config = read(&private).unwrap();
    assert!(config.websub.hub.is_none() && config.server.tokens.is_some());
    assert!(config.warnings.iter().any(|w| w.contains("websub.hub")));
    assert!(config.warnings.iter().any(|w| w.contains("chmod 600")));
}

#[test]
fn the_topics_by_section_load_without_a_warning() {
    let config = read(include_str!("../../config/sections.toml")).unwrap();
    assert_eq!((config.topics.len(), config.warnings.len()), (8, 0));
}

#[test]
fn a_topic_has_settings_for_its_feed() {
    let topic = "[[topic]]\nname = \"a\"\nmatch = \"b\"\n";
    let fed = |keys: &str| {
        read(&format!("{topic}{keys}")).unwrap().topics[0]
            .feed
            .clone()
    };
    assert_eq!(fed(""), crate::store::TopicFeed::default());
    let feed = fed("one_per_story = false\nprefer = [\"Reuters\", \"BBC\"]\nlimit_per_feed = 3\n");
    assert!(!feed.one_per_story && feed.limit_per_feed == Some(3));
    assert_eq!(feed.prefer, ["Reuters", "BBC"]);
    for bad in [
        "limit_per_feed = 0\n",
        "limit_per_feed = 1001\n",
        "prefer = [\"\"]\n",
    ] {
        let shown = mistakes(&format!("{topic}{bad}"));
        assert!(shown.contains("newswire.toml:4:"), "{shown}");
    }
}

#[test]
fn contradicting_intervals_are_shown_together() {
    let shown = mistakes("[schedule]\nmin_interval = \"2h\"\nmax_interval = \"1h\"\n");
    assert!(shown.contains("and here"), "{shown}");
    assert!(mistakes("[schedule]\nmin_interval = \"2d\"\n").contains("2:16"));
}

#[test]
fn feeds_and_names_of_topics_are_unique() {
    let feed = "[[feed]]\nurl = \"https://x.example/f\"\n";
    assert!(mistakes(&format!("{feed}{feed}")).contains("first here"));
    let topic = "[[topic]]\nname = \"a\"\nmatch = \"b\"\n";
    assert!(mistakes(&format!("{topic}{topic}")).contains("first here"));
    assert!(mistakes("[[topic]]\nname = \"all\"\nmatch = \"b\"\n").contains("reserved"));
    assert!(mistakes("[[topic]]\nname = \"A b\"\nmatch = \"b\"\n").contains("a-z"));
}

#[test]
fn feeds_tags_and_language_are_added_to_the_expression() {
    let config = read(
        "[[topic]]\nname = \"a\"\nmatch = 'x OR y'\nfeeds = [\"LWN\", \"BBC News\"]\ntags = [\"eu\"]\nlanguage = \"EN\"\n",
    )
    .unwrap();
    assert_eq!(
        config.topics()[0].source,
        "(x OR y) (feed:\"LWN\" OR feed:\"BBC News\") tag:\"eu\" lang:en"
    );
    let plain = read("[[topic]]\nname = \"a\"\nmatch = 'x OR y'\n").unwrap();
    assert_eq!(plain.topics()[0].source, "x OR y");
    assert_eq!(plain.topics()[0].title, "a");
}

#[test]
fn sec_08_a_password_is_separated_from_the_url_and_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("pw"), "hunter2\n").unwrap();
    let file = dir.path().join("newswire.toml");
    let text = "[[feed]]\nurl = \"https://x.example/f\"\nauth = { user = \"ann\", password_file = \"pw\" }\nheaders = { X-Token = \"t0ken\" }\n[[feed]]\nurl = \"https://bob:s3cret@y.example/f\"\n";
    let config = read_text(text, Some(&file), &ConfigFlags::default(), &home()).unwrap();
    let (user, password) = config.feeds[0].settings.auth.clone().unwrap();
    assert_eq!((user.as_str(), password.reveal()), ("ann", "hunter2"));
    assert_eq!(config.feeds[1].url.as_str(), "https://y.example/f");
    let shown = format!("{:?} {:?}", config.settings, config.warnings);
    for secret in ["hunter2", "t0ken", "s3cret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn sec_19_a_password_file_open_to_others_causes_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let password = dir.path().join("pw");
    std::fs::write(&password, "hunter2\n").unwrap();
    let file = dir.path().join("newswire.toml");
    let text = "[[feed]]\nurl = \"https://x.example/f\"\nauth = { user = \"ann\", password_file = \"pw\" }\n";
    let warnings = |mode: u32| {
        std::fs::set_permissions(&password, std::fs::Permissions::from_mode(mode)).unwrap();
        read_text(text, Some(&file), &ConfigFlags::default(), &home())
            .unwrap()
            .warnings
            .len()
    };
    assert_eq!((warnings(0o644), warnings(0o600)), (1, 0));
}

#[test]
fn headers_that_newswire_sets_itself_cannot_be_set() {
    for header in ["Cookie", "If-None-Match", "Host", "Authorization"] {
        let text =
            format!("[[feed]]\nurl = \"https://x.example/f\"\nheaders = {{ {header} = \"x\" }}\n");
        assert!(mistakes(&text).contains("cannot be set"), "{header}");
    }
    let split = "[[feed]]\nurl = \"https://x.example/f\"\nheaders = { X = \"a\\r\\nHost: b\" }\n";
    assert!(mistakes(split).contains("not a header value"));
}

#[test]
fn every_value_has_its_origin() {
    let config = read("[store]\nkeep = \"forever\"\n").unwrap();
    let of = |key: &str| {
        config
            .settings
            .iter()
            .find(|s| s.key == key)
            .map(|s| (s.value.clone(), s.origin.clone()))
    };
    assert_eq!(
        of("store.keep"),
        Some(("\"forever\"".into(), Origin::Line(2)))
    );
    assert_eq!(of("dedup.window"), Some(("\"7d\"".into(), Origin::Default)));
    let env = [("NEWSWIRE_DB", "/e.db")].into_iter().collect();
    let config = read_text("", None, &ConfigFlags::default(), &env).unwrap();
    let path = config.settings.iter().find(|s| s.key == "store.path");
    assert_eq!(
        path.map(|s| (s.value.as_str(), s.origin.clone())),
        Some(("\"/e.db\"", Origin::Env("NEWSWIRE_DB".into())))
    );
}

#[test]
fn a_mistake_in_a_long_expression_is_shown_with_a_window_around_it() {
    let word = "boat".repeat(15);
    let words = format!("{word} ").repeat(490);
    for text in [
        format!("[[topic]]\nname = 'x'\nmatch = '{words} titel:x {words}'\n"),
        format!(
            "[[topic]]\nname = 'x'\nmatch = '{words} {words}'\nfeeds = ['{}a']\n",
            "a', '".repeat(30)
        ),
    ] {
        let message = mistakes(&text);
        assert!(message.len() < 4000, "{} bytes: {message}", message.len());
        assert!(message.contains('^'), "{message}");
    }
}
