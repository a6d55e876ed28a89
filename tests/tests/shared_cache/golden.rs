//! What Microsoft.Identity.Web's token caches did on a real Redis (golden/cache.jsonl), done by ours: the same, or
//! better. A call never fails and never waits, and asks the authority no more often, but for the rows of
//! [`DIFFERENCES`].

use std::collections::HashMap;
use std::time::Duration;

use credential_tests::processes::{Machines, keys, user};
use serde_json::Value;
use token_client::store::{SharedCache, StoreFault};
use token_client::{TokenClient, TokenOrigin, TokenRequest};
use tokio::time::Instant;

const GOLDEN: &str = include_str!("../../golden/cache.jsonl");

/// Calls that ask the authority where the reference did not: the case, the step, and why.
const DIFFERENCES: [(&str, usize, &str); 3] = [
    ("value: other token", 3, "the reference serves a token that somebody wrote into the store"),
    (
        "dies in between: comes back after 12 s, L1 off",
        4,
        "the reference's call before took 12.7 s, until Redis was back; ours took none, and Redis is still away",
    ),
    ("copied: other user, encrypted", 4, "the reference keeps what was copied beside the new token, and serves it"),
];
/// What this version does not have.
const NOT_HERE: [&str; 1] = ["agents"];
/// The longest that a call may wait for a store: the bound of one command, and a millisecond of the timer.
const LONGEST: Duration = Duration::from_millis(51);

/// A case at work.
struct Case<'a> {
    name: &'a str,
    config: &'a Value,
    machines: Machines,
    processes: HashMap<usize, TokenClient>,
    /// Names of values in the order in which they came.
    names: Vec<String>,
    /// What each token was issued for.
    tokens: HashMap<String, String>,
}

#[tokio::test(start_paused = true)]
async fn every_recorded_case_is_the_same_or_better() {
    let mut cases = 0;
    for line in GOLDEN.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["name"].as_str().unwrap();
        if NOT_HERE.contains(&name) {
            continue;
        }
        cases += 1;
        let mut at_work = Case {
            name,
            config: &case["config"],
            machines: Machines::paused(),
            processes: HashMap::new(),
            names: Vec::new(),
            tokens: HashMap::new(),
        };
        if case["config"]["redis_at_start"] == false {
            at_work.machines.store.fault(StoreFault::Down);
        }
        let arguments = case["config"]["redis_arguments"].to_string();
        if arguments.contains("--maxmemory") || arguments.contains("--replicaof") {
            at_work.machines.store.fault(StoreFault::OutOfMemory);
        }
        if name == "password missing" {
            at_work.machines.store.fault(StoreFault::Denied);
        }
        for (nth, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            at_work.step(nth, step).await;
        }
    }
    assert_eq!(cases + NOT_HERE.len(), 63);
}

