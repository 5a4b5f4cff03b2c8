//! The stored explanation of a plan (`schedule::account`) as sentences. A part that cannot be parsed, for example because a later
//! version wrote it, is printed unchanged.

/// Marks the constraint that binds.
const BINDS: &str = "<- binding";

/// Width of a time in an explanation.
const TIME_WIDTH: usize = 12;

/// Why a feed is polled at its planned time: the binding constraint, and what moved the time afterwards.
pub fn sentences(account: &str) -> String {
    let mut sentences: Vec<String> = Vec::new();
    for line in account.lines() {
        let line = line.trim();
        let (label, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match label {
            "wanted" | "floor" | "cap" => {
                if let Some(words) = bound(rest) {
                    sentences.push(of_bound(label, words));
                }
            }
            "then" => {
                sentences.push("Then it waits until a new article is most likely.".to_owned())
            }
            "skip" if rest.starts_with("moved") => {
                sentences.push(
                    "The poll was moved out of the hours or days that the feed asks to skip."
                        .to_owned(),
                );
            }
            "moved" => sentences.push(sentence(rest)),
            _ => {}
        }
    }
    if sentences.is_empty() {
        let whole: Vec<&str> = account.lines().map(str::trim).collect();
        sentences.push(sentence(without_time(&whole.join("; "))));
    }
    sentences.join(" ")
}

/// The binding constraint as a sentence.
pub fn of_constraint(words: &str) -> String {
    let words = without_time(words);
    let text = of_wanted(words)
        .or_else(|| of_floor(words))
        .or_else(|| of_cap(words));
    text.unwrap_or_else(|| sentence(words))
}

/// The text of a binding constraint: `> 14:31:00    the words  <- binding`.
fn bound(rest: &str) -> Option<&str> {
    let rest = rest.strip_suffix(BINDS)?.trim_end();
    let rest = rest.strip_prefix('>')?.trim_start();
    rest.get(TIME_WIDTH..).map(str::trim)
}

fn of_bound(label: &str, words: &str) -> String {
    let text = match label {
        "wanted" => of_wanted(words),
        "floor" => of_floor(words),
        _ => of_cap(words),
    };
    text.unwrap_or_else(|| sentence(words))
}

/// What newswire would do without constraints.
fn of_wanted(words: &str) -> Option<String> {
    if let Some(rates) = words.strip_prefix("priced waiting: ") {
        let rate = rates.split(" articles a day").next()?;
        return Some(format!(
            "It publishes about {rate} articles a day, which determines how often it is polled."
        ));
    }
    if let Some(interval) = words.strip_prefix("the user's interval, ") {
        return Some(format!("Its interval is set to {interval}."));
    }
    if words == "nothing published yet" {
        return Some("It has published nothing yet.".to_owned());
    }
    if let Some((failures, base)) = words.split_once(" in a row, doubling from ") {
        let times = match failures.strip_prefix("failure ")? {
            "1" => "once".to_owned(),
            n => format!("{n} times in a row"),
        };
        return Some(format!(
            "It failed {times}; the wait starts at {base} and doubles with each failure."
        ));
    }
    if let Some(failure) = words.strip_prefix("throttled, failure ") {
        let n = failure.strip_suffix(" in a row")?;
        return Some(format!(
            "Its server asks for fewer requests (failure {n} in a row)."
        ));
    }
    if let Some(since) = words.strip_prefix("refused since ") {
        return Some(format!(
            "Its server has refused requests since {since}: one poll a day for two weeks, then one a week."
        ));
    }
    None
}

/// A minimum wait: requested by the publisher, or set by newswire.
fn of_floor(words: &str) -> Option<String> {
    if let Some(fresh) = words.strip_prefix("fresh for ") {
        let span = fresh.split(" (").next()?.split(" of ").next()?;
        return Some(format!(
            "Its server says that it does not change for {span} (max-age)."
        ));
    }
    if let Some(ttl) = words.strip_prefix("ttl ") {
        return Some(format!("The feed asks for {ttl} between polls (ttl)."));
    }
    if let Some(wait) = words.strip_prefix("the server asks to wait ") {
        return Some(format!("Its server asks to wait {wait} (Retry-After)."));
    }
    if let Some(period) = words.strip_prefix("sy:updatePeriod ") {
        return Some(format!(
            "The feed says that it changes every {period} (sy:updatePeriod)."
        ));
    }
    let courtesy = words.strip_prefix("courtesy ")?;
    if let Some(span) = courtesy.strip_suffix(": no validator, no freshness") {
        return Some(format!(
            "Its server sends the whole feed each time (no ETag, no Last-Modified, no max-age), so polls are at least {span} \
             apart."
        ));
    }
    if let Some((span, by)) = courtesy.split_once(", as ") {
        let by = by.strip_suffix(" allows")?;
        return Some(format!("Its server allows a poll every {span} ({by})."));
    }
    Some(format!(
        "Polls are at least {courtesy} apart (schedule.min_interval)."
    ))
}

/// A maximum wait.
fn of_cap(words: &str) -> Option<String> {
    if let Some(span) = words.strip_prefix("max_interval ") {
        return Some(format!(
            "No feed waits longer than {span} (schedule.max_interval)."
        ));
    }
    let span = words.strip_prefix("a failing feed is tried at least every ")?;
    Some(format!("A failing feed is retried at least every {span}."))
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

    #[test]
    fn what_binds_is_a_sentence() {
        for (line, text) in [
            (
                "wanted > 17:11:19    failure 1 in a row, doubling from 60 min",
                "It failed once; the wait starts at 60 min and doubles with each failure.",
            ),
            (
                "wanted > 12-01 16:09 priced waiting: 3.8 articles a day (usually 3.8), x0.7 about 17:00; a poll costs 5 article-min",
                "It publishes about 3.8 articles a day, which determines how often it is polled.",
            ),
            (
                "wanted > 17:11:19    the user's interval, 10 min",
                "Its interval is set to 10 min.",
            ),
            (
                "floor  > 17:09:16    courtesy 60 min",
                "Polls are at least 60 min apart (schedule.min_interval).",
            ),
            (
                "floor  > 17:09:16    courtesy 15 min, as max-age allows",
                "Its server allows a poll every 15 min (max-age).",
            ),
            (
                "floor  > 17:09:16    fresh for 24 h of 3650 d (max-age less Age)",
                "Its server says that it does not change for 24 h (max-age).",
            ),
            (
                "floor  > 17:09:16    ttl 60 min",
                "The feed asks for 60 min between polls (ttl).",
            ),
            (
                "cap    > 12-01 16:09 max_interval 24 h",
                "No feed waits longer than 24 h (schedule.max_interval).",
            ),
            (
                "wanted > 17:11:19    something of a later version",
                "Something of a later version.",
            ),
        ] {
            let account = format!(
                "next poll 2030-01-10T17:12:37Z, 63 min after the last\n  wanted   17:00:00    x\n  {line}  <- binding\n  skip     none, jitter 77.4 s"
            );
            assert_eq!(sentences(&account), text);
        }
    }

    #[test]
    fn what_moved_it_is_told_too_and_an_account_of_another_form_as_it_stands() {
        let account = "next poll x\n  floor  > 17:09:15    ttl 60 min  <- binding\n  then     17:10:00    the best moment after the floor\n  skip     moved out of skipHours and skipDays, jitter 5 s";
        let text = sentences(account);
        assert!(text.starts_with("The feed asks for 60 min"), "{text}");
        assert!(text.ends_with("that the feed asks to skip."), "{text}");
        assert_eq!(
            sentences(
                "next poll 2030-01-10T12:01:00Z: no network; nothing is held against the feed"
            ),
            "No network; nothing is held against the feed."
        );
        assert_eq!(
            sentences("its hub says that there is news"),
            "Its hub says that there is news."
        );
        assert_eq!(sentences(""), "");
    }
}
