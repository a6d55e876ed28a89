//! The recorded cases with a vault: the same requests as the reference or fewer, and its outcome or a
//! better one. Each difference stands in one table.
#![expect(clippy::disallowed_methods, reason = "real time, tasks and files of the test itself")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use credential_core::testing::FakeFiles;
use credential_core::{CredentialDescription, CredentialSource, SourceType};
use credential_tests::vault::{Action, Cloud, Fault, Key, Made, bind, load, projected_token};
use serde_json::Value;

/// Cases that go another way than recorded, with the requests and the outcome that they have here.
struct Difference {
    case: &'static str,
    reason: &'static str,
    requests: &'static [&'static str],
    /// The error's code; empty where the load succeeds.
    outcome: &'static str,
}

const CHALLENGE: &str = "GET /certificates/mycert 401";
const TOKEN: &str = "POST /kvtenant/oauth2/v2.0/token 200";
const CERTIFICATE: &str = "GET /certificates/mycert 200";
const VERSIONS: &str = "GET /certificates/mycert/versions 200";

const DIFFERENCES: &[Difference] = &[
    Difference {
        case: "keyvault-503-always",
        reason: "three tries within two seconds, not four within six: the next entry waits for them",
        requests: &["GET /certificates/mycert 503", "GET /certificates/mycert 503", "GET /certificates/mycert 503"],
        outcome: "vault-unwell",
    },
    Difference {
        case: "keyvault-attributes-expired",
        reason: "an older version may be valid; the error has the reason",
        requests: &[CHALLENGE, TOKEN, CERTIFICATE, VERSIONS],
        outcome: "certificate-expired",
    },
    Difference {
        case: "fallback-keyvault-expired-secret",
        reason: "an older version may be valid; the error has the reason",
        requests: &[CHALLENGE, TOKEN, CERTIFICATE, VERSIONS],
        outcome: "certificate-expired",
    },
    Difference {
        case: "keyvault-attributes-future",
        reason: "an older version may be valid; the error has the reason",
        requests: &[CHALLENGE, TOKEN, CERTIFICATE, VERSIONS],
        outcome: "certificate-not-yet-valid",
    },
    Difference {
        case: "keyvault-challenge-other-tenant",
        reason: "the vault's tenant is asked, whatever AZURE_TENANT_ID says",
        requests: &[CHALLENGE, "POST /othertenant/oauth2/v2.0/token 200", CERTIFICATE, "GET /secrets/mycert/v1 200"],
        outcome: "",
    },
    Difference {
        case: "keyvault-not-exportable",
        reason: "the vault signs",
        requests: &[CHALLENGE, TOKEN, CERTIFICATE],
        outcome: "",
    },
    Difference {
        case: "fallback-keyvault-not-exportable-secret",
        reason: "the vault signs",
        requests: &[CHALLENGE, TOKEN, CERTIFICATE],
        outcome: "",
    },
    Difference {
        case: "keyvault-pem",
        reason: "PEM is read",
        requests: &[CHALLENGE, TOKEN, CERTIFICATE, "GET /secrets/mycert/v1 200"],
        outcome: "",
    },
    Difference {
        case: "keyvault-secret-403",
        reason: "the vault signs; whether it may is tried once",
        requests: &[CHALLENGE, TOKEN, CERTIFICATE, "GET /secrets/mycert/v1 403", "POST /keys/mycert/v1/sign 200"],
        outcome: "",
    },
    Difference {
        case: "keyvault-not-found",
        reason: "the error tells whether it was deleted, and the nearest names",
        requests: &[
            "GET /certificates/other 401",
            TOKEN,
            "GET /certificates/other 404",
            "GET /deletedcertificates/other 404",
            "GET /certificates 200",
        ],
        outcome: "certificate-not-found",
    },
];

/// Outcomes of cases that fail here as there.
const OUTCOMES: &[(&str, &str)] = &[
    ("keyvault-403", "vault-forbidden-by-access-policy"),
    ("keyvault-challenge-resource-mismatch", "vault-challenge-resource"),
    ("keyvault-nothing-available", "vault-no-identity"),
    ("keyvault-nothing-available-developer-tools", "vault-no-identity"),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/wire")
}

fn json(case: &str, file: &str) -> Value {
    serde_json::from_slice(&fs::read(folder().join(case).join(file)).unwrap()).unwrap()
}