impl Case<'_> {
    async fn step(&mut self, nth: usize, step: &Value) {
        let (what, with) = (step["do"].as_str().unwrap(), &step["with"]);
        let store = self.machines.store.clone();
        match what {
            "app_token" | "on_behalf_of" => self.acquire(nth, 1, step).await,
            "app_token@2" | "on_behalf_of@2" => self.acquire(nth, 2, step).await,
            "concurrent_app_tokens" => self.crowd(step).await,
            "new_process" => drop(self.processes.remove(&(with.as_u64().unwrap() as usize))),
            "wait_s" => tokio::time::sleep(Duration::from_secs_f64(with.as_f64().unwrap())).await,
            "redis" => store.flush(),
            "stop_redis" => {
                store.flush();
                store.fault(StoreFault::Down);
            }
            "sigstop" | "debug_sleep_s" => store.fault(StoreFault::Hangs),
            "start_redis" | "sigcont" => store.fault(None),
            "start_redis_after_s" | "sigcont_after_s" => {
                let (store, after) = (store.clone(), Duration::from_secs_f64(with.as_f64().unwrap()));
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    store.fault(None);
                });
            }
            "set_data" => self.change(with["value"].as_str().unwrap()),
            "retype" => self.change("garbage"),
            "copy" => store.put(self.names[1].clone(), store.values()[&self.names[0]].clone()),
            "dump" => self.nothing_in_the_clear(),
            other => panic!("{}: unknown step {other}", self.name),
        }
        // What is written behind the caller's back.
        tokio::time::sleep(Duration::from_millis(200)).await;
        for name in store.values().into_keys().filter(|name| name.contains("name:")) {
            if !self.names.contains(&name) {
                self.names.push(name);
            }
        }
    }

    /// The process; without its memory where the case has none.
    async fn process(&mut self, number: usize) -> TokenClient {
        let second = if number == 2 { &self.config["second_process"] } else { &Value::Null };
        let client_id = second["settings"]["AzureAd"]["ClientId"].as_str().unwrap_or("app1").to_owned();
        let other_keys = second["caches"].get("data_protection_keys").is_some()
            || second["caches"].get("data_protection_app").is_some();
        let sealed_by = if other_keys && self.config["encrypt"] == true { "b" } else { "a" };
        if self.config["disable_l1"] == true {
            self.processes.remove(&number);
        }
        if !self.processes.contains_key(&number) {
            let cache = SharedCache::new(self.machines.store.clone(), keys(&[sealed_by]));
            self.processes.insert(number, self.machines.process_of(&client_id, cache).await);
        }
        self.processes[&number].clone()
    }

    async fn acquire(&mut self, nth: usize, number: usize, step: &Value) {
        let client = self.process(number).await;
        let (start, before) = (Instant::now(), self.machines.authority.requests());
        let acquired = client.acquire(&request(&step["with"])).await;
        let place = format!("{}, step {nth}", self.name);
        let took = start.elapsed();
        assert!(took <= LONGEST, "{place}: {took:?}");
        let acquired = acquired.unwrap_or_else(|error| panic!("{place}: {error}"));
        let (token, asked) = (acquired.token.value().expose().to_owned(), self.machines.authority.requests() - before);
        let theirs = &step["ok"];
        let differs = DIFFERENCES.iter().any(|(case, at, _)| *case == self.name && *at == nth);
        let fewer = asked as u64 <= step["token_requests"].as_u64().unwrap_or(0);
        // Where the reference fails, asking is better.
        assert!(fewer != differs || theirs.is_null(), "{place}: {asked} requests, {:?}", acquired.origin);
        assert_eq!(acquired.origin == TokenOrigin::Authority, asked == 1, "{place}");
        let client_id = client.status().client_id;
        let with = &step["with"];
        let asked_for = format!(
            "{client_id} {} {} {} {}",
            with["scope"], with["scopes"], with["tenant"], with["assertion"]["jwt"]["jti"]
        );
        let issued_for = self.tokens.entry(token).or_insert_with(|| asked_for.clone());
        assert_eq!(*issued_for, asked_for, "{place}");
    }

    async fn crowd(&mut self, step: &Value) {
        let (client, before) = (self.process(1).await, self.machines.authority.requests());
        let count = step["with"]["count"].as_u64().unwrap_or(50);
        let callers: Vec<_> = (0..count)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.acquire(&request(&Value::Null)).await.map(drop) })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap().unwrap();
        }
        assert!(self.machines.authority.requests() - before <= 1, "{}", self.name);
    }

    /// Changes the one value that is there.
    fn change(&self, how: &str) {
        let store = &self.machines.store;
        let (name, value) = store.values().pop_first().unwrap();
        let changed = match how {
            "empty" => Vec::new(),
            "truncated" => value[..value.len() / 2].to_vec(),
            "flip" => value.iter().enumerate().map(|(nth, byte)| byte ^ u8::from(nth == value.len() / 2)).collect(),
            "json null" => b"null".to_vec(),
            "garbage" => b"garbage".to_vec(),
            // What the reference keeps in plain JSON, changed in one place: ours has nothing to change.
            other => format!(r#"{{"AccessToken":{{"changed":"{other}"}}}}"#).into_bytes(),
        };
        store.put(name, changed);
    }

    fn nothing_in_the_clear(&self) {
        for (name, value) in self.machines.store.values() {
            for text in [b"token-".as_slice(), b"app1", b"contoso", b"user-"] {
                let has = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text);
                let own = name.strip_prefix("token-client:").unwrap();
                assert!(!has(own.as_bytes()) && !has(&value), "{}: {name}", self.name);
            }
        }
    }
}

/// The request of a step.
fn request(with: &Value) -> TokenRequest {
    let mut request = match with["assertion"]["jwt"]["jti"].as_str() {
        Some(jti) => {
            let scopes = with["scopes"]
                .as_array()
                .map_or_else(Vec::new, |list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect());
            let scopes =
                if scopes.is_empty() { vec!["https://graph.microsoft.com/user.read".to_owned()] } else { scopes };
            let token = user(jti).user_assertion.unwrap();
            TokenRequest::on_behalf_of(token, scopes)
        }
        None => TokenRequest::app(with["scope"].as_str().unwrap_or("https://graph.microsoft.com/.default")),
    };
    if let Some(tenant) = with["tenant"].as_str() {
        request = request.tenant(tenant);
    }
    if with["force_refresh"] == true { request.force_refresh() } else { request }
}
