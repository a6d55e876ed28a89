//! Whom a call is made for: what call and section say together, and nothing else.

use std::sync::Arc;

use serde_json::{Value, json};
use token_client::{Caller, DownstreamCall, DownstreamError, TokenRequest};

use crate::there::{There, client, user_token};

/// A section with those scopes and that `RequestAppToken`.
fn section(scope: &str, request_app_token: Value) -> Value {
    let mut section = json!({"BaseUrl": "https://api.contoso.com/v1", "Scopes": [scope]});
    if !request_app_token.is_null() {
        section["RequestAppToken"] = request_app_token;
    }
    section
}

/// Whom the one token request was for, or the code and path of the error that came before any request.
async fn outcome(there: &Arc<There>, section: Value, call: DownstreamCall) -> String {
    let client = client(there, json!({"Api": section})).await;
    match client.downstream("Api").unwrap().call(call).await {
        Ok(_) => there.grants().join(" "),
        Err(DownstreamError::Call(finding)) => {
            assert!(there.asked().is_empty(), "{finding}");
            assert!(finding.remedy.is_some(), "{finding}");
            format!("{} {}", finding.code, finding.path.as_deref().unwrap_or_default())
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn call_and_section_say_it_together() {
    let there = Arc::<There>::default();
    let (app, ada) = (DownstreamCall::new().as_app(), DownstreamCall::new().on_behalf_of(user_token("ada")));
    let twice = ada.clone().as_app();
    let users = ada.clone().on_behalf_of(user_token("bob"));
    let (default, delegated) = ("api://x/.default", "api://x/read");
    for (scope, flag, call, expected) in [
        (default, json!(true), DownstreamCall::new(), "application"),
        (default, json!("TRUE"), app.clone(), "application"),
        (default, json!(true), ada.clone(), "caller-conflict DownstreamApis:Api:RequestAppToken"),
        (default, Value::Null, app.clone(), "application"),
        (default, Value::Null, ada.clone(), "user"),
        (default, Value::Null, DownstreamCall::new(), "app-or-user DownstreamApis:Api"),
        (default, json!(false), ada.clone(), "user"),
        (default, json!(false), app.clone(), "caller-conflict DownstreamApis:Api:RequestAppToken"),
        (default, json!(false), DownstreamCall::new(), "needs-a-user DownstreamApis:Api:RequestAppToken"),
        (delegated, Value::Null, ada.clone(), "user"),
        (delegated, Value::Null, DownstreamCall::new(), "needs-a-user DownstreamApis:Api:Scopes"),
        (delegated, Value::Null, app.clone(), "delegated-scope-for-app-token DownstreamApis:Api:Scopes"),
        (delegated, json!(false), DownstreamCall::new(), "needs-a-user DownstreamApis:Api:RequestAppToken"),
        (default, Value::Null, twice.clone(), "caller-conflict DownstreamApis:Api"),
        (default, json!(true), twice, "caller-conflict DownstreamApis:Api"),
        (default, Value::Null, users, "caller-conflict DownstreamApis:Api"),
        (default, Value::Null, ada.clone().on_behalf_of(user_token("ada")), "user"),
        (default, Value::Null, app.clone().caller(Caller::Application), "application"),
    ] {
        let shown = format!("{scope} {flag} {call:?}");
        assert_eq!(outcome(&there, section(scope, flag), call).await, expected, "{shown}");
    }
    let anonymous = json!({"BaseUrl": "https://api.contoso.com/", "Anonymous": true});
    assert_eq!(outcome(&there, anonymous.clone(), DownstreamCall::new()).await, "");
    for call in [app, ada] {
        let said = outcome(&there, anonymous.clone(), call).await;
        assert_eq!(said, "caller-conflict DownstreamApis:Api:Anonymous");
    }
}

#[tokio::test]
async fn both_ways_out_are_named() {
    let there = Arc::<There>::default();
    let client = client(&there, json!({"Api": section("api://x/.default", json!(true))})).await;
    let call = DownstreamCall::new().on_behalf_of(user_token("ada"));
    let said = client.downstream("Api").unwrap().call(call).await.unwrap_err().to_string();
    for part in ["appsettings.json:1:", "RequestAppToken", "remove RequestAppToken", "leave out on_behalf_of(..)"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
}

#[tokio::test]
async fn get_and_post_are_for_the_application_where_the_section_says_so() {
    let there = Arc::<There>::default();
    let apis = json!({
        "App": section("api://x/.default", json!(true)),
        "Either": section("api://x/.default", Value::Null),
        "Me": section("api://x/read", Value::Null),
    });
    let client = client(&there, apis).await;
    let app = client.downstream("App").unwrap();
    assert_eq!(app.get::<Value>("a").await.unwrap(), json!({"well": true}));
    assert_eq!(app.post::<Value>("a", &json!({})).await.unwrap(), json!({"well": true}));
    assert_eq!(there.grants(), ["application"]);
    for (name, code) in [("Either", "app-or-user"), ("Me", "needs-a-user")] {
        let api = client.downstream(name).unwrap();
        for error in [api.get::<Value>("a").await.unwrap_err(), api.post::<Value>("a", &1).await.unwrap_err()] {
            assert!(matches!(&error, DownstreamError::Call(finding) if finding.code == code), "{error}");
        }
    }
    assert!(there.asked().is_empty());
}

#[tokio::test]
async fn a_user_token_that_is_none_is_sent_to_nobody() {
    let there = Arc::<There>::default();
    let client = client(&there, json!({"Me": section("api://x/read", Value::Null)})).await;
    let api = client.downstream("Me").unwrap();
    for bad in [String::new(), "garbage".to_owned(), format!("Bearer {}", user_token("ada"))] {
        let error = api.call(DownstreamCall::new().on_behalf_of(bad.as_str())).await.unwrap_err();
        let DownstreamError::Token(error) = error else { panic!("{error}") };
        assert_eq!(error.findings()[0].code, "bad-user-assertion");
        let direct = client.token(&TokenRequest::on_behalf_of(bad.as_str(), ["api://x/read"])).await.unwrap_err();
        assert_eq!(direct.findings()[0].code, "bad-user-assertion");
    }
    assert!(there.asked().is_empty());
}
