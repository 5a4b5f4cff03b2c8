//! `newswire healthcheck`: requests `/readyz` from the daemon, for container health checks and monitoring. If the HTTP server is
//! off, checks whether the daemon holds its lock. The exit code is 0 or 1.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::context::Context;
use super::exit::{Exit, Failure};
use crate::config::Listen;
use crate::model::DaemonInfo;

/// Timeout of connecting and of each read and write.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum size of the response, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Runs `newswire healthcheck`.
pub fn healthcheck(cx: &mut Context) -> Result<(), Failure> {
    let config = cx
        .config()
        .map_err(|_| unhealthy("the configuration is invalid; see `newswire check`"))?;
    match config.server.listen.first() {
        Some(place) => {
            let (status, body) = ask(place)
                .map_err(|e| unhealthy(format!("the daemon does not answer on {place}: {e}")))?;
            if status != "200" {
                return Err(unhealthy(format!(
                    "the daemon is not ready: {status} {}",
                    body.trim()
                )));
            }
        }
        None if DaemonInfo::of(&config.store.path).is_some() => {}
        None => return Err(unhealthy("the daemon is not running")),
    }
    cx.out.note("ready");
    Ok(())
}

fn unhealthy(why: impl Into<String>) -> Failure {
    Failure::new(Exit::Failed, why)
}

fn ask(place: &Listen) -> io::Result<(String, String)> {
    match place {
        Listen::Tcp(address) => {
            let stream = TcpStream::connect_timeout(&reachable(*address), TIMEOUT)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            exchange(stream)
        }
        Listen::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            exchange(stream)
        }
    }
}

/// The address to connect to: the loopback address instead of 0.0.0.0 or ::.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// Requests `/readyz`; returns status and body.
fn exchange(mut stream: impl Read + Write) -> io::Result<(String, String)> {
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or("no answer");
    Ok((status.to_owned(), body.to_owned()))
}
