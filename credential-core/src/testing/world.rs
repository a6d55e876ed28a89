//! A whole world of fakes.

use std::sync::Arc;

use super::{FakeClock, FakeCommands, FakeConnections, FakeEnvironment, FakeFiles, FakeHttp};
use crate::World;

/// A world of fakes, each of which the test keeps hold of.
#[derive(Clone, Debug)]
pub struct FakeWorld {
    /// Environment variables.
    pub environment: Arc<FakeEnvironment>,
    /// Files.
    pub files: Arc<FakeFiles>,
    /// HTTP.
    pub http: Arc<FakeHttp>,
    /// Programs.
    pub commands: Arc<FakeCommands>,
    /// Sockets of this machine.
    pub connections: Arc<FakeConnections>,
    /// Time.
    pub clock: Arc<FakeClock>,
}

impl FakeWorld {
    /// No variables, no files, no network, no programs, no sockets, 2026-01-01.
    pub fn new() -> Self {
        let clock = Arc::<FakeClock>::default();
        let http = Arc::new(FakeHttp::with_clock(Arc::clone(&clock)));
        Self {
            environment: Arc::default(),
            files: Arc::default(),
            http,
            commands: Arc::default(),
            connections: Arc::default(),
            clock,
        }
    }

    /// The world as sources see it; tasks run on the tokio runtime of the test.
    pub fn world(&self) -> World {
        World::new(self.http.clone())
            .with_environment(self.environment.clone())
            .with_files(self.files.clone())
            .with_commands(self.commands.clone())
            .with_connections(self.connections.clone())
            .with_clock(self.clock.clone())
    }
}

impl Default for FakeWorld {
    fn default() -> Self {
        Self::new()
    }
}
