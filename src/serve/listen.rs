//! Sockets to listen on: made here, or inherited from systemd; and why one cannot be had, in words.

use std::fmt;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Who may connect to a unix socket: its owner and group. A directory narrows it further.
const UNIX_MODE: u32 = 0o660;

/// Bytes of an answer that the kernel keeps for one connection, which it counts twice: left to itself it takes megabytes
/// for each client that does not read. Enough for 10 Mbit/s at 100 ms.
const SEND_BUFFER_BYTES: usize = 128 * 1024;

/// An open socket that takes connections.
#[derive(Debug)]
pub struct Listener(Socket);

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix {
        socket: UnixListener,
        /// The file goes with the listener, if it is ours.
        _file: Option<SocketFile>,
    },
}

/// One accepted connection.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Why there is no listener: which address, what is wrong, what to do.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {reason}")]
pub struct BindError {
    /// As written in `server.listen`.
    pub address: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl Listener {
    /// Listens on an address and port. Needs a runtime.
    ///
    /// # Errors
    /// The address is taken, not this machine's, or not permitted.
    pub async fn tcp(address: SocketAddr) -> Result<Self, BindError> {
        let socket = TcpListener::bind(address)
            .await
            .map_err(|e| refused(&address, &e))?;
        Ok(Self::of_tcp(socket))
    }

    /// Where it listens, as `server.listen` writes addresses.
    pub fn place(&self) -> String {
        match &self.0 {
            Socket::Tcp(socket) => socket
                .local_addr()
                .map_or_else(|_| "unknown".to_owned(), |address| address.to_string()),
            Socket::Unix { socket, .. } => {
                let address = socket.local_addr().ok();
                let path = address.as_ref().and_then(|a| a.as_pathname());
                path.map_or_else(
                    || "unix:unknown".to_owned(),
                    |path| format!("unix:{}", path.display()),
                )
            }
        }
    }

    /// Connections take over the size of the send buffer. A kernel that sets another serves all the same.
    fn of_tcp(socket: TcpListener) -> Self {
        let _ = socket2::SockRef::from(&socket).set_send_buffer_size(SEND_BUFFER_BYTES);
        Self(Socket::Tcp(socket))
    }

    /// Listens on a socket in the file system; a dead one that stands there is replaced. Needs a runtime.
    ///
    /// # Errors
    /// Somebody listens there, it is another file, or the directory does not allow it.
    pub async fn unix(path: &Path) -> Result<Self, BindError> {
        let address = format!("unix:{}", path.display());
        remove_dead(path).await.map_err(|reason| BindError {
            address: address.clone(),
            reason,
        })?;
        let bound = UnixListener::bind(path).and_then(|socket| {
            let file = SocketFile(path.to_owned());
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(UNIX_MODE))?;
            Ok(Self(Socket::Unix {
                socket,
                _file: Some(file),
            }))
        });
        bound.map_err(|e| refused(&address, &e))
    }

    /// Takes over a TCP socket that systemd opened. Needs a runtime.
    ///
    /// # Errors
    /// The runtime does not take it.
    pub fn inherited_tcp(socket: std::net::TcpListener) -> Result<Self, BindError> {
        let taken = socket
            .set_nonblocking(true)
            .and_then(|()| TcpListener::from_std(socket));
        let socket = taken.map_err(|e| refused(&"the inherited socket", &e))?;
        Ok(Self::of_tcp(socket))
    }

    /// Takes over a unix socket that systemd opened; its file stays systemd's. Needs a runtime.
    ///
    /// # Errors
    /// The runtime does not take it.
    pub fn inherited_unix(socket: std::os::unix::net::UnixListener) -> Result<Self, BindError> {
        let taken = socket
            .set_nonblocking(true)
            .and_then(|()| UnixListener::from_std(socket));
        let socket = taken.map_err(|e| refused(&"the inherited socket", &e))?;
        Ok(Self(Socket::Unix {
            socket,
            _file: None,
        }))
    }

    /// The address and port, the one given for port 0 too; none for a unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Socket::Tcp(socket) => socket.local_addr().ok(),
            Socket::Unix { .. } => None,
        }
    }

    pub(super) async fn accept(&self) -> std::io::Result<Stream> {
        match &self.0 {
            Socket::Tcp(socket) => {
                let (stream, _) = socket.accept().await?;
                // An answer is one write; it should not wait for the acknowledgement of the last. A stream that
                // is dead already will say so when it is read.
                let _ = stream.set_nodelay(true);
                Ok(Stream::Tcp(stream))
            }
            Socket::Unix { socket, .. } => Ok(Stream::Unix(socket.accept().await?.0)),
        }
    }
}

/// Removes its socket from the file system when it goes.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody may have removed it; then there is nothing to do.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A socket that nobody listens on was left by a process that died.
async fn remove_dead(path: &Path) -> Result<(), String> {
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !found.file_type().is_socket() {
        return Err("a file that is no socket stands there; name another path".to_owned());
    }
    match UnixStream::connect(path).await {
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path)
            .map_err(|e| format!("a dead socket stands there and cannot be removed: {e}")),
        Err(e) => Err(reason(&e)),
        Ok(_) => Err(reason(&ErrorKind::AddrInUse.into())),
    }
}

fn refused(address: &dyn fmt::Display, e: &Error) -> BindError {
    BindError {
        address: address.to_string(),
        reason: reason(e),
    }
}

fn reason(e: &Error) -> String {
    match e.kind() {
        ErrorKind::AddrInUse => {
            "port or socket already in use; stop that program, or change server.listen".to_owned()
        }
        ErrorKind::PermissionDenied => format!(
            "not permitted ({e}); take a port above 1023 or a directory that newswire may write, or let systemd open the socket"
        ),
        ErrorKind::AddrNotAvailable => {
            "this machine has no such address; change server.listen".to_owned()
        }
        ErrorKind::NotFound => "the directory does not exist; create it first".to_owned(),
        _ => e.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    }

    #[test]
    fn an_address_in_use_is_said_to_be_in_use() {
        runtime().block_on(async {
            let first = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
            let taken = first.address().unwrap();
            let refused = Listener::tcp(taken).await.unwrap_err().to_string();
            assert!(refused.starts_with(&format!("cannot listen on {taken}: ")));
            assert!(refused.contains("server.listen"), "{refused}");
            let foreign = Listener::tcp("192.0.2.1:0".parse().unwrap()).await;
            assert!(foreign.unwrap_err().to_string().contains("no such address"));
        });
    }

    #[test]
    fn a_dead_unix_socket_is_replaced_and_a_living_one_is_not() {
        runtime().block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("http.sock");
            // std's listener leaves its file behind, as a process that is killed does.
            drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
            let living = Listener::unix(&path).await.unwrap();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, UNIX_MODE);
            let second = Listener::unix(&path).await.unwrap_err().to_string();
            assert!(second.contains("already in use"), "{second}");
            drop(living);
            assert!(!path.exists(), "the file goes with the listener");
            std::fs::write(&path, "notes").unwrap();
            let other = Listener::unix(&path).await.unwrap_err().to_string();
            assert!(other.contains("no socket"), "{other}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "notes");
        });
    }
}
