//! `object_store` on Azure Storage, with our token. Takes the account's address and its name; the container `orders`
//! is there.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::azure::{AzureCredential, MicrosoftAzureBuilder};
use object_store::path::Path;
use object_store::{CredentialProvider, ObjectStore, ObjectStoreExt};
use token_client::{PreparedToken, TokenClient, TokenRequest, TokenSource};

/// Asked once a request: the token is cached.
#[derive(Debug)]
struct Tokens(PreparedToken);

#[async_trait]
impl CredentialProvider for Tokens {
    type Credential = AzureCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AzureCredential>> {
        let token = self.0.token().await;
        let token = token.map_err(|source| object_store::Error::Generic { store: "Azure", source: source.into() })?;
        Ok(Arc::new(AzureCredential::BearerToken(token.value().expose().to_owned())))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("name the account: https://ACCOUNT.blob.core.windows.net")?;
    let account = arguments.next().ok_or("name the account: ACCOUNT")?;
    let client = TokenClient::from_file("appsettings.json").await?;
    let tokens = Tokens(client.token_source(TokenRequest::app("https://storage.azure.com/.default")));
    let store = MicrosoftAzureBuilder::new()
        .with_endpoint(address)
        .with_account(account)
        .with_container_name("orders")
        .with_credentials(Arc::new(tokens))
        .build()?;

    let path = Path::from("closed.txt");
    store.put(&path, "3 pears".into()).await?;
    println!("{}", String::from_utf8_lossy(&store.get(&path).await?.bytes().await?));
    let names = store.list_with_delimiter(None).await?.objects;
    println!("{}", names.iter().map(|found| found.location.to_string()).collect::<Vec<_>>().join(", "));
    Ok(())
}
