//! A token client among all that goes wrong at once, for as long as one likes:
//! `cargo run --release -p credential-tests --example soak -- --seed 1 --minutes 10`.
//!
//! Two clients with a memory each, as two processes have, share a store; 64 tasks ask them for tokens of applications
//! and users of eight tenants, which live 30 s. The authority breaks, throttles, hangs, talks nonsense, closes and
//! refuses connections, for one tenant or for all; the certificate changes on disk, and the old one is taken back; the
//! `redis-server` dies, stands still and comes back. All of it is planned by the seed.
//!
//! Every call is judged: whose token it got; that it failed while a token was at hand, or while the authority was well
//! and not left alone, is a fault, and so is one that takes longer than it may. Memory after the first third must stay.
//! The exit status is 0 when all of it holds.
#![expect(clippy::disallowed_methods, reason = "this is a program, whose time, files and tasks are this machine's")]

mod authority;
mod certificate;
mod dice;
mod judge;
mod memory;
mod store;
mod weather;
mod worker;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use token_client::TokenClient;

use authority::{Authority, tenant_name};
use certificate::Rotating;
use dice::Dice;
use judge::Judge;
use memory::Memory;
use store::Store;
use weather::{Gust, KINDS, Kind, Weather};
use worker::Process;

const APP: &str = "11111111-2222-3333-4444-555555555555";
const TASKS: u64 = 64;
const TENANTS: usize = 8;
const PROCESSES: usize = 2;
/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Runs that are shorter have tokens that are shorter, so that they end as often.
const SHORT: Duration = Duration::from_secs(120);

struct Options {
    seed: u64,
    length: Duration,
}

impl Options {
    fn read() -> Result<Self, String> {
        let mut options = Self { seed: 1, length: Duration::from_secs(600) };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().and_then(|value| value.parse::<u64>().ok());
            let number = value.ok_or_else(|| format!("{word} needs a number"))?;
            match word.as_str() {
                "--seed" => options.seed = number,
                "--minutes" => options.length = Duration::from_secs(60 * number),
                "--seconds" => options.length = Duration::from_secs(number),
                _ => return Err(format!("unknown argument {word}; there are --seed, --minutes and --seconds")),
            }
        }
        Ok(options)
    }

    /// Seconds that a token lives.
    fn life(&self) -> u64 {
        if self.length < SHORT { 10 } else { 30 }
    }
}

/// A folder that goes with the run.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn main() -> ExitCode {
    let options = match Options::read() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let holds = runtime.block_on(soak(&options));
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn soak(options: &Options) -> bool {
    let folder = Folder(std::env::temp_dir().join(format!("token-client-soak-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0).unwrap();
    let (seed, life) = (options.seed, options.life());
    let weather = Arc::<Weather>::default();
    let authority = Arc::new(Authority::start(Arc::clone(&weather), life).await);
    let rotating = Rotating::new(&folder.0.join("app.pem"), &authority);
    let store = Arc::new(Store::start(&folder.0));
    let judge = Arc::new(Judge::new(Arc::clone(&weather), TENANTS, PATIENCE, life));
    let processes = Arc::new(processes(&folder.0, &authority, &store).await);
    println!(
        "soak        seed {seed}, {} s, {TASKS} tasks, {PROCESSES} clients, {TENANTS} tenants, tokens of {life} s, {}",
        options.length.as_secs(),
        store.name()
    );

    let (end, pace) = (Instant::now() + options.length, Duration::from_secs(life));
    let callers: Vec<_> = (0..TASKS)
        .map(|nth| tokio::spawn(worker::call(Arc::clone(&processes), Arc::clone(&judge), Dice::new(seed, nth), end)))
        .collect();
    let rotations = {
        let authority = Arc::clone(&authority);
        tokio::spawn(async move { rotating.rotate(&authority, &mut Dice::new(seed, 1001), pace, end).await })
    };
    let outages = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.fail(&mut Dice::new(seed, 1002), pace, end).await })
    };
    let blows = {
        let (weather, authority) = (Arc::clone(&weather), Arc::clone(&authority));
        tokio::spawn(async move { blow(&weather, &authority, Dice::new(seed, 1003), pace, end).await })
    };
    let memory = watch(&judge, &processes, end).await;
    for caller in callers {
        if let Err(error) = caller.await {
            judge.fault(format!("a caller panicked: {error}"));
        }
    }
    let (rotations, outages, blows) = (rotations.await.unwrap(), outages.await.unwrap(), blows.await.unwrap());
    report(&judge, &authority, &memory, (rotations, outages, &blows), options)
}

async fn processes(folder: &Path, authority: &Authority, store: &Store) -> Vec<Process> {
    let settings = json!({"AzureAd": {
        "Instance": format!("http://{}/", authority.address), "TenantId": tenant_name(0), "ClientId": APP,
        "ClientCredentials": [{"SourceType": "Path", "CertificateDiskPath": "app.pem"}],
    }});
    let file = folder.join("appsettings.json");
    std::fs::write(&file, settings.to_string()).unwrap();
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        let builder = TokenClient::builder().file(&file).patience(PATIENCE).shared_cache(store.cache());
        processes.push(Process::new(builder.build().await.unwrap(), TENANTS));
    }
    processes
}

/// Faults of the authority, one after the other, with calm between them; gives how many of each kind.
async fn blow(weather: &Weather, authority: &Authority, mut dice: Dice, pace: Duration, end: Instant) -> [u64; 7] {
    let mut blows = [0; KINDS.len()];
    loop {
        tokio::time::sleep(dice.between(pace / 10, pace / 3)).await;
        if Instant::now() >= end {
            return blows;
        }
        let gust = Gust::drawn(&mut dice, TENANTS, pace / 5);
        weather.begin(gust);
        match gust.kind {
            Kind::Refused => authority.be_away(&gust).await,
            _ => tokio::time::sleep_until(gust.until.into()).await,
        }
        blows[gust.kind as usize] += 1;
    }
}

/// Looks once a second until the end.
async fn watch(judge: &Judge, processes: &[Process], end: Instant) -> Memory {
    let mut memory = Memory::default();
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_secs(1)).await;
        judge.tidy();
        memory.look();
        let bytes: usize = processes.iter().map(Process::cached_bytes).sum();
        if bytes > token_client::DEFAULT_MAX_CACHE_BYTES {
            judge.fault(format!("the caches hold {bytes} bytes"));
        }
    }
    memory
}

fn report(
    judge: &Judge,
    authority: &Authority,
    memory: &Memory,
    (rotations, outages, blows): (u64, u64, &[u64; 7]),
    options: &Options,
) -> bool {
    let seen = authority.seen();
    let blows: Vec<String> = KINDS.iter().zip(blows).map(|(kind, count)| format!("{kind:?} {count}")).collect();
    println!("faults      {}; {rotations} rotations, {outages} outages of the store", blows.join(", "));
    println!(
        "authority   {} requests, {} tokens, {} with a certificate that was taken back",
        seen.requests, seen.issued, seen.refused
    );
    match memory.thirds() {
        None => println!("memory      cannot be read here"),
        Some((second, last, flat)) => {
            println!("memory      {second} KiB in the second third, {last} KiB in the last");
            // Too little time for all that is kept to have ended once.
            if !flat && options.length >= SHORT {
                judge.fault(format!("memory grew from {second} to {last} KiB"));
            }
        }
    }
    let (text, holds) = judge.verdict();
    print!("{text}");
    println!("{}", if holds { "it holds" } else { "IT DOES NOT HOLD" });
    holds
}
