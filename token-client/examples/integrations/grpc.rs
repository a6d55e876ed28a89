//! A gRPC client of tonic with a token. Takes the server's address. The messages are bytes here; with generated code,
//! `OrdersClient::new(channel)` takes the same channel.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use bytes::{Buf, BufMut, Bytes};
use token_client::integrations::ApiToken;
use token_client::integrations::tower::TokenLayer;
use token_client::{TokenClient, TokenRequest};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Endpoint;
use tonic::{Request, Status};
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::args().nth(1).ok_or("name the server: http://127.0.0.1:50051")?;
    let client = TokenClient::from_file("appsettings.json").await?;
    // The channel leads to that server and to no other: the layer sees paths alone.
    let token = ApiToken::new(client.token_source(TokenRequest::app("api://demo/.default")), [&server])?;
    let channel = Endpoint::from_shared(server)?.connect_lazy();
    let channel = ServiceBuilder::new().layer(TokenLayer::new(token)).service(channel);

    let mut orders = Grpc::new(channel);
    orders.ready().await?;
    let request = Request::new(Bytes::from_static(b"7 apples"));
    let answer = orders.unary(request, "/orders.Orders/Place".parse()?, Plain).await?;
    println!("{}", String::from_utf8_lossy(&answer.into_inner()));
    Ok(())
}

/// Messages as they are.
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(message);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
