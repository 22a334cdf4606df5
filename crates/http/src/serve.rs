//! Listening: HTTP/1.1 and HTTP/2, with or without TLS, until told to stop.

use axum::Router;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use muster_model::{Error, Result};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests under way may take to end after the stop.
const GRACE: Duration = Duration::from_secs(20);
/// Longest head of an HTTP/1 request in bytes.
const MAX_HEAD: usize = 128 * 1024;

/// A certificate chain with its key, ready to listen with.
pub type Tls = Arc<rustls::ServerConfig>;

/// Reads a PEM certificate chain and key.
///
/// # Errors
/// `Invalid` if they do not parse or do not belong together.
pub async fn tls(chain_pem: Vec<u8>, key_pem: Vec<u8>) -> Result<Tls> {
    let config = RustlsConfig::from_pem(chain_pem, key_pem).await;
    let config = config.map_err(|error| Error::invalid("tls", error))?;
    let mut config = (*config.get_inner()).clone();
    // The strongest that both know, whatever the client would rather have.
    config.ignore_client_order = true;
    Ok(Arc::new(config))
}

/// Answers on `listener` until `stop`, then lets requests under way end. Header names leave in title
/// case, because the vendor's Java client looks them up in a case-sensitive map.
///
/// # Errors
/// `Internal` if the listener cannot be used.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    tls: Option<Tls>,
    stop: CancellationToken,
) -> Result<()> {
    listener.set_nonblocking(true).map_err(Error::internal)?;
    let handle = Handle::new();
    let server = axum_server::from_tcp(listener).map_err(Error::internal)?.handle(handle.clone());
    let stopped = async {
        stop.cancelled().await;
        handle.graceful_shutdown(Some(GRACE));
        std::future::pending::<()>().await;
    };
    let served = async {
        match tls {
            Some(tls) => {
                let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(tls));
                run(server.acceptor(acceptor), router).await
            }
            None => run(server, router).await,
        }
    };
    tokio::select! {
        result = served => result,
        () = stopped => Ok(()),
    }
}

async fn run<A>(mut server: Server<SocketAddr, A>, router: Router) -> Result<()>
where
    A: Accept<tokio::net::TcpStream, Service> + Clone + Send + Sync + 'static,
    A::Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
    A::Service:
        axum_server::service::SendService<axum::http::Request<hyper::body::Incoming>> + Send,
    A::Future: Send,
{
    let builder = server.http_builder();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .title_case_headers(true);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(128);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    server.serve(service).await.map_err(Error::internal)
}

/// What a router becomes for one connection.
type Service = axum::middleware::AddExtension<Router, axum::extract::ConnectInfo<SocketAddr>>;
