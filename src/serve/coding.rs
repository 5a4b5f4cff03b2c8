//! The content codings that the server offers, and the choice among them by `Accept-Encoding` (RFC 9110 section 12.5.3).

use axum::http::{HeaderMap, header};

/// A content coding that we have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
}

impl Coding {
    /// The coding that the client likes best; ours is brotli, then gzip, where it likes them the same. A client that
    /// does not say gets the content as it is.
    pub fn best(request: &HeaderMap) -> Self {
        let said: Vec<(&str, u16)> = request
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(weighted)
            .collect();
        let weight = |names: &[&str], otherwise: u16| {
            let of = |name: &&str| said.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
            names
                .iter()
                .find_map(of)
                .map_or(otherwise, |(_, weight)| *weight)
        };
        let rest = weight(&["*"], 0);
        // Identity is acceptable unless it is refused, but nobody asks for it who asks for something else.
        let ranked = [
            (weight(&["br"], rest), Self::Brotli),
            (weight(&["gzip", "x-gzip"], rest), Self::Gzip),
            (weight(&["identity"], 0), Self::Identity),
        ];
        let mut best = (0, Self::Identity);
        for (weight, coding) in ranked {
            if weight > best.0 {
                best = (weight, coding);
            }
        }
        best.1
    }

    /// Its name in Content-Encoding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }

    /// What tells its entity tag from the others'.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gz",
            Self::Brotli => "-br",
        }
    }
}

/// A coding and its weight in thousandths; none if the weight is no weight.
fn weighted(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';');
    let name = parts.next().map(str::trim).filter(|n| !n.is_empty())?;
    let Some(q) = parts.next() else {
        return Some((name, 1000));
    };
    let (key, value) = q.split_once('=')?;
    let q: f32 = value.trim().parse().ok()?;
    let is_weight = key.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&q);
    is_weight.then_some((name, (q * 1000.0) as u16))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_coding_is_the_clients_choice() {
        for (said, best) in [
            ("gzip", Coding::Gzip),
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("br;q=0.5, gzip;q=0.8", Coding::Gzip),
            ("br;q=0, *", Coding::Gzip),
            ("gzip;q=0", Coding::Identity),
            ("*;q=0", Coding::Identity),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("X-GZIP;Q=1.0", Coding::Gzip),
            ("gzip;q=x, deflate", Coding::Identity),
            ("gzip;q=7", Coding::Identity),
            ("", Coding::Identity),
        ] {
            let value = HeaderValue::from_str(said).unwrap();
            let request = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]);
            assert_eq!(Coding::best(&request), best, "{said:?}");
        }
        assert_eq!(Coding::best(&HeaderMap::new()), Coding::Identity);
    }
}
