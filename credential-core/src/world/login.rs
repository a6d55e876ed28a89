//! The token that this machine is logged in to a service with.

use std::path::{Path, PathBuf};

use crate::{Secret, SourceError, World};

/// The most bytes of a file with a token.
const MAX_TOKEN: u64 = 16 * 1024;

/// Where a service's own program leaves the token of a login: one rule for everybody who asks that service.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Login {
    /// The setting that may name a file, for messages.
    pub setting: &'static str,
    /// The variable that has the token where no file is named.
    pub variable: &'static str,
    /// The file below the home folder that has it where the variable is unset.
    pub own_file: &'static str,
}

impl Login {
    /// HashiCorp Vault's and OpenBao's (<https://developer.hashicorp.com/vault/docs/commands#vault_token>).
    pub const VAULT: Self = Self { setting: "VaultTokenDiskPath", variable: "VAULT_TOKEN", own_file: ".vault-token" };

    /// The token in the file that is named, or else in the variable, or else in the home folder's; looked for anew.
    ///
    /// # Errors
    /// `NotApplicable` with the code `vault-login-missing` where nobody has left one; with `vault-token-unreadable`, as
    /// [`World::read_file`] where the named file cannot be read, and `Invalid` where it holds no token. The setting is
    /// named.
    pub async fn token(&self, named: Option<&str>, world: &World) -> Result<Secret, SourceError> {
        let Some(named) = named else {
            return match world.environment.text(self.variable) {
                Some(token) => Ok(Secret::new(token)),
                None => self.of_home(world).await,
            };
        };
        match world.read_file(Path::new(named), MAX_TOKEN).await {
            Ok(content) => token(content.expose()).ok_or_else(|| {
                let message = format!("{named}: there is no token in it");
                SourceError::invalid("vault-token-unreadable", message)
                    .remedy("look at the agent that writes the file")
                    .about(self.setting)
                    .settled_locally()
            }),
            Err(error) => {
                let unreadable = SourceError::new(error.kind(), "vault-token-unreadable", error.to_string())
                    .remedy("look at the agent that writes the file")
                    .about(self.setting);
                let local = error.is_local();
                let unreadable = unreadable.caused_by(error);
                Err(if local { unreadable.settled_locally() } else { unreadable })
            }
        }
    }

    async fn of_home(&self, world: &World) -> Result<Secret, SourceError> {
        let missing = |why: &str| {
            let message = format!("nobody is logged in to the vault: {} is not set{why}", self.variable);
            SourceError::not_applicable("vault-login-missing", message)
                .remedy(format!(
                    "log in (vault login), let a Vault agent write a token, or set {} or {}",
                    self.setting, self.variable
                ))
                .about(self.setting)
                .settled_locally()
        };
        let home: Option<PathBuf> = world.environment.home();
        let path = home.map(|home| home.join(self.own_file)).ok_or_else(|| missing(""))?;
        let content = world.read(&path, MAX_TOKEN).await.map_err(|error| missing("").caused_by(error))?;
        token(content.expose()).ok_or_else(|| missing(&format!(", and {} holds no token", path.display())))
    }
}

/// The token that is all of a file, if it is one that a header can carry.
fn token(content: &[u8]) -> Option<Secret> {
    let text = std::str::from_utf8(content).ok()?.trim();
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Secret::new(text))
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::SourceErrorKind::{Denied, Invalid, NotApplicable, Transient};
    use crate::testing::FakeWorld;

    async fn found(fake: &FakeWorld, named: Option<&str>) -> Result<String, SourceError> {
        Login::VAULT.token(named, &fake.world()).await.map(|token| token.expose().to_owned())
    }

    #[tokio::test]
    async fn it_is_in_the_named_file_the_variable_or_the_home_folder() {
        let fake = FakeWorld::new();
        fake.files.write("sink", " of_the_file\n");
        fake.files.write("/home/ada/.vault-token", "of_the_home");
        fake.environment.set("HOME", "/home/ada");
        assert_eq!(found(&fake, None).await.unwrap(), "of_the_home");
        fake.environment.set("VAULT_TOKEN", "  ");
        assert_eq!(found(&fake, None).await.unwrap(), "of_the_home");
        fake.environment.set("VAULT_TOKEN", "of_the_variable");
        assert_eq!(found(&fake, None).await.unwrap(), "of_the_variable");
        assert_eq!(found(&fake, Some("sink")).await.unwrap(), "of_the_file");
    }

    #[tokio::test]
    async fn what_holds_no_token_says_so() {
        use std::io::ErrorKind::{PermissionDenied, TimedOut};
        let named = Some("sink");
        for (content, fault, named, expected) in [
            (None, None, None, (NotApplicable, "vault-login-missing", true)),
            (Some("\n"), None, None, (NotApplicable, "vault-login-missing", true)),
            (None, None, named, (NotApplicable, "vault-token-unreadable", true)),
            (Some("two words"), None, named, (Invalid, "vault-token-unreadable", true)),
            (Some("x"), Some(PermissionDenied), named, (Denied, "vault-token-unreadable", true)),
            (Some("x"), Some(TimedOut), named, (Transient, "vault-token-unreadable", false)),
        ] {
            let fake = FakeWorld::new();
            fake.environment.set("HOME", "/home/ada");
            let path = named.unwrap_or("/home/ada/.vault-token");
            content.into_iter().for_each(|content| fake.files.write(path, content));
            fault.into_iter().for_each(|fault| fake.files.fail(path, fault));
            let error = found(&fake, named).await.unwrap_err();
            assert_eq!((error.kind(), error.code(), error.is_local()), expected, "{error}");
            assert_eq!(error.setting(), Some("VaultTokenDiskPath"), "{error}");
            assert!(error.remedy_text().is_some(), "{error}");
        }
    }
}
