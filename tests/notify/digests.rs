//! Digests: by mail through a server on loopback, and as a feed.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use newswire::deliver::{Attempt, Destination, Encryption, MailTarget, Target};
use newswire::model::Secret;
use newswire::notify::hours::{Every, time_of_day};

use crate::delivery::{error, run, send_all, to};
use crate::support::Internet;
use crate::support::cli_home::CliHome;
use crate::support::process::{Daemon, configuration};
use crate::support::store_fixture::draft;

/// Takes mails until the listener is dropped; gives each mail as it was sent.
fn sink(offers_starttls: bool) -> (u16, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, mails) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut out = stream.try_clone().unwrap();
            let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
            out.write_all(b"220 sink\r\n").unwrap();
            while let Some(line) = lines.next() {
                let answer = match line.split(' ').next().unwrap_or_default() {
                    "EHLO" if offers_starttls => "250-sink\r\n250 STARTTLS\r\n",
                    "DATA" => {
                        out.write_all(b"354 go on\r\n").unwrap();
                        let mail: Vec<String> =
                            lines.by_ref().take_while(|line| line != ".").collect();
                        tell.send(mail.join("\n")).unwrap();
                        "250 taken\r\n"
                    }
                    _ => "250 fine\r\n",
                };
                out.write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    (port, mails)
}

fn mail(port: u16, encryption: Encryption) -> Target {
    to(
        "morning",
        Destination::Email(MailTarget {
            to: vec![
                "Ann <ann@example.org>".parse().unwrap(),
                "bob@example.org".parse().unwrap(),
            ],
            from: "newswire@news.example".parse().unwrap(),
            server: "127.0.0.1".to_owned(),
            port,
            encryption,
            auth: None,
        }),
    )
}

