//! `[[notify]]`: what is read, and how each mistake is shown.

use super::*;
use crate::deliver::Destination;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";

/// A configuration beside a file with a secret.
fn read_in(dir: &Path, text: &str) -> Result<Config, ConfigError> {
    std::fs::write(dir.join("s"), SECRET).unwrap();
    read_text(
        text,
        Some(&dir.join("newswire.toml")),
        &ConfigFlags::default(),
        &home(),
    )
}

const WEBHOOK: &str = "webhook = \"https://h.example/a-token\"\nsecret_file = \"s\"\n";

#[test]
fn a_target_has_a_selection_and_a_place() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!(
        "[[topic]]\nname = \"sea\"\nmatch = \"boats\"\n\
         [[notify]]\nname = \"a\"\ntopic = \"sea\"\nmatch = \"copies>=3\"\nquiet = \"22:00-07:00\"\nzone = \"Europe/Kyiv\"\n\
         max_per_hour = 9\nupdated = true\ngrew_at = [3, 10]\nallow_private = [\"10.0.0.0/8\"]\n{WEBHOOK}\
         [[notify]]\nname = \"b\"\nfile = \"events.jsonl\"\nbacklog = true\n"
    );
    let config = read_in(dir.path(), &text).unwrap();
    let [a, b] = config.notify.as_slice() else {
        panic!("{:?}", config.notify);
    };
    assert_eq!(a.source, "(boats) (copies>=3)");
    assert!(a.rule.counts_copies && a.rule.updated && !a.rule.backlog);
    assert_eq!(
        (a.rule.grew_at.as_slice(), a.per_hour),
        (&[3, 10][..], Some(9))
    );
    assert!(a.quiet.is_some() && !format!("{a:?}").contains("MfKQ"));
    assert_eq!(
        b.destination,
        Destination::File(dir.path().join("events.jsonl"))
    );
    assert!(b.rule.backlog && b.expr.is_none());
    let shown = config
        .settings
        .iter()
        .find(|s| s.key == "notify[1].webhook");
    assert_eq!(shown.unwrap().value, "\"https://h.example/***\"");
}

#[test]
fn every_mistake_of_a_target_is_shown_at_its_place() {
    let dir = tempfile::tempdir().unwrap();
    for (keys, message) in [
        ("file = \"f\"", "a target needs its name"),
        ("name = \"A b\"\nfile = \"f\"", "only a-z, 0-9, - and _"),
        (
            "name = \"x\"",
            "one of webhook, ntfy, slack, discord, matrix, apprise, file",
        ),
        (
            "name = \"x\"\ntopic = \"see\"\nfile = \"f\"",
            "did you mean \"sea\"?",
        ),
        (
            "name = \"x\"\nmatch = \"a AND (\"\nfile = \"f\"",
            "(notify x)",
        ),
        (
            "name = \"x\"\nmatch = \" \"\nfile = \"f\"",
            "the expression is empty",
        ),
        (
            "name = \"x\"\nfile = \"f\"\nsecret_file = \"s\"",
            "secret_file belongs to webhook",
        ),
        (
            "name = \"x\"\nfile = \"f\"\nwebhook = \"https://h.example\"",
            "remove all but one of webhook, file",
        ),
        (
            "name = \"x\"\nwebhook = \"https://h.example\"",
            "secret_file is missing",
        ),
        (
            "name = \"x\"\nwebhook = \"ftp://h.example\"\nsecret_file = \"s\"",
            "expected an http or https URL",
        ),
        (
            "name = \"x\"\nwebhook = \"https://u:p@h.example\"\nsecret_file = \"s\"",
            "no user name and password",
        ),
        (
            "name = \"x\"\nwebhook = \"https://h.example\"\nsecret_file = \"none\"",
            "secret_file cannot be used",
        ),
        (
            "name = \"x\"\nfile = \"f\"\nquiet = \"22-7\"",
            "\"22:00-07:00\"",
        ),
        (
            "name = \"x\"\nfile = \"f\"\nzone = \"Mars\"",
            "no such time zone",
        ),
        (
            "name = \"x\"\nfile = \"f\"\nmax_per_hour = 0",
            "max_per_hour is out of range",
        ),
        (
            "name = \"x\"\nfile = \"f\"\ngrew_at = [1]",
            "grew_at is out of range",
        ),
        (
            "name = \"x\"\nfile = \"f\"\ngrew_at = 3",
            "a list in brackets",
        ),
        ("name = \"x\"\nfile = \"f\"\nbacklog = 1", "true or false"),
        (
            "name = \"x\"\nfile = \"f\"\nallow_private = [\"a\"]",
            "expected a network",
        ),
        ("name = \"x\"\nfile = \"f\"\nwebhok = 1", "unknown key"),
    ] {
        let text = format!("[[topic]]\nname = \"sea\"\nmatch = \"boats\"\n[[notify]]\n{keys}\n");
        let shown = read_in(dir.path(), &text).unwrap_err().render(false);
        assert!(
            shown.contains(message) && shown.contains("^"),
            "{keys}: {shown}"
        );
        assert!(shown.contains("1 mistake in"), "{keys}: {shown}");
    }
    let twice = "[[notify]]\nname = \"x\"\nfile = \"f\"\n".repeat(2);
    let shown = read_in(dir.path(), &twice).unwrap_err().render(false);
    assert!(shown.contains("two targets have this name"), "{shown}");
    let many: String = (0..65)
        .map(|n| format!("[[notify]]\nname = \"x{n}\"\nfile = \"f\"\n"))
        .collect();
    let shown = read_in(dir.path(), &many).unwrap_err().render(false);
    assert!(shown.contains("at most 64"), "{shown}");
}

#[test]
fn sec_08_urls_and_tokens_of_services_come_from_files_and_are_masked() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("url"),
        "https://hooks.example/services/T0/B0/secret\n",
    )
    .unwrap();
    let text = "[[notify]]\nname = \"a\"\nslack_file = \"url\"\n\
         [[notify]]\nname = \"b\"\ndiscord = \"https://discord.example/api/webhooks/1/secret\"\n\
         [[notify]]\nname = \"c\"\nntfy = \"https://ntfy.example/base/news\"\ntoken_file = \"s\"\n\
         [[notify]]\nname = \"d\"\nmatrix = \"https://m.example\"\nroom = \"!a:b\"\ntoken_file = \"s\"\n\
         [[notify]]\nname = \"e\"\napprise = \"http://apprise.example/notify/secret\"\n";
    let config = read_in(dir.path(), text).unwrap();
    let kinds: Vec<&str> = config.notify.iter().map(|t| t.destination.kind()).collect();
    assert_eq!(kinds, ["slack", "discord", "ntfy", "matrix", "apprise"]);
    let Destination::Ntfy {
        server,
        topic,
        token,
    } = &config.notify[2].destination
    else {
        panic!("{:?}", config.notify);
    };
    assert_eq!(
        (server.as_str(), topic.as_str()),
        ("https://ntfy.example/base/", "news")
    );
    assert!(token.is_some());
    let printed: Vec<&str> = config.settings.iter().map(|s| s.value.as_str()).collect();
    assert!(
        !printed
            .iter()
            .any(|value| value.contains("secret\"") || value.contains("MfKQ")),
        "{printed:?}"
    );
}
