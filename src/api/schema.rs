//! JSON Schemas (draft 2020-12) of the objects, generated from the types that are serialized.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};

use super::changes::{ChangeLine, ChangePage};
use super::error::Problem;
use super::feeds::{FeedLine, FeedPage};
use super::lists::{ArticlePage, StoryPage};
use super::status::StatusReport;
use super::story::StoryWithCopies;
use super::topics::TopicPage;
use crate::model::{ArticleView, StoryView};
use crate::store::TopicInfo;

/// An object that has a schema.
#[derive(Debug)]
pub struct Object {
    /// Its name for `newswire schema`.
    pub name: &'static str,
    /// Where it is printed or sent.
    pub printed_by: &'static str,
    schema: fn(SchemaGenerator) -> Schema,
}

impl Object {
    /// Its schema.
    pub fn schema(&self) -> Schema {
        (self.schema)(settings().into_generator())
    }
}

/// All objects that have a schema.
pub static OBJECTS: [Object; 13] = [
    Object {
        name: "story",
        printed_by: "`newswire list --json`, and \"stories\" of the HTTP API",
        schema: SchemaGenerator::into_root_schema_for::<StoryView>,
    },
    Object {
        name: "article",
        printed_by: "`newswire list --copies --json`, and \"articles\" of the HTTP API",
        schema: SchemaGenerator::into_root_schema_for::<ArticleView>,
    },
    Object {
        name: "story-with-copies",
        printed_by: "`newswire show --json` and /api/v1/stories/{id}",
        schema: SchemaGenerator::into_root_schema_for::<StoryWithCopies>,
    },
    Object {
        name: "change",
        printed_by: "`newswire list --changes`; \"changes\" of the HTTP API has the same without `epoch`",
        schema: SchemaGenerator::into_root_schema_for::<ChangeLine<'static>>,
    },
    Object {
        name: "topic",
        printed_by: "`newswire topics --json`",
        schema: SchemaGenerator::into_root_schema_for::<TopicInfo>,
    },
    Object {
        name: "feed",
        printed_by: "`newswire feeds --json`",
        schema: SchemaGenerator::into_root_schema_for::<FeedLine>,
    },
    Object {
        name: "status",
        printed_by: "`newswire status --json` and /api/v1/status",
        schema: SchemaGenerator::into_root_schema_for::<StatusReport>,
    },
    Object {
        name: "stories",
        printed_by: "/api/v1/stories",
        schema: SchemaGenerator::into_root_schema_for::<StoryPage>,
    },
    Object {
        name: "articles",
        printed_by: "/api/v1/articles",
        schema: SchemaGenerator::into_root_schema_for::<ArticlePage>,
    },
    Object {
        name: "changes",
        printed_by: "/api/v1/changes",
        schema: SchemaGenerator::into_root_schema_for::<ChangePage>,
    },
    Object {
        name: "topics",
        printed_by: "/api/v1/topics",
        schema: SchemaGenerator::into_root_schema_for::<TopicPage>,
    },
    Object {
        name: "feeds",
        printed_by: "/api/v1/feeds",
        schema: SchemaGenerator::into_root_schema_for::<FeedPage>,
    },
    Object {
        name: "problem",
        printed_by: "the errors of the HTTP API",
        schema: SchemaGenerator::into_root_schema_for::<Problem>,
    },
];

/// How schemas are generated: they describe what is serialized, so that a member is required unless it may be left out.
pub(super) fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().for_serialize()
}
