//! Answers are what the schemas say, and the objects that `--json` prints.

use std::collections::BTreeSet;
use std::fs;

use newswire::api::{self, routes, schema};
use serde_json::{Value, json};

use super::{filled, ids, json};
use crate::support::schema::faults;

/// The schema of an answer, by the path in the OpenAPI document and the status.
fn schema_of(document: &Value, path: &str, status: u16) -> Value {
    let responses = &document["paths"][path]["get"]["responses"];
    let response = match &responses[status.to_string()] {
        Value::Null => &responses["default"],
        response => response,
    };
    let content = response["content"].as_object().unwrap();
    content.values().next().unwrap()["schema"].clone()
}

#[tokio::test]
async fn every_answer_is_what_its_schema_says() {
    let site = filled().await;
    let document = json(&site.get("/api/v1/openapi.json").await);
    let stories = json(&site.get("/api/v1/stories").await);
    let mut asked = BTreeSet::new();
    let mut paths: Vec<(&str, String)> = Vec::new();
    for id in ids(&stories["stories"]) {
        paths.push(("/stories/{id}", format!("/stories/{id}")));
        paths.push((
            "/stories/{id}",
            format!("/stories/{id}?bodies=false&limit=1"),
        ));
    }
    for (route, queries) in [
        (
            "/stories",
            &[
                "",
                "?bodies=true",
                "?limit=1",
                "?after=0&limit=2",
                "?q=boats&topic=sea",
                "?q=(",
                "?topic=no",
                "?x=1",
            ][..],
        ),
        (
            "/articles",
            &[
                "",
                "?bodies=true",
                "?after=1",
                "?since=24h&until=2031-01-01",
                "?before=x",
                "?topic=sea",
            ],
        ),
        (
            "/changes",
            &[
                "",
                "?bodies=true",
                "?limit=2",
                "?after=3",
                "?after=900000",
                "?epoch=x",
            ],
        ),
        ("/topics", &["", "?limit=1"]),
        (
            "/feeds",
            &["", "?state=paused", "?q=HERALD", "?limit=1", "?state=odd"],
        ),
        ("/status", &["", "?q=1"]),
        ("/openapi.json", &["", "?q=1"]),
    ] {
        paths.extend(
            queries
                .iter()
                .map(|query| (route, format!("{route}{query}"))),
        );
    }
    for (route, path) in paths {
        let page = site.get(&format!("/api/v1{path}")).await;
        let schema = schema_of(&document, route, page.status);
        let found = faults(&document, &schema, &json(&page));
        // The document describes itself as any object.
        let found = found
            .into_iter()
            .filter(|_| route != "/openapi.json" || page.status != 200);
        assert_eq!(found.collect::<Vec<_>>(), Vec::<String>::new(), "{path}");
        asked.insert((route.to_owned(), page.status));
    }
    for route in routes::ROUTES {
        assert!(
            asked.contains(&(route.path.to_owned(), 200)),
            "{}",
            route.path
        );
    }
    assert!(asked.contains(&("/stories".to_owned(), 400)), "{asked:?}");
}

#[tokio::test]
async fn the_stories_of_the_test_have_every_field_with_and_without_a_value() {
    let site = filled().await;
    let page = json(&site.get("/api/v1/articles?bodies=true").await);
    let object = schema::OBJECTS
        .iter()
        .find(|o| o.name == "article")
        .unwrap();
    let schema = object.schema().to_value();
    for (name, of) in schema["properties"].as_object().unwrap() {
        let values = page["articles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| &a[name]);
        let is_empty = |v: &Value| v.is_null() || v == &json!([]) || v == &json!("");
        let (empty, full): (Vec<&Value>, Vec<&Value>) = values.partition(|v| is_empty(v));
        assert!(
            !full.is_empty() || ["boilerplate", "tags"].contains(&name.as_str()),
            "{name} is always empty"
        );
        let may_be_null = of["type"]
            .as_array()
            .is_some_and(|types| types.contains(&json!("null")));
        assert!(!empty.is_empty() || !may_be_null, "{name} is never null");
    }
}

#[test]
fn a_mistake_in_an_answer_is_found() {
    let object = schema::OBJECTS.iter().find(|o| o.name == "topic").unwrap();
    let schema = object.schema().to_value();
    let right = json!({"name": "sea", "title": "Sea", "match": "boats", "stories": 1, "articles": 2,
        "newest": "2030-01-01T00:00:00Z"});
    assert_eq!(faults(&schema, &schema, &right), Vec::<String>::new());
    for (name, wrong) in [
        ("name", json!(null)),
        ("stories", json!("1")),
        ("stories", json!(-1)),
        ("newest", json!("yesterday")),
        ("other", json!(1)),
    ] {
        let mut value = right.clone();
        value[name] = wrong;
        assert_eq!(faults(&schema, &schema, &value).len(), 1, "{value}");
    }
    let mut value = right;
    value.as_object_mut().unwrap().remove("match");
    assert_eq!(faults(&schema, &schema, &value).len(), 1, "{value}");
}

#[test]
fn every_route_of_the_server_is_in_the_document_and_in_the_contract() {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/src/serve/api/mod.rs");
    let server = fs::read_to_string(top).unwrap();
    let served: BTreeSet<&str> = server
        .split(".route(\"/api/v1")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let document = api::openapi();
    let described: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(served, described);
    let contract = include_str!("../../../docs/contract.md");
    for route in routes::ROUTES {
        let path = format!("`{}{}`", api::BASE, route.path);
        assert!(
            contract.contains(&path),
            "{path} is not in docs/contract.md"
        );
        for parameter in route.parameters {
            let name = format!("`{}`", parameter.name);
            assert!(
                contract.contains(&name),
                "{name} is not in docs/contract.md"
            );
        }
    }
}
