//! Serves editions of invented stories on a socket, for benches/serve.sh: `cargo bench --bench serve -- 127.0.0.1:18100`. Ends
//! when its input does.

#[path = "stages/desk.rs"]
#[allow(dead_code, reason = "shared with the other stages")]
mod desk;
#[path = "stages/feeds.rs"]
#[allow(dead_code, reason = "shared with the other stages")]
mod feeds;
#[path = "stages/publish.rs"]
#[allow(dead_code, reason = "shared with the other stages")]
mod publish;

use std::{error::Error, io::Read as _, time::Duration};

use newsdesk::{
    clock::Clock,
    serve::{Front, ServeLimits, Site, router, serve_apart},
    status::Status,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(address) = std::env::args().nth(1).filter(|argument| !argument.starts_with('-')) else {
        println!("serve: not measured without an address; benches/serve.sh has one");
        return Ok(());
    };
    let desk = publish::desk();
    let (mut publisher, editions) = publish::publisher(&desk);
    let all = publisher.all();
    assert!(publisher.publish(&all).finished);
    while publisher.settle_one() {}
    let site = Site { editions, status: Status::default(), clock: Clock::system(), hub: Default::default() };
    // As the daemon does it: a runtime for everything else, and a thread for readers.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (listener, stop) = (TcpListener::bind(address).await?, CancellationToken::new());
        let front = Front::new(site.clone(), router(site));
        // The measurement outlasts the daemon's own bounds.
        let limits = ServeLimits { connection_lifetime: Duration::from_secs(3600), ..ServeLimits::default() };
        let server = serve_apart(listener, front, limits, stop.clone())?;
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        stop.cancel();
        server.await?;
        Ok(())
    })
}
