//! Settings and secrets from outside the file: variables, flags and credentials.

use super::*;

fn with(text: &str, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let env: Environment = pairs.iter().copied().chain([("HOME", "/h")]).collect();
    read_text(
        text,
        Some(Path::new("/etc/newswire/newswire.toml")),
        &ConfigFlags::default(),
        &env,
    )
}

fn shown(config: &Config, key: &str) -> (String, Origin) {
    let found = config.settings.iter().find(|s| s.key == key);
    found.map(|s| (s.value.clone(), s.origin.clone())).unwrap()
}

#[test]
fn every_setting_of_a_section_has_a_variable() {
    let documented = with("", &[]).unwrap();
    for setting in &documented.settings {
        let name = format!("NEWSWIRE_{}", setting.key.replace('.', "__").to_uppercase());
        let value = match setting.key.as_str() {
            "store.path" => "/x.db",
            "server.public_url" | "websub.hub" => "https://n.example/",
            "websub.callback_url" => "https://n.example/websub",
            "server.token_file" | "fetch.extra_ca" | "server.token_credential" => continue,
            "fetch.proxy" => "http://p.example:3128",
            "fetch.user_agent" | "fetch.contact" => "ann@x.example",
            _ => setting.value.trim_matches('"'),
        };
        let needed = [("NEWSWIRE_SERVER__PUBLIC_URL", "https://n.example/")];
        let config = with("", &[(&name, value), needed[0]]).map_err(|e| e.render(false));
        let (_, origin) = shown(&config.unwrap(), &setting.key);
        assert_eq!(origin, Origin::Env(name));
    }
}

#[test]
fn a_variable_replaces_the_line_of_the_file() {
    let text = "[server]\ntitle = 'x'\npage_size = 20\nlisten = ['127.0.0.1:1']\n";
    let config = with(
        text,
        &[
            ("NEWSWIRE_SERVER__TITLE", "123"),
            ("NEWSWIRE_SERVER__LISTEN", "127.0.0.1:2, unix:/run/n.sock"),
            ("NEWSWIRE_SCHEDULE__MIN_INTERVAL", "2h"),
            ("NEWSWIRE_DEDUP__NEAR", "false"),
            (
                "NEWSWIRE_FETCH__ALLOW_PRIVATE",
                "[\"10.0.0.0/8\", \"fd00::/8\"]",
            ),
        ],
    )
    .unwrap();
    assert_eq!(config.server.title, "123");
    assert_eq!(config.server.page_size, 20);
    assert_eq!(
        shown(&config, "server.listen").0,
        "[\"127.0.0.1:2\", \"unix:/run/n.sock\"]"
    );
    assert_eq!(config.schedule.min_interval, Duration::from_secs(2 * 3600));
    assert!(!config.dedup.near);
    assert_eq!(config.fetch.allow_private.len(), 2);
}

#[test]
fn a_flag_replaces_variable_and_file() {
    let flags = ConfigFlags {
        listen: vec!["127.0.0.1:9".into(), "[::1]:9".into()],
        ..ConfigFlags::default()
    };
    let env = [("HOME", "/h"), ("NEWSWIRE_SERVER__LISTEN", "127.0.0.1:2")];
    let config = read_text("", None, &flags, &env.into_iter().collect()).unwrap();
    assert_eq!(
        shown(&config, "server.listen"),
        (
            "[\"127.0.0.1:9\", \"[::1]:9\"]".to_owned(),
            Origin::Flag("--listen")
        )
    );
}

#[test]
fn an_invalid_variable_is_shown_with_its_name_and_value() {
    let cases = [
        (
            "NEWSWIRE_SERVER__LISTEN",
            "127.0.0.1:99999",
            "not an address with a port",
        ),
        (
            "NEWSWIRE_SERVER__PAGE_SIZE",
            "many",
            "expected a whole number",
        ),
        (
            "NEWSWIRE_SERVER__PAGE_SIZE",
            "0",
            "page_size is out of range",
        ),
        ("NEWSWIRE_FETCH__TIMEOUT", "5", "duration"),
        ("NEWSWIRE_SERVER__LISTN", "x", "NEWSWIRE_SERVER__LISTEN"),
        ("NEWSWIRE_SERVR__TITLE", "x", "NEWSWIRE_SERVER__TITLE"),
        (
            "NEWSWIRE_FEED__TITLE",
            "x",
            "there is no setting feed.title",
        ),
        ("NEWSWIRE_FETCH__CONTACT_FILE", "/nowhere", "cannot be used"),
    ];
    for (name, value, says) in cases {
        let error = with("[server]\n", &[(name, value)]).unwrap_err();
        let (whole, line) = (error.render(false), error.to_string());
        assert!(whole.contains(says), "{name}: {whole}");
        assert!(
            whole.contains(&format!("{name}={value}")),
            "{name}: {whole}"
        );
        assert!(line.contains(name), "{line}");
    }
}

#[test]
fn only_variables_are_suggested_for_an_unknown_variable() {
    for (name, says) in [
        ("NEWSWIRE_FEED__URL", "feeds can be set in the file only"),
        ("NEWSWIRE_TOPIC__NAME", "topics can be set in the file only"),
        ("NEWSWIRE_FETCH__", "unset it"),
        ("NEWSWIRE___", "unset it"),
    ] {
        let shown = with("", &[(name, "x")]).unwrap_err().render(false);
        assert!(shown.contains(says), "{shown}");
        assert!(!shown.contains("did you mean"), "{shown}");
    }
}

