//! A client, an authority that does what the test says, and a clock that both go by.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::testing::{FakeClock, FixedSource};
use credential_core::world::{Clock, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, Moment};
use credential_core::{Credential, World};
use token_client::settings::{Configuration, Location};
use token_client::{TokenClient, TokenClientBuilder, TokenRequest};

pub(crate) const SCOPE: &str = "api://a/.default";
pub(crate) const SETTINGS: &str = r#"{"AzureAd": {"Instance": "https://login.microsoftonline.com/",
    "TenantId": "t.example", "ClientId": "app", "ClientCredentials": [{"SourceType": "Given"}]}}"#;

/// What becomes of a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// A token that lives so many seconds.
    Token(u64),
    /// The same, with further members of the body.
    TokenWith(u64, &'static str),
    Status(u16, &'static [(&'static str, &'static str)], &'static str),
    Fail(HttpErrorKind),
    Hang,
}

type Answer = dyn Fn(&HttpRequest) -> Reply + Send + Sync;

pub(crate) struct Scene {
    answer: Mutex<Arc<Answer>>,
    pub(crate) clock: Arc<FakeClock>,
    /// How long an answer takes.
    pub(crate) delay: Mutex<Duration>,
    /// When each request came, and its body and address.
    seen: Mutex<Vec<(Moment, String)>>,
    under_way: AtomicUsize,
    pub(crate) most_under_way: AtomicUsize,
    issued: AtomicUsize,
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scene")
    }
}

impl Scene {
    pub(crate) fn new(reply: Reply) -> Arc<Self> {
        let scene = Self {
            answer: Mutex::new(Arc::new(move |_: &HttpRequest| reply.clone())),
            clock: Arc::default(),
            delay: Mutex::default(),
            seen: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            issued: AtomicUsize::new(0),
        };
        Arc::new(scene)
    }

    /// From now on.
    pub(crate) fn answers(&self, reply: Reply) {
        self.answers_by(move |_| reply.clone());
    }

    pub(crate) fn answers_by(&self, answer: impl Fn(&HttpRequest) -> Reply + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Arc::new(answer);
    }

    pub(crate) fn world(self: &Arc<Self>) -> World {
        World::new(Arc::clone(self) as _).with_clock(Arc::clone(&self.clock) as _)
    }

    pub(crate) fn builder(self: &Arc<Self>) -> TokenClientBuilder {
        TokenClient::builder()
            .configuration(Configuration::from_json(SETTINGS, &Location::default(), &Default::default()))
            .source(FixedSource::new("Given", Ok(Credential::secret("given", "s3cret"))))
            .world(self.world())
    }

    pub(crate) async fn client(self: &Arc<Self>) -> TokenClient {
        self.builder().build().await.unwrap()
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// How many requests had that text in address or body.
    pub(crate) fn requests_with(&self, text: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|(_, request)| request.contains(text)).count()
    }

    /// What stood between those two in the requests, in their order.
    pub(crate) fn texts_between(&self, begin: &str, end: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let texts = seen.iter().filter_map(|(_, request)| request.split_once(begin)?.1.split_once(end));
        texts.map(|(text, _)| text.to_owned()).collect()
    }

    /// Lets time go on in small steps, and everybody do what there is to do.
    pub(crate) async fn pass(&self, time: Duration) {
        let end = self.clock.moment().after(time);
        while self.clock.moment() < end {
            self.clock.advance(end.since(self.clock.moment()).min(Duration::from_millis(20)));
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// What the future gives while time goes on.
    pub(crate) async fn meanwhile<F: Future>(&self, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        loop {
            tokio::select! {
                biased;
                output = &mut future => return output,
                () = settle() => self.clock.advance(Duration::from_millis(10)),
            }
        }
    }
}

/// Lets everybody do what there is to do now.
pub(crate) async fn settle() {
    for _ in 0..30 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn app() -> TokenRequest {
    TokenRequest::app(SCOPE)
}

pub(crate) fn user(nth: usize) -> TokenRequest {
    TokenRequest::on_behalf_of(format!("e30.e30.AAAA{nth:08}"), ["user.read", "mail.read"])
}

#[async_trait]
impl HttpClient for Scene {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let text = format!("{} {}", request.url, String::from_utf8_lossy(request.body.expose()));
        self.seen.lock().unwrap().push((self.clock.moment(), text));
        let answer = Arc::clone(&self.answer.lock().unwrap());
        let reply = answer(&request);
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(under_way, Ordering::SeqCst);
        let delay = *self.delay.lock().unwrap();
        if delay.is_zero() {
            tokio::task::yield_now().await;
        } else {
            self.clock.sleep_until(self.clock.moment().after(delay)).await;
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        match reply {
            Reply::Token(life) => Ok(self.token(life, "")),
            Reply::TokenWith(life, more) => Ok(self.token(life, more)),
            Reply::Status(status, headers, body) => {
                let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
                Ok(HttpResponse::new(status, headers.collect(), body))
            }
            Reply::Fail(kind) => Err(HttpError::new(kind, format!("{kind:?}"))),
            Reply::Hang => std::future::pending().await,
        }
    }
}

impl Scene {
    fn token(&self, life: u64, more: &str) -> HttpResponse {
        let nth = self.issued.fetch_add(1, Ordering::SeqCst);
        let body = format!(r#"{{"token_type":"Bearer","expires_in":{life},"access_token":"token-{nth}"{more}}}"#);
        HttpResponse::new(200, vec![], body)
    }
}

/// The steady clock of a scene, and a calendar that the test sets.
#[derive(Debug)]
pub(crate) struct OwnCalendar {
    pub(crate) steady: Arc<FakeClock>,
    pub(crate) calendar: Mutex<SystemTime>,
}

#[async_trait]
impl Clock for OwnCalendar {
    fn now(&self) -> SystemTime {
        *self.calendar.lock().unwrap()
    }

    fn moment(&self) -> Moment {
        self.steady.moment()
    }

    async fn sleep_until(&self, moment: Moment) {
        self.steady.sleep_until(moment).await;
    }
}
