//! Listening sockets, opened here or inherited from systemd, and the messages for those that cannot be opened.

use std::fmt;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// The mode of a unix socket: its owner and group may connect.
const UNIX_MODE: u32 = 0o660;

/// The send buffer of a connection in the kernel, which doubles this value. Without a limit the kernel buffers megabytes for each
/// client that does not read. Enough for 10 Mbit/s at a round trip of 100 ms.
const SEND_BUFFER_BYTES: usize = 128 * 1024;

/// A listening socket.
#[derive(Debug)]
pub struct Listener(Socket);

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix {
        socket: UnixListener,
        /// Removes the file with the listener, if we made it.
        _file: Option<SocketFile>,
    },
}

/// One accepted connection.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Why a socket cannot be opened.
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
    /// The address is in use, not an address of this machine, or not permitted.
    pub async fn tcp(address: SocketAddr) -> Result<Self, BindError> {
        let socket = TcpListener::bind(address)
            .await
            .map_err(|e| bind_error(&address, &e))?;
        Ok(Self::of_tcp(socket))
    }

    /// The address in the notation of `server.listen`.
    pub fn name(&self) -> String {
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

    /// Accepted connections inherit the size of the send buffer. If it cannot be set, the server still works.
    fn of_tcp(socket: TcpListener) -> Self {
        let _ = socket2::SockRef::from(&socket).set_send_buffer_size(SEND_BUFFER_BYTES);
        Self(Socket::Tcp(socket))
    }

    /// Listens on a unix socket at `path`; replaces one that no process listens on. Needs a runtime.
    ///
    /// # Errors
    /// Another process listens there, the path is another kind of file, or the directory is not writable.
    pub async fn unix(path: &Path) -> Result<Self, BindError> {
        let address = format!("unix:{}", path.display());
        remove_stale(path).await.map_err(|reason| BindError {
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
        bound.map_err(|e| bind_error(&address, &e))
    }

    /// Takes over a TCP socket that systemd opened. Needs a runtime.
    ///
    /// # Errors
    /// The runtime cannot use it.
    pub fn inherited_tcp(socket: std::net::TcpListener) -> Result<Self, BindError> {
        let taken = socket
            .set_nonblocking(true)
            .and_then(|()| TcpListener::from_std(socket));
        let socket = taken.map_err(|e| bind_error(&"the inherited socket", &e))?;
        Ok(Self::of_tcp(socket))
    }

    /// Takes over a unix socket that systemd opened; its file stays systemd's. Needs a runtime.
    ///
    /// # Errors
    /// The runtime cannot use it.
    pub fn inherited_unix(socket: std::os::unix::net::UnixListener) -> Result<Self, BindError> {
        let taken = socket
            .set_nonblocking(true)
            .and_then(|()| UnixListener::from_std(socket));
        let socket = taken.map_err(|e| bind_error(&"the inherited socket", &e))?;
        Ok(Self(Socket::Unix {
            socket,
            _file: None,
        }))
    }

    /// The address with the actual port; `None` for a unix socket.
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
                // A response is one write and must not wait for the acknowledgement of the previous one. If the connection is
                // already closed, reading from it will fail.
                let _ = stream.set_nodelay(true);
                Ok(Stream::Tcp(stream))
            }
            Socket::Unix { socket, .. } => Ok(Stream::Unix(socket.accept().await?.0)),
        }
    }
}

/// Removes the socket's file when dropped.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may have been removed already.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Removes the socket of a process that was killed: one that refuses connections.
async fn remove_stale(path: &Path) -> Result<(), String> {
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !found.file_type().is_socket() {
        return Err("the path is another kind of file; use another path".to_owned());
    }
    match UnixStream::connect(path).await {
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path)
            .map_err(|e| format!("the socket of a process that ended cannot be removed: {e}")),
        Err(e) => Err(reason(&e)),
        Ok(_) => Err(reason(&ErrorKind::AddrInUse.into())),
    }
}

fn bind_error(address: &dyn fmt::Display, e: &Error) -> BindError {
    BindError {
        address: address.to_string(),
        reason: reason(e),
    }
}

fn reason(e: &Error) -> String {
    match e.kind() {
        ErrorKind::AddrInUse => {
            "already in use; stop the program that listens there, or change server.listen"
                .to_owned()
        }
        ErrorKind::PermissionDenied => format!(
            "not permitted ({e}); use a port above 1023 or a directory that newswire may write to, or let systemd open the socket"
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
    fn the_message_for_an_address_in_use_says_so() {
        runtime().block_on(async {
            let first = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
            let taken = first.address().unwrap();
            let bind_error = Listener::tcp(taken).await.unwrap_err().to_string();
            assert!(bind_error.starts_with(&format!("cannot listen on {taken}: ")));
            assert!(bind_error.contains("server.listen"), "{bind_error}");
            let foreign = Listener::tcp("192.0.2.1:0".parse().unwrap()).await;
            assert!(foreign.unwrap_err().to_string().contains("no such address"));
        });
    }

    #[test]
    fn a_stale_unix_socket_is_replaced_and_one_in_use_is_not() {
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
            assert!(!path.exists(), "the file is removed with the listener");
            std::fs::write(&path, "notes").unwrap();
            let other = Listener::unix(&path).await.unwrap_err().to_string();
            assert!(other.contains("another kind of file"), "{other}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "notes");
        });
    }
}
