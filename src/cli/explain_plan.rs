//! The explanation of a plan ([`PlanExplanation`]) as sentences for a terminal. Never interprets a text: what an earlier
//! version stored as text is shown in its own words.

use crate::schedule::PlanExplanation;
use crate::schedule::bound::Reason;
use crate::schedule::explanation::{Basis, Binding, Constraints};

/// Why a feed is polled when it is: the constraint that decides, and what moved the poll from there.
pub fn sentences(explanation: &PlanExplanation) -> String {
    let mut sentences = vec![of_binding(&explanation.binding())];
    if let Basis::Bounds(constraints) = explanation.basis() {
        sentences.extend(moved(constraints));
    }
    sentences.join(" ")
}

/// The constraint that decides, as a sentence.
pub fn of_binding(binding: &Binding<'_>) -> String {
    match binding {
        Binding::Bound(_, reason) => of_reason(reason),
        Binding::Text(text) => sentence(without_time(text)),
    }
}

/// What moved the poll away from the constraint that decides.
fn moved(constraints: &Constraints) -> Vec<String> {
    let mut sentences = Vec::new();
    if constraints.best_after.is_some() {
        sentences.push("Then it waits until a new article is most likely.".to_owned());
    }
    if constraints.is_skipped {
        sentences.push(
            "The poll was moved out of the hours or days that the feed asks to skip.".to_owned(),
        );
    }
    if let Some(redirect) = &constraints.redirect {
        sentences.push(sentence(&redirect.to_string()));
    }
    sentences
}

fn of_reason(reason: &Reason) -> String {
    match reason {
        Reason::Cost { rate, .. } => {
            format!(
                "It publishes about {rate:.1} articles a day, which determines how often it is polled."
            )
        }
        Reason::UserInterval(interval) => format!("Its interval is set to {interval}."),
        Reason::NothingPublished => "It has published nothing yet.".to_owned(),
        Reason::Backoff { failures, base } => {
            let times = match failures {
                1 => "once".to_owned(),
                n => format!("{n} times in a row"),
            };
            format!("It failed {times}; the wait starts at {base} and doubles with each failure.")
        }
        Reason::Throttled { failures } => {
            format!("Its server asks for fewer requests (failure {failures} in a row).")
        }
        Reason::Refused { since } => format!(
            "Its server has refused requests since {since}: one poll a day for two weeks, then one a week."
        ),
        Reason::Fresh { counted, .. } => {
            format!("Its server says that it does not change for {counted} (max-age).")
        }
        Reason::Ttl(ttl) => format!("The feed asks for {ttl} between polls (ttl)."),
        Reason::RetryAfter(wait) => format!("Its server asks to wait {wait} (Retry-After)."),
        Reason::UpdatePeriod(period) => {
            format!("The feed says that it changes every {period} (sy:updatePeriod).")
        }
        Reason::NoValidator(span) => format!(
            "Its server sends the whole feed each time (no ETag, no Last-Modified, no max-age), so polls are at least {span} \
             apart."
        ),
        Reason::Allowed { interval, by } => {
            format!("Its server allows a poll every {interval} ({by}).")
        }
        Reason::MinInterval(span) => {
            format!("Polls are at least {span} apart (schedule.min_interval).")
        }
        Reason::MaxInterval(span) => {
            format!("No feed waits longer than {span} (schedule.max_interval).")
        }
        Reason::FailingMax(span) => format!("A failing feed is retried at least every {span}."),
        Reason::Hub | Reason::Empty | Reason::Withdrawn { .. } => sentence(&reason.to_string()),
    }
}

/// `next poll 2030-…: no network` without the time, which is printed elsewhere.
fn without_time(line: &str) -> &str {
    let rest = line.strip_prefix("next poll ");
    rest.and_then(|rest| rest.split_once(": "))
        .map_or(line, |(_, words)| words)
}

/// Adds a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    let mut text = first.unwrap_or_default() + chars.as_str();
    if !text.ends_with(['.', '!', '?']) && !text.is_empty() {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;
    use crate::schedule::bound::{Bound, BoundKind, Permission, Span};
    use std::time::Duration;

    fn minutes(n: u64) -> Span {
        Duration::from_secs(n * 60).into()
    }

    #[test]
    fn the_constraint_that_decides_is_a_sentence() {
        let cost = Reason::Cost {
            rate: 3.84,
            usual_rate: 3.8,
            intensity: 0.7,
            half_hour: 34,
            cost_min: 5.0,
        };
        for (reason, text) in [
            (
                Reason::Backoff {
                    failures: 1,
                    base: minutes(60),
                },
                "It failed once; the wait starts at 60 min and doubles with each failure.",
            ),
            (
                cost,
                "It publishes about 3.8 articles a day, which determines how often it is polled.",
            ),
            (
                Reason::UserInterval(minutes(10)),
                "Its interval is set to 10 min.",
            ),
            (
                Reason::MinInterval(minutes(60)),
                "Polls are at least 60 min apart (schedule.min_interval).",
            ),
            (
                Reason::Allowed {
                    interval: minutes(15),
                    by: Permission::MaxAge,
                },
                "Its server allows a poll every 15 min (max-age).",
            ),
            (
                Reason::Fresh {
                    counted: minutes(1440),
                    sent: minutes(1_000_000),
                },
                "Its server says that it does not change for 24 h (max-age).",
            ),
            (
                Reason::Ttl(minutes(60)),
                "The feed asks for 60 min between polls (ttl).",
            ),
            (
                Reason::MaxInterval(minutes(1440)),
                "No feed waits longer than 24 h (schedule.max_interval).",
            ),
            (Reason::Empty, "The feed lists no items."),
        ] {
            assert_eq!(
                of_binding(&Binding::Bound(BoundKind::Proposal, &reason)),
                text
            );
        }
    }

    #[test]
    fn what_moved_a_poll_is_said_too() {
        let ttl = Bound {
            kind: BoundKind::Publisher,
            at: Time::from_seconds(3600),
            reason: Reason::Ttl(minutes(60)),
        };
        let mut constraints = Constraints::settle(Time::EPOCH, vec![ttl]);
        constraints.is_skipped = true;
        let text = sentences(&PlanExplanation::of(constraints));
        assert!(text.starts_with("The feed asks for 60 min"), "{text}");
        assert!(text.ends_with("that the feed asks to skip."), "{text}");
    }

    #[test]
    fn an_explanation_that_is_a_text_is_shown_in_its_words() {
        for (stored, shown) in [
            (
                "next poll 2030-01-10T12:01:00Z: no network; the feed is not blamed for it",
                "No network; the feed is not blamed for it.",
            ),
            (
                "its hub says that there is news",
                "Its hub says that there is news.",
            ),
            (
                "next poll x\n  wanted   17:00:00    x\n  floor  > 17:09:16    ttl 60 min  <- binding\n  skip     none",
                "Ttl 60 min.",
            ),
            ("", ""),
        ] {
            assert_eq!(sentences(&PlanExplanation::from_stored(stored)), shown);
        }
    }
}
