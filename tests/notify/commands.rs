//! `newswire notify`, and the daemon that sends.

use std::io::{Read, Write};
use std::net::TcpListener;

use newswire::clock::Clock;

use crate::support::cli_home::{CliHome, NOW, draft, poll, subscribe, time};
use crate::support::process::{Daemon, configuration};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";

/// A home with a webhook on loopback, which is not listening yet.
fn home(listener: &TcpListener) -> CliHome {
    let home = CliHome::empty();
    home.write(".config/newswire/hook.secret", SECRET);
    let url = format!("http://{}/hidden-path", listener.local_addr().unwrap());
    let notify = format!(
        "[[notify]]\nname = \"desk\"\nwebhook = \"{url}\"\nsecret_file = \"hook.secret\"\nallow_private = [\"127.0.0.1\"]\n"
    );
    home.configure(&(configuration(&home) + &notify));
    home
}

/// Takes one request and answers with a status.
fn answer(listener: &TcpListener, status: &str) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !String::from_utf8_lossy(&request).ends_with('}') {
        let n = stream.read(&mut part).unwrap();
        request.extend_from_slice(&part[..n]);
    }
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    String::from_utf8(request).unwrap()
}

#[test]
fn a_test_message_arrives_or_the_command_fails_with_the_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = home(&listener);
    std::thread::scope(|scope| {
        let ran = scope.spawn(|| home.run(&["notify", "test", "desk"]));
        let request = answer(&listener, "204 No Content");
        assert!(request.contains("webhook-id: msg_") && request.contains("this is a test message"));
        assert_eq!(
            ran.join().unwrap().exits(0),
            "desk: the webhook has the test message\n"
        );
        let ran = scope.spawn(|| home.run(&["notify", "test", "desk"]));
        answer(&listener, "500 No");
        let ran = ran.join().unwrap();
        ran.exits(1);
        assert_eq!(
            ran.err,
            "newswire: desk: 127.0.0.1 has a server error (HTTP 500)\n"
        );
    });
    let ran = home.run(&["notify", "test", "dask"]);
    ran.exits(66);
    assert!(ran.err.contains("did you mean \"desk\"?"), "{}", ran.err);
}

#[test]
fn sec_08_the_path_of_a_target_and_its_secret_are_not_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = home(&listener);
    let printed = home.run(&["check", "--print"]).exits(0).to_owned();
    assert!(printed.contains("/***"), "{printed}");
    let broken = home.write(
        "broken.toml",
        "[[notify]]\nname = \"x\"\nwebhook = \"http://h.example/hidden-path\" #\nsecret_file = 7\n",
    );
    let ran = home.run(&["--config", broken.to_str().unwrap(), "check"]);
    for text in [&printed, &ran.out, &ran.err] {
        assert!(
            !text.contains("hidden-path") && !text.contains("MfKQ"),
            "{text}"
        );
    }
    assert_eq!(ran.code, Some(78));
}

#[test]
fn the_daemon_sends_news_and_the_log_shows_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = home(&listener);
    let clock = Clock::manual(time(NOW));
    let store = home.store(&clock);
    let feed = subscribe(&store, "argus.example", "The Argus");
    poll(
        &store,
        &clock,
        feed,
        vec![draft(
            "argus.example",
            1,
            "Backlog",
            "An article of the first poll",
        )],
    );
    drop(store);
    let daemon = Daemon::start(&home);
    while !home.run(&["notify", "log", "--json"]).exits(0).is_empty() {}
    // Another process stores news.
    let store = home.store(&clock);
    while store.reads().outbox_status().unwrap().is_empty() {
        std::thread::yield_now();
    }
    poll(
        &store,
        &clock,
        feed,
        vec![draft(
            "argus.example",
            2,
            "Harbour closed",
            "The harbour was closed today",
        )],
    );
    let request = answer(&listener, "200 OK");
    assert!(request.contains("Harbour closed"), "{request}");
    while store.reads().outbox_status().unwrap()[0].sent == 0 {
        std::thread::yield_now();
    }
    let logged = home.run(&["notify", "log", "--json"]).json();
    assert_eq!(logged.len(), 1, "the backlog is not sent");
    assert_eq!(
        (&logged[0]["state"], &logged[0]["title"]),
        (&"sent".into(), &"Harbour closed".into())
    );
    let table = home.run(&["notify", "log", "desk"]).exits(0).to_owned();
    assert!(
        table.contains("story.new") && table.contains("Harbour closed"),
        "{table}"
    );
    drop(daemon);
}

#[test]
fn status_metrics_and_readiness_show_targets() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = home(&listener);
    let clock = Clock::manual(time(NOW));
    let store = home.store(&clock);
    let daemon = Daemon::start(&home);
    while store.reads().outbox_status().unwrap().is_empty() {
        std::thread::yield_now();
    }
    let metrics = loop {
        let (_, text) = daemon.get("/metrics");
        if text.contains("newswire_notify") {
            break text;
        }
    };
    assert!(
        metrics.contains("newswire_notify_on{target=\"desk\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("newswire_notify_sent_total{target=\"desk\"} 0"),
        "{metrics}"
    );
    assert_eq!(daemon.get("/readyz").0, 200);
    let shown = home.run(&["status"]).exits(0).to_owned();
    assert!(shown.contains("desk: 0 sent"), "{shown}");
    store
        .switch_target("desk", Some("it is gone (HTTP 410)".to_owned()))
        .unwrap();
    let ran = home.run(&["status", "--json"]);
    let status = &ran.json()[0];
    assert_eq!(status["notify"][0]["state"], "off");
    let warning = status["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("desk are switched off: it is gone"),
        "{warning}"
    );
    std::thread::scope(|scope| {
        let ran = scope.spawn(|| home.run(&["notify", "test", "desk"]));
        answer(&listener, "200 OK");
        ran.join().unwrap().exits(0);
    });
    assert_eq!(store.reads().outbox_status().unwrap()[0].state, "on");
}
