//! The program from outside: a process with arguments, files and variables, against the emulator.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and a process has real files"
)]

mod bad_input;
mod call;
mod certificates;
mod config;
mod doctor;
mod emulator;
mod init;
mod migrate;
mod others;
mod program;
mod proxy;
mod schema;
mod secrets;
mod terminal;
mod token;
mod width;
