//! What the program says when it has started: addresses, and lines to paste.

use std::path::Path;

use super::super::args::EmulatorArgs;
use super::files::Files;
use super::registered::Registered;
use super::with_slash;
use crate::emulator::Emulator;

pub(super) fn text(args: &EmulatorArgs, emulator: &Emulator, registered: &Registered, files: &Files) -> String {
    let tenant = &registered.tenant;
    let plain = format!("http://127.0.0.1:{}", emulator.port());
    let plain_api = format!("http://127.0.0.1:{}/hello", emulator.api_port());
    let also = |address: &str| if args.no_tls { String::new() } else { format!("  (also {address})") };
    let mut lines = vec![
        format!("authority  {}{}", emulator.authority(), also(&format!("{plain}/{tenant}"))),
        format!("API        {}hello{}", with_slash(&emulator.api_url()), also(&plain_api)),
        format!("audience   {}", emulator.api_audience()),
        format!("client     {}, tenant {tenant}", registered.client_id),
    ];
    if let Some(secret) = registered.public_secret {
        lines.push(format!("secret     {secret}"));
    }
    lines.extend(files.ca.iter().map(|ca| format!("CA         {}", ca.display())));
    lines.extend(files.tokens.iter().map(|token| format!("assertion  {}", token.display())));
    lines.push("\n# token-client takes http on this machine:".to_owned());
    lines.push(our_line(args, emulator, registered, &plain));
    lines.push(format!(
        "token-client emulator user --name ada@contoso.example --authority {}",
        shell(&format!("{plain}/{tenant}"))
    ));
    lines.push("\n# Others insist on https, and must not ask Microsoft about this authority:".to_owned());
    lines.extend(if args.no_tls {
        vec!["# they need an emulator without --no-tls".to_owned()]
    } else {
        others(emulator, registered, files)
    });
    lines.push("\nCtrl-C ends it".to_owned());
    lines.join("\n")
}

fn our_line(args: &EmulatorArgs, emulator: &Emulator, registered: &Registered, plain: &str) -> String {
    let section = &args.section;
    let mut words = vec!["token-client token".to_owned()];
    let mut set = |key: &str, value: &str| words.push(format!("--set {}", shell(&format!("{section}:{key}={value}"))));
    if let Some(secret) = registered.public_secret {
        set("TenantId", &registered.tenant);
        set("ClientId", &registered.client_id);
        set("ClientCredentials:0:SourceType", "ClientSecret");
        set("ClientCredentials:0:ClientSecret", secret);
    }
    if let Some(config) = &args.config {
        words.push(format!("--config {}", shell(&config.display().to_string())));
    }
    if section != "AzureAd" {
        words.push(format!("--section {}", shell(section)));
    }
    words.push(format!("--scope {}", shell(&format!("{}/.default", emulator.api_audience().trim_end_matches('/')))));
    let authority = match registered.by_authority {
        true => format!("{section}:Authority={plain}/{}", registered.tenant),
        false => format!("{section}:Instance={plain}/"),
    };
    words.push(format!("--set {}", shell(&authority)));
    words.join(" ")
}

/// The variables of azure-identity, and those by which OpenSSL, Python's requests and Node.js are told whom to trust.
fn others(emulator: &Emulator, registered: &Registered, files: &Files) -> Vec<String> {
    let path = |path: &Path| shell(&path.display().to_string());
    let mut lines = Vec::new();
    if let Some(ca) = &files.ca {
        let names = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];
        lines.push(format!("export {}", names.map(|name| format!("{name}={}", path(ca))).join(" ")));
    }
    let instance = emulator.instance();
    let mut variables = vec![
        format!("AZURE_AUTHORITY_HOST={}", instance.trim_end_matches('/')),
        format!("AZURE_TENANT_ID={}", shell(&registered.tenant)),
        format!("AZURE_CLIENT_ID={}", shell(&registered.client_id)),
    ];
    variables.extend(registered.public_secret.map(|secret| format!("AZURE_CLIENT_SECRET={secret}")));
    variables.extend(files.tokens.first().map(|token| format!("AZURE_FEDERATED_TOKEN_FILE={}", path(token))));
    lines.push(format!("export {}", variables.join(" ")));
    lines
}

/// A word as a shell reads it.
fn shell(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@+,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
