//! `http://ADDR:PORT/metrics`: one request a connection, a few connections at once, a short time
//! for each.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, header, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::debug;

use super::Now;
use crate::{data_dir::DataDir, limits, net::Shared};

const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Takes the address.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves the page until it is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, data: Arc<DataDir>) {
    let places = Arc::new(Semaphore::new(limits::METRICS_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                debug!(%error, "no connection for metrics");
                sleep(limits::METRICS_TIME / 50).await;
                continue;
            }
        };
        let (shared, data) = (Arc::clone(&shared), Arc::clone(&data));
        connections.spawn(async move {
            let _ = timeout(limits::METRICS_TIME, answer(stream, &shared, &data)).await;
            drop(place);
        });
    }
}

async fn answer(stream: TcpStream, shared: &Shared, data: &DataDir) {
    let service = service_fn(async |request: Request<Incoming>| {
        Ok::<_, Infallible>(response(&request, shared, data))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::METRICS_TIME)
        .keep_alive(false)
        .max_buf_size(8 << 10)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        debug!(%error, "a request for metrics ended early");
    }
}

fn response(request: &Request<Incoming>, shared: &Shared, data: &DataDir) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => {
            let (hub, database) = (&*shared.hub, &data.database());
            let (log_position, files) = (shared.log.head().0, &shared.files);
            let now = Now { hub, log_position, database, files };
            (StatusCode::OK, TYPE, shared.metrics.text(now))
        }
        (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET it\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
