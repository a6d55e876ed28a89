//! A `redis-server` or `valkey-server` of the test's own, with an access list, signals and, unless
//! `REDIS_WITHOUT_TLS` says that it was built without, TLS.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use credential_tests::processes::keys;
use token_client::store::{RedisStore, RedisStoreBuilder, SharedCache};

const PASSWORD: &str = "p4ss/w0rd";
pub(crate) const IN_ADDRESS: &str = "p4ss%2Fw0rd";
/// What the store needs, and no more.
const COMMANDS: &str = "+get +set +del +eval";

pub(crate) struct Server {
    child: Child,
    folder: PathBuf,
    arguments: Vec<String>,
    /// Without TLS, for the test's own commands.
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    ca: Vec<u8>,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let ports = [free_port(), free_port()];
        let folder = folder();
        let ca = certificates(&folder);
        let list = format!(
            "user default on nopass ~* &* +@all\nuser tokens on >{PASSWORD} ~token-client:* -@all {COMMANDS} +@connection\n\
             user nobody on >{PASSWORD} ~other:* -@all {COMMANDS} +@connection\n"
        );
        fs::write(folder.join("acl"), list).unwrap();
        let [port, tls_port] = ports;
        let mut own =
            format!("--bind 127.0.0.1 --port {port} --aclfile acl --save --appendonly no --enable-debug-command yes");
        if has_tls() {
            own += &format!(
                " --tls-port {tls_port} --tls-cert-file server.pem --tls-key-file server.key --tls-ca-cert-file ca.pem \
                 --tls-auth-clients no"
            );
        }
        let words = own.split_whitespace().map(str::to_owned);
        let mut words: Vec<String> = words.collect();
        // An empty value, which splitting loses.
        let at = words.iter().position(|word| word == "--save").unwrap() + 1;
        words.insert(at, String::new());
        words.extend(arguments.iter().map(|&word| word.to_owned()));
        let child = spawn(&folder, &words);
        let server = Self { child, folder, arguments: words, port, tls_port, ca };
        server.listens();
        server
    }

    fn listens(&self) {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if self.try_command(&["PING"]).is_some_and(|answer| answer.starts_with("+PONG")) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("redis-server did not start in {}", self.folder.display());
    }

    /// The store over TLS, as the user whose list is short.
    pub(crate) fn store(&self) -> RedisStoreBuilder {
        self.store_as("tokens", IN_ADDRESS)
    }

    pub(crate) fn store_as(&self, user: &str, password: &str) -> RedisStoreBuilder {
        match has_tls() {
            true => RedisStore::at(self.address(user, password)).root_certificates(self.ca.clone()),
            false => RedisStore::at(self.address(user, password)),
        }
    }

    /// Where that user finds it; over TLS where there is TLS.
    pub(crate) fn address(&self, user: &str, password: &str) -> String {
        match has_tls() {
            true => format!("rediss://{user}:{password}@localhost:{}", self.tls_port),
            false => format!("redis://{user}:{password}@localhost:{}", self.port),
        }
    }

    /// A cache in the store, with the bound that there is.
    pub(crate) fn cache(&self) -> SharedCache {
        SharedCache::new(self.store().build().unwrap(), keys(&["a"]))
    }

    /// The same, for machines that are busy with other things.
    pub(crate) fn patient(&self) -> SharedCache {
        self.cache().timeout(Duration::from_secs(1))
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The server's answer to a command of the test's own, as it comes.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        self.try_command(words).unwrap()
    }

    fn try_command(&self, words: &[&str]) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_millis(300))).ok()?;
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text += &format!("${}\r\n{word}\r\n", word.len());
        }
        stream.write_all(text.as_bytes()).ok()?;
        let (mut answer, mut part) = (Vec::new(), [0; 65_536]);
        // As far as one look gets: the test's own answers are short.
        let read = stream.read(&mut part).ok()?;
        answer.extend(&part[..read]);
        Some(String::from_utf8_lossy(&answer).into_owned())
    }

    /// The names of the values.
    pub(crate) fn names(&self) -> Vec<String> {
        let answer = self.command(&["KEYS", "*"]);
        answer.lines().filter(|line| line.contains(':')).map(str::to_owned).collect()
    }

    /// Waits until that many values are there and no lock is held.
    pub(crate) async fn settled(&self, values: usize) {
        let start = Instant::now();
        loop {
            let names = self.names();
            if names.len() == values && !names.iter().any(|name| name.contains("lock:")) {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(5), "not {values} values: {names:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again, empty, at the same ports.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(&self.folder, &self.arguments);
        self.listens();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether the server has TLS.
pub(crate) fn has_tls() -> bool {
    std::env::var_os("REDIS_WITHOUT_TLS").is_none()
}

/// Another program of the same kind, such as a sentinel.
pub(crate) struct Other(Child);

impl Other {
    pub(crate) fn start(folder: &PathBuf, words: &[String]) -> Self {
        Self(spawn(folder, words))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn(folder: &PathBuf, words: &[String]) -> Child {
    let program = std::env::var("REDIS_SERVER").expect("REDIS_SERVER names no redis-server; .ci/real does");
    let log = fs::File::create(folder.join("log")).unwrap();
    let errors = log.try_clone().unwrap();
    let mut command = Command::new(program);
    command.args(words).current_dir(folder).stdin(Stdio::null()).stdout(log).stderr(errors);
    command.spawn().unwrap()
}

pub(crate) fn folder() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("redis-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A certificate for `localhost` of an authority of its own, whose certificate is given.
fn certificates(folder: &std::path::Path) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    // Another name than that of what it signs: OpenSSL takes the same for one that has signed itself.
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "tests");
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = parameters.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(parameters, key);
    let own_key = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let own = own.signed_by(&own_key, &issuer).unwrap();
    fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
    fs::write(folder.join("server.pem"), own.pem()).unwrap();
    fs::write(folder.join("server.key"), own_key.serialize_pem()).unwrap();
    ca.pem().into_bytes()
}
