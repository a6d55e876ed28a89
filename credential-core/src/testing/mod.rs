//! Fakes for the outside world, and the conformance suite for sources. Feature `testing`.

mod bound;
mod clock;
mod commands;
mod conformance;
mod connections;
mod environment;
mod files;
mod fixed;
mod http;
mod nested;
mod world;

pub use bound::{Bound, application};
pub use clock::FakeClock;
pub use commands::{FakeCommands, FakeRun};
pub use conformance::{Conformance, Violations};
pub use connections::FakeConnections;
pub use environment::FakeEnvironment;
pub use files::FakeFiles;
pub use fixed::FixedSource;
pub use http::{FakeHttp, FakeReply};
pub use nested::NestedSource;
pub use world::FakeWorld;