#[tokio::test]
async fn a_digest_is_one_mail_with_text_and_html() {
    let net = Internet::start().await;
    let (port, mails) = sink(false);
    let target = mail(port, Encryption::Off);
    let titles = [
        "Harbour closed",
        "Bäder öffnen\r\nBcc: eve@example.org",
        "<b>Bold</b>",
    ];
    assert_eq!(send_all(&net, &target, &titles).await, Attempt::Sent);
    // Lines of quoted-printable text are joined again.
    let text = mails.recv().unwrap().replace("=\n", "");
    for line in [
        "List-Id: <morning.newswire.news.example>",
        "Auto-Submitted: auto-generated",
        "To: Ann <ann@example.org>, bob@example.org",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
    assert!(text.contains("multipart/alternative") && text.contains("Subject: 3 stories"));
    assert!(!text.lines().any(|l| l.starts_with("Bcc:")), "{text}");
    assert!(text.contains("&lt;b&gt;Bold&lt;/b&gt;"), "{text}");
    let id = |text: &str| {
        text.lines()
            .find(|l| l.starts_with("Message-ID"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(send_all(&net, &target, &titles).await, Attempt::Sent);
    assert_eq!(
        id(&mails.recv().unwrap()),
        id(&text),
        "a repetition has the same id"
    );
}

#[tokio::test]
async fn sec_09_nothing_is_mailed_without_the_encryption_that_was_asked_for() {
    let net = Internet::start().await;
    let (port, mails) = sink(false);
    let mut target = mail(port, Encryption::StartTls);
    if let Destination::Email(mail) = &mut target.destination {
        mail.auth = Some(("ann".to_owned(), Secret::new("passw0rd")));
    }
    let why = error(send_all(&net, &target, &["A"]).await);
    assert!(why.contains("does not offer STARTTLS"), "{why}");
    let (port, more) = sink(true);
    for encryption in [Encryption::StartTls, Encryption::Tls] {
        let why = error(send_all(&net, &mail(port, encryption), &["A"]).await);
        assert!(!why.contains("passw0rd"), "{why}");
    }
    assert!(mails.try_recv().is_err() && more.try_recv().is_err());
}

#[tokio::test]
async fn sec_06_a_mail_server_at_a_private_address_needs_permission() {
    let net = Internet::start().await;
    let (port, mails) = sink(false);
    let mut target = mail(port, Encryption::Off);
    target.allow_private = Vec::new();
    let why = error(send_all(&net, &target, &["A"]).await);
    assert!(
        why.contains("private") && why.contains("[[notify]]"),
        "{why}"
    );
    assert!(mails.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digest_feed_has_what_fired_until_its_hour() {
    let net = Internet::start().await;
    let mut target = to("daily", Destination::Feed);
    target.every = time_of_day("07:00").map(Every::Day);
    let (fixture, feed, task, sequence) = run(&net, vec![target]);
    let digests = || fixture.store.reads().digests("daily", 9).unwrap().unwrap();
    let status = || fixture.store.reads().outbox_status().unwrap().remove(0);
    sequence.send_replace(fixture.put(
        feed,
        vec![
            draft(
                "a.example",
                1,
                "Harbour closed",
                "The harbour was closed because of a storm",
            ),
            draft(
                "a.example",
                2,
                "Bread is dear",
                "Bakers raise prices as wheat is scarce this year",
            ),
        ],
    ));
    while status().waiting < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(digests(), []);
    assert_eq!(
        status().next_at.unwrap().to_string(),
        "2030-01-11T07:00:00Z"
    );
    fixture.clock.advance(Duration::from_secs(86_400));
    sequence.send_replace(fixture.put(
        feed,
        vec![draft(
            "a.example",
            3,
            "Next day",
            "A comet was seen over Chile",
        )],
    ));
    while digests().is_empty() {
        tokio::task::yield_now().await;
    }
    let first = digests();
    assert!(
        first[0].digest.title.starts_with("2 stories: "),
        "{first:?}"
    );
    assert!(first[0].digest.html.contains("Harbour closed"));
    fixture.put(
        feed,
        vec![draft(
            "a.example",
            1,
            "Harbour open",
            "The harbour was opened again",
        )],
    );
    assert_eq!(digests(), first, "an entry never changes");
    assert_eq!((status().sent, status().waiting), (2, 1));
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_a_digest_feed_count_as_messages_of_their_hour() {
    let net = Internet::start().await;
    let mut target = to("daily", Destination::Feed);
    target.every = time_of_day("12:02").map(Every::Day);
    target.per_hour = Some(1);
    let (fixture, feed, task, sequence) = run(&net, vec![target]);
    let digests = || fixture.store.reads().digests("daily", 9).unwrap().unwrap();
    // More than one entry holds.
    let text = |n| format!("word{n} other{n} third{n}");
    let drafts = (0..260).map(|n| draft("a.example", n, &format!("Headline {n}"), &text(n)));
    sequence.send_replace(fixture.put(feed, drafts.collect()));
    let status = || fixture.store.reads().outbox_status().unwrap().remove(0);
    while status().waiting < 200 {
        tokio::task::yield_now().await;
    }
    fixture.clock.advance(Duration::from_secs(86_400));
    sequence.send_replace(fixture.put(feed, vec![draft("a.example", 900, "More", &text(900))]));
    while digests().is_empty() {
        tokio::task::yield_now().await;
    }
    // Each of these events wakes the target, which would publish the rest.
    for n in 901..911 {
        let before = status().waiting;
        sequence.send_replace(fixture.put(feed, vec![draft("a.example", n, "More", &text(n))]));
        while status().waiting <= before && digests().len() < 2 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(digests().len(), 1);
    assert!(status().waiting > 0);
    task.abort();
}

#[test]
fn a_digest_feed_is_served_under_its_name() {
    let home = CliHome::empty();
    home.configure(&(configuration(&home) + "[[notify]]\nname = \"daily\"\nfeed = true\nat = \"06:30\"\nzone = \"Europe/Kyiv\"\n"));
    let store = home.store(&newswire::clock::Clock::system());
    let daemon = Daemon::start(&home);
    while store.reads().outbox_status().unwrap().is_empty() {
        std::thread::yield_now();
    }
    let digest = newswire::store::NewDigest {
        id: uuid::Uuid::from_u128(7),
        title: "2 stories: Harbour & co".to_owned(),
        html: "<p>Harbour</p>".to_owned(),
        text: "Harbour".to_owned(),
    };
    store
        .publish_digest("daily", digest.clone(), Vec::new())
        .unwrap();
    store.publish_digest("daily", digest, Vec::new()).unwrap();
    for (file, part) in [
        ("atom", "2 stories: Harbour &#x26; co"),
        ("rss", "Harbour"),
        ("json", "Harbour & co"),
    ] {
        let (status, body) = daemon.get(&format!("/feeds/digest-daily.{file}"));
        assert_eq!(status, 200);
        assert!(body.contains(part), "{body}");
        let ids = body.matches("00000000-0000-0000-0000-000000000007").count();
        assert_eq!(ids, 1, "{body}");
    }
    assert_eq!(daemon.get("/feeds/digest-other.atom").0, 404);
}
