//! Hubs that hang up, hold on, or never answer: they cost their own feed at most (REL-04, REL-13).

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use newswire::model::{HubCall, HubReply};
use newswire::store::FeedChange;
use tokio::time::timeout;

use crate::support::browser::say;
use crate::support::cli_home::CliHome;
use crate::support::internet::Request;
use crate::support::process::{Daemon, configuration, eventually};
use crate::support::{EndToEnd, Framing, Internet, Reply};
use crate::websub::{PAPER, ask, news, push, verified};

/// More than pushes are read at once.
const MANY: usize = 40;
/// Sooner than a silent hub is given up.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test]
async fn rel_13_a_push_is_stored_although_its_hub_hung_up_before_the_answer() {
    let (net, app, feed, path, secret) = verified().await;
    let change = FeedChange {
        full_text: Some(true),
        ..FeedChange::default()
    };
    app.store.change_feed(feed, change).unwrap();
    let page = Reply::status(200).header("Content-Type", "text/html");
    let drip = Framing::Drip(Duration::from_millis(5));
    let page = page.body("<p>".repeat(60)).framing(drip);
    net.always(PAPER, "/articles/2", page);
    let call = push(&secret, &news(&[2]).replace("https://", "http://"));
    let (ingest, to) = (app.ingest.clone(), path.clone());
    let answer = tokio::spawn(async move { ingest.answer_hub(to, call).await });
    let is_page = |path: &str| path == "/articles/2";
    while !net.log().iter().any(|seen| is_page(&seen.request.path)) {
        tokio::task::yield_now().await;
    }
    answer.abort();
    let next = push(&secret, &news(&[3]));
    assert_eq!(app.ingest.answer_hub(path, next).await, HubReply::Taken);
    assert_eq!(app.articles().len(), 3);
    let pages = net.log();
    let pages = pages.iter().filter(|seen| is_page(&seen.request.path));
    assert_eq!(pages.count(), 1, "its page is asked for once");
}

#[tokio::test]
async fn rel_04_a_hub_that_never_answers_does_not_hold_up_the_others() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let net = Internet::start().await;
    let never = format!("<http://{}/hub>; rel=hub", silent.local_addr().unwrap());
    let feeds = ["a.example", "b.example", "c.example"];
    for host in feeds {
        let link = match host {
            "b.example" => "<http://hub.example/>; rel=hub",
            _ => never.as_str(),
        };
        net.document(host, "/feed", Reply::feed(news(&[1])).header("Link", link));
    }
    net.always("hub.example", "/", Reply::status(202));
    let app = EndToEnd::called_back(&net);
    let feeds = feeds.map(|host| format!("http://{host}/feed"));
    app.subscribe(&feeds.each_ref().map(String::as_str));
    app.pass_due().await;
    let is_asked = async {
        while !net.log().iter().any(|s| s.request.method == "POST") {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = ask(&app) => panic!("the silent hubs have answered"),
        asked = timeout(SOON, is_asked) => asked.unwrap(),
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A daemon with two feeds whose hub leads to it, and the callback and secret of each.
struct Called {
    daemon: Daemon,
    at: SocketAddr,
    asks: Vec<Request>,
    _net: Internet,
}

impl Called {
    async fn start(home: &CliHome) -> Self {
        let net = Internet::start().await;
        let base = format!("http://{}", net.address());
        let at = free_address();
        let mut text = configuration(home).replace("listen = [", &format!("listen = [\"{at}\", "));
        text += &format!("[websub]\ncallback_url = \"http://{at}/websub/\"\n");
        for feed in ["/a", "/b"] {
            let link = format!("<{base}/hub>; rel=hub, <{base}{feed}>; rel=self");
            let document = Reply::feed(news(&[1])).header("Link", &link);
            net.document("127.0.0.1", feed, document);
            text += &format!("[[feed]]\nurl = \"{base}{feed}\"\n");
        }
        net.always("127.0.0.1", "/hub", Reply::status(202));
        home.configure(&text);
        let daemon = Daemon::start(home);
        let asks = eventually("both hubs are asked", || {
            let log = net.log().into_iter().map(|seen| seen.request);
            let asks: Vec<Request> = log.filter(|r| r.method == "POST").collect();
            (asks.len() == 2).then_some(asks)
        });
        Self {
            daemon,
            at,
            asks,
            _net: net,
        }
    }

    /// What a hub sends to the callback of a feed.
    fn post(&self, feed: usize, body: &str) -> String {
        let ask = &self.asks[feed];
        let callback = ask.form("hub.callback").unwrap();
        let HubCall::Content { signature, .. } = push(&ask.form("hub.secret").unwrap(), body)
        else {
            unreachable!()
        };
        format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Hub-Signature: {}\r\nContent-Length: {}\r\n\r\n{body}",
            callback
                .split_once("/websub")
                .map(|(_, end)| format!("/websub{end}"))
                .unwrap(),
            self.at,
            signature.unwrap(),
            body.len(),
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_04_pushes_of_one_hub_that_never_end_do_not_keep_out_those_of_another() {
    let home = CliHome::empty();
    let called = Called::start(&home).await;
    let half = called.post(0, &news(&[2]));
    let held: Vec<TcpStream> = (0..MANY)
        .map(|_| {
            let mut stream = TcpStream::connect(called.at).unwrap();
            stream
                .write_all(&half.as_bytes()[..half.len() - 9])
                .unwrap();
            stream
        })
        .collect();
    let connections = || {
        let (_, metrics) = called.daemon.get("/metrics");
        let line = metrics
            .lines()
            .find(|l| l.starts_with("newswire_http_connections "));
        line.and_then(|l| l.split(' ').nth(1)?.parse::<usize>().ok())
    };
    // Those that are refused close; what is left of them holds on.
    eventually("they are taken in", || connections().filter(|n| *n < MANY));
    let honest = called.post(1, &news(&[1, 2]));
    assert_eq!(say(called.at, honest.as_bytes()).await.status, 202);
    drop(held);
}
