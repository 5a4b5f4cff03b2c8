//! The sockets to listen on: those that systemd opened and holds through upgrades (sd_listen_fds(3)), else those of
//! `server.listen`. Never both.

use listenfd::ListenFd;

use crate::config::Listen;
use crate::serve::{BindError, Listener};

/// Every socket, listening. Needs a runtime.
///
/// # Errors
/// [`BindError`]: an address that cannot be had, or something inherited that is no listening socket.
pub async fn open(listen: &[Listen]) -> Result<Vec<Listener>, BindError> {
    let inherited = inherited()?;
    if !inherited.is_empty() {
        tracing::info!(
            sockets = inherited.len(),
            "serving on the sockets that systemd opened"
        );
        return Ok(inherited);
    }
    let mut listeners = Vec::new();
    for place in listen {
        listeners.push(match place {
            Listen::Tcp(address) => Listener::tcp(*address).await?,
            Listen::Unix(path) => Listener::unix(path).await?,
        });
    }
    for listener in &listeners {
        // With port 0 the system has chosen one.
        match listener.name() {
            place if place.starts_with("unix:") => tracing::info!("serving on {place}"),
            place => tracing::info!("serving http://{place}/"),
        }
    }
    Ok(listeners)
}

fn inherited() -> Result<Vec<Listener>, BindError> {
    let mut given = ListenFd::from_env();
    (0..given.len())
        .map(|at| {
            // Each asks what kind of socket it is, and leaves another kind alone.
            if let Ok(Some(socket)) = given.take_tcp_listener(at) {
                Listener::inherited_tcp(socket)
            } else if let Ok(Some(socket)) = given.take_unix_listener(at) {
                Listener::inherited_unix(socket)
            } else {
                Err(BindError {
                    address: format!("inherited socket {at}"),
                    reason: "it is neither a TCP nor a unix stream socket; see ListenStream= in newswire.socket"
                        .to_owned(),
                })
            }
        })
        .collect()
}
