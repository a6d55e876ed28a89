//! Which host is asked, how, for which identity, and what it says when there is no token.

use super::*;

/// In the order in which the reference looks: what is set further down does not count.
#[tokio::test]
async fn each_host_is_found_by_its_variables_and_asked_in_its_way() {
    const THUMBPRINT: &str = "7C:1D:5A:0E:93:B2:4F:68:A1:D7:E2:C3:5B:90:6F:84:D3:A7:E5:19";
    let fabric = "https://127.0.0.1:2377/sf/token";
    let down = ("MSI_ENDPOINT", "http://127.0.0.1:1/ml/token");
    let resource = "resource=api%3A%2F%2FAzureADTokenExchange";
    let cases: [(Variables<'_>, String); 5] = [
        (
            &[
                ("IDENTITY_ENDPOINT", fabric),
                ("IDENTITY_HEADER", "h"),
                ("IDENTITY_SERVER_THUMBPRINT", THUMBPRINT),
                down,
            ],
            format!("GET {fabric}?api-version=2020-05-01&{resource} [secret: h]"),
        ),
        (
            &[("IDENTITY_ENDPOINT", MSI), ("IDENTITY_HEADER", "h"), down],
            format!("GET {MSI}?api-version=2019-08-01&{resource} [Accept: application/json, X-IDENTITY-HEADER: h]"),
        ),
        (
            &[
                ("MSI_ENDPOINT", MSI),
                ("MSI_SECRET", "s"),
                ("DEFAULT_IDENTITY_CLIENT_ID", "me"),
                ("IDENTITY_ENDPOINT", "http://127.0.0.1:1/"),
                ("IMDS_ENDPOINT", "x"),
            ],
            format!(
                "GET {MSI}?api-version=2017-09-01&{resource}&clientid=me [Accept: application/json, Metadata: true, secret: s]"
            ),
        ),
        (
            &[("MSI_ENDPOINT", MSI), ("MSI_SECRET", "")],
            format!(
                "POST {MSI} [Accept: application/json, Metadata: true, Content-Type: application/x-www-form-urlencoded] {resource}"
            ),
        ),
        (
            &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:7000/")],
            format!("GET http://127.0.0.1:7000/metadata/identity/oauth2/token?api-version=2018-02-01&{resource}"),
        ),
    ];
    for (variables, expected) in cases {
        let world = world(variables);
        for method in ["GET", "POST"] {
            world.http.on(method, "http", FakeReply::Answer(good()));
        }
        load(&of(&entry()), &world, None).await.unwrap();
        let requests = world.http.requests();
        let [request] = requests.as_slice() else { panic!("{requests:?}") };
        let shown = sent(request);
        assert!(shown.starts_with(&expected), "{shown}\n{expected}");
        assert!(request.direct, "no proxy: {shown}");
        let pinned =
            matches!(&request.trust, ServerTrust::Pinned(pin) if pin.to_string() == THUMBPRINT.replace(':', ""));
        assert_eq!(pinned, request.url.starts_with("https"), "{shown}");
    }
}

#[tokio::test]
async fn each_host_takes_the_ids_that_it_knows_and_says_which_it_does_not() {
    const RESOURCE: &str = "/subscriptions/1/x/userAssignedIdentities/a";
    let ids = [
        ("ManagedIdentityClientId", "one"),
        ("ManagedIdentityObjectId", "two"),
        ("ManagedIdentityResourceId", RESOURCE),
    ];
    let fabric = [
        ("IDENTITY_ENDPOINT", "https://127.0.0.1:2377/sf"),
        ("IDENTITY_HEADER", "h"),
        ("IDENTITY_SERVER_THUMBPRINT", "7C1D5A0E93B24F68A1D7E2C35B906F84D3A7E519"),
    ];
    let escaped = "%2Fsubscriptions%2F1%2Fx%2FuserAssignedIdentities%2Fa";
    let [app_service, imds] = ["mi_res_id", "msi_res_id"].map(|name| format!("{name}={escaped}"));
    let cases: [(Variables<'_>, [Option<&str>; 3]); 6] = [
        (&APP_SERVICE, [Some("client_id=one"), Some("object_id=two"), Some(&app_service)]),
        (&[], [Some("client_id=one"), Some("object_id=two"), Some(&imds)]),
        (&[("MSI_ENDPOINT", MSI), ("MSI_SECRET", "s")], [Some("clientid=one"), None, None]),
        (&fabric, [None, Some("principalId=two"), None]),
        (&[("MSI_ENDPOINT", MSI)], [None; 3]),
        (&ARC, [None; 3]),
    ];
    for (variables, parameters) in cases {
        for ((setting, id), parameter) in ids.iter().zip(parameters) {
            let world = world(variables);
            world.http.on("GET", "http", FakeReply::Answer(good()));
            let loaded = load(&of(&entry().with(*setting, *id)), &world, None).await;
            let asked: Vec<String> = world.http.requests().iter().map(|one| one.url.clone()).collect();
            match (parameter, loaded) {
                (Some(parameter), Ok(_)) => assert!(asked[0].ends_with(&format!("&{parameter}")), "{asked:?}"),
                (None, Err(error)) => {
                    assert_eq!((error.code(), asked.len()), ("managed-identity-unsupported", 0), "{error}");
                    assert!(error.path().unwrap().ends_with(setting), "{error:?}");
                    assert!(error.remedy_text().is_some());
                }
                (parameter, loaded) => panic!("{variables:?} {setting}: {parameter:?} {loaded:?}"),
            }
        }
    }
}

#[test]
fn ids_that_contradict_or_are_of_another_kind_are_found_when_the_entry_is_bound() {
    let refused = |wrong: CredentialDescription| {
        let mut registry = SourceRegistry::new();
        sources().into_iter().for_each(|source| registry.register(source));
        registry.bind(vec![wrong], FakeWorld::new().world()).unwrap_err().to_string()
    };
    let both = entry().with("ManagedIdentityClientId", "a").with("ManagedIdentityObjectId", "b");
    assert!(refused(both).contains("ManagedIdentityObjectId and ManagedIdentityClientId both name"));
    let kind = refused(entry().with("ManagedIdentityClientId", "/subscriptions/1"));
    assert!(kind.contains("write it as ManagedIdentityResourceId"), "{kind}");
    let misspelt = refused(entry().with("ClientId", "a"));
    assert!(misspelt.contains("write \"ManagedIdentityClientId\""), "{misspelt}");
}

#[tokio::test]
async fn who_gave_no_token_says_why() {
    use SourceErrorKind::{Denied, Invalid, NotApplicable, Transient};
    let unassigned = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
    let shell = r#"{"error":{"code":"x","message":"told hunter2-header"}}"#;
    let cases: [(u16, &str, SourceErrorKind, &str, &str); 11] = [
        (400, unassigned, NotApplicable, "managed-identity-not-assigned", "invalid_request: Identity not found"),
        (400, r#"{"error":"invalid_resource"}"#, Denied, "managed-identity-resource", "invalid_resource"),
        (401, r#"{"statusCode":401,"message":"no"}"#, Denied, "managed-identity-refused", "no (401)"),
        (403, shell, Denied, "managed-identity-refused", "x: told *** (403)"),
        (403, "<html>unreachable</html>", NotApplicable, "managed-identity-proxy", "a proxy answered"),
        (502, "<html>", Transient, "managed-identity-proxy", "a gateway"),
        (404, "", Transient, "managed-identity-not-found", "it gives no reason (404)"),
        (500, r#"{"message":"x"}"#, Transient, "managed-identity-unwell", "x (500)"),
        (302, "", Transient, "managed-identity-unwell", "(302)"),
        (200, "{}", Invalid, "managed-identity-unreadable", "no token in it"),
        (200, r#"{"access_token":"hunter2"}"#, Invalid, "managed-identity-unreadable", "no end of its token"),
    ];
    for (status, body, kind, code, words) in cases {
        let world = world(&APP_SERVICE);
        world.http.on("GET", MSI, FakeReply::Answer(HttpResponse::new(status, Vec::new(), body)));
        let error = fails(&entry(), &world).await;
        assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.remedy_text().is_some() && !format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    let world = world(&APP_SERVICE);
    world.http.on("GET", MSI, FakeReply::Answer(HttpResponse::new(400, Vec::new(), unassigned)));
    let error = fails(&entry().with("ManagedIdentityClientId", "mine"), &world).await;
    assert_eq!((error.kind(), error.code()), (Denied, "managed-identity-not-assigned"));
    assert!(error.path().unwrap().ends_with("ManagedIdentityClientId"), "{error:?}");
}

#[tokio::test]
async fn a_host_that_says_when_is_asked_then() {
    let world = world(&APP_SERVICE);
    world.http.reply(Ok(HttpResponse::new(429, vec![("Retry-After".to_owned(), "3".to_owned())], "{}")));
    world.http.reply(Ok(good()));
    in_time(&world, load(&of(&entry()), &world, None)).await.unwrap();
    let waited = world.clock.moment().since(Default::default());
    assert!((3..=4).contains(&waited.as_secs()), "{waited:?}");
}
