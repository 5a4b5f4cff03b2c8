//! Names to addresses that the guard allows. The HTTP client dials exactly what is returned here, so there is no
//! gap between check and use (SEC-06): an answer that changes later is checked again.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::{Instant, timeout};
use url::Host;

use super::failure::fail;
use super::guard::{Blocked, Guard};
use super::lookup::{Found, Lookups};
use super::visit_time::{OWN_WAIT_MAX, VisitTime};
use crate::model::{Failure, FailureKind, WebUrl};

/// How long an answer is used again (ET-46).
const KEPT: Duration = Duration::from_secs(60);
/// Most answers kept.
const KEPT_MAX: usize = 4096;
/// Limit of one lookup, from when a thread begins with it.
const LOOKUP_MAX: Duration = Duration::from_secs(10);

/// Where addresses come from.
#[derive(Debug, Clone, Default)]
pub enum Names {
    /// The system's resolver.
    #[default]
    System,
    /// A fixed table, for tests: the named hosts, and no other. A port other than 0 replaces the scheme's own
    /// port in URLs that name none. The guard holds as ever.
    Table(HashMap<String, Vec<SocketAddr>>),
    /// Something that blocks as the system's resolver does, for tests and benches. It gets the same threads.
    Function(fn(&str) -> io::Result<Vec<IpAddr>>),
}

/// A name has no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot resolve {host}: {reason}")]
pub struct Unresolved {
    /// The name.
    pub host: String,
    /// Why.
    pub reason: String,
}

/// The resolver of the HTTP client.
#[derive(Clone)]
pub(super) struct Resolver(Arc<Inner>);

struct Inner {
    names: Names,
    guard: Guard,
    /// The proxy's own name is the operator's choice and not checked; with a proxy no other name is asked for.
    proxy: Option<String>,
    kept: Mutex<HashMap<String, Kept>>,
    lookups: Lookups,
}

/// Addresses, and since when they are known.
type Kept = (Instant, Arc<[IpAddr]>);

impl Resolver {
    pub(super) fn new(names: Names, guard: Guard, proxy: Option<String>) -> Self {
        let lookups = match names {
            Names::Function(ask) => Lookups::new(ask),
            Names::System | Names::Table(_) => Lookups::new(system),
        };
        Self::with(names, guard, proxy, lookups)
    }

    fn with(names: Names, guard: Guard, proxy: Option<String>, lookups: Lookups) -> Self {
        Self(Arc::new(Inner {
            names,
            guard,
            proxy,
            kept: Mutex::default(),
            lookups,
        }))
    }

    /// Names that are being looked up, or wait for it.
    pub(super) fn lookups(&self) -> usize {
        self.0.lookups.under_way()
    }

    /// Looks up the host of `url`, so that connecting finds the answer there: waiting for a thread is our own waiting, and
    /// no part of the time that a connection may take. `is_proven`: it answered before, perhaps to an earlier process.
    pub(super) async fn prepare(
        &self,
        url: &WebUrl,
        is_proven: bool,
        time: &mut VisitTime,
    ) -> Result<(), Failure> {
        let Some(Host::Domain(host)) = url.as_url().host() else {
            return Ok(());
        };
        let inner = &self.0;
        let is_told = matches!(inner.names, Names::Table(_)) || inner.proxy.is_some();
        if is_told || inner.recall(host).is_some() {
            return Ok(());
        }
        if is_proven {
            inner.lookups.has_answered(host);
        }
        let mut lookup = inner.lookups.look_up(host);
        time.own(lookup.begun()).await?;
        let answer = timeout(LOOKUP_MAX, lookup.answer());
        let found = time.server(host, answer).await?;
        let told = found.map_or_else(|_| Err(inner.silent(host)), |found| inner.keep(host, found));
        told.map(|_| ())
            .map_err(|e| fail(FailureKind::Dns, e.to_string()))
    }
}

