//! `call`.

use serde_json::json;

use crate::program::{Program, assert_shape, credentials, emulator, finding, settings, token};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_with_body_path_method_and_headers() {
    let emulator = emulator(None).await;
    let program = Program::with("call", &settings(&emulator, &credentials()));
    program.write("body.json", r#"{"from": "file"}"#);
    let ran = program.run(&["call", "hello", "--json"]);
    let answer = ran.json();
    let expected =
        json!({"ok": true, "status": 200, "headers": {}, "body": {}, "token": token(), "findings": [finding()]});
    assert_shape(&answer, &expected, "call");
    assert_eq!((ran.status, &answer["body"]), (0, &json!({"hello": "app1"})), "{ran:?}");
    assert!(answer["token"].get("access_token").is_none());

    for (data, input, expected) in [
        (r#"{"from": "argument"}"#, "", json!({"from": "argument"})),
        ("@body.json", "", json!({"from": "file"})),
        ("-", r#"{"from": "stdin"}"#, json!({"from": "stdin"})),
        ("plain", "", json!("plain")),
    ] {
        let arguments = ["call", "Hello", "--json", "--path", "echo/1", "--header", "X-My: v", "--data", data];
        let echo = &program.run_with(&arguments, input).json()["body"];
        assert_eq!((&echo["method"], &echo["path"], &echo["body"]), (&json!("POST"), &json!("/echo/1"), &expected));
        assert_eq!(echo["headers"]["x-my"], "v");
    }
    let query = program.run(&["call", "Hello", "--json", "--path", "echo", "--query", "a b=c&d=e"]).json();
    assert_eq!(query["body"]["query"], json!({"a b": "c&d=e"}));
    for path in ["echo?a=b", "../echo"] {
        let refused = program.run(&["call", "Hello", "--json", "--path", path]);
        assert_eq!((refused.status, &refused.json()["findings"][0]["code"]), (1, &json!("bad-path")), "{path}");
    }
    let put = program.run(&["call", "Hello", "--path", "echo", "--method", "PUT"]);
    assert!(put.status == 0 && put.stdout.contains("\"PUT\"") && put.stderr.contains("200"), "{put:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_behalf_of_a_user() {
    let emulator = emulator(None).await;
    let program = Program::with("call-user", &settings(&emulator, &credentials()));
    program.write("user.jwt", emulator.mint_user_token("ada@contoso.example", "app1", "access_as_user").unwrap());
    let ran = program.run(&["call", "Me", "--json", "--user-assertion", "@user.jwt"]);
    assert_eq!((ran.status, &ran.json()["body"]["user"]), (0, &json!("ada@contoso.example")), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_call_is_for_is_said_and_not_guessed() {
    let emulator = emulator(None).await;
    let program = Program::with("call-caller", &settings(&emulator, &credentials()));
    program.write("user.jwt", emulator.mint_user_token("ada@contoso.example", "app1", "access_as_user").unwrap());
    program.write("garbage", "garbage");
    let unsaid = ["--set", "Hello:RequestAppToken="];
    for (arguments, code) in [
        (vec!["call", "Hello", "--user-assertion", "@user.jwt"], "caller-conflict"),
        (vec!["call", "Hello", "--user-assertion", "@garbage"], "caller-conflict"),
        (vec!["call", "Me"], "needs-a-user"),
        (vec!["call", "Me", "--as-app"], "delegated-scope-for-app-token"),
        (vec!["call", "Me", "--user-assertion", "@garbage"], "bad-user-assertion"),
        ([&["call", "Hello"][..], &unsaid].concat(), "app-or-user"),
    ] {
        let ran = program.run(&[arguments.as_slice(), &["--json"]].concat());
        assert_eq!((ran.status, &ran.json()["findings"][0]["code"]), (1, &json!(code)), "{arguments:?}: {ran:?}");
    }
    let garbage = program.run(&["call", "Me", "--user-assertion", "@garbage"]);
    let named = "the user assertion of the request (given with --user-assertion @FILE) is not a JWT";
    assert!(garbage.stderr.contains(named), "{garbage:?}");
    assert!(emulator.requests().is_empty());
    let as_app = program.run(&[&["call", "Hello", "--as-app", "--json"][..], &unsaid].concat());
    assert_eq!((as_app.status, &as_app.json()["body"]), (0, &json!({"hello": "app1"})), "{as_app:?}");
    assert_eq!(program.run(&["call", "Hello", "--as-app", "--user-assertion", "@user.jwt"]).status, 2);
}

/// Whose clock is right is the authority's to say: a user's token that has ended is sent, and its refusal says it all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_users_token_that_has_ended_is_the_authoritys_to_refuse() {
    let emulator = emulator(None).await;
    let program = Program::with("call-ended", &settings(&emulator, &credentials()));
    let ended = json!({"aud": "app1", "tid": "contoso.example", "exp": 1_600_000_000, "scp": "x", "oid": "o"});
    program.write("user.jwt", emulator.mint(&ended).unwrap());
    let ran = program.run(&["call", "Me", "--json", "--user-assertion", "@user.jwt"]);
    let found = &ran.json()["findings"][0];
    assert_eq!((ran.status, &found["authority"]["error_codes"]), (1, &json!([500_133])), "{ran:?}");
    assert_eq!(found["remedy"], "let the caller send a new token: the incoming one has expired");
    assert_eq!(found["cause"], json!(["the user's token came in with the call for the audience app1"]), "{found}");
}

/// A page of a sign-in is no answer of an API, whatever its status; it is printed, and said to be one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_where_json_was_asked_for_is_a_warning() {
    let emulator = emulator(None).await;
    let program = Program::with("call-page", &settings(&emulator, &credentials()));
    let sign_in = ["--set", &format!("Hello:BaseUrl={}", emulator.instance())];
    let call = ["call", "Hello", "--path", "contoso.example/oauth2/v2.0/authorize"];
    let call = [&call[..], &sign_in].concat();
    let json = program.run(&[&call[..], &["--json"]].concat());
    let found = &json.json()["findings"][0];
    assert_eq!((json.status, &json.json()["ok"], &found["code"]), (0, &json!(true), &json!("answer-is-page")));
    assert_eq!((&found["severity"], &found["path"]), (&json!("warning"), &json!("Hello:BaseUrl")), "{found}");
    let text = program.run(&call);
    assert!(text.status == 0 && text.stdout.contains("<h1>"), "{text:?}");
    for part in ["--set  warning", "a page (text/html; charset=utf-8) where application/json was asked for"] {
        assert!(text.stderr.contains(part), "{part}: {text:?}");
    }
    // Whoever asks for a page, or for nothing in particular, gets what was asked for.
    for accept in ["Accept: text/html", "Accept: */*", "Accept:"] {
        let asked = program.run(&[&call[..], &["--header", accept]].concat());
        assert!(asked.status == 0 && !asked.stderr.contains("warning"), "{accept}: {asked:?}");
    }
    // What is no page is none.
    assert!(!program.run(&["call", "Hello"]).stderr.contains("warning"));
}

/// What is left out is said, and what was found in the section of a call that fails stands beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_done_as_asked_is_said() {
    let emulator = emulator(None).await;
    let program = Program::with("call-left-out", &settings(&emulator, &credentials()));
    let ran = program.run(&["call", "Hello", "--json", "--header", "host: other", "--header", "X-My: v"]);
    let found = &ran.json()["findings"];
    let left_out = json!([{
        "severity": "warning", "code": "reserved-header", "origin": {"argument": "--header"},
        "message": "the header host is set by this client alone, and was left out", "remedy": "leave it out",
    }]);
    assert_eq!((ran.status, found), (0, &left_out), "{ran:?}");
    let comma = ["call", "Hello", "--json", "--set", "Hello:Scopes:0=api://a/.default,api://b/.default"];
    let codes = |ran: &crate::program::Ran| -> Vec<String> {
        let found = ran.json()["findings"].as_array().unwrap().clone();
        found.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(&program.run(&comma)), ["authority-refused", "comma-in-scope"]);
    let authority = format!("Other:Authority={}", emulator.authority());
    let of_nobody = ["--section", "Other", "--set", "Other:ClientId=a", "--set", &authority];
    let nobody = [&["call", "Hello", "--json"][..], &of_nobody].concat();
    assert_eq!(codes(&program.run(&nobody)), ["no-credentials", "no-credentials"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_findings() {
    let emulator = emulator(None).await;
    let program = Program::with("call-fails", &settings(&emulator, &credentials()));
    for (arguments, code) in [
        (vec!["call", "Helo"], "unknown-downstream-api"),
        (vec!["call", "Hello", "--set", "AzureAd:ClientCredentials:1:ClientSecret=nope-s3cret"], "credential-rejected"),
        (vec!["call", "Hello", "--set", "Hello:BaseUrl=http://127.0.0.1:9/"], "api-unreachable"),
    ] {
        let ran = program.run(&[arguments.as_slice(), &["--json"]].concat());
        let answer = ran.json();
        assert_eq!((ran.status, &answer["ok"]), (1, &json!(false)), "{ran:?}");
        let codes: Vec<&str> =
            answer["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert!(codes.contains(&code), "{arguments:?}: {codes:?}");
    }
    emulator.demand_claims(json!({"acrs": {"essential": true, "value": "c1"}}));
    let refused = program.run(&["call", "Hello", "--json", "--header", "Accept: text/plain"]);
    assert_shape(&refused.json()["findings"], &json!([finding()]), "call");
}
