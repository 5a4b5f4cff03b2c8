//! Builds the HTTP client: limits of a connection (SEC-05), TLS, proxy, further certificate authorities. It must never follow a
//! redirect by itself or read a proxy from the environment: both would bypass the address guard.

use std::io::Read;
use std::time::Duration;

use super::options::{FetchOptions, FetchSetupError};
use super::resolve::Resolver;

/// Idle connections are closed after this (ET-44 allows 60 s). It covers the usual spacing of two seconds between feeds of one
/// host.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// The same where no other feed of the host follows; a redirect may still return to it. A pass over ten thousand hosts must not
/// keep as many connections, each with some 20 KB of buffers.
pub(super) const IDLE_TIMEOUT_SINGLE: Duration = Duration::from_millis(50);
/// Largest total size of a response's headers, in bytes (SEC-05).
pub(super) const HEADER_BYTES_MAX: usize = 64 << 10;
/// Most headers of a response.
const HEADERS_MAX: usize = 100;
/// Time limit for setting up a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Data that an HTTP/2 server may send before we read it, in bytes. The memory budget does not cover it.
const HTTP2_WINDOW: u32 = 128 << 10;
/// Largest `extra_ca` file, in bytes: all public authorities take less than 1 MiB.
const EXTRA_CA_BYTES_MAX: u64 = 8 << 20;

/// The client for everything that goes to the network.
pub(super) fn build(
    options: &FetchOptions,
    resolver: &Resolver,
    idle_timeout: Duration,
) -> Result<reqwest::Client, FetchSetupError> {
    let mut builder = builder(idle_timeout);
    if let Some(text) = &options.proxy {
        let url: url::Url = text.parse().map_err(|_| FetchSetupError::Proxy)?;
        let proxy = reqwest::Proxy::all(url).map_err(|_| FetchSetupError::Proxy)?;
        builder = builder.proxy(proxy);
    }
    if let Some(path) = &options.extra_ca {
        let certificates = read_certificates(path).map_err(|reason| FetchSetupError::ExtraCa {
            path: path.clone(),
            reason,
        })?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder
        .dns_resolver(resolver.clone())
        .build()
        .map_err(|e| FetchSetupError::Client(e.to_string()))
}

/// A builder with the limits that all clients share.
pub(super) fn builder(idle_timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(idle_timeout)
        .pool_max_idle_per_host(1)
        .http1_max_headers(HEADERS_MAX)
        .http2_max_header_list_size(u32::try_from(HEADER_BYTES_MAX).unwrap_or(u32::MAX))
        .http2_initial_stream_window_size(HTTP2_WINDOW)
        .http2_initial_connection_window_size(HTTP2_WINDOW)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
}

/// The host in a proxy's URL.
pub(super) fn host_of_proxy(proxy: &str) -> Option<String> {
    let url: url::Url = proxy.parse().ok()?;
    url.host_str().map(str::to_ascii_lowercase)
}

fn read_certificates(path: &std::path::Path) -> Result<Vec<reqwest::Certificate>, String> {
    let mut pem = Vec::new();
    // The limit applies to what is read: a device or a pipe reports no size.
    std::fs::File::open(path)
        .and_then(|file| file.take(EXTRA_CA_BYTES_MAX + 1).read_to_end(&mut pem))
        .map_err(|e| e.to_string())?;
    if pem.len() as u64 > EXTRA_CA_BYTES_MAX {
        return Err(format!("longer than {EXTRA_CA_BYTES_MAX} bytes"));
    }
    let certificates =
        reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| "it is not PEM".to_owned())?;
    if certificates.is_empty() {
        return Err("it contains no certificate".to_owned());
    }
    Ok(certificates)
}
