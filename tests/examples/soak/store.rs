//! What the processes share: a `redis-server` that dies and comes back, or one in memory where there is none.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use credential_tests::processes::keys;
use token_client::store::{FakeStore, RedisStore, SharedCache, StoreFault};

use crate::dice::Dice;

/// Debian's redis-tools has the server under this name: what it is decides by the name that it is called by.
const OF_REDIS_TOOLS: &str = "/usr/bin/redis-check-rdb";

pub(crate) enum Store {
    Real(Redis),
    Fake(FakeStore),
}

pub(crate) struct Redis {
    program: PathBuf,
    port: u16,
    child: Mutex<Child>,
}

impl Store {
    /// Where there is a server it is used; its files go to the folder.
    pub(crate) fn start(folder: &Path) -> Self {
        let Some(program) = program(folder) else { return Self::Fake(FakeStore::new()) };
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Mutex::new(spawn(&program, port));
        Self::Real(Redis { program, port, child })
    }

    pub(crate) fn cache(&self) -> SharedCache {
        let keys = keys(&["a"]);
        match self {
            Self::Real(redis) => {
                let store = RedisStore::at(format!("redis://127.0.0.1:{}", redis.port)).build().unwrap();
                SharedCache::new(store, keys)
            }
            Self::Fake(fake) => SharedCache::new(fake.clone(), keys),
        }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Real(redis) => redis.program.display().to_string(),
            Self::Fake(_) => "a store in memory (no redis-server here)".to_owned(),
        }
    }

    /// Is in trouble again and again; gives how often.
    pub(crate) async fn fail(&self, dice: &mut Dice, pace: Duration, end: Instant) -> u64 {
        let mut failures = 0;
        loop {
            tokio::time::sleep(dice.between(pace / 2, pace)).await;
            if Instant::now() >= end {
                return failures;
            }
            let (hangs, wait) = (dice.once_in(3), dice.between(pace / 10, pace / 3));
            match self {
                Self::Real(redis) if hangs => {
                    redis.signal("-STOP");
                    tokio::time::sleep(wait).await;
                    redis.signal("-CONT");
                }
                Self::Real(redis) => {
                    redis.kill();
                    tokio::time::sleep(wait).await;
                    *redis.child.lock().unwrap() = spawn(&redis.program, redis.port);
                }
                Self::Fake(fake) => {
                    fake.fault(if hangs { StoreFault::Hangs } else { StoreFault::Down });
                    tokio::time::sleep(wait).await;
                    fake.flush();
                    fake.fault(None);
                }
            }
            failures += 1;
        }
    }
}

impl Redis {
    fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }

    fn signal(&self, name: &str) {
        let id = self.child.lock().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn program(folder: &Path) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("REDIS_SERVER") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["redis-server", "valkey-server"];
    let in_path = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    if let Some(found) = in_path.into_iter().find(|program| program.exists()) {
        return Some(found);
    }
    let link = folder.join("redis-server");
    let linked = Path::new(OF_REDIS_TOOLS).exists() && std::os::unix::fs::symlink(OF_REDIS_TOOLS, &link).is_ok();
    linked.then_some(link)
}

fn spawn(program: &Path, port: u16) -> Child {
    let port = port.to_string();
    let words = ["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"];
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}
