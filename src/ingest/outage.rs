//! Decides whether the network is down: if every host fails at the level of the network, no feed is to blame (ET-30). Pure.
//! Never decides by one host alone, or by hosts of this machine.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::{Network, Time};

/// This many different hosts must fail, with no answer in between, before the network counts as down.
const HOSTS_DOWN: usize = 3;
/// Resolution of the time of the last try while the network is down. Each change of it is written to the store.
const TRIED: Duration = Duration::from_secs(30);

/// What is known about the network.
#[derive(Debug, Default)]
pub struct Outage {
    /// Hosts that could not be reached since the last answer of any host.
    unreachable: BTreeSet<String>,
    /// When the first of them could not be reached.
    first: Option<Time>,
    offline: bool,
    network: Network,
}

/// What a visit says about the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The network is up: a host that cannot be reached is at fault itself.
    Up,
    /// Too few hosts were contacted to decide.
    Unknown,
    /// The network is down: no host is at fault.
    Down,
}

impl Outage {
    /// Starts with what an earlier process stored. Whether the network is down now is decided by new requests.
    pub fn after(network: Network) -> Self {
        Self {
            network,
            ..Self::default()
        }
    }

    /// A host answered, with whatever status.
    pub fn answered(&mut self) -> Verdict {
        self.unreachable.clear();
        self.first = None;
        self.network = Network::Up;
        if std::mem::take(&mut self.offline) {
            tracing::info!("the network is back");
        }
        Verdict::Up
    }

    /// A host could not be reached.
    pub fn unreachable(&mut self, host: &str, now: Time) -> Verdict {
        let first = *self.first.get_or_insert(now);
        if !self.offline {
            self.unreachable.insert(host.to_owned());
        }
        if !self.offline && self.unreachable.len() >= HOSTS_DOWN {
            self.offline = true;
            // An outage that an earlier process noticed recently is the same one.
            let since = self.network.down_since(now).unwrap_or(first);
            self.network = Network::Down { since, tried: now };
            tracing::warn!(
                "no network since {}: no host can be reached; stored articles are served, and one feed a minute is tried",
                clock_of(since)
            );
        }
        if !self.offline {
            return Verdict::Unknown;
        }
        if let Network::Down { tried, .. } = &mut self.network
            && now.since(*tried) >= TRIED
        {
            *tried = now;
        }
        Verdict::Down
    }

    /// Whether the network counts as down.
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    /// The state of the network, as it is stored.
    pub fn network(&self) -> Network {
        self.network
    }
}

/// Whether a host of a URL is this machine: a loopback address, `localhost`, or a name below it (RFC 6761 section 6.3).
/// Whether it answers says nothing about the network.
pub fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let name = host.trim_end_matches('.');
    address.is_ok_and(|ip| ip.to_canonical().is_loopback())
        || name == "localhost"
        || name.ends_with(".localhost")
}

/// A time of day with its zone, in the system's time zone.
fn clock_of(time: Time) -> String {
    let zone = match TimeZone::system() {
        zone if zone.is_unknown() => TimeZone::UTC,
        zone => zone,
    };
    let zoned = time.jiff().to_zoned_datetime(zone);
    zoned.strftime("%H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_seconds(seconds)
    }

    #[test]
    fn et_30_three_hosts_in_a_row_are_an_outage_and_one_answer_ends_it() {
        let mut outage = Outage::default();
        assert_eq!(outage.network(), Network::Unknown);
        assert_eq!(outage.unreachable("a", at(10)), Verdict::Unknown);
        assert_eq!(
            outage.unreachable("a", at(11)),
            Verdict::Unknown,
            "one host alone says nothing"
        );
        assert_eq!(outage.unreachable("b", at(12)), Verdict::Unknown);
        assert_eq!(outage.unreachable("c", at(13)), Verdict::Down);
        assert_eq!(outage.unreachable("d", at(14)), Verdict::Down);
        assert!(outage.is_offline());
        let down = |tried| Network::Down {
            since: at(10),
            tried: at(tried),
        };
        assert_eq!(outage.network(), down(13), "not every try is stored");
        outage.unreachable("a", at(73));
        assert_eq!(outage.network(), down(73));
        assert_eq!(outage.answered(), Verdict::Up);
        assert_eq!(outage.network(), Network::Up);
        assert!(!outage.is_offline());
        assert_eq!(outage.unreachable("a", at(80)), Verdict::Unknown);
    }

    #[test]
    fn an_answer_in_between_clears_the_network() {
        let mut outage = Outage::default();
        outage.unreachable("a", at(0));
        outage.unreachable("b", at(0));
        outage.answered();
        assert_eq!(outage.unreachable("c", at(0)), Verdict::Unknown);
    }

    #[test]
    fn an_outage_goes_on_through_a_restart_but_not_through_a_pause() {
        let before = Network::Down {
            since: at(0),
            tried: at(1_000),
        };
        for (restart, since) in [(1_100, 0), (9_000, 9_000)] {
            let mut outage = Outage::after(before);
            assert!(!outage.is_offline(), "not decided yet");
            for host in ["a", "b", "c"] {
                outage.unreachable(host, at(restart));
            }
            let (since, tried) = (at(since), at(restart));
            assert_eq!(outage.network(), Network::Down { since, tried });
        }
    }

    #[test]
    fn this_machine_is_recognized_by_name_and_address() {
        for host in [
            "localhost",
            "ledger.localhost",
            "localhost.",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "localhost.example",
            "mylocalhost",
            "192.168.0.1",
            "[fd00::1]",
            "a.example",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
