//! stub
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
/// x
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct BindError;
/// x
pub struct Listener;
impl Listener {
    /// x
    pub async fn tcp(_: std::net::SocketAddr) -> Result<Self, BindError> {
        Ok(Self)
    }
    /// x
    pub async fn unix(_: &std::path::Path) -> Result<Self, BindError> {
        Ok(Self)
    }
}
/// x
#[derive(Default)]
pub struct Limits;
#[allow(missing_docs)]
pub struct ServeOptions {
    pub title: String,
    pub public_url: Option<crate::model::WebUrl>,
    pub hub: Option<crate::model::WebUrl>,
    pub page_size: usize,
    pub limits: Limits,
}
#[allow(missing_docs)]
pub struct Server {
    pub reads: crate::store::Reads,
    pub options: ServeOptions,
    pub sequence: watch::Receiver<crate::model::Seq>,
    pub ready: Arc<dyn Fn() -> Result<(), String> + Send + Sync>,
    pub registry: Arc<prometheus_client::registry::Registry>,
    pub clock: crate::clock::Clock,
}
impl Server {
    /// x
    pub async fn run(self, _: Vec<Listener>, cancel: CancellationToken) {
        cancel.cancelled().await
    }
}
