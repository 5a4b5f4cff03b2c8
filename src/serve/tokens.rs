//! `server.token_file`: who may read. With one, every route of readers wants a token: as the password of Basic
//! credentials with any user name, as a Bearer token, or as the parameter `token`. A token may be for some feeds alone.
//!
//! Tokens are kept and compared as digests, each with every one, in constant time (SEC-18).

use std::collections::BTreeSet;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use super::error::text;
use crate::merged::LinkToken;

/// Shortest token, in characters: nobody guesses it, however often they try.
const TOKEN_CHARS_MIN: usize = 16;

/// The tokens that open this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    digest: Vec<u8>,
    /// The feeds that it opens; none: everything.
    feeds: Option<BTreeSet<String>>,
}

impl Tokens {
    /// Reads a file: a token a line, and behind it the names of the feeds that it opens, if not all; `#` begins a comment.
    ///
    /// # Errors
    /// What is wrong, with its line, never with a token.
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
            return Err("there is no token in it; nobody could read anything".to_owned());
        }
        Ok(Self(tokens))
    }

    /// The refusal of a request that none of its tokens opens.
    pub(super) fn refused(&self, request: &Request) -> Option<Response> {
        let path = request.uri().path();
        let known: Vec<&Token> = given(request).iter().filter_map(|t| self.find(t)).collect();
        if known.is_empty() {
            let mut refused = text(
                StatusCode::UNAUTHORIZED,
                "this server is private: give a token as the password of any user, or as the parameter token",
            );
            let challenge = HeaderValue::from_static("Basic realm=\"newswire\", charset=\"UTF-8\"");
            refused
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
            return Some(refused);
        }
        let is_open = known.iter().any(|token| match &token.feeds {
            None => true,
            Some(feeds) => feed_of(path).is_some_and(|name| feeds.contains(name)),
        });
        let told = "this token opens other feeds";
        (!is_open).then(|| text(StatusCode::FORBIDDEN, told))
    }

    /// The token in the parameters of a request, if it opens anything: what is made up is not carried on.
    pub(super) fn carried(&self, query: &str) -> Option<LinkToken> {
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

/// The token in the parameters of a request.
fn parameter(query: &str) -> Option<String> {
    let parameters = form_urlencoded::parse(query.as_bytes());
    let mut tokens = parameters.filter(|(name, _)| name == "token");
    tokens.next().map(|(_, value)| value.into_owned())
}

fn given(request: &Request) -> Vec<String> {
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

    fn asked(path: &str, authorization: Option<&str>) -> u16 {
        let tokens = Tokens::read(&format!("# mine\n{MINE}\n\n{ANNS} sea all # ann\n")).unwrap();
        let mut request = Request::builder().uri(path);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let refused = tokens.refused(&request.body(Body::empty()).unwrap());
        refused.map_or(200, |r| r.status().as_u16())
    }

    #[test]
    fn sec_18_a_token_opens_what_it_is_for_however_it_is_given() {
        let basic = |token: &str| format!("Basic {}", STANDARD.encode(format!("ann:{token}")));
        assert_eq!(asked("/", None), 401);
        assert_eq!(asked("/metrics", None), 401);
        assert_eq!(asked("/", Some(&basic(MINE))), 200);
        assert_eq!(asked("/", Some(&format!("bearer {MINE}"))), 200);
        assert_eq!(asked(&format!("/feeds/x.rss?token={MINE}"), None), 200);
        assert_eq!(asked("/", Some(&basic("0123456789abcdef1"))), 401);
        assert_eq!(asked("/", Some("Basic ???")), 401);
        assert_eq!(asked("/feeds/sea.atom", Some(&basic(ANNS))), 200);
        assert_eq!(asked(&format!("/feeds/all.json?token={ANNS}"), None), 200);
        assert_eq!(asked("/feeds/land.atom", Some(&basic(ANNS))), 403);
        assert_eq!(asked("/", Some(&basic(ANNS))), 403);
        assert_eq!(asked("/feeds/search.atom?q=sea", Some(&basic(ANNS))), 403);
    }

    #[test]
    fn a_file_without_a_good_token_is_refused_and_no_token_is_told() {
        for bad in ["", "# none\n", "short\n"] {
            let told = Tokens::read(bad).unwrap_err();
            assert!(!told.contains("short "), "{told}");
        }
        let tokens = Tokens::read(MINE).unwrap();
        assert!(!format!("{tokens:?}").contains(MINE));
    }
}
