//! The source type `HashiCorpVault`: an identity token of HashiCorp Vault or OpenBao
//! (<https://developer.hashicorp.com/vault/docs/secrets/identity/identity-token>).

use async_trait::async_trait;
use credential_core::source::Detected;
use credential_core::world::{HttpRequest, Login, ServerTrust};
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Secret, Setting, SettingKind, SourceError,
    SourceType, World,
};
use url::Url;

use crate::audience::EXCHANGE_URL;
use crate::platform::{Asking, Endpoint, Platform, Tokens, absent, ask};

const ADDRESS: &str = "VaultAddress";
const ROLE: &str = "VaultRole";
const NAMESPACE: &str = "VaultNamespace";
const ADDRESS_VARIABLE: &str = "VAULT_ADDR";
const NAMESPACE_VARIABLE: &str = "VAULT_NAMESPACE";
const AUTHORITIES_VARIABLE: &str = "VAULT_CACERT";

/// An identity token of HashiCorp Vault or OpenBao as the assertion.
///
/// ```json
/// { "SourceType": "HashiCorpVault", "VaultRole": "entra" }
/// ```
///
/// The vault is `VaultAddress` or `VAULT_ADDR`; the login is the token in `VaultTokenDiskPath` (a Vault agent's sink, say,
/// read every time), in `VAULT_TOKEN`, or in `~/.vault-token`, and never in a settings file. It must be of an entity,
/// which a root token is not. The role's `client_id` is the audience of its tokens, so it is set to
/// `api://AzureADTokenExchange`, and the vault's issuer must be reachable for the authority. Its certificate authorities
/// may be in the file that `VAULT_CACERT` names.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashiCorpVaultSource;

impl HashiCorpVaultSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("HashiCorpVault");
}

#[async_trait]
impl CredentialSource for HashiCorpVaultSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[
            Setting::new(ROLE, SettingKind::Identifier, "The role whose identity token is the assertion.")
                .required()
                .mistaken(&["Role", "RoleName", "VaultRoleName"]),
            Setting::new(ADDRESS, SettingKind::Url, "The vault's address; without it, the one in VAULT_ADDR.")
                .mistaken(&["VaultUrl", "VaultAddr", "VaultUri"]),
            Setting::new(
                NAMESPACE,
                SettingKind::Identifier,
                "The vault's namespace; without it, that in VAULT_NAMESPACE.",
            ),
            Setting::new(
                Login::VAULT.setting,
                SettingKind::FilePath,
                "The file with the vault's token; without it VAULT_TOKEN, or else ~/.vault-token.",
            )
            .mistaken(&["VaultTokenFile", "VaultTokenPath", "TokenFile"]),
            EXCHANGE_URL,
        ];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let text = |name| entry.text(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let role = cx.required(entry, ROLE)?.expose().to_owned();
        let platform =
            Vault { role, address: text(ADDRESS), namespace: text(NAMESPACE), token_file: text(Login::VAULT.setting) };
        Ok(Tokens::loader(entry, cx, platform))
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        match world.environment.text(ADDRESS_VARIABLE) {
            Some(_) => {
                vec![Detected::new("HashiCorp Vault", format!("{ADDRESS_VARIABLE} is set")).setting(ROLE, "...")]
            }
            None => Vec::new(),
        }
    }
}

#[derive(Debug)]
struct Vault {
    role: String,
    address: Option<String>,
    namespace: Option<String>,
    /// Its path.
    token_file: Option<String>,
}

#[async_trait]
impl Platform for Vault {
    fn name(&self) -> String {
        format!("the vault's role {}", self.role)
    }

    fn other_audience(&self, asked: &str) -> String {
        format!("set client_id={asked} in the vault: vault write identity/oidc/role/{} client_id={asked}", self.role)
    }

    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError> {
        let Some(address) = self.address.clone().or_else(|| asking.variable(ADDRESS_VARIABLE)) else {
            let remedy = "set VaultAddress or VAULT_ADDR";
            let error = absent("HashiCorp Vault", &format!("{ADDRESS_VARIABLE} is not set"), remedy);
            return Err(error.about(ADDRESS));
        };
        let login = Login::VAULT.token(self.token_file.as_deref(), asking.world).await?;
        let unknown = format!("correct VaultRole, or make the role: vault write identity/oidc/role/{}", self.role);
        let endpoint = Endpoint {
            name: "the vault",
            named_by: if self.address.is_some() { ADDRESS } else { ADDRESS_VARIABLE },
            field: Some("data.token"),
            refused: "log in to the vault again, and let the login's policy read identity/oidc/token/ROLE",
            unknown: &unknown,
            secrets: std::slice::from_ref(&login),
        };
        let url = Url::parse(&address).map_or(address, |mut url| {
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().extend(["v1", "identity", "oidc", "token", &self.role]);
            }
            url.into()
        });
        let mut request =
            HttpRequest::get(url).header("X-Vault-Token", login.clone()).header("X-Vault-Request", "true");
        if let Some(namespace) = self.namespace.clone().or_else(|| asking.variable(NAMESPACE_VARIABLE)) {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if request.url.starts_with("https:") {
            request = request.trust(ServerTrust::of_variable(AUTHORITIES_VARIABLE, asking.world).await?);
        }
        ask(asking, &endpoint, request).await
    }
}
