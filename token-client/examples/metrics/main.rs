//! A service that calls an API once a second, and shows at `/metrics` what Prometheus wants to know of it.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods, reason = "an example")]

use std::env;
use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusBuilder;
use token_client::store::{RedisStore, SealingKeys, SharedCache};
use token_client::{DownstreamCall, TokenClient};
use tokio::net::TcpListener;
use tokio::time::interval;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Before the client: what it counts is looked up when it is made.
    let metrics = PrometheusBuilder::new().install_recorder()?;
    let (address, section) = (env::args().nth(1), env::args().nth(2));
    let mut builder = TokenClient::builder().file("appsettings.json");
    if let Some(section) = section {
        builder = builder.section(section);
    }
    if let Ok(address) = env::var("TOKEN_CACHE_ADDRESS") {
        let store = RedisStore::at(address).build()?;
        builder = builder.shared_cache(SharedCache::new(store, SealingKeys::from_variable("TOKEN_CACHE_KEYS")?));
    }
    let inventory = builder.build().await?.downstream("Inventory")?;

    let shown = metrics.clone();
    let router = Router::new().route("/metrics", get(async move || shown.render()));
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:9464")).await?;
    println!("http://{}/metrics", listener.local_addr()?);

    let work = async {
        let mut turn = interval(Duration::from_secs(1));
        for nth in 1_u64.. {
            turn.tick().await;
            // A new token now and then, so that there is something to see.
            let call = DownstreamCall::new().path("hello");
            let call = if nth % 5 == 0 { call.force_refresh() } else { call };
            if let Err(error) = inventory.call(call).await {
                eprintln!("{error}");
            }
            metrics.run_upkeep();
        }
    };
    tokio::select! {
        served = axum::serve(listener, router) => served?,
        () = work => {}
    }
    Ok(())
}
