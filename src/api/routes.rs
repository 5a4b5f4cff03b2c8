//! The routes of the HTTP API: path, parameters and answer of each. The server serves these, the parameters are read by them, and
//! the OpenAPI document is written from them.

use schemars::json_schema;

use super::changes::ChangePage;
use super::feeds::FeedPage;
use super::lists::{ArticlePage, StoryPage};
use super::route::{Kind, Parameter, Route, parameter};
use super::status::StatusReport;
use super::story::StoryWithCopies;
use super::topics::TopicPage;

const LIMIT: Parameter = parameter(
    "limit",
    Kind::Limit,
    "Maximum number of objects on the page; large objects make it end earlier.",
);

const LIST: &[Parameter] = &[
    parameter(
        "q",
        Kind::Expression,
        "Only what this expression matches, as in `newswire list EXPR`.",
    ),
    parameter(
        "topic",
        Kind::Text,
        "Only what is in the topic of this name.",
    ),
    parameter(
        "since",
        Kind::Time,
        "Only what arrived at or after this time.",
    ),
    parameter("until", Kind::Time, "Only what arrived before this time."),
    parameter(
        "after",
        Kind::Number,
        "Only what changed after this sequence number, oldest change first. Not with `before`.",
    ),
    parameter(
        "before",
        Kind::Place,
        "Only what follows this place in the order of arrival, newest first; taken from `next`.",
    ),
    LIMIT,
    parameter(
        "bodies",
        Kind::Flag(false),
        "Whether the objects have `content_html`, `content_text` and `boilerplate`.",
    ),
];

/// `stories`
pub static STORIES: Route = Route {
    path: "/stories",
    operation: "listStories",
    summary: "Stories, newest first, or with `after` those that changed",
    parameters: LIST,
    answer: |generator| generator.subschema_for::<StoryPage>(),
};

/// `stories/{id}`
pub static STORY: Route = Route {
    path: "/stories/{id}",
    operation: "getStory",
    summary: "One story with its copies, by its id, the id of a copy, or an id that led to it before",
    parameters: &[
        parameter(
            "after",
            Kind::Number,
            "Only copies after this position; taken from `next`.",
        ),
        LIMIT,
        parameter(
            "bodies",
            Kind::Flag(true),
            "Whether the story and its copies have `content_html`, `content_text` and `boilerplate`.",
        ),
    ],
    answer: |generator| generator.subschema_for::<StoryWithCopies>(),
};

/// `articles`
pub static ARTICLES: Route = Route {
    path: "/articles",
    operation: "listArticles",
    summary: "Articles: every copy by itself, newest first, or with `after` those that changed",
    parameters: LIST,
    answer: |generator| generator.subschema_for::<ArticlePage>(),
};

/// `changes`
pub static CHANGES: Route = Route {
    path: "/changes",
    operation: "listChanges",
    summary: "What changed, also what was removed, oldest first, for programs that keep a copy of the store",
    parameters: &[
        parameter(
            "after",
            Kind::Number,
            "Only changes after this sequence number, `last` of an earlier answer. Without it, everything that is stored.",
        ),
        parameter(
            "epoch",
            Kind::Text,
            "`epoch` of the same answer. 409 if the store was restored from a backup since, or if removals since then are no longer known.",
        ),
        LIMIT,
        parameter(
            "bodies",
            Kind::Flag(false),
            "Whether articles and stories have `content_html`, `content_text` and `boilerplate`.",
        ),
    ],
    answer: |generator| generator.subschema_for::<ChangePage>(),
};

/// `topics`
pub static TOPICS: Route = Route {
    path: "/topics",
    operation: "listTopics",
    summary: "All topics with their counts",
    parameters: &[],
    answer: |generator| generator.subschema_for::<TopicPage>(),
};

/// `feeds`
pub static FEEDS: Route = Route {
    path: "/feeds",
    operation: "listFeeds",
    summary: "The subscriptions with their health",
    parameters: &[
        parameter("state", Kind::State, "Only feeds in this state."),
        parameter(
            "q",
            Kind::Text,
            "Only feeds with this text in their title or URL.",
        ),
        parameter(
            "after",
            Kind::Id,
            "Only feeds after the one with this id; taken from `next`.",
        ),
        LIMIT,
    ],
    answer: |generator| generator.subschema_for::<FeedPage>(),
};

/// `status`
pub static STATUS: Route = Route {
    path: "/status",
    operation: "getStatus",
    summary: "The store in numbers, the daemon, and what needs attention",
    parameters: &[],
    answer: |generator| generator.subschema_for::<StatusReport>(),
};

/// `openapi.json`
pub static OPENAPI: Route = Route {
    path: "/openapi.json",
    operation: "getOpenApi",
    summary: "This document",
    parameters: &[],
    answer: |_| json_schema!({ "type": "object" }),
};

/// All routes.
pub static ROUTES: [&Route; 8] = [
    &STORIES, &STORY, &ARTICLES, &CHANGES, &TOPICS, &FEEDS, &STATUS, &OPENAPI,
];
