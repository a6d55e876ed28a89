//! Azure Arc: whose file is read, and who it is shown to.

use super::*;

fn challenge(realm: &str) -> HttpResponse {
    HttpResponse::new(401, vec![("WWW-Authenticate".to_owned(), format!("Basic realm={realm}"))], "{}")
}

/// An agent that gives a token to whoever has read its file.
fn agent(world: &FakeWorld, realm: &str) {
    let realm = realm.to_owned();
    let reply = FakeReply::by(move |request| {
        let proof = request.headers.iter().find(|(name, _)| name == "Authorization");
        match proof.map(|(_, value)| value.expose().to_owned()).as_deref() {
            Some("Basic arc-hunter2") => good(),
            _ => challenge(&realm),
        }
    });
    world.http.on("GET", "http", reply);
}

#[tokio::test]
async fn azure_arc_gives_a_token_for_the_text_of_its_file() {
    let by_variables = world(&ARC);
    let by_agent = world(&[]);
    by_agent.files.write("/opt/azcmagent/bin/himds", "ELF");
    for (world, address) in [(by_variables, MSI), (by_agent, "http://127.0.0.1:40342/metadata/identity/oauth2/token")] {
        world.files.write(KEY_FILE, "arc-hunter2");
        world.files.own(KEY_FILE, 990);
        world.files.own("/var/opt/azcmagent/tokens", 990);
        agent(&world, KEY_FILE);
        load(&of(&entry()), &world, None).await.unwrap();
        let asked: Vec<String> = world.http.requests().iter().map(sent).collect();
        assert_eq!(asked.len(), 2, "{asked:?}");
        assert!(asked[1].starts_with(&format!("GET {address}?api-version=2020-06-01&")), "{asked:?}");
        assert!(asked[1].ends_with("[Accept: application/json, Metadata: true, Authorization: Basic arc-hunter2]"));
    }
}

#[tokio::test]
async fn azure_arcs_answer_reads_no_other_file() {
    let long = "a".repeat(4097);
    let cases: [(&str, &str, Option<u32>); 9] = [
        ("/etc/hostname.key", "arc-hunter2", None),
        ("/var/opt/azcmagent/tokens/../../../../etc/shadow.key", "arc-hunter2", None),
        ("/var/opt/azcmagent/tokens/sub/abc.key", "arc-hunter2", None),
        ("var/opt/azcmagent/tokens/abc.key", "arc-hunter2", None),
        ("/var/opt/azcmagent/tokens/abc.txt", "arc-hunter2", None),
        ("/var/opt/azcmagent/tokens/.key", "arc-hunter2", None),
        (KEY_FILE, &long, None),
        (KEY_FILE, "arc\r\nX-Other: hunter2", None),
        (KEY_FILE, "arc-hunter2", Some(1000)),
    ];
    for (path, content, owner) in cases {
        let world = world(&ARC);
        world.files.write(path, content);
        world.files.write("/var/opt/azcmagent/tokens/other.key", "x");
        world.files.own("/var/opt/azcmagent/tokens", 990);
        owner.into_iter().for_each(|owner| world.files.own(path, owner));
        agent(&world, path);
        let error = fails(&entry(), &world).await;
        assert_eq!((error.code(), error.kind()), ("managed-identity-key-file", SourceErrorKind::Denied), "{path}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert_eq!(world.http.requests().len(), 1, "{path}");
        let reads = if path == KEY_FILE && content.contains('\r') { 1 } else { 0 };
        assert_eq!(world.files.reads(), reads, "{path}");
    }
}

#[tokio::test]
async fn azure_arc_without_a_challenge_is_somebody_else() {
    for response in [good(), HttpResponse::new(401, Vec::new(), "{}"), challenge("")] {
        let world = world(&ARC);
        world.http.on("GET", MSI, FakeReply::Answer(response));
        let code = fails(&entry(), &world).await.code();
        assert!(["managed-identity-no-challenge", "managed-identity-key-file"].contains(&code), "{code}");
    }
}
