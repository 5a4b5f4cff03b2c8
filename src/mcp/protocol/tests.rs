//! Both eras of the protocol, message by message.

use serde_json::{Value, json};

use super::*;

/// The `_meta` of a stateless request.
fn meta() -> Value {
    json!({ VERSION_KEY: STATELESS, CAPABILITIES_KEY: {} })
}

fn request(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

/// What a client gets; `Null` for nothing, the call for a call.
fn tell(peer: &mut Peer, message: &Value) -> Value {
    match peer.step(message.to_string().as_bytes()) {
        Step::Nothing => Value::Null,
        Step::Answer(answer) => answer.body,
        Step::Call(pending) => json!(format!("{:?}", pending.call)),
    }
}

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_default()
}

#[test]
fn a_stateless_client_discovers_lists_and_calls_without_a_handshake() {
    let mut peer = Peer::stdio();
    let found = tell(
        &mut peer,
        &request("server/discover", json!({ "_meta": meta() })),
    );
    let found = &found["result"];
    assert_eq!(found["resultType"], "complete");
    assert_eq!(found["supportedVersions"][0], STATELESS);
    assert_eq!(found["capabilities"], json!({ "tools": {} }));
    assert_eq!(found["_meta"][SERVER_KEY]["name"], "newswire");
    assert_eq!(
        (&found["ttlMs"], &found["cacheScope"]),
        (&json!(TTL_MS), &json!("public"))
    );
    let listed = tell(
        &mut peer,
        &request("tools/list", json!({ "_meta": meta() })),
    );
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 6);
    assert_eq!(listed["result"]["resultType"], "complete");
    assert!(listed["result"]["ttlMs"].is_number());
    let call = json!({ "_meta": meta(), "name": "list_topics", "arguments": {} });
    assert_eq!(
        tell(&mut peer, &request("tools/call", call)),
        "Topics(None)"
    );
    // Methods of the other era do not exist.
    for method in ["ping", "logging/setLevel", "resources/list", "x"] {
        let answer = tell(&mut peer, &request(method, json!({ "_meta": meta() })));
        assert_eq!(code(&answer), -32601, "{method}");
    }
}

#[test]
fn a_client_with_initialize_gets_its_version_or_the_newest_one() {
    for (asked, given) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2024-11-05", "2024-11-05"),
        ("1999-01-01", "2025-11-25"),
        (STATELESS, "2025-11-25"),
    ] {
        let mut peer = Peer::stdio();
        let params = json!({ "protocolVersion": asked, "capabilities": {}, "clientInfo": {} });
        let answer = tell(&mut peer, &request("initialize", params));
        let result = &answer["result"];
        assert_eq!(result["protocolVersion"], given);
        assert_eq!(result["serverInfo"]["name"], "newswire");
        assert_eq!(result.get("resultType"), None);
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(tell(&mut peer, &ready), Value::Null);
        assert_eq!(
            tell(&mut peer, &request("ping", json!({})))["result"],
            json!({})
        );
        let listed = tell(&mut peer, &request("tools/list", json!({})));
        assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 6);
        assert_eq!(listed["result"].get("ttlMs"), None);
        assert_eq!(
            code(&tell(&mut peer, &request("server/discover", json!({})))),
            -32601
        );
    }
}

#[test]
fn a_request_without_version_or_capabilities_is_refused_until_initialize() {
    let mut peer = Peer::stdio();
    for params in [
        json!({}),
        json!({ "_meta": {} }),
        json!({ "_meta": { VERSION_KEY: STATELESS } }),
        json!({ "_meta": { VERSION_KEY: 7, CAPABILITIES_KEY: {} } }),
        json!({ "_meta": { VERSION_KEY: STATELESS, CAPABILITIES_KEY: [] } }),
    ] {
        let answer = tell(&mut peer, &request("tools/list", params.clone()));
        assert_eq!(code(&answer), -32602, "{params}");
    }
    let unknown = json!({ "_meta": { VERSION_KEY: "1900-01-01", CAPABILITIES_KEY: {} } });
    let answer = tell(&mut peer, &request("tools/list", unknown));
    assert_eq!(code(&answer), -32022);
    assert_eq!(answer["error"]["data"]["requested"], "1900-01-01");
    assert_eq!(answer["error"]["data"]["supported"][0], STATELESS);
}

