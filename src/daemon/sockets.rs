//! The listening sockets: those inherited from systemd, which keeps them open during upgrades (sd_listen_fds(3)), else those of
//! `server.listen`. Never both.

use listenfd::ListenFd;

use crate::config::Listen;
use crate::serve::{BindError, Listener};

/// Opens all sockets. Needs a runtime.
///
/// # Errors
/// [`BindError`] for an address that cannot be used, or an inherited descriptor that is not a listening socket.
pub async fn open(listen: &[Listen]) -> Result<Vec<Listener>, BindError> {
    let inherited = inherited()?;
    if !inherited.is_empty() {
        tracing::info!(
            sockets = inherited.len(),
            "serving on sockets inherited from systemd"
        );
        return Ok(inherited);
    }
    let mut listeners = Vec::new();
    for address in listen {
        listeners.push(match address {
            Listen::Tcp(address) => Listener::tcp(*address).await?,
            Listen::Unix(path) => Listener::unix(path).await?,
        });
    }
    for listener in &listeners {
        // For port 0 this is the port that the system has chosen.
        match listener.name() {
            unix if unix.starts_with("unix:") => tracing::info!("serving on {unix}"),
            address => tracing::info!("serving on http://{address}/"),
        }
    }
    Ok(listeners)
}

fn inherited() -> Result<Vec<Listener>, BindError> {
    let mut given = ListenFd::from_env();
    (0..given.len())
        .map(|at| {
            // Each call checks the kind of the socket, and takes only its own.
            if let Ok(Some(socket)) = given.take_tcp_listener(at) {
                Listener::inherited_tcp(socket)
            } else if let Ok(Some(socket)) = given.take_unix_listener(at) {
                Listener::inherited_unix(socket)
            } else {
                Err(BindError {
                    address: format!("inherited socket {at}"),
                    reason: "it is neither a TCP nor a unix stream socket; check ListenStream= in newswire.socket"
                        .to_owned(),
                })
            }
        })
        .collect()
}
