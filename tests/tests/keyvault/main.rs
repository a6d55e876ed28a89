//! Key Vault before a cloud on loopback: certificates, who reads them, newer versions, faults, recorded cases.

mod azure_cli;
mod faults;
mod flow;
mod identity;
mod rotation;
mod wire;
