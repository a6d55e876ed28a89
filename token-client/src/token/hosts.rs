//! How the hosts are that tokens come from: known to all clients of the process that send by the same HTTP client,
//! however many there are.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use credential_core::World;
use credential_core::world::{Clock, HttpClient};

use super::breaker::Breaker;
use super::shelf::Shelf;

/// Hosts by origin.
#[derive(Default)]
pub(crate) struct Hosts(Shelf<Host>);

/// A host, and the tenants at it by their authority's address.
#[derive(Default)]
pub(super) struct Host {
    pub(super) breaker: Breaker,
    tenants: Shelf<Breaker>,
}

/// Who knows which hosts: as long as there is such an HTTP client, whether or not a token client has it.
struct Known {
    http: Weak<dyn HttpClient>,
    /// What is left alone until a moment is so by one clock.
    clock: Weak<dyn Clock>,
    hosts: Arc<Hosts>,
}

static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());

impl Hosts {
    /// Those of all that send by this world's HTTP client and go by its clock.
    pub(crate) fn of(world: &World) -> Arc<Self> {
        let (http, clock) = (Arc::downgrade(&world.http), Arc::downgrade(&world.clock));
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known| known.http.strong_count() > 0 && known.clock.strong_count() > 0);
        if let Some(known) = known.iter().find(|known| is(&known.http, &http) && is(&known.clock, &clock)) {
            return Arc::clone(&known.hosts);
        }
        let hosts = Arc::<Self>::default();
        known.push(Known { http, clock, hosts: Arc::clone(&hosts) });
        hosts
    }

    pub(super) fn get(&self, origin: &str) -> Arc<Host> {
        self.0.get(origin, Host::default, Host::is_well)
    }
}

/// Whether both are the same thing, whatever kind of thing that is.
fn is<T: ?Sized>(one: &Weak<T>, other: &Weak<T>) -> bool {
    std::ptr::addr_eq(one.as_ptr(), other.as_ptr())
}

impl Host {
    pub(super) fn tenant(&self, authority: &str) -> Arc<Breaker> {
        self.tenants.get(authority, Breaker::default, Breaker::is_well)
    }

    /// Whether nothing is known against it and its tenants.
    fn is_well(&self) -> bool {
        self.breaker.is_well() && self.tenants.all(Breaker::is_well)
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hosts")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use credential_core::testing::FakeWorld;
    use credential_core::world::{HttpError, HttpErrorKind, Moment};

    use super::*;
    use crate::exchange::ExchangeError;
    use crate::token::breaker::Failure;

    #[test]
    fn whoever_sends_by_the_same_client_knows_the_same_and_nobody_else_does() {
        let (fake, other) = (FakeWorld::new(), FakeWorld::new());
        let hosts = Hosts::of(&fake.world());
        assert!(Arc::ptr_eq(&hosts, &Hosts::of(&fake.world())));
        assert!(!Arc::ptr_eq(&hosts, &Hosts::of(&other.world())));
        let other_clock = fake.world().with_clock(Arc::clone(&other.world().clock));
        assert!(!Arc::ptr_eq(&hosts, &Hosts::of(&other_clock)));
        let other_http = World::new(Arc::clone(&other.world().http)).with_clock(Arc::clone(&fake.world().clock));
        assert!(!Arc::ptr_eq(&hosts, &Hosts::of(&other_http)));
        // With the client goes what was known.
        let address = Arc::downgrade(&fake.world().http);
        drop((fake, other_clock, other_http));
        assert_eq!(address.strong_count(), 0);
        Hosts::of(&other.world());
        let known = KNOWN.lock().unwrap();
        assert!(!known.iter().any(|known| Arc::ptr_eq(&known.hosts, &hosts)));
    }

    #[test]
    fn what_is_unwell_is_not_forgotten_among_many_others() {
        let error = ExchangeError::Http(HttpError::new(HttpErrorKind::Timeout, "late"), Vec::new());
        let fails = |breaker: &Breaker| {
            let failure = Failure { error: &error, of: None, asked: Duration::ZERO, jitter: 0.0 };
            breaker.failed(breaker.enter(Moment::default()).unwrap(), failure, Moment::default());
        };
        let (hosts, tenant) = (Hosts::default(), "https://login.example/t");
        fails(&hosts.get("https://unwell.example").breaker);
        fails(&hosts.get("https://login.example").tenant(tenant));
        for nth in 0..1000 {
            hosts.get(&format!("https://{nth}.example"));
            hosts.get("https://login.example").tenant(&format!("https://login.example/{nth}"));
        }
        assert!(!hosts.get("https://unwell.example").breaker.is_well());
        let host = hosts.get("https://login.example");
        assert!(host.breaker.is_well() && !host.tenant(tenant).is_well());
        assert!(host.tenant("https://login.example/0").is_well(), "each has its own");
    }
}
