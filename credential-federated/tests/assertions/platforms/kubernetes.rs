//! The source `KubernetesTokenRequest`: whom the API server is asked about, and as whom.

use credential_core::SourceErrorKind::{Denied, Invalid, NotApplicable};
use credential_core::SourceRegistry;
use credential_core::world::ServerTrust;

use super::*;
use crate::common::load;

#[tokio::test]
async fn the_account_is_the_pods_own_unless_the_entry_names_another() {
    for (settings, host, address) in [
        (vec![], "10.0.0.1", "https://10.0.0.1/api/v1/namespaces/ns1/serviceaccounts/pod/token"),
        (
            vec![("ServiceAccount", "other"), ("Namespace", "ns2")],
            "10.0.0.1",
            "https://10.0.0.1/api/v1/namespaces/ns2/serviceaccounts/other/token",
        ),
        (
            vec![("ServiceAccount", "../x")],
            "fd00::1",
            "https://[fd00::1]/api/v1/namespaces/ns1/serviceaccounts/..%2Fx/token",
        ),
    ] {
        let world = KUBERNETES.world();
        world.environment.set("KUBERNETES_SERVICE_HOST", host);
        world.http.on("POST", "https://", KUBERNETES.answered(201, (KUBERNETES.answer)(&token("a", AUDIENCE, 3600))));
        let entry = settings.iter().fold((KUBERNETES.entry)(), |entry, (name, value)| entry.with(*name, *value));
        load(&bound(KubernetesTokenRequestSource, &entry), &world, None).await.unwrap();
        let request = &world.http.requests()[0];
        assert_eq!(request.url, address);
        assert_eq!(request.trust, ServerTrust::authorities("the cluster's authority"));
    }
}

#[tokio::test]
async fn a_pod_without_its_files_or_its_right_is_told_which() {
    let file = |name: &'static str, content: Option<&'static str>| {
        move |world: &FakeWorld| match content {
            Some(content) => world.files.write(format!("{FOLDER}/{name}"), content),
            None => world.files.remove(format!("{FOLDER}/{name}")),
        }
    };
    type Make = Box<dyn Fn(&FakeWorld)>;
    let cases: [(Make, _, &str); 4] = [
        (Box::new(file("token", None)), NotApplicable, "file-not-found"),
        (Box::new(file("ca.crt", None)), NotApplicable, "file-not-found"),
        (Box::new(file("token", Some(" "))), Invalid, "file-unusable"),
        (Box::new(file("token", Some("opaque"))), Invalid, "service-account-unknown"),
    ];
    for (make, kind, code) in cases {
        let world = KUBERNETES.world();
        make(&world);
        let error = load(&KUBERNETES.bound(), &world, None).await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.is_local()), (kind, code, true), "{error}");
    }
    let world = KUBERNETES.world();
    let body = r#"{"kind":"Status","status":"Failure","message":"serviceaccounts \"pod\" is forbidden","code":403}"#;
    KUBERNETES.replies(&world, KUBERNETES.answered(403, body));
    let error = load(&KUBERNETES.bound(), &world, None).await.unwrap_err();
    assert_eq!(error.kind(), Denied);
    assert_eq!(error.to_string(), "Kubernetes gave no token: serviceaccounts \"pod\" is forbidden (403)");
    assert!(error.remedy_text().unwrap().contains("verbs: [create]"), "{error:?}");
}

#[test]
fn a_lifetime_below_ten_minutes_is_refused() {
    let registry = SourceRegistry::new().with(KubernetesTokenRequestSource);
    let entry = (KUBERNETES.entry)().with("TokenLifetime", "300");
    let error = registry.bind(vec![entry], FakeWorld::new().world()).unwrap_err();
    assert!(error.to_string().contains("TokenLifetime is not valid: 300 s"), "{error}");
}
