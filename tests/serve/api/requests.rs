//! Requests: validators, codings, methods, tokens and hosts, as on every other route, and errors as problem details.

use newswire::serve::{ServeOptions, Tokens};
use serde_json::json;

use super::{filled, ids, json};
use crate::support::browser::ask;
use crate::support::server_fixture::{ServerFixture, options};

#[tokio::test]
async fn a_wrong_request_is_a_problem_that_says_what_would_be_right() {
    let site = filled().await;
    for (path, status, parameter, says) in [
        (
            "/stories?limti=5",
            400,
            json!("limti"),
            "did you mean limit?",
        ),
        (
            "/topics?limit=5",
            400,
            json!("limit"),
            "this route has none",
        ),
        ("/stories?limit=0", 400, json!("limit"), "from 1 to 1000"),
        (
            "/stories?limit=5&limit=6",
            400,
            json!("limit"),
            "given twice",
        ),
        ("/stories?since=tomorrow", 400, json!("since"), "write 24h"),
        (
            "/stories?after=x",
            400,
            json!("after"),
            "a \"seq\" of an earlier answer",
        ),
        (
            "/stories?before=x",
            400,
            json!("before"),
            "take it from \"next\"",
        ),
        (
            "/stories?after=1&before=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            400,
            json!("before"),
            "cannot be combined",
        ),
        (
            "/stories?bodies=1",
            400,
            json!("bodies"),
            "neither true nor false",
        ),
        ("/stories?q=%ff", 400, json!("q"), "UTF-8"),
        ("/stories?q=", 400, json!("q"), "the expression is empty"),
        ("/stories?topic=see", 404, json!(null), "did you mean sea?"),
        ("/stories/x", 404, json!(null), "no such story"),
        (
            "/stories/00000000-0000-0000-0000-000000000000",
            404,
            json!(null),
            "no such story",
        ),
        (
            "/feeds?state=odd",
            400,
            json!("state"),
            "failing, gone, paused, new, ok",
        ),
        ("/feeds?after=1", 400, json!("after"), "the id of a feed"),
        ("/nothing", 404, json!(null), "/api/v1/openapi.json"),
        ("", 404, json!(null), "/api/v1/openapi.json"),
    ] {
        for accept in ["*/*", "text/html"] {
            let page = site
                .get_with(&format!("/api/v1{path}"), &[("Accept", accept)])
                .await;
            assert_eq!(page.status, status, "{path}: {}", page.text());
            assert_eq!(
                page.header("content-type"),
                "application/problem+json",
                "{path}"
            );
            assert_eq!(page.header("cache-control"), "no-store");
            let problem = json(&page);
            assert_eq!(
                (&problem["type"], &problem["status"]),
                (&json!("about:blank"), &json!(status))
            );
            assert_eq!(problem["parameter"], parameter, "{path}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(says), "{path}: {detail}");
        }
    }
}

#[tokio::test]
async fn a_wrong_expression_is_shown_with_carets() {
    let site = filled().await;
    let problem = json(
        &site
            .get("/api/v1/articles?q=boats+AND+(ships+titel:x")
            .await,
    );
    assert_eq!(problem["parameter"], "q");
    let mistake = &problem["mistakes"][0];
    let excerpt: Vec<&str> = mistake["excerpt"].as_str().unwrap().lines().collect();
    assert_eq!(excerpt[0], "boats AND (ships titel:x");
    assert!(excerpt[1].trim_start().starts_with('^'), "{excerpt:?}");
    assert_eq!(
        problem["detail"],
        format!("q: {}", mistake["detail"].as_str().unwrap())
    );
}

#[tokio::test]
async fn et_54_an_unchanged_answer_is_not_sent_again() {
    let site = filled().await;
    for path in [
        "stories",
        "articles?q=boats",
        "topics",
        "feeds",
        "openapi.json",
    ] {
        let path = format!("/api/v1/{path}");
        let first = site.get(&path).await;
        assert_eq!(first.header("content-type"), "application/json");
        assert_eq!(first.header("cache-control"), "no-cache");
        assert_eq!(first.header("vary"), "Accept-Encoding");
        let tag = first.header("etag").to_owned();
        let again = site.get_with(&path, &[("If-None-Match", &tag)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        for coding in ["gzip", "br"] {
            let coded = site.get_with(&path, &[("Accept-Encoding", coding)]).await;
            assert_eq!(coded.header("content-encoding"), coding);
            assert!(coded.body.len() < first.body.len() && coded.header("etag") != tag);
        }
        let head = ask(site.at, "HEAD", &path, &[]).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), tag);
    }
    let tag = site
        .get("/api/v1/stories?topic=air")
        .await
        .header("etag")
        .to_owned();
    site.arrive([50]);
    let again = site
        .get_with("/api/v1/stories?topic=air", &[("If-None-Match", &tag)])
        .await;
    assert_eq!(
        again.status, 304,
        "what arrives elsewhere does not change the page"
    );
}

#[tokio::test]
async fn an_id_of_a_copy_leads_to_its_story() {
    let site = filled().await;
    let articles = json(&site.get("/api/v1/articles?q=title:boats").await);
    let ids = ids(&articles["articles"]);
    assert_eq!(ids.len(), 2);
    let story = json(&site.get(&format!("/api/v1/stories/{}", ids[0])).await);
    let other = json(
        &site
            .get(&format!("/api/v1/stories/{}", ids[1].replace('-', "")))
            .await,
    );
    assert_eq!(story, other);
    assert_eq!(story["copies"], 2);
    assert_eq!(story["articles"].as_array().unwrap().len(), 2);
    let text = site.get("/api/v1/stories").await.text();
    assert!(
        !text.contains('\u{202e}'),
        "SEC-14: no direction mark as it is"
    );
}

#[tokio::test]
async fn sec_18_other_methods_are_refused_with_what_is_allowed() {
    let site = filled().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "X"] {
        let page = ask(site.at, method, "/api/v1/stories", &[]).await;
        assert_eq!(page.status, 405, "{method}");
        assert_eq!(page.header("allow"), "GET, HEAD");
        assert_eq!(page.header("content-type"), "application/problem+json");
    }
    let page = site
        .get_with("/api/v1/stories", &[("Host", "evil.example")])
        .await;
    assert_eq!(
        (page.status, json(&page)["status"].clone()),
        (421, json!(421))
    );
    let long = format!("/api/v1/stories?q={}", "x".repeat(9000));
    let page = site.get(&long).await;
    assert_eq!(
        (page.status, json(&page)["title"].clone()),
        (414, json!("URI Too Long"))
    );
    let page = site.get("/api/v1/stories/?limit=2").await;
    assert_eq!(
        (page.status, page.header("location")),
        (308, "../stories?limit=2")
    );
}

