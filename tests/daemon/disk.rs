//! REL-02: a disk that fails under a daemon that runs. It does not crash, reads go on, the log holds a line a minute, and
//! within 15 s of the fault's end everything is as it should be, and nobody was asked twice.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::cli_home::CliHome;
use crate::support::preload;
use crate::support::process::{Daemon, command, configuration, eventually};
use crate::support::{Framing, Internet, Item, Reply, rss};

const HOST: &str = "127.0.0.1";

/// How soon after the end of a fault there is progress.
const PROGRESS: Duration = Duration::from_secs(15);

const EIO: &str = "5";
const EROFS: &str = "30";

/// A library that fails what it is told to, between the daemon and its disk.
struct FaultyDisk {
    library: PathBuf,
    order: PathBuf,
}

impl FaultyDisk {
    fn new(home: &CliHome) -> Self {
        let library = preload::library(home, "faulty_disk");
        Self {
            library,
            order: home.path("faults"),
        }
    }

    fn start(&self, home: &CliHome) -> Daemon {
        let vars = [
            ("LD_PRELOAD", self.library.to_str().unwrap()),
            ("FAULTY_DISK", self.order.to_str().unwrap()),
        ];
        let daemon = Daemon::spawn(home, &vars);
        daemon.hears("READY=1");
        daemon
    }

    fn fails(&self, how: &str) {
        let new = self.order.with_extension("new");
        std::fs::write(&new, how).unwrap();
        std::fs::rename(new, &self.order).unwrap();
    }

    fn works(&self) {
        std::fs::remove_file(&self.order).unwrap();
    }
}

/// A feed of this many items.
fn feed(name: &str, items: usize) -> Reply {
    let items: Vec<Item> = (1..=items)
        .map(|n| Item {
            html: (1..20).map(|word| format!("{name}{n}x{word} ")).collect(),
            ..Item::numbered(&format!("{name}.example"), n)
        })
        .collect();
    Reply::feed(rss(name, &items))
}

fn with_feeds(home: &CliHome, net: &Internet, paths: &[&str]) {
    let mut text = configuration(home);
    for path in paths {
        text += &format!("[[feed]]\nurl = \"http://{}{path}\"\n", net.address());
    }
    home.configure(&text);
}

fn asked(net: &Internet, path: &str) -> usize {
    let log = net.log();
    log.iter().filter(|s| s.request.path == path).count()
}

fn entries(daemon: &Daemon, wanted: usize) {
    eventually(&format!("{wanted} entries"), || {
        let (status, body) = daemon.get("/feeds/all.atom?limit=500");
        (status == 200 && body.matches("<entry").count() == wanted).then_some(())
    });
}

/// Every way in which the writer's disk can fail while it can be read.
#[tokio::test(flavor = "multi_thread")]
async fn rel_02_a_disk_that_takes_nothing_stops_nothing_but_what_is_new() {
    for how in [
        format!("write {EIO}"),
        format!("sync {EIO}"),
        format!("write sync {EROFS}"),
    ] {
        let net = Internet::start().await;
        net.document(HOST, "/a", feed("a", 3));
        let home = CliHome::empty();
        with_feeds(&home, &net, &["/a"]);
        // Else nothing is synced but checkpoints.
        let full = "[store]\nsynchronous = \"full\"\n";
        let configured = std::fs::read_to_string(home.path(".config/newswire/newswire.toml"));
        home.configure(&(full.to_owned() + &configured.unwrap()));
        let disk = FaultyDisk::new(&home);
        let mut daemon = disk.start(&home);
        entries(&daemon, 3);

        let slow = feed("slow", 4).framing(Framing::Drip(Duration::from_millis(1)));
        net.always(HOST, "/slow", slow);
        with_feeds(&home, &net, &["/a", "/slow"]);
        daemon.signal(Signal::HUP);
        eventually("the slow request", || {
            (asked(&net, "/slow") == 1).then_some(())
        });
        disk.fails(&how);
        eventually("the complaint", || {
            daemon.log().contains("nothing can be stored").then_some(())
        });
        eventually("word of it", || {
            (daemon.get("/readyz").0 == 503).then_some(())
        });
        assert_eq!(daemon.get("/healthz").0, 200, "{how}");
        entries(&daemon, 3);
        assert_eq!(daemon.get("/status").0, 200, "{how}");
        let list = command(&home, &["list", "--format", "ids"])
            .output()
            .unwrap();
        assert_eq!(list.stdout.iter().filter(|b| **b == b'\n').count(), 3);
        // The operator's word cannot be written down either.
        daemon.signal(Signal::HUP);
        daemon.hears("READY=1");

        disk.works();
        let mended = Instant::now();
        entries(&daemon, 7);
        assert!(mended.elapsed() < PROGRESS, "{how}: {:?}", mended.elapsed());
        eventually("readiness", || {
            (daemon.get("/readyz").0 == 200).then_some(())
        });
        assert_eq!(asked(&net, "/slow"), 1, "{how}");
        let log = daemon.log();
        assert_eq!(log.matches("nothing can be stored").count(), 1, "{log}");
        assert!(log.lines().count() < 12, "{log}");
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.ends(), Some(0), "{how}");
        let verified = command(&home, &["verify"]).output().unwrap();
        assert!(verified.status.success(), "{how}: {verified:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_02_a_store_that_takes_nothing_is_not_ready_though_there_is_nothing_to_store() {
    let net = Internet::start().await;
    net.document(HOST, "/a", feed("a", 3));
    let home = CliHome::empty();
    with_feeds(&home, &net, &["/a"]);
    let disk = FaultyDisk::new(&home);
    let daemon = disk.start(&home);
    entries(&daemon, 3);
    disk.fails(&format!("write {EROFS}"));
    daemon.signal(Signal::USR1);
    eventually("word of it", || {
        (daemon.get("/readyz").0 == 503).then_some(())
    });
    let until = Instant::now() + Duration::from_millis(2500); // the scheduler looks twice
    while Instant::now() < until {
        assert_eq!(daemon.get("/readyz").0, 503);
    }
    disk.works();
    let mended = Instant::now();
    eventually("readiness", || {
        (daemon.get("/readyz").0 == 200).then_some(())
    });
    assert!(mended.elapsed() < PROGRESS, "{:?}", mended.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_02_a_disk_that_cannot_be_read_is_one_refused_request_until_it_can() {
    let net = Internet::start().await;
    net.document(HOST, "/a", feed("a", 300));
    let home = CliHome::empty();
    with_feeds(&home, &net, &["/a"]);
    let disk = FaultyDisk::new(&home);
    let mut daemon = disk.start(&home);
    entries(&daemon, 300);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends(), Some(0));
    // A new one has nothing in memory.
    let mut daemon = disk.start(&home);
    disk.fails(&format!("read {EIO}"));
    let (status, told) = daemon.get("/feeds/all.atom?limit=400");
    assert_eq!(status, 503, "{told}");
    assert!(!told.contains(".db"), "no path of ours: {told}");
    assert_eq!(daemon.get("/healthz").0, 200);
    disk.works();
    let mended = Instant::now();
    entries(&daemon, 300);
    eventually("readiness", || {
        (daemon.get("/readyz").0 == 200).then_some(())
    });
    assert!(mended.elapsed() < PROGRESS, "{:?}", mended.elapsed());
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends(), Some(0));
}
