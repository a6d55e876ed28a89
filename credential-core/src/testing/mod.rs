//! Fakes for the outside world, and the conformance suite for sources. Feature `testing`.

mod clock;
mod conformance;
mod environment;
mod files;
mod http;
mod world;

pub use clock::FakeClock;
pub use conformance::{Conformance, Violations};
pub use environment::FakeEnvironment;
pub use files::FakeFiles;
pub use http::FakeHttp;
pub use world::FakeWorld;
