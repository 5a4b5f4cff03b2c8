//! `[[notify]]`: what is read, and how each mistake is shown.

use super::*;
use crate::deliver::{Destination, Encryption};
use crate::notify::hours::{Every, time_of_day};

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
            "one of webhook, ntfy, slack, discord, matrix, apprise, email, feed, file",
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
            "name = \"x\"\nntfy = \"https://ntfy.example/\"",
            "the URL has no topic",
        ),
        ("name = \"x\"\nslack = 7", "a text in quotes"),
        (
            "name = \"x\"\nslack = \"https://s.example/x\"\nslack_file = \"s\"",
            "are both set",
        ),
        (
            "name = \"x\"\ndiscord_file = \"s\"",
            "discord_file cannot be used",
        ),
        (
            "name = \"x\"\nmatrix = \"https://m.example\"\nroom = \"!a\"",
            "token_file is missing",
        ),
        (
            "name = \"x\"\nmatrix = \"https://m.example\"\ntoken_file = \"s\"",
            "room = \"!…\" is missing",
        ),
        (
            "name = \"x\"\nmatrix = \"https://m.example\"\ntoken_file = \"s\"\nroom = \"#a:b\"",
            "it begins with !",
        ),
        (
            "name = \"x\"\nfile = \"f\"\nroom = \"!a\"",
            "room belongs to matrix",
        ),
        ("name = \"x\"\nemail = 7", "email is a table"),
        (
            "name = \"x\"\nemail = { from = \"c@d.example\", server = \"smtp.example\" }",
            "a mail needs to",
        ),
        (
            "name = \"x\"\nemail = { to = \"a@b.example\", server = \"smtp.example\" }",
            "a mail needs from",
        ),
        (
            "name = \"x\"\nemail = { to = \"a@b.example\", from = \"c@d.example\" }",
            "a mail needs server",
        ),
        (
            "name = \"x\"\nemail = { to = [], from = \"c@d.example\", server = \"smtp.example\" }",
            "1 to 50 addresses",
        ),
        (
            "name = \"x\"\nemail = { to = \"a\", from = \"c@d.example\", server = \"smtp.example\" }",
            "this is no mail address",
        ),
        (
            "name = \"x\"\nemail = { to = \"a@b.example\", from = \"c@d.example\", server = \"smtp.example/x\" }",
            "expected a mail server",
        ),
        (
            "name = \"x\"\nemail = { to = \"a@b.example\", from = \"c@d.example\", server = \"smtp.example\", user = \"u\" }",
            "user and password belong together",
        ),
        (
            "name = \"x\"\nemail = { to = \"a@b.example\", from = \"c@d.example\", server = \"smtp.example\", encryption = \"ssl\" }",
            "no such encryption",
        ),
        (
            "name = \"x\"\nemail = { to = \"a@b.example\", from = \"c@d.example\", server = \"smtp.example\", encryption = \"off\", user = \"u\", password_file = \"s\" }",
            "not sent without encryption",
        ),
        (
            "name = \"x\"\nemail = { to = \"a@b.example\", from = \"c@d.example\", server = \"smtp.example\", too = 1 }",
            "unknown key",
        ),
        ("name = \"x\"\nfeed = false", "feed = true, or remove it"),
        (
            "name = \"x\"\nfeed = true\nevery = \"2h\"",
            "expected \"1h\" or \"1d\"",
        ),
        ("name = \"x\"\nfeed = true\nat = \"7\"", "such as \"07:00\""),
        (
            "name = \"x\"\nfeed = true\nevery = \"1h\"\nat = \"07:00\"",
            "remove at",
        ),
        (
            "name = \"x\"\nfile = \"f\"\nevery = \"1h\"",
            "every belongs to email and feed",
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

#[test]
fn digests_have_a_server_and_an_hour() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[[notify]]\nname = \"a\"\nevery = \"1h\"\nzone = \"Europe/Kyiv\"\n\
         email = { to = [\"Ann <a@b.example>\", \"c@d.example\"], from = \"n@d.example\", server = \"smtp.example:465\", user = \"u\", password_file = \"s\" }\n\
         [[notify]]\nname = \"b\"\nfeed = true\nat = \"06:30\"\n\
         [[notify]]\nname = \"c\"\nemail = { to = \"a@b.example\", from = \"n@d.example\", server = \"[2001:db8::1]\", encryption = \"off\" }\n";
    let config = read_in(dir.path(), text).unwrap();
    let [a, b, c] = config.notify.as_slice() else {
        panic!("{:?}", config.notify);
    };
    let Destination::Email(mail) = &a.destination else {
        panic!("{a:?}");
    };
    assert_eq!(
        (mail.to.len(), mail.port, mail.encryption),
        (2, 465, Encryption::Tls)
    );
    assert_eq!(a.every, Some(Every::Hour));
    assert!(mail.auth.is_some() && !format!("{a:?}").contains("MfKQ"));
    assert_eq!(
        (&b.destination, &b.every),
        (&Destination::Feed, &time_of_day("06:30").map(Every::Day))
    );
    let Destination::Email(mail) = &c.destination else {
        panic!("{c:?}");
    };
    assert_eq!(
        (mail.server.as_str(), mail.port, mail.encryption),
        ("[2001:db8::1]", 587, Encryption::Off)
    );
    assert_eq!(c.every, time_of_day("07:00").map(Every::Day));
}
