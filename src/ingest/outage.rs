//! Is it the feed, or is the network down? When every host fails at the level of the network, no feed is to blame (ET-30).
//! Pure: hosts and outcomes in, verdicts out. Never decides on one host alone.

use std::collections::BTreeSet;

/// So many different hosts must fail in a row, none answering in between, before the network is held to be down.
const HOSTS_DOWN: usize = 3;

/// What is known about the network.
#[derive(Debug, Default)]
pub struct Outage {
    /// Hosts that could not be reached since the last answer of any.
    unreached: BTreeSet<String>,
    offline: bool,
}

/// What a visit says about the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A host answered: the network is up, and what could not be reached was at fault itself.
    Up,
    /// Too few hosts were asked to tell.
    Unknown,
    /// The network is down: nobody is to blame.
    Down,
}

impl Outage {
    /// A host answered, with anything at all.
    pub fn answered(&mut self) -> Verdict {
        self.unreached.clear();
        if std::mem::take(&mut self.offline) {
            tracing::info!("the network is back");
        }
        Verdict::Up
    }

    /// A host could not be reached.
    pub fn unreached(&mut self, host: &str) -> Verdict {
        if !self.offline {
            self.unreached.insert(host.to_owned());
        }
        if !self.offline && self.unreached.len() >= HOSTS_DOWN {
            self.offline = true;
            tracing::warn!(
                "no host can be reached: the network seems to be down; one feed a minute is tried until it is back"
            );
        }
        if self.offline {
            Verdict::Down
        } else {
            Verdict::Unknown
        }
    }

    /// Whether the network is held to be down.
    pub fn is_offline(&self) -> bool {
        self.offline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn et_30_three_hosts_in_a_row_are_an_outage_and_one_answer_ends_it() {
        let mut outage = Outage::default();
        assert_eq!(outage.unreached("a"), Verdict::Unknown);
        assert_eq!(
            outage.unreached("a"),
            Verdict::Unknown,
            "one host alone says nothing"
        );
        assert_eq!(outage.unreached("b"), Verdict::Unknown);
        assert_eq!(outage.unreached("c"), Verdict::Down);
        assert_eq!(outage.unreached("d"), Verdict::Down);
        assert!(outage.is_offline());
        assert_eq!(outage.answered(), Verdict::Up);
        assert!(!outage.is_offline());
        assert_eq!(outage.unreached("a"), Verdict::Unknown);
    }

    #[test]
    fn an_answer_in_between_clears_the_network() {
        let mut outage = Outage::default();
        outage.unreached("a");
        outage.unreached("b");
        outage.answered();
        assert_eq!(outage.unreached("c"), Verdict::Unknown);
    }
}
