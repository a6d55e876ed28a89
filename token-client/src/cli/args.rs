//! The command line's grammar. Nothing of it has `Debug`: values of `--set`, `--header`, `--claims` and `--data`
//! are secrets as often as not.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use super::Failure;
use crate::settings::Location;
use credential_core::source::Origin;

/// Credentials and tokens from an appsettings.json.
#[derive(Parser)]
#[command(name = "token-client", version, about, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Says on stderr what is tried: each credential, exchange and call; -vv each HTTP request too. Never a secret
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// The whole road on this machine, nothing to configure
    Demo,
    /// What the configuration says, and where each value comes from
    Config(ConfigArgs),
    /// What works, what doesn't, why, what to do
    Doctor(DoctorArgs),
    /// A token on stdout: the application's own, or on behalf of a user with --user-assertion
    Token(TokenArgs),
    /// Call a downstream API of the configuration
    Call(CallArgs),
    /// JSON Schema of the configuration, for editors
    Schema(SchemaArgs),
    /// A new appsettings.json, from arguments, variables and a few answers
    Init(InitArgs),
    /// An appsettings.json from the variables of other tools: AZURE_*, ARM_*
    Migrate,
    /// The source types in this build, and how to get the missing ones
    Sources(SourcesArgs),
    /// A local authority and a protected API to develop and test against
    Emulator(EmulatorArgs),
    /// What a certificate file holds, and what is wrong with it
    #[cfg(feature = "cert-store")]
    #[command(subcommand)]
    Certificates(CertificatesCommand),
    /// A completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Where the settings are.
#[derive(Args, Clone)]
pub(crate) struct Where {
    /// The settings file
    #[arg(long, value_name = "FILE", default_value = "appsettings.json")]
    config: PathBuf,
    /// Reads appsettings.NAME.json over it; from DOTNET_ENVIRONMENT, ASPNETCORE_ENVIRONMENT or Production
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// The application's section; A:B is a path
    #[arg(long, value_name = "NAME", default_value = "AzureAd")]
    section: String,
    /// Sets a setting over files and variables
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Where {
    pub(crate) fn location(&self) -> Result<Location, Failure> {
        location(&self.config, self.environment.as_deref(), &self.section, &self.set)
    }
}

fn location(file: &Path, environment: Option<&str>, section: &str, set: &[String]) -> Result<Location, Failure> {
    let mut location = Location {
        file: file.to_owned(),
        environment: environment.map(str::to_owned),
        section: section.to_owned(),
        overrides_from: Origin::Argument("--set".into()),
        ..Location::default()
    };
    for setting in set {
        let (key, value) = setting
            .split_once('=')
            .filter(|(key, _)| !key.trim().is_empty())
            .ok_or_else(|| Failure::Usage("--set takes KEY=VALUE: --set AzureAd:TenantId=contoso.com".to_owned()))?;
        location.overrides.push((key.to_owned(), value.to_owned()));
    }
    Ok(location)
}

#[derive(Args)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    pub(crate) place: Where,
    /// One JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) place: Where,
    /// Sends no token request: binds, and loads what can be loaded
    #[arg(long)]
    pub(crate) offline: bool,
    /// One JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) place: Where,
    /// The scope; from the only downstream section otherwise
    #[arg(long, value_name = "S")]
    pub(crate) scope: Vec<String>,
    /// Another tenant than the configured one
    #[arg(long, value_name = "T")]
    pub(crate) tenant: Option<String>,
    /// Claims of a challenge, as JSON
    #[arg(long, value_name = "JSON")]
    pub(crate) claims: Option<String>,
    /// Asks anew, whatever is cached
    #[arg(long)]
    pub(crate) force_refresh: bool,
    /// Asks N times in the same process
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) repeat: Option<u32>,
    /// That entry of ClientCredentials alone, from 0
    #[arg(long, value_name = "INDEX")]
    pub(crate) only: Option<usize>,
    /// `header` prints "Bearer ey..."
    #[arg(long, value_name = "WHAT", value_parser = ["token", "header"], default_value = "token")]
    pub(crate) print: String,
    /// The user's token that came in: on behalf of that user; without it, the application's own token
    #[arg(long, value_name = "@FILE")]
    pub(crate) user_assertion: Option<String>,
    /// One JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct CallArgs {
    /// The API's name: the key of its section
    pub(crate) api: String,
    #[command(flatten)]
    pub(crate) place: Where,
    /// Instead of HttpMethod
    #[arg(long, value_name = "M")]
    pub(crate) method: Option<String>,
    /// Instead of RelativePath
    #[arg(long, value_name = "P")]
    pub(crate) path: Option<String>,
    /// A further query parameter, NAME=VALUE; it is escaped
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) query: Vec<String>,
    /// The body: text, @FILE, or - for stdin
    #[arg(long, value_name = "D|@FILE|-")]
    pub(crate) data: Option<String>,
    /// A further header, NAME: VALUE
    #[arg(long, value_name = "H")]
    pub(crate) header: Vec<String>,
    /// As the application itself, where the section does not say "RequestAppToken": true
    #[arg(long, conflicts_with = "user_assertion")]
    pub(crate) as_app: bool,
    /// The user's token that came in: on behalf of
    #[arg(long, value_name = "@FILE")]
    pub(crate) user_assertion: Option<String>,
    /// One JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct InitArgs {
    /// Where it is written, if nothing is there; - for stdout
    #[arg(long, value_name = "FILE", default_value = "appsettings.json")]
    pub(crate) output: PathBuf,
    /// Writes the JSON schema beside it, for the editor
    #[arg(long)]
    pub(crate) schema: bool,
    /// The cloud's sign-in address; the public cloud's otherwise
    #[arg(long, value_name = "URL")]
    pub(crate) instance: Option<String>,
    /// The tenant, by id or domain
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    /// The application's id
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// The variable that has the client secret
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_variable: Option<String>,
    /// The file of the certificate with its key
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<String>,
    /// A downstream API that is called as the application
    #[arg(long, value_name = "NAME", requires_all = ["base_url", "scope"])]
    pub(crate) api: Option<String>,
    /// Its address
    #[arg(long, value_name = "URL", requires = "api")]
    pub(crate) base_url: Option<String>,
    /// Its scope: RESOURCE/.default
    #[arg(long, value_name = "SCOPE", requires = "api")]
    pub(crate) scope: Option<String>,
}