#[tokio::test]
async fn sec_18_the_api_needs_a_token_that_opens_everything() {
    const MINE: &str = "0123456789abcdef0";
    const ANNS: &str = "fedcba98765432100";
    let tokens = Tokens::read(&format!("{MINE}\n{ANNS} sea\n")).unwrap();
    let options = ServeOptions {
        tokens: Some(tokens),
        ..options()
    };
    let site = ServerFixture::with(options, || Ok(())).await;
    site.arrive(0..3);
    for path in ["stories", "stories/x", "topics", "openapi.json", "nothing"] {
        let path = format!("/api/v1/{path}");
        let page = site.get(&path).await;
        assert_eq!(
            (page.status, json(&page)["status"].clone()),
            (401, json!(401)),
            "{path}"
        );
        assert!(page.header("www-authenticate").starts_with("Basic"));
        let page = site.get(&format!("{path}?token={ANNS}")).await;
        assert_eq!(
            (page.status, json(&page)["status"].clone()),
            (403, json!(403)),
            "{path}"
        );
    }
    let bearer = format!("Bearer {MINE}");
    let page = site
        .get_with("/api/v1/stories?limit=1", &[("Authorization", &bearer)])
        .await;
    assert_eq!(
        (page.status, page.header("cache-control")),
        (200, "no-cache, private")
    );
    assert!(!page.text().contains(MINE));
    // Links carry on the token of a URL.
    let page = site
        .get(&format!("/api/v1/stories?limit=1&token={MINE}"))
        .await;
    let next = json(&page)["next"].as_str().unwrap().to_owned();
    assert!(next.ends_with(&format!("&token={MINE}")), "{next}");
    assert_eq!(
        site.get(&format!("/api/v1/stories{next}")).await.status,
        200
    );
}

#[tokio::test]
async fn an_id_that_is_not_utf8_is_a_problem_too() {
    let site = filled().await;
    let page = site.get("/api/v1/stories/%ff").await;
    assert_eq!(page.status, 400);
    assert_eq!(page.header("content-type"), "application/problem+json");
    assert_eq!(json(&page)["parameter"], "id");
}
