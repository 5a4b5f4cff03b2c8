//! `newswire notify test`: sends one message to a target.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::runtime;
use crate::config::Config;
use crate::daemon::parts;
use crate::deliver::{Attempt, Sender, Target};
use crate::notify::{EventKind, Notice, event_id, sample_story};
use crate::store::{Reads, exists};
use crate::text::nearest::nearest;

/// `newswire notify test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Name of a [[notify]] section of the configuration
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// Runs `newswire notify test`.
pub fn test(cx: &mut Context, args: &TestArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let target = find(&config, &args.name)?;
    let (story, now) = (sample_story(cx.clock.now()), cx.clock.now());
    let notice = Notice {
        // A receiver that drops repetitions shows every test.
        id: event_id(&target.name, story.id, EventKind::New, now.millis()),
        kind: EventKind::New,
        at: now,
        story,
    };
    let fetcher = parts::fetcher(&config, &cx.clock)?;
    let sender = Sender::new(&fetcher, std::slice::from_ref(target), cx.clock.clone())?;
    let attempt = runtime::runtime()?.block_on(sender.send(target, vec![notice]));
    match attempt {
        Attempt::Sent => {
            switch_on(cx, &config, &target.name)?;
            let kind = target.destination.kind();
            cx.out
                .line(&format!("{}: the {kind} has the test message", target.name))
        }
        Attempt::Failed { error, .. } | Attempt::Off { error } => Err(Failure::new(
            Exit::Failed,
            format!("{}: {error}", target.name),
        )),
    }
}

/// The target of that name.
fn find<'c>(config: &'c Config, name: &str) -> Result<&'c Target, Failure> {
    let targets = &config.notify;
    if let Some(target) = targets.iter().find(|t| t.name == name) {
        return Ok(target);
    }
    if let Some(missing) = config.unavailable.first() {
        return Err(Failure::new(
            Exit::Config,
            format!("cannot read a credential: {missing}"),
        ));
    }
    let near = nearest(name, targets.iter().map(|t| t.name.as_str()));
    let advice = match (near, targets.as_slice()) {
        (Some(near), _) => format!("did you mean {near:?}?"),
        (None, []) => format!("{} has no [[notify]] section", config.source()),
        (None, all) => {
            let names: Vec<&str> = all.iter().map(|t| t.name.as_str()).collect();
            format!("the targets are {}", names.join(", "))
        }
    };
    Err(Failure::missing(format!(
        "no target is named {name:?}; {advice}"
    )))
}

/// Switches the target on again, if it is off.
fn switch_on(cx: &Context, config: &Config, name: &str) -> Result<(), Failure> {
    if !exists(&config.store.path)? {
        return Ok(());
    }
    let status = Reads::open(&config.store.path)?.outbox_status()?;
    if status.iter().any(|t| t.name == name && t.state == "off") {
        cx.existing_store(config)?.switch_target(name, None)?;
    }
    Ok(())
}
