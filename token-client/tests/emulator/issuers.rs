//! Who tokens say issued them, and what the versions call the same things.

use serde_json::{Value, json};
use token_client::emulator::{EmulatedApp, Emulator, TokenVersion};

use crate::client::{get, post};

const FORM: [(&str, &str); 4] = [
    ("client_id", "app1"),
    ("client_secret", "s3cret"),
    ("scope", "api://demo/.default"),
    ("grant_type", "client_credentials"),
];

async fn of(version: TokenVersion) -> Emulator {
    let app = EmulatedApp::new("app1").secret("s3cret");
    let builder = Emulator::builder().tenant("contoso.example").tenant("FABRIKAM.example").app(app);
    builder.token_version(version).start().await.unwrap()
}

fn claims(token: &Value) -> Value {
    use base64::Engine;
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The issuer in the metadata at that address, and the claims of a token by its token endpoint.
async fn behind(authority: &str) -> (Value, Value) {
    let metadata = get(&format!("{authority}/.well-known/openid-configuration"), &[]).await.json();
    let answer = post(metadata["token_endpoint"].as_str().unwrap(), &FORM).await.json();
    (metadata["issuer"].clone(), claims(&answer["access_token"]))
}

#[tokio::test]
async fn a_token_has_the_issuer_of_the_metadata_that_led_to_it() {
    for version in [TokenVersion::V1, TokenVersion::V2] {
        let emulator = of(version).await;
        let origin = emulator.instance().trim_end_matches('/').to_owned();
        for (tenant, name) in [("contoso.example", "contoso.example"), ("fabrikam.example", "FABRIKAM.example")] {
            let id = emulator.tenant_id(tenant).unwrap();
            for (path, v2) in [
                (tenant.to_owned(), format!("{origin}/{name}")),
                (format!("{tenant}/v2.0"), format!("{origin}/{id}/v2.0")),
                (format!("{id}/v2.0"), format!("{origin}/{id}/v2.0")),
            ] {
                let (issuer, token) = behind(&format!("{origin}/{path}")).await;
                let v1 = format!("https://sts.windows.net/{id}/");
                assert_eq!(issuer, if version == TokenVersion::V1 { v1 } else { v2 }, "{path}");
                assert_eq!((&token["iss"], &token["tid"]), (&issuer, &json!(id)), "{path}");
            }
        }
        let other_name = format!("http://localhost:{}/contoso.example", emulator.port());
        let (issuer, token) = behind(&other_name).await;
        assert_eq!(issuer, token["iss"]);
    }
}

#[tokio::test]
async fn each_version_has_its_claims() {
    for (version, ver, there, absent) in [
        (TokenVersion::V1, "1.0", ["appid", "appidacr"], ["azp", "azpacr"]),
        (TokenVersion::V2, "2.0", ["azp", "azpacr"], ["appid", "appidacr"]),
    ] {
        let emulator = of(version).await;
        let answer = post(&emulator.token_endpoint(), &FORM).await.json();
        let token = claims(&answer["access_token"]);
        assert_eq!((&token["ver"], &token[there[0]], &token[there[1]]), (&json!(ver), &json!("app1"), &json!("1")));
        assert!(absent.iter().all(|name| token.get(name).is_none()), "{token}");

        let user = emulator.mint_user_token("ada@contoso.example", "app1", "access_as_user").unwrap();
        let on_behalf = [
            ("client_id", "app1"),
            ("client_secret", "s3cret"),
            ("scope", "user.read"),
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("requested_token_use", "on_behalf_of"),
            ("assertion", &user),
        ];
        let handed_on = claims(&post(&emulator.token_endpoint(), &on_behalf).await.json()["access_token"]);
        let (name, other) =
            if version == TokenVersion::V1 { ("upn", "preferred_username") } else { ("preferred_username", "upn") };
        for token in [claims(&json!(user)), handed_on] {
            assert_eq!((&token["ver"], &token[name]), (&json!(ver), &json!("ada@contoso.example")), "{token}");
            assert!(token.get(other).is_none(), "{token}");
        }

        let demo = claims(&post(&emulator.token_endpoint(), &FORM).await.json()["access_token"]);
        let bearer = format!("Bearer {}", emulator.mint(&demo).unwrap());
        let hello = get(&format!("{}/hello", emulator.api_url()), &[("authorization", &bearer)]).await;
        assert_eq!(hello.json(), json!({"hello": "app1"}), "the API knows the client by either name");
    }
}

#[tokio::test]
async fn a_tenant_is_known_by_its_id_and_a_guid_is_its_own() {
    let id = "72F988BF-86f1-41af-91ab-2d7cd011db47";
    let app = EmulatedApp::new("app1").secret("s3cret");
    let emulator = Emulator::builder().tenant(id).app(app).start().await.unwrap();
    assert_eq!(emulator.tenant_id(id), Some(id.to_lowercase()));
    assert_eq!(emulator.tenant_id("fabrikam.example"), None);
    let emulator = of(TokenVersion::V2).await;
    let id = emulator.tenant_id("contoso.example").unwrap();
    let by_id = post(&format!("{}{id}/oauth2/v2.0/token", emulator.instance()), &FORM).await;
    assert_eq!(claims(&by_id.json()["access_token"])["tid"], json!(id));
}