#[test]
fn sec_19_files_that_the_configuration_names_have_size_limits() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokens");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(2 << 20).unwrap();
    let endless = "/proc/self/smaps";
    for (name, path) in [
        ("NEWSWIRE_SERVER__TOKEN_FILE", path.to_str().unwrap()),
        ("NEWSWIRE_SERVER__TITLE_FILE", endless),
    ] {
        let shown = with("", &[(name, path)]).map(drop).unwrap_err();
        let shown = shown.render(false);
        assert!(shown.contains("longer than"), "{shown}");
    }
}

#[test]
fn a_setting_given_twice_is_a_mistake_and_flags_override_variables() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("listen");
    std::fs::write(&file, "127.0.0.1:1\n").unwrap();
    let of_file = ("NEWSWIRE_SERVER__LISTEN_FILE", file.to_str().unwrap());
    let flags = ConfigFlags {
        listen: vec!["127.0.0.1:2".to_owned()],
        ..ConfigFlags::default()
    };
    let env: Environment = [of_file, ("HOME", "/h")].into_iter().collect();
    let config = read_text("", None, &flags, &env).unwrap();
    assert_eq!(shown(&config, "server.listen").1, Origin::Flag("--listen"));
    for (pairs, says) in [
        (
            [
                ("NEWSWIRE_SERVER__TITLE", "a"),
                ("NEWSWIRE_server__title", "b"),
            ],
            "server.title is set twice",
        ),
        (
            [
                ("NEWSWIRE_SERVER__LISTEN", "127.0.0.1:1,[::1]:1,127.0.0.1:1"),
                ("HOME", "/h"),
            ],
            "127.0.0.1:1 is listed twice",
        ),
    ] {
        let error = with("", &pairs).unwrap_err().render(false);
        assert!(error.contains(says), "{error}");
    }
    assert!(
        with(
            "",
            &[("NEWSWIRE_SERVER__LISTEN", "127.0.0.1:0,127.0.0.1:0")]
        )
        .is_ok()
    );
}

#[test]
fn sec_08_a_password_in_an_invalid_url_is_not_shown() {
    for value in [
        "ann:hunter2@p.example:3128",
        "ann:hunter2/x@p.example",
        "//ann:hunter2@p.example",
        "http:///ann:hunter2@p.example:x",
        "ftp:ann:hunter2@p.example",
    ] {
        let of_file = format!("[[feed]]\nurl = \"{value}\"\nx = {value}\n");
        let errors = [
            with("", &[("NEWSWIRE_FETCH__PROXY", value)]),
            with(&of_file, &[]),
            with(&of_file.replace("x = ", "# "), &[]),
        ];
        for error in errors.into_iter().filter_map(Result::err) {
            let shown = format!("{error} {}", error.render(false));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

#[test]
fn sec_08_a_password_in_a_variable_is_not_shown() {
    let proxy = ("NEWSWIRE_FETCH__PROXY", "http://ann:hunter2@p.example:3128");
    let error = with("", &[proxy]).unwrap_err();
    assert!(!format!("{error} {}", error.render(false)).contains("hunter2"));
}

#[test]
fn a_variable_may_name_a_file_with_the_value() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("contact");
    std::fs::write(&file, "ann@x.example\n").unwrap();
    let of_file = ("NEWSWIRE_FETCH__CONTACT_FILE", file.to_str().unwrap());
    let config = with("", &[of_file]).unwrap();
    assert_eq!(config.fetch.contact.as_deref(), Some("ann@x.example"));
    let both = [of_file, ("NEWSWIRE_FETCH__CONTACT", "bob@x.example")];
    assert!(
        with("", &both)
            .unwrap_err()
            .render(false)
            .contains("set twice")
    );
}

#[test]
fn a_relative_path_in_a_variable_is_relative_to_the_working_directory() {
    let config = with("", &[("NEWSWIRE_STORE__PATH", "x.db")]).unwrap();
    assert_eq!(config.store.path, PathBuf::from("x.db"));
    let config = with("[store]\npath = 'x.db'\n", &[]).unwrap();
    assert_eq!(config.store.path, PathBuf::from("/etc/newswire/x.db"));
}

const WITH_CREDENTIALS: &str = "
[server]
token_credential = 'readers'
[[feed]]
url = 'https://x.example/f'
auth = { user = 'ann', credential = 'x' }
[[feed]]
url = 'https://y.example/f'
auth = { user = 'bob', password_file = '$CREDENTIALS_DIRECTORY/y' }
";

#[test]
fn secrets_can_be_credentials_of_the_service() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("readers", "0123456789abcdef0123\n"),
        ("x", "hunter2\n"),
        ("y", "hunter3\n"),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let env = ("CREDENTIALS_DIRECTORY", dir.path().to_str().unwrap());
    let config = with(WITH_CREDENTIALS, &[env]).unwrap();
    let passwords: Vec<&str> = config
        .feeds
        .iter()
        .map(|f| f.settings.auth.as_ref().unwrap().1.reveal())
        .collect();
    assert_eq!(passwords, ["hunter2", "hunter3"]);
    assert!(config.server.tokens.is_some());
    assert!(config.require_credentials().is_ok());
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn a_command_without_the_credentials_still_gets_a_configuration() {
    let config = with(WITH_CREDENTIALS, &[]).unwrap();
    assert_eq!(config.unavailable.len(), 3, "{:?}", config.unavailable);
    assert!(config.feeds.iter().all(|f| f.settings.auth.is_none()));
    let why = config.require_credentials().unwrap_err().to_string();
    for word in ["readers", "https://x.example/f", "LoadCredential=y:FILE"] {
        assert!(why.contains(word), "{why}");
    }
    let both = "[[feed]]\nurl = 'https://x.example/f'\nauth = { user = 'a', credential = 'x', password_file = 'y' }\n";
    assert!(mistakes(both).contains("are both set"));
}