/// What the reference asked of the vault and for the vault: without the discovery of the authority, which
/// the vault's own challenge replaces, without the second client's challenge, which is remembered here,
/// and without what comes after the load.
fn recorded(case: &str) -> Vec<String> {
    let trace = json(case, "trace.json");
    let mut lines: Vec<String> = Vec::new();
    for one in trace.as_array().unwrap() {
        let (path, status) = (one["path"].as_str().unwrap(), one["status"].as_u64().unwrap());
        let challenged = status == 401 && lines.iter().any(|line| line.ends_with(" 401"));
        if path.contains("/discovery/") || path.starts_with("/contoso.example/") || challenged {
            continue;
        }
        lines.push(format!("{} {path} {status}", one["method"].as_str().unwrap()));
    }
    lines
}

/// The recorded scenario's vault in ours.
fn furnish(cloud: &Cloud, scenario: &Value) {
    let made = Made::new("app-a", Key::Rsa);
    let vault = &scenario["vaults"]["myvault.vault.azure.net"];
    for (name, stored) in vault["certificates"].as_object().unwrap() {
        for version in stored["versions"].as_array().unwrap() {
            cloud.put(name, version["version"].as_str().unwrap(), made.clone());
            cloud.edit(|state| {
                let stored_here = state.certificates.get_mut(name).unwrap();
                stored_here.exportable = stored["exportable"].as_bool().unwrap_or(true);
                if let Some(kind) = stored["content_type"].as_str() {
                    stored_here.content_type = kind.to_owned();
                }
                let here = stored_here.versions.last_mut().unwrap();
                here.nbf = version["nbf"].as_u64().unwrap_or(here.nbf);
                here.exp = version["exp"].as_u64().unwrap_or(here.exp);
            });
        }
    }
    let (authority, resource) = (vault["authority"].as_str().unwrap(), vault["resource"].as_str().unwrap());
    cloud.edit(|state| {
        state.challenge = Some(format!("Bearer authorization=\"{authority}\", resource=\"{resource}\""));
        state.applications.push(("app1".to_owned(), String::new()));
        let identities = scenario["managed_identity"]["identities"].as_object();
        let name = |name: &String| if name == "system" { String::new() } else { name.clone() };
        state.identities = identities.map(|all| all.keys().map(name).collect()).unwrap_or_default();
        for fault in scenario["faults"].as_array().into_iter().flatten() {
            let status = u16::try_from(fault["status"].as_u64().unwrap()).unwrap();
            let mut here = Fault::new(
                fault["path"].as_str().unwrap(),
                Action::Status(status, fault["reply"].to_string(), Vec::new()),
            );
            here.from = usize::try_from(fault["from"].as_u64().unwrap_or(0)).unwrap();
            state.faults.push(here);
        }
    });
}

async fn run(case: &str) -> (Vec<String>, String) {
    let cloud = Cloud::start().await;
    furnish(&cloud, &json(case, "scenario.json"));
    let files = FakeFiles::default();
    files.write("DIR/pod.jwt", projected_token());
    let port = cloud.platform().rsplit(':').next().unwrap().to_owned();
    let recorded = json(case, "case.json");
    let variables: Vec<(String, String)> = recorded["env"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().replace("$PORT", &port).replace("$DIR", "DIR")))
        .collect();
    let mut list: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // No tool of this machine has a say.
    list.push(("IDWEB_DISABLE_INTERACTIVE_AKV_CREDENTIALS", "1"));
    let world = cloud.world(&list).with_files(Arc::new(files));
    let settings = json(case, "appsettings.json")["AzureAd"]["ClientCredentials"][0].clone();
    let mut entry = CredentialDescription::new(SourceType::KEY_VAULT);
    for (name, value) in settings.as_object().unwrap().iter().filter(|(name, _)| *name != "SourceType") {
        entry = entry.with(name.clone(), value.as_str().unwrap());
    }
    let source: Arc<dyn CredentialSource> = credential_keyvault::sources().swap_remove(0);
    let outcome = load(&bind(&source, entry), &world, None).await.err().map(|error| error.code()).unwrap_or_default();
    (cloud.asked(), outcome.to_owned())
}

#[tokio::test]
async fn every_recorded_case_is_equal_or_a_listed_difference() {
    let mut cases: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("keyvault") || name.starts_with("fallback-keyvault"))
        .collect();
    cases.sort();
    assert!(cases.len() >= 19, "{cases:?}");
    for case in &cases {
        let (asked, outcome) = run(case).await;
        match DIFFERENCES.iter().find(|difference| difference.case == case) {
            Some(difference) => {
                assert_eq!((asked, outcome.as_str()), (owned(difference.requests), difference.outcome), "{case}");
                assert!(!difference.reason.is_empty());
            }
            None => {
                let there = json(case, "case.json")["outcomes"][0]["ok"].is_object();
                let known = OUTCOMES.iter().find(|(name, _)| name == case).map_or("", |(_, code)| *code);
                assert_eq!((asked, outcome.as_str(), known.is_empty()), (recorded(case), known, there), "{case}");
            }
        }
    }
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}
