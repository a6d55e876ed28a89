//! From .NET: the files of an ASP.NET Core service as they are, and its `Program.cs` in Rust.
//!
//! ```csharp
//! builder.Services.AddAuthentication().AddMicrosoftIdentityWebApi(builder.Configuration)
//!     .EnableTokenAcquisitionToCallDownstreamApi()
//!     .AddDownstreamApi("DownstreamApi", builder.Configuration.GetSection("DownstreamApi"))
//!     .AddInMemoryTokenCaches();
//! ...
//! var answer = await downstreamApi.CallApiForAppAsync("DownstreamApi");
//! ```
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use token_client::{DownstreamCall, TokenClient};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // With appsettings.Development.json over it where DOTNET_ENVIRONMENT says so, and variables over both.
    let client = TokenClient::from_file("appsettings.json").await?;
    // What the reference does without a word is said: older names, values that count for nothing.
    for finding in &client.configuration().findings {
        println!("{finding}");
    }
    let answer = client.downstream("DownstreamApi")?.call(DownstreamCall::new()).await?;
    println!("{} {}", answer.status(), answer.text());
    Ok(())
}
