//! Sources, worlds and folders of a program's own.

use super::*;
use credential_core::{BindContext, BindResult, CredentialDescription, Setting, SourceError, SourceType};

/// A program's own source in the place of one of ours.
#[derive(Debug)]
struct Own(SourceType);

impl CredentialSource for Own {
    fn source_type(&self) -> SourceType {
        self.0.clone()
    }

    fn settings(&self) -> &[Setting] {
        &[]
    }

    fn bind(&self, _: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        Err(cx.error(SourceError::misconfigured("own", "the program's own")))
    }
}

#[test]
fn a_source_of_ones_own_stays_whatever_its_type() {
    for source_type in [SourceType::KEY_VAULT, SourceType::CUSTOM_SIGNED_ASSERTION, SourceType::CLIENT_SECRET] {
        let registry = TokenClientBuilder::default().source(Own(source_type.clone())).registry();
        let found = registry.get(&source_type).map(|source| format!("{source:?}"));
        assert!(found.is_some_and(|shown| shown.starts_with("Own(")), "{source_type}");
    }
}

#[cfg(feature = "secret")]
mod worlds {
    use super::*;
    use std::collections::BTreeMap;
    use std::io;
    use std::path::PathBuf;

    use crate::TokenRequest;
    use credential_core::credential::SecretBytes;
    use credential_core::testing::{FakeHttp, FakeWorld};
    use credential_core::world::{FileStamp, Files};

    const SETTINGS: &str = r#"{"AzureAd": {
        "Instance": "https://login.microsoftonline.com/", "TenantId": "t.example", "ClientId": "app1",
        "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecretDiskPath": "secret.txt"}]}}"#;

    /// A world in which the folder of the settings file has the secret, and the working folder another.
    fn world() -> FakeWorld {
        let world = FakeWorld::new();
        world.files.write("conf/appsettings.json", SETTINGS);
        world.files.write("conf/secret.txt", "beside-the-settings");
        world.files.write("secret.txt", "in-the-working-folder");
        world
    }

    /// The secret that the client presents.
    async fn presented(builder: TokenClientBuilder, http: &FakeHttp) -> String {
        http.answer(200, r#"{"access_token": "t", "expires_in": 3600}"#);
        let client = builder.build().await.unwrap();
        let request = TokenRequest::app("api://a/.default");
        // Whoever asks a client without an answer waits for a clock that stands.
        tokio::time::timeout(Duration::from_secs(10), client.token(&request)).await.unwrap().unwrap();
        let body = String::from_utf8(http.requests().last().unwrap().body.expose().to_vec()).unwrap();
        body.split('&').find_map(|field| field.strip_prefix("client_secret=")).unwrap().to_owned()
    }

    #[tokio::test]
    async fn relative_paths_start_at_the_settings_file_in_any_world() {
        let location = Location::new().file("conf/appsettings.json");
        let read = world();
        let configuration = Configuration::read(&location, &read.world()).await;
        let text = Configuration::from_json(SETTINGS, &location, &BTreeMap::new());
        for (name, builder) in [
            ("file", TokenClientBuilder::default().file("conf/appsettings.json")),
            ("location", TokenClientBuilder::default().location(location)),
            ("configuration", TokenClientBuilder::default().configuration(configuration)),
            ("text", TokenClientBuilder::default().configuration(text)),
        ] {
            let world = world();
            let secret = presented(builder.world(world.world()), &world.http).await;
            assert_eq!(secret, "beside-the-settings", "{name}");
        }
    }

    /// Files of the program's own.
    #[derive(Debug)]
    struct Bad {
        panics: bool,
    }

    #[async_trait::async_trait]
    impl Files for Bad {
        async fn read(&self, _path: &Path, _max: u64) -> io::Result<SecretBytes> {
            if self.panics { panic!("the program's own mistake") } else { std::future::pending().await }
        }

        async fn stamp(&self, _path: &Path) -> io::Result<FileStamp> {
            std::future::pending().await
        }

        async fn list(&self, _folder: &Path, _max: usize) -> io::Result<Vec<(PathBuf, FileStamp)>> {
            std::future::pending().await
        }

        fn resolve(&self, path: &Path) -> PathBuf {
            path.to_path_buf()
        }
    }

    #[tokio::test]
    async fn settings_files_that_never_come_or_panic_are_findings() {
        for panics in [false, true] {
            let fake = world();
            let files = Arc::new(Bad { panics });
            let builder = TokenClientBuilder::default().file("conf/appsettings.json");
            let mut building = std::pin::pin!(builder.world(fake.world().with_files(files)).build());
            let error = loop {
                tokio::select! {
                    biased;
                    built = &mut building => break built.unwrap_err(),
                    () = tokio::task::yield_now() => fake.clock.advance(Duration::from_secs(1)),
                }
            };
            assert_eq!(error.findings()[0].code, "settings-file-unreadable", "{error}");
        }
    }

    #[tokio::test]
    async fn settings_without_a_folder_stay_where_the_world_is() {
        let world = world();
        world.files.write("appsettings.json", SETTINGS);
        let secret = presented(TokenClientBuilder::default().world(world.world()), &world.http).await;
        assert_eq!(secret, "in-the-working-folder");
    }

    #[tokio::test]
    async fn an_http_client_beside_a_world_counts_in_any_order() {
        for http_first in [true, false] {
            let (world, http) = (world(), Arc::new(FakeHttp::default()));
            let builder = TokenClientBuilder::default().file("conf/appsettings.json");
            let builder = match http_first {
                true => builder.http(http.clone()).world(world.world()),
                false => builder.world(world.world()).http(http.clone()),
            };
            presented(builder, &http).await;
            assert!(world.http.requests().is_empty());
        }
    }
}