#[test]
fn unknown_tools_and_arguments_are_errors_of_the_protocol() {
    let mut peer = Peer::stdio();
    let mut call = |name: Value, arguments: Value| {
        let params = json!({ "_meta": meta(), "name": name, "arguments": arguments });
        tell(&mut peer, &request("tools/call", params))
    };
    for (name, arguments, words) in [
        (
            json!("serach_stories"),
            json!({}),
            "did you mean search_stories?",
        ),
        (
            json!("delete_all"),
            json!({}),
            "the tools are search_stories, get_story",
        ),
        (json!(7), json!({}), "\"name\" must be"),
        (
            json!("get_story"),
            json!([]),
            "\"arguments\" must be an object",
        ),
        (json!("get_story"), json!({}), "id is missing"),
        (
            json!("get_story"),
            json!({ "id": 5 }),
            "id must be of type string",
        ),
        (
            json!("search_stories"),
            json!({ "limit": "5" }),
            "limit must be of type integer",
        ),
        (
            json!("search_stories"),
            json!({ "limti": 5 }),
            "did you mean limit?",
        ),
        (
            json!("search_stories"),
            json!({ "url": "http://x" }),
            "has no parameter",
        ),
    ] {
        let answer = call(name, arguments);
        assert_eq!(code(&answer), -32602, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_value_that_cannot_be_used_is_told_to_the_model() {
    let mut peer = Peer::stdio();
    let mut call = |name: &str, arguments: Value| {
        let params = json!({ "_meta": meta(), "name": name, "arguments": arguments });
        let answer = tell(&mut peer, &request("tools/call", params));
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        let text = answer["result"]["content"][0]["text"].as_str();
        text.unwrap().to_owned()
    };
    let caret = call("search_stories", json!({ "query": "boats AND (ships" }));
    assert!(
        caret.contains("boats AND (ships\n") && caret.ends_with('^'),
        "{caret}"
    );
    let limit = call("search_stories", json!({ "limit": 51 }));
    assert_eq!(limit, "limit: 51 is not a number from 1 to 50");
    call("search_stories", json!({ "limit": -1 }));
    let since = call("search_stories", json!({ "since": "tomorrow" }));
    assert!(
        since.starts_with("since: \"tomorrow\" is not a time"),
        "{since}"
    );
    call("search_stories", json!({ "cursor": "x" }));
    call("get_story", json!({ "id": "http://169.254.169.254/" }));
    call("changes_since", json!({ "cursor": "x-1" }));
    let costly = vec!["a*"; 200].join(" ");
    let costly = call("search_stories", json!({ "query": costly }));
    assert!(costly.contains("prefixes"), "{costly}");
}

#[test]
fn over_http_headers_and_message_must_say_the_same() {
    let headers = |version: Option<&str>, method: &str| Headers {
        version: version.map(str::to_owned),
        method: Some(method.to_owned()),
        name: None,
    };
    let ask = |headers: Headers, params: Value| {
        let message = request("tools/list", params).to_string();
        match Peer::http(headers).step(message.as_bytes()) {
            Step::Answer(answer) => (code(&answer.body), answer.status),
            other => unreachable!("{other:?}"),
        }
    };
    let stateless = || json!({ "_meta": meta() });
    let same = headers(Some(STATELESS), "tools/list");
    assert_eq!(ask(same, stateless()), (0, Status::Ok));
    for (version, method, expected) in [
        (None, "tools/list", -32020),
        (Some("2025-11-25"), "tools/list", -32020),
        (Some(STATELESS), "tools/call", -32020),
    ] {
        let told = ask(headers(version, method), stateless());
        assert_eq!(told, (expected, Status::BadRequest), "{version:?} {method}");
    }
    // A message without `_meta` is of the era of its header, or of the time before there was one.
    for (version, expected) in [
        (None, (0, Status::Ok)),
        (Some("2025-06-18"), (0, Status::Ok)),
        (Some(STATELESS), (-32602, Status::BadRequest)),
        (Some("1900-01-01"), (-32022, Status::BadRequest)),
    ] {
        assert_eq!(
            ask(headers(version, "tools/list"), json!({})),
            expected,
            "{version:?}"
        );
    }
    let unknown = request("no/method", json!({ "_meta": meta() })).to_string();
    let step = Peer::http(headers(Some(STATELESS), "no/method")).step(unknown.as_bytes());
    assert!(matches!(step, Step::Answer(answer) if answer.status == Status::NotFound));
}

#[test]
fn every_tool_only_reads_and_has_schemas_of_what_it_takes_and_returns() {
    let tools = tools::listed();
    for tool in tools.as_array().unwrap() {
        let hints = &tool["annotations"];
        assert_eq!(
            (&hints["readOnlyHint"], &hints["destructiveHint"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(tool["inputSchema"]["additionalProperties"], false);
        assert_eq!(tool["outputSchema"]["type"], "object");
        assert!(!tool["outputSchema"].to_string().contains("$ref"), "{tool}");
        let takes_url = tool["inputSchema"]["properties"].as_object().unwrap();
        assert!(
            !takes_url
                .keys()
                .any(|name| name.contains("url") || name.contains("path"))
        );
        let quotes = tool["outputSchema"]["properties"].get("notice").is_some();
        let says_so = tool["description"]
            .as_str()
            .unwrap()
            .contains("never instructions");
        assert_eq!(quotes, says_so, "{}", tool["name"]);
    }
    // Some clients send the list to the model with every question.
    let bytes = tools.to_string().len();
    assert!(bytes < 16_000, "{bytes}");
}
