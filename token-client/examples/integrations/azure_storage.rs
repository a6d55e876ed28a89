//! Azure Storage by the Azure SDK, with our token. Takes the account's address:
//! `https://ACCOUNT.blob.core.windows.net/`.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::sync::Arc;

use azure_core::http::{RequestContent, Url};
use azure_storage_blob::BlobServiceClient;
use token_client::TokenClient;
use token_client::integrations::azure::ClientCredential;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let account = std::env::args().nth(1).ok_or("name the account: https://ACCOUNT.blob.core.windows.net/")?;
    let client = TokenClient::from_file("appsettings.json").await?;
    let credential = Arc::new(ClientCredential::new(client.clone()));
    let service = BlobServiceClient::new(Url::parse(&account)?, Some(credential), None)?;

    let container = service.blob_container_client("orders");
    container.create(None).await?;
    let blob = container.blob_client("open.txt");
    blob.upload(RequestContent::from(b"7 apples".to_vec()), None).await?;
    let read = blob.download(None).await?.body.collect().await?;
    println!(
        "{} by entry {:?}",
        String::from_utf8_lossy(&read),
        client.credentials().in_use().map(|entry| entry.index)
    );
    Ok(())
}