#[derive(Args)]
pub(crate) struct SchemaArgs {
    /// The application's sections
    #[arg(long, value_name = "NAME", default_value = "AzureAd")]
    pub(crate) section: Vec<String>,
}

#[derive(Args)]
pub(crate) struct SourcesArgs {
    /// One JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct EmulatorArgs {
    #[command(subcommand)]
    pub(crate) command: Option<EmulatorCommand>,
    /// Registers the application of this settings file: its client id, secrets and certificates
    #[arg(long, value_name = "F")]
    pub(crate) config: Option<PathBuf>,
    /// Reads appsettings.NAME.json over it; from DOTNET_ENVIRONMENT, ASPNETCORE_ENVIRONMENT or Production
    #[arg(long, value_name = "NAME", requires = "config")]
    environment: Option<String>,
    /// The application's section
    #[arg(long, value_name = "NAME", default_value = "AzureAd")]
    pub(crate) section: String,
    /// Sets a setting over files and variables
    #[arg(long, value_name = "KEY=VALUE", requires = "config")]
    set: Vec<String>,
    /// The authority's port; 8400 otherwise, or a free one where that is taken
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// The API's port; 8401 otherwise, or a free one where that is taken
    #[arg(long, value_name = "N")]
    pub(crate) api_port: Option<u16>,
    /// The audience that the API demands; the resource of the settings' first scope otherwise, or api://demo
    #[arg(long, value_name = "A")]
    pub(crate) api_audience: Option<String>,
    /// A federated credential of the application: {"issuer": ..., "subject": ..., "audiences": [...]}, as `az ad app
    /// federated-credential create` takes it, or a list of them
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) federated: Vec<String>,
    /// Tokens of version 1.0, issued by https://sts.windows.net/TENANT/, or of 2.0
    #[arg(long, value_name = "V", value_parser = ["1.0", "2.0"], default_value = "2.0")]
    pub(crate) token_version: String,
    /// Plain http alone; otherwise https is answered beside it, at the same ports
    #[arg(long, conflicts_with = "tls_cert")]
    pub(crate) no_tls: bool,
    /// A certificate of your own for https, with its chain, in PEM; one is made otherwise
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<String>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<String>,
    /// Believes Forwarded, X-Forwarded-Proto and X-Forwarded-Host of the proxy in front
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    /// Where the files for clients are written and stay; a temporary folder otherwise
    #[arg(long, value_name = "FOLDER")]
    pub(crate) files: Option<PathBuf>,
}

impl EmulatorArgs {
    /// Where the settings are whose application is registered.
    pub(crate) fn location(&self) -> Result<Option<Location>, Failure> {
        let Some(file) = &self.config else { return Ok(None) };
        location(file, self.environment.as_deref(), &self.section, &self.set).map(Some)
    }
}

#[derive(Subcommand)]
pub(crate) enum EmulatorCommand {
    /// A user's token of the emulator that runs, on stdout: what a web API is called with
    User(UserArgs),
}

#[derive(Args)]
pub(crate) struct UserArgs {
    /// The user's name: ada@contoso.example
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// The emulator, with the tenant or without
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8400/")]
    pub(crate) authority: String,
    /// The client id of the web API that the token is for; the emulator's first application otherwise
    #[arg(long, value_name = "ID")]
    pub(crate) audience: Option<String>,
    /// The delegated permissions, with spaces between them
    #[arg(long, value_name = "S", default_value = "access_as_user")]
    pub(crate) scopes: String,
}

#[cfg(feature = "cert-store")]
#[derive(Subcommand)]
pub(crate) enum CertificatesCommand {
    /// Subject, issuer, validity, thumbprints, key, chain, findings
    Inspect(InspectArgs),
}

#[cfg(feature = "cert-store")]
#[derive(Args)]
pub(crate) struct InspectArgs {
    /// PFX, PEM or DER; told from the content
    pub(crate) file: String,
    /// The file of the private key, when it is not in FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<String>,
    /// The environment variable with the password
    #[arg(long, value_name = "V")]
    pub(crate) password_env: Option<String>,
    /// One JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}
