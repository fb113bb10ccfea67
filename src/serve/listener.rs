use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::warn;

use super::{
    connection::converse,
    front::Front,
    peers::Peers,
    refusal::{Refusal, Refusals},
};

/// What one client, or many, may ask of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeLimits {
    /// Connections at once. As many may wait for a place, for `patience`; all others are refused.
    pub connections: usize,
    /// Connections at once from one address that is neither this machine's nor private.
    pub connections_per_client: usize,
    /// How long a connection may wait for a place.
    pub patience: Duration,
    /// The longest that a request's head may take to arrive.
    pub head_timeout: Duration,
    /// The longest that a connection may be without a request.
    pub idle_timeout: Duration,
    /// The longest that a client may take nothing of its answer.
    pub write_timeout: Duration,
    /// The longest that a connection may last: a client that reads a byte a minute does not hold one for ever.
    pub connection_lifetime: Duration,
    /// The longest that what is under way may take once a connection is to end.
    pub finish_timeout: Duration,
    /// The longest that requests under way may take once we are stopping.
    pub stop_timeout: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_client: 64,
            patience: Duration::from_secs(2),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
            connection_lifetime: Duration::from_secs(300),
            finish_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(3),
        }
    }
}

/// Serves on a thread of its own until `stop`: readers do not wait for the processor while feeds are read, and an answer costs less
/// where no other thread is to be woken. What the router does must therefore not hold up the thread.
///
/// # Errors
/// When the listener cannot be handed over.
pub fn serve_apart(
    listener: TcpListener,
    front: Front,
    limits: ServeLimits,
    stop: CancellationToken,
) -> io::Result<JoinHandle<()>> {
    let listener = listener.into_std()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            match TcpListener::from_std(listener) {
                Ok(listener) => serve(listener, front, limits, stop).await,
                Err(error) => warn!(%error, "nothing is served: the listener cannot be used"),
            }
        });
    }))
}

/// Serves until `stop`, then finishes the requests under way.
pub async fn serve(listener: TcpListener, front: Front, limits: ServeLimits, stop: CancellationToken) {
    let [places, waiting] = [limits.connections; 2].map(|places| Arc::new(Semaphore::new(places)));
    let (peers, refusals, connections) = (Peers::default(), Refusals::default(), TaskTracker::new());
    loop {
        let (stream, address) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener) => accepted,
        };
        let Some(of_peer) = peers.admit(address.ip(), limits.connections_per_client) else {
            refusals.tell(stream, Refusal::TooManyOfYou, front.now());
            continue;
        };
        let place = places.clone().try_acquire_owned().ok();
        let waits = if place.is_none() { waiting.clone().try_acquire_owned().ok() } else { None };
        if place.is_none() && waits.is_none() {
            refusals.tell(stream, Refusal::TooManyOfAll, front.now());
            continue;
        }
        let (front, stop, places, refusals) = (front.clone(), stop.clone(), places.clone(), refusals.clone());
        connections.spawn(async move {
            let place = match place {
                Some(place) => Ok(place),
                None => match timeout(limits.patience, places.acquire_owned()).await {
                    Ok(place) => place,
                    Err(_) => {
                        refusals.tell(stream, Refusal::TooManyOfAll, front.now());
                        return;
                    }
                },
            };
            drop(waits);
            converse(stream, &front, &limits, &stop).await;
            drop((place, of_peer));
        });
    }
    drop(listener);
    connections.close();
    if timeout(limits.stop_timeout, connections.wait()).await.is_err() {
        warn!("requests were cut off: they took longer than {} s to finish", limits.stop_timeout.as_secs());
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // Out of file descriptors, most likely: wait for connections to end instead of spinning.
                if !is_about_one_connection(&error) {
                    warn!(%error, "cannot accept connections");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
