//! Calls of downstream APIs from outside: for whom they are made, where they go, what comes back.

mod answers;
mod callers;
mod errors;
mod paths;
mod there;
