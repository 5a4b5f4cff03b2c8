//! Resolves host names to addresses that the guard allows. The HTTP client dials exactly the addresses that are returned here,
//! so none is dialled unchecked, also if the name's addresses change later (SEC-06).

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

use super::failure::Unresolved;
use super::guard::{Blocked, Guard};
use super::lookup::Lookups;
use super::lookup_queue::LookupResult;
use super::visit_time::{LOCAL_WAIT_MAX, VisitTime};
use crate::model::{Failure, FailureKind, WebUrl};

/// How long an answer is cached (ET-46).
const TTL: Duration = Duration::from_secs(60);
/// Most cached answers.
const CACHE_MAX: usize = 4096;
/// Time limit of one lookup, from when a thread begins with it.
const LOOKUP_MAX: Duration = Duration::from_secs(10);

/// Where addresses come from. The guard checks them in any case.
#[derive(Debug, Clone, Default)]
pub enum Names {
    /// The system's resolver.
    #[default]
    System,
    /// A fixed table, for tests: these hosts and no other. A port other than 0 replaces the default port of the scheme in URLs
    /// without a port.
    Table(HashMap<String, Vec<SocketAddr>>),
    /// A function that may block, for tests and benches. It runs on the same threads as the system's resolver.
    Function(fn(&str) -> io::Result<Vec<IpAddr>>),
}

/// The resolver of the HTTP client.
#[derive(Clone)]
pub(super) struct Resolver(Arc<Inner>);

struct Inner {
    names: Names,
    guard: Guard,
    /// The host of the proxy. The operator chose it, so it is not checked; with a proxy no other name is resolved.
    proxy: Option<String>,
    cache: Arc<Mutex<HashMap<String, Cached>>>,
    lookups: Lookups,
}

/// Addresses, and when they were resolved.
type Cached = (Instant, Arc<[IpAddr]>);

impl Resolver {
    pub(super) fn new(names: Names, guard: Guard, proxy: Option<String>) -> Self {
        let lookups = match names {
            Names::Function(resolve) => Lookups::new(resolve),
            Names::System | Names::Table(_) => Lookups::new(system_resolver),
        };
        Self(Arc::new(Inner {
            names,
            guard,
            proxy,
            cache: Arc::default(),
            lookups,
        }))
    }

    /// The same names, looked up by the same threads, under another guard.
    pub(super) fn with_guard(&self, guard: Guard) -> Self {
        Self(Arc::new(Inner {
            names: self.0.names.clone(),
            guard,
            proxy: self.0.proxy.clone(),
            cache: Arc::clone(&self.0.cache),
            lookups: self.0.lookups.clone(),
        }))
    }

    /// The addresses of a host that may be dialled.
    pub(super) async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, Failure> {
        let found = self
            .0
            .lookup(host)
            .await
            .map_err(|e| match e.downcast::<Unresolved>() {
                Ok(unresolved) => Failure::from(*unresolved),
                Err(other) => Failure::new(FailureKind::Dns, other.to_string()),
            })?;
        Ok(self.0.allowed(host, found)?)
    }

    /// Queued and running lookups.
    pub(super) fn lookups(&self) -> usize {
        self.0.lookups.in_progress()
    }

    /// Looks up the host of `url` and caches the answer for the connection. This way waiting for a thread does not count
    /// against the time limit of the connection. `is_proven`: the host answered before, perhaps to an earlier process.
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
        let needs_no_lookup = matches!(inner.names, Names::Table(_)) || inner.proxy.is_some();
        if needs_no_lookup || inner.cached(host).is_some() {
            return Ok(());
        }
        if is_proven {
            inner.lookups.note_proven(host);
        }
        let mut lookup = inner.lookups.look_up(host);
        time.local(lookup.started()).await?;
        let answer = timeout(LOOKUP_MAX, lookup.answer());
        match time.server(host, answer).await? {
            Ok(result) => inner.store(host, result)?,
            Err(_) => return Err(inner.unresponsive(host).into()),
        };
        Ok(())
    }
}

/// The system's resolver, as the operator configured it.
fn system_resolver(host: &str) -> io::Result<Vec<IpAddr>> {
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
            let allowed = inner.allowed(&host, found)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Inner {
    /// The addresses that may be dialled.
    fn allowed(&self, host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Blocked> {
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
        let found = match self.cached(host) {
            Some(found) => found,
            None => {
                let mut lookup = self.lookups.look_up(host);
                let answer = timeout(LOOKUP_MAX + LOCAL_WAIT_MAX, lookup.answer());
                let result = answer.await.map_err(|_| self.unresponsive(host))?;
                self.store(host, result)?
            }
        };
        Ok(found.iter().map(|ip| SocketAddr::new(*ip, 0)).collect())
    }

    fn unresponsive(&self, host: &str) -> Unresolved {
        self.lookups.note_unresponsive(host);
        unresolved(host, "the name servers did not answer in time")
    }

    fn cached(&self, host: &str) -> Option<Arc<[IpAddr]>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, found) = cache.get(host)?;
        (at.elapsed() < TTL).then(|| Arc::clone(found))
    }

    /// Caches the addresses of a host. Does nothing to the cache if it is full.
    fn store(&self, host: &str, result: LookupResult) -> Result<Arc<[IpAddr]>, Unresolved> {
        let found = result.map_err(|reason| unresolved(host, &reason))?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHE_MAX {
            cache.retain(|_, (at, _)| at.elapsed() < TTL);
        }
        if cache.len() < CACHE_MAX {
            cache.insert(host.to_owned(), (Instant::now(), Arc::clone(&found)));
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
        let answer = ask(&resolver(&["169.254.169.254:0"]), "site.example").await;
        let message = answer.unwrap_err();
        assert!(message.contains("private or reserved address"), "{message}");
    }

    #[tokio::test(start_paused = true)]
    async fn et_46_a_name_is_looked_up_once_a_minute() {
        let r = Resolver::new(Names::System, Guard::default(), None);
        let known = Arc::from([IpAddr::from([1, 1, 1, 1])]);
        r.0.store("site.invalid", Ok(known)).unwrap();
        assert_eq!(
            ask(&r, "site.invalid").await.unwrap(),
            ["1.1.1.1:0".parse().unwrap()],
            "from the cache"
        );
        tokio::time::advance(TTL).await;
        assert_eq!(r.0.cached("site.invalid"), None);
    }

    #[tokio::test]
    async fn unknown_names_do_not_resolve() {
        let answer = ask(&resolver(&[]), "other.example").await;
        assert_eq!(
            answer.unwrap_err(),
            "cannot resolve other.example: no such host"
        );
    }
}
