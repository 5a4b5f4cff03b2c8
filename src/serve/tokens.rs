//! The tokens of `server.token_file`. If there are any, every route of readers requires one: as the password of Basic credentials
//! with any user name, as a Bearer token, or as the parameter `token`. A token may open only some feeds.
//!
//! Only digests of tokens are kept. A given token is compared with all of them, in constant time (SEC-18).

use std::collections::BTreeSet;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use super::error::plain_text;
use crate::merged::LinkToken;

/// Minimum length of a token, in characters, so that it cannot be guessed.
const TOKEN_CHARS_MIN: usize = 16;

/// The tokens of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    digest: Vec<u8>,
    /// The feeds that it opens; `None`: everything.
    feeds: Option<BTreeSet<String>>,
}

impl Tokens {
    /// Parses a token file: a token per line, followed by the names of the feeds that it opens if it does not open everything; `#`
    /// begins a comment.
    ///
    /// # Errors
    /// The problem and its line, never a token.
    pub fn read(file: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        for (n, line) in file.lines().enumerate() {
            let mut words = line.split_whitespace().take_while(|w| !w.starts_with('#'));
            let Some(token) = words.next() else { continue };
            if token.chars().count() < TOKEN_CHARS_MIN {
                return Err(format!(
                    "line {}: the token is shorter than {TOKEN_CHARS_MIN} characters; try `openssl rand -hex 16`",
                    n + 1
                ));
            }
            let feeds: BTreeSet<String> = words.map(str::to_owned).collect();
            tokens.push(Token {
                digest: digest(&SHA256, token.as_bytes()).as_ref().to_vec(),
                feeds: Some(feeds).filter(|feeds| !feeds.is_empty()),
            });
        }
        if tokens.is_empty() {
            return Err("the file contains no token, so no client could read anything".to_owned());
        }
        Ok(Self(tokens))
    }

    /// The response to a request whose tokens do not open it; `None` if one does.
    pub(super) fn rejection(&self, request: &Request) -> Option<Response> {
        let path = request.uri().path();
        let known: Vec<&Token> = tokens_in(request)
            .iter()
            .filter_map(|t| self.find(t))
            .collect();
        if known.is_empty() {
            let mut response = plain_text(
                StatusCode::UNAUTHORIZED,
                "this server requires a token: as the password of any user name, or as the parameter \"token\"",
            );
            let challenge = HeaderValue::from_static("Basic realm=\"newswire\", charset=\"UTF-8\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
            return Some(response);
        }
        let is_open = known.iter().any(|token| match &token.feeds {
            None => true,
            Some(feeds) => feed_of(path).is_some_and(|name| feeds.contains(name)),
        });
        let message = "this token opens other feeds only";
        (!is_open).then(|| plain_text(StatusCode::FORBIDDEN, message))
    }

    /// The token in a query, if it is valid: links must not carry a wrong one.
    pub(super) fn link_token(&self, query: &str) -> Option<LinkToken> {
        let token = parameter(query)?;
        let opens_all = self.find(&token)?.feeds.is_none();
        Some(LinkToken::new(token, opens_all))
    }

    fn find(&self, given: &str) -> Option<&Token> {
        let given = digest(&SHA256, given.as_bytes());
        let mut found = None;
        for token in &self.0 {
            if verify_slices_are_equal(&token.digest, given.as_ref()).is_ok() {
                found = Some(token);
            }
        }
        found
    }
}

/// The token in a query.
fn parameter(query: &str) -> Option<String> {
    let parameters = form_urlencoded::parse(query.as_bytes());
    let mut tokens = parameters.filter(|(name, _)| name == "token");
    tokens.next().map(|(_, value)| value.into_owned())
}

/// All tokens in a request.
fn tokens_in(request: &Request) -> Vec<String> {
    let header = request.headers().get(header::AUTHORIZATION);
    let header = header.and_then(|value| value.to_str().ok());
    let credentials = header.and_then(|value| {
        let (scheme, value) = value.split_once(' ')?;
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Some(value.trim().to_owned()),
            "basic" => {
                let pair = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
                Some(pair.split_once(':')?.1.to_owned())
            }
            _ => None,
        }
    });
    let parameter = parameter(request.uri().query().unwrap_or_default());
    credentials.into_iter().chain(parameter).collect()
}

/// The name of the feed at a path.
fn feed_of(path: &str) -> Option<&str> {
    let file = path.strip_prefix("/feeds/")?;
    file.rsplit_once('.').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    const MINE: &str = "0123456789abcdef0";
    const ANNS: &str = "fedcba98765432100";

    fn status(path: &str, authorization: Option<&str>) -> u16 {
        let tokens = Tokens::read(&format!("# mine\n{MINE}\n\n{ANNS} sea all # ann\n")).unwrap();
        let mut request = Request::builder().uri(path);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let rejection = tokens.rejection(&request.body(Body::empty()).unwrap());
        rejection.map_or(200, |r| r.status().as_u16())
    }

    #[test]
    fn sec_18_a_token_opens_its_feeds_in_each_way_to_send_it() {
        let basic = |token: &str| format!("Basic {}", STANDARD.encode(format!("ann:{token}")));
        assert_eq!(status("/", None), 401);
        assert_eq!(status("/metrics", None), 401);
        assert_eq!(status("/", Some(&basic(MINE))), 200);
        assert_eq!(status("/", Some(&format!("bearer {MINE}"))), 200);
        assert_eq!(status(&format!("/feeds/x.rss?token={MINE}"), None), 200);
        assert_eq!(status("/", Some(&basic("0123456789abcdef1"))), 401);
        assert_eq!(status("/", Some("Basic ???")), 401);
        assert_eq!(status("/feeds/sea.atom", Some(&basic(ANNS))), 200);
        assert_eq!(status(&format!("/feeds/all.json?token={ANNS}"), None), 200);
        assert_eq!(status("/feeds/land.atom", Some(&basic(ANNS))), 403);
        assert_eq!(status("/", Some(&basic(ANNS))), 403);
        assert_eq!(status("/feeds/search.atom?q=sea", Some(&basic(ANNS))), 403);
    }

    #[test]
    fn a_file_without_a_valid_token_is_refused_and_not_quoted() {
        for bad in ["", "# none\n", "short\n"] {
            let message = Tokens::read(bad).unwrap_err();
            assert!(!message.contains("short "), "{message}");
        }
        let tokens = Tokens::read(MINE).unwrap();
        assert!(!format!("{tokens:?}").contains(MINE));
    }
}
