use credential_core::testing::FakeWorld;
use credential_core::world::HttpResponse;

use super::*;
use crate::TokenRequest;
use crate::token::digest::Digests;

struct Fixture {
    fake: FakeWorld,
    world: World,
    digests: Digests,
    cache: Arc<TokenCache>,
}

impl Fixture {
    fn new(capacity: usize) -> Self {
        let fake = FakeWorld::new();
        let world = fake.world();
        let time = Arc::new(TokenTime::new(Arc::clone(&world.clock)));
        let cache = Arc::new(TokenCache::new(capacity, time));
        Self { digests: Digests::new(&world), fake, world, cache }
    }

    fn keep(&self, request: &TokenRequest, tenant: &str, life: u64, more: &str) -> AccessToken {
        let body = format!(r#"{{"access_token":"{}","expires_in":{life}{more}}}"#, "e".repeat(1000));
        let issued = Issued::read(&HttpResponse::new(200, vec![], body), self.world.clock.now()).unwrap();
        let came = Came { attempts: Vec::new(), tenant: Some(tenant.to_owned()) };
        let key = Asked::of(request, Some(tenant), &self.digests).to_key();
        self.cache.keep(&key, &issued, came, &self.world)
    }

    fn hit(&self, request: &TokenRequest, tenant: &str) -> Option<Hit> {
        self.cache.get(&Asked::of(request, Some(tenant), &self.digests), self.cache.time.now())
    }

    fn wider(&self, request: &TokenRequest, tenant: &str) -> bool {
        self.cache.wider(&Asked::of(request, Some(tenant), &self.digests), self.cache.time.now()).is_some()
    }

    fn pass(&self, seconds: u64) {
        self.fake.clock.advance(Duration::from_secs(seconds));
    }
}

fn app(nth: u64) -> TokenRequest {
    TokenRequest::app(format!("api://{nth}/.default"))
}

fn user(nth: u64) -> TokenRequest {
    TokenRequest::on_behalf_of(format!("user {nth}"), ["user.read", "mail.read"])
}

#[test]
fn a_token_is_given_until_shortly_before_its_end_and_is_due_at_its_half() {
    let fixture = Fixture::new(usize::MAX);
    for life in [40, 300, 3600] {
        let request = app(life);
        fixture.keep(&request, "t1", life, "");
        let due = |fixture: &Fixture| fixture.hit(&request, "t1").map(|hit| hit.due);
        assert_eq!(due(&fixture), Some(false), "{life}");
        assert!(fixture.hit(&request, "t2").is_none() && fixture.hit(&user(life), "t1").is_none());
        fixture.pass(life / 2 + life / 8 + 1);
        assert_eq!(due(&fixture), Some(true), "{life}");
        let key = Asked::of(&request, Some("t1"), &fixture.digests).to_key();
        let now = fixture.cache.time.now();
        assert!(fixture.cache.take_turn(&key, now) && !fixture.cache.take_turn(&key, now), "one renews");
        assert_eq!(due(&fixture), Some(false));
        fixture.pass(life - 6 - (life / 2 + life / 8 + 1));
        assert_eq!(due(&fixture), Some(true), "{life}");
        fixture.pass(5);
        assert!(due(&fixture).is_none() && fixture.cache.last_resort(&key).is_some(), "{life}");
        fixture.pass(2);
        assert!(fixture.cache.last_resort(&key).is_none(), "{life}");
    }
}

#[test]
fn a_full_cache_drops_what_ends_first_and_never_what_comes_in() {
    let fixture = Fixture::new(20 * 1400);
    for nth in 0..30 {
        fixture.keep(&app(nth), "t", 1000 + 60 * nth, "");
        assert!(fixture.hit(&app(nth), "t").is_some(), "{nth}");
    }
    let kept: Vec<u64> = (0..30).filter(|nth| fixture.hit(&app(*nth), "t").is_some()).collect();
    assert!(
        (18..=22).contains(&kept.len()) && kept.last() == Some(&29) && kept[0] == 30 - kept.len() as u64,
        "{kept:?}"
    );
    fixture.keep(&app(99), "t", 100, "");
    assert!(fixture.hit(&app(99), "t").is_some(), "it ends first, and has just come in");
    assert!(fixture.cache.books().bytes <= 20 * 1400);
    // One larger than all: it stays alone.
    let small = Fixture::new(10);
    small.keep(&app(1), "t", 1000, "");
    small.keep(&app(2), "t", 1000, "");
    assert!(small.hit(&app(1), "t").is_none() && small.hit(&app(2), "t").is_some());
}

#[test]
fn a_renewed_token_stays_and_a_shorter_one_leaves_at_its_own_end() {
    let fixture = Fixture::new(usize::MAX);
    fixture.keep(&app(1), "t", 600, "");
    fixture.pass(500);
    fixture.keep(&app(1), "t", 3600, "");
    fixture.keep(&app(2), "t", 86_400, "");
    fixture.keep(&app(2), "t", 600, "");
    fixture.pass(700);
    while fixture.cache.step() {}
    let left = fixture.hit(&app(1), "t").unwrap().token.share().bytes();
    assert_eq!(fixture.cache.books().bytes, left, "the other has left");
    fixture.pass(86_400);
    while fixture.cache.step() {}
    assert_eq!((fixture.cache.slots.len(), fixture.cache.books().bytes), (0, 0));
    assert!(fixture.cache.books().ends.first().is_none());
}

#[test]
fn the_place_of_a_source_stays_empty_when_its_token_leaves_and_is_given_up_after_it() {
    let fixture = Fixture::new(usize::MAX);
    let key = Asked::of(&app(1), Some("t"), &fixture.digests).to_key();
    let place = fixture.cache.place(&key);
    fixture.keep(&app(1), "t", 600, "");
    assert!(place.hit(fixture.cache.time.now()).is_some());
    for _ in 0..3 {
        fixture.pass(1300);
        while fixture.cache.step() {}
        assert!(place.hit(fixture.cache.time.now()).is_none() && fixture.cache.slots.len() == 1);
    }
    fixture.keep(&app(1), "t", 600, "");
    assert!(place.hit(fixture.cache.time.now()).is_some());
    fixture.cache.clear();
    assert!(place.hit(fixture.cache.time.now()).is_none() && fixture.cache.books().bytes == 0);
    drop(place);
    fixture.pass(1300);
    while fixture.cache.step() {}
    assert_eq!(fixture.cache.slots.len(), 0);
}

#[test]
fn a_part_of_a_users_scopes_is_found_in_what_was_given() {
    let fixture = Fixture::new(usize::MAX);
    let part = |scope: &str| TokenRequest::on_behalf_of("user 1", [scope]);
    assert!(!fixture.wider(&part("user.read"), "t"));
    fixture.keep(&user(1), "t", 3600, r#","scope":"User.Read""#);
    assert!(fixture.wider(&part("user.read"), "t") && fixture.hit(&part("user.read"), "t").is_none());
    assert!(!fixture.wider(&part("mail.read"), "t"), "it was not given");
    assert!(!fixture.wider(&part("user.read"), "t2"));
    assert!(!fixture.wider(&TokenRequest::on_behalf_of("user 2", ["user.read"]), "t"));
    fixture.pass(3600);
    assert!(!fixture.wider(&part("user.read"), "t"));
}

#[test]
fn a_user_with_any_number_of_tokens_is_served_each() {
    let fixture = Fixture::new(usize::MAX);
    let request = |nth: usize| TokenRequest::on_behalf_of("user", [format!("a{nth}"), format!("b{nth}")]);
    for nth in 0..1000 {
        fixture.keep(&request(nth), "t", 3600, "");
    }
    assert!((0..1000).all(|nth| fixture.hit(&request(nth), "t").is_some()));
    for nth in 0..1000 {
        fixture.keep(&request(nth), "t", 7200, "");
    }
    assert_eq!(fixture.cache.slots.len(), 1000);
    fixture.pass(7300);
    while fixture.cache.step() {}
    assert_eq!(fixture.cache.slots.len(), 0);
}

#[test]
fn a_full_cache_drops_what_ends_first_by_its_newest_token() {
    let fixture = Fixture::new(2800);
    fixture.keep(&app(1), "t", 100, "");
    fixture.keep(&app(1), "t", 3600, "");
    fixture.keep(&app(2), "t", 600, "");
    fixture.keep(&app(3), "t", 1000, "");
    let is_there = |nth| fixture.hit(&app(nth), "t").is_some();
    assert_eq!([1, 2, 3].map(is_there), [true, false, true]);
}

#[test]
fn a_place_that_no_source_has_any_more_is_given_up() {
    let fixture = Fixture::new(usize::MAX);
    for nth in 0..100 {
        fixture.cache.place(&Asked::of(&app(nth), Some("t"), &fixture.digests).to_key());
    }
    assert_eq!(fixture.cache.slots.len(), 100);
    fixture.pass(HELD.as_secs() + 60);
    while fixture.cache.step() {}
    assert_eq!(fixture.cache.slots.len(), 0);
}

#[test]
fn nothing_is_kept_of_a_cache_that_was_closed() {
    let fixture = Fixture::new(usize::MAX);
    fixture.keep(&app(1), "t", 3600, "");
    fixture.cache.close();
    assert!(!fixture.keep(&app(2), "t", 3600, "").value().is_empty());
    assert_eq!((fixture.cache.slots.len(), fixture.cache.books().bytes), (0, 0));
}

/// What is in memory follows those whose tokens live.
#[test]
fn fifty_thousand_users_a_day_leave_nothing_behind() {
    let fixture = Fixture::new(usize::MAX);
    let (mut most, mut texts) = (0, 0);
    // 2083 users an hour, for a day; each token lives an hour.
    for hour in 0..24 {
        for nth in 0..2083 {
            fixture.keep(&user(hour * 2083 + nth), "t", 3600, "");
            if nth % 35 == 0 {
                fixture.pass(60);
            }
            most = most.max(fixture.cache.slots.len());
            texts = texts.max(fixture.cache.books().texts.len());
        }
    }
    assert!(most < 2 * 2083 + 200, "{most} at once");
    assert!(texts < 2 * MIN_TEXTS, "{texts}");
    fixture.pass(3600 + 60);
    while fixture.cache.step() {}
    assert_eq!((fixture.cache.slots.len(), fixture.cache.books().bytes), (0, 0));
}

#[test]
fn a_purge_while_tokens_come_in_forgets_those_before_it_and_loses_count_of_none() {
    const EACH: u64 = 500;
    let fixture = Fixture::new(usize::MAX);
    (0..EACH).for_each(|nth| _ = fixture.keep(&user(nth), "before", 3600, ""));
    std::thread::scope(|scope| {
        for tenant in ["t1", "t2"] {
            let fixture = &fixture;
            scope.spawn(move || (0..EACH).for_each(|nth| _ = fixture.keep(&user(nth), tenant, 600 + nth, "")));
        }
        fixture.cache.clear();
        assert!((0..EACH).all(|nth| fixture.hit(&user(nth), "before").is_none()));
    });
    let kept: usize = ["t1", "t2"]
        .iter()
        .flat_map(|tenant| (0..EACH).filter_map(|nth| fixture.hit(&user(nth), tenant)))
        .map(|hit| hit.token.share().bytes())
        .sum();
    assert_eq!(fixture.cache.bytes_kept(), kept);
    fixture.cache.clear();
    assert_eq!((fixture.cache.bytes_kept(), fixture.cache.slots.len()), (0, 0));
}
