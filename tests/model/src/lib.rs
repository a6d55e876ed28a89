//! Token clients' breaker and gate under a model checker, which replaces their locks: see `tests/token_client.rs`.