/// The system's resolver, with its files and services as the operator set them up.
fn system(host: &str) -> io::Result<Vec<IpAddr>> {
    Ok((host, 0).to_socket_addrs()?.map(|a| a.ip()).collect())
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str().to_ascii_lowercase();
            let found = inner.lookup(&host).await?;
            let allowed = inner.checked(&host, found)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Inner {
    /// Keeps the addresses that may be dialled: of mixed answers only those.
    fn checked(&self, host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Blocked> {
        if self.proxy.as_deref() == Some(host) {
            return Ok(found);
        }
        let first = found.first().copied();
        let allowed: Vec<_> = found
            .into_iter()
            .filter(|a| self.guard.allows(a.ip()))
            .collect();
        match first {
            Some(first) if allowed.is_empty() => Err(Blocked::Address {
                host: host.to_owned(),
                ip: first.ip(),
            }),
            _ => Ok(allowed),
        }
    }

    async fn lookup(&self, host: &str) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
        if let Names::Table(table) = &self.names {
            let found = table.get(host).filter(|a| !a.is_empty());
            return Ok(found
                .cloned()
                .ok_or_else(|| unresolved(host, "no such host"))?);
        }
        let found = match self.recall(host) {
            Some(found) => found,
            None => {
                let mut lookup = self.lookups.look_up(host);
                let answer = timeout(LOOKUP_MAX + OWN_WAIT_MAX, lookup.answer());
                let answer = answer.await.map_err(|_| self.silent(host))?;
                self.keep(host, answer)?
            }
        };
        Ok(found.iter().map(|ip| SocketAddr::new(*ip, 0)).collect())
    }

    fn silent(&self, host: &str) -> Unresolved {
        self.lookups.was_silent(host);
        unresolved(host, "the name servers did not answer in time")
    }

    fn recall(&self, host: &str) -> Option<Arc<[IpAddr]>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, found) = kept.get(host)?;
        (at.elapsed() < KEPT).then(|| Arc::clone(found))
    }

    fn keep(&self, host: &str, found: Found) -> Result<Arc<[IpAddr]>, Unresolved> {
        let found = found.map_err(|reason| unresolved(host, &reason))?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.retain(|_, (at, _)| at.elapsed() < KEPT);
        }
        if kept.len() < KEPT_MAX {
            kept.insert(host.to_owned(), (Instant::now(), Arc::clone(&found)));
        }
        Ok(found)
    }
}

fn unresolved(host: &str, reason: &str) -> Unresolved {
    Unresolved {
        host: host.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolver(addresses: &[&str]) -> Resolver {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        let table = HashMap::from([("site.example".to_owned(), addresses)]);
        Resolver::new(Names::Table(table), Guard::default(), None)
    }

    async fn ask(resolver: &Resolver, host: &str) -> Result<Vec<SocketAddr>, String> {
        let found = resolver.resolve(host.parse().unwrap()).await;
        found.map(Iterator::collect).map_err(|e| e.to_string())
    }

    #[tokio::test]
    async fn sec_06_mixed_answers_keep_only_public_addresses() {
        let r = resolver(&["127.0.0.1:0", "1.1.1.1:0", "[fd00::1]:0"]);
        let found = ask(&r, "Site.Example").await.unwrap();
        assert_eq!(found, vec!["1.1.1.1:0".parse().unwrap()]);
    }

    #[tokio::test]
    async fn sec_06_names_of_private_addresses_are_refused() {
        let said = ask(&resolver(&["169.254.169.254:0"]), "site.example").await;
        assert!(said.unwrap_err().contains("private or reserved address"));
    }

    #[tokio::test(start_paused = true)]
    async fn et_46_a_name_is_looked_up_once_a_minute() {
        let r = Resolver::new(Names::System, Guard::default(), None);
        let known = Arc::from([IpAddr::from([1, 1, 1, 1])]);
        r.0.keep("site.invalid", Ok(known)).unwrap();
        assert_eq!(
            ask(&r, "site.invalid").await.unwrap(),
            ["1.1.1.1:0".parse().unwrap()],
            "nobody was asked"
        );
        tokio::time::advance(KEPT).await;
        assert_eq!(r.0.recall("site.invalid"), None);
    }

    #[tokio::test]
    async fn unknown_names_do_not_resolve() {
        let said = ask(&resolver(&[]), "other.example").await;
        assert_eq!(
            said.unwrap_err(),
            "cannot resolve other.example: no such host"
        );
    }
}
