//! The request for a poll, from the claim of a feed or, for a new subscription, from its settings. Pure.

use crate::fetch::FetchRequest;
use crate::model::{FeedRow, Secret, WebUrl};
use crate::store::{Claim, FeedSettings};

/// The request for a claimed feed.
pub(super) fn of_claim(claim: &Claim) -> FetchRequest {
    FetchRequest {
        validators: claim.validators.clone(),
        has_neighbours: claim.has_neighbours,
        is_proven: claim.last_poll.is_some() && claim.failures == 0,
        ..of_new(claim.feed, claim.url.clone(), &claim.settings)
    }
}

/// The request for a URL about which nothing is stored yet.
pub(super) fn of_new(feed: FeedRow, url: WebUrl, settings: &FeedSettings) -> FetchRequest {
    let headers = settings.headers.iter();
    FetchRequest {
        feed,
        url,
        validators: Vec::new(),
        auth: settings.auth.clone(),
        headers: headers
            .map(|(name, value)| (name.clone(), Secret::new(value.clone())))
            .collect(),
        user_agent: settings.user_agent.clone(),
        // If it is a page, its feeds are on the same host.
        has_neighbours: true,
        is_proven: false,
    }
}
