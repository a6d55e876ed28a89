//! Every recorded authority: the same token endpoint, scope and assertion as the reference, or an error
//! where it has one; else a difference that is listed with its reason.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use credential_core::testing::FakeWorld;
use credential_core::world::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use credential_core::{Severity, World};
use serde_json::{Value, json};

use super::endpoints::{merge_query, with_query};
use super::{Authority, AuthorityKind, Endpoints};
use crate::settings::scopes::{app_scope, check_user_token, user_scopes};
use crate::settings::{Configuration, Location};

/// Where ours differs from the reference: the row, the code of the finding that says so (`-` when it
/// needs none), and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("cloud_usgov", "host-alias", TABLE),
    ("cloud_cn_old", "host-alias", TABLE),
    ("discovery_other_network", "-", TABLE),
    ("discovery_other_network_cert", "-", TABLE),
    ("tenant_common", "tenant-not-concrete", ANY_TENANT),
    ("tenant_common_upper", "tenant-not-concrete", ANY_TENANT),
    ("tenant_organizations", "tenant-not-concrete", ANY_TENANT),
    ("region_tenant_common", "tenant-not-concrete", ANY_TENANT),
    ("webapi_aad_authority_common", "tenant-not-concrete", ANY_TENANT),
    ("tenant_missing", "missing-tenant", NO_TENANT),
    ("tenant_empty", "missing-tenant", NO_TENANT),
    ("authority_host_v2", "missing-tenant", "v2.0 is taken for the tenant"),
    ("tenant_slash", "wrong-value", "what follows the slash is dropped"),
    ("tenant_v2", "wrong-value", "what follows the slash is dropped"),
    ("tenant_lead_slash", "wrong-value", NO_TENANT),
    ("authority_query", "authority-query", "the query is sent by web hosts alone; ours sends it"),
    ("authority_and_instance_tenant", "authority-conflict", CONFLICT),
    ("factory_authority_both", "authority-conflict", CONFLICT),
    ("factory_ciam_both", "authority-conflict", CONFLICT),
    ("webapi_aad_both", "authority-conflict", CONFLICT),
    ("authority_and_instance", "-", "Instance wins and the tenant of Authority is lost; here they agree"),
    ("adfs_no_webfinger", "-", "ADFS without device registration has no WebFinger; its addresses are known"),
    ("adfs_webfinger_other", "-", "ADFS without device registration has no WebFinger; its addresses are known"),
    ("b2c_tfp_no_slash", "-", "tfp is doubled"),
    ("b2c_policy_white", "white-space", "white space counts as no policy"),
    ("b2c_authority_tfp", "-", TFP),
    ("b2c_authority_tfp_v2", "-", TFP),
    ("b2c_authority_tfp_policy", "-", TFP),
    ("webapi_b2c_authority", "-", B2C),
    ("webapi_b2c_authority_tfp", "-", B2C),
    ("webapi_b2c_authority_policy", "-", B2C),
    ("webapp_b2c", "-", B2C),
    ("ciam_instance_only", "tenant-inferred", CIAM),
    ("webapi_ciam_instance_only", "tenant-inferred", CIAM),
    ("ciam_authority", "tenant-inferred", CIAM),
    ("ciam_authority_cert", "tenant-inferred", CIAM),
    ("ciam_authority_no_slash", "tenant-inferred", CIAM),
    ("ciam_authority_v2", "tenant-inferred", CIAM),
    ("ciam_custom_domain", "-", "the public cloud is asked about the host; ours reads its metadata, as web apps do"),
    ("oidc_authority", "-", OIDC),
    ("oidc_authority_cert", "-", OIDC),
    ("oidc_factory", "-", OIDC),
    ("oidc_webapp", "-", "web apps add v2.0 to an address that has none"),
    ("webapp_adfs", "-", "web apps take ADFS for Entra ID; its authorize endpoint is oauth2/authorize"),
    ("scope_trailing_space", "-", "white space around a scope is cut"),
    ("scope_leading_space", "-", "white space around a scope is cut"),
    ("scope_two_in_one", "several-resources", FIRST),
    ("scope_two_last_default", "delegated-scope-for-app-token", FIRST),
    ("scope_special", "delegated-scope-for-app-token", "a space separates scopes (RFC 6749 section 3.3)"),
    ("scopes_two", "several-resources", FIRST),
    ("scopes_second_bad", "delegated-scope-for-app-token", FIRST),
    ("extra_query_call", "-", "values are not escaped"),
    ("dsts_authority", "-", "dSTS as Authority is refused; its address says all that is needed"),
    ("legacy_client_secret", "legacy-setting", "a top-level secret is seen by web hosts alone"),
    ("webapi_both_secrets", "client-secret-and-credentials", "the list wins, in silence"),
    ("webapi_aad_authority_call_tenant", "-", ENTRA),
    ("webapi_aad_authority_region", "-", ENTRA),
    ("region_trailing_space", "bad-region", REGION),
    ("region_dash", "bad-region", REGION),
    ("user_no_token", "-", "no token of a user: a matter of the call, not of the authority"),
];

const TABLE: &str = "the hosts of the clouds are built in, and nobody is asked about them";
const ANY_TENANT: &str = "an app token is asked for at common, and refused there";
const NO_TENANT: &str = "the address has no tenant in it";
const CONFLICT: &str = "which of the two wins depends on the host";
const TFP: &str = "an address with tfp fails or goes astray";
const B2C: &str = "an Azure AD B2C address is taken for one of any provider, or loses its policy";
const CIAM: &str = "the tenant in the host's name is seen by web APIs and the factory alone";
const OIDC: &str = "another provider is taken for Entra ID, except in web APIs";
const ENTRA: &str = "web APIs take Entra ID for any provider: without regions and tenants of calls";
const FIRST: &str = "what follows the first scope is dropped, or sent for the cloud to refuse";
const REGION: &str = "a bad region is logged, and the global endpoint used";

/// The cloud of a row: its faults first, then what the recorded cloud answers.
#[derive(Debug)]
struct Cloud {
    faults: Vec<Value>,
    used: Mutex<Vec<u64>>,
    asked: Mutex<Vec<String>>,
}

impl Cloud {
    fn new(row: &Value) -> Self {
        let faults: Vec<Value> = row["faults"].as_array().cloned().unwrap_or_default();
        let used = Mutex::new(vec![0; faults.len()]);
        Self { faults, used, asked: Mutex::default() }
    }

    fn fault(&self, url: &str) -> Option<&Value> {
        let mut used = self.used.lock().unwrap();
        let at = self.faults.iter().zip(used.iter()).position(|(fault, used)| {
            url.contains(fault["path"].as_str().unwrap()) && fault["to"].as_u64().is_none_or(|to| *used < to)
        })?;
        used[at] += 1;
        self.faults.get(at)
    }
}

#[async_trait]
impl HttpClient for Cloud {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = request.url.split('?').next().unwrap().to_owned();
        self.asked.lock().unwrap().push(format!("GET {url}"));
        let answer = |status: u64, body: Value| {
            let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            Ok(HttpResponse::new(status.try_into().unwrap(), Vec::new(), body))
        };
        if let Some(fault) = self.fault(&url) {
            if fault["close"] == true {
                return Err(HttpError::new(HttpErrorKind::Broken, "closed"));
            }
            return answer(fault["status"].as_u64().unwrap(), fault["reply"].clone());
        }
        if url.ends_with("/common/discovery/instance") {
            let host = "login.microsoftonline.com";
            let entry = json!({"preferred_network": host, "preferred_cache": "login.windows.net", "aliases": [host]});
            return answer(200, json!({"tenant_discovery_endpoint": "https://x/", "metadata": [entry]}));
        }
        if let Some(authority) = url.strip_suffix("/.well-known/openid-configuration") {
            let first: Vec<&str> = authority.splitn(5, '/').take(4).collect();
            let base = format!("{}/oauth2/v2.0", first.join("/"));
            let (token, authorize) = (format!("{base}/token"), format!("{base}/authorize"));
            return answer(
                200,
                json!({"issuer": authority, "token_endpoint": token, "authorization_endpoint": authorize}),
            );
        }
        Err(HttpError::new(HttpErrorKind::Connect, "nobody is there"))
    }
}

/// What a call comes to; its tokens are token endpoints.
#[derive(Debug, Default)]
struct Outcome {
    error: Option<String>,
    token: Option<String>,
    second_token: Option<String>,
    authorize: Option<String>,
    scope: Option<String>,
    audience: Option<String>,
    algorithm: Option<&'static str>,
    asked: Vec<String>,
    codes: Vec<&'static str>,
    kind: Option<AuthorityKind>,
}

fn strings(value: &Value) -> Vec<(String, String)> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn scopes(call: &Value) -> Vec<String> {
    match call["scopes"].as_array() {
        Some(list) => list.iter().map(|scope| scope.as_str().unwrap().to_owned()).collect(),
        None => vec![call["scope"].as_str().unwrap_or_default().to_owned()],
    }
}

/// The settings of the row's application; `None` when the call names one that is not there.
fn configuration(row: &Value) -> Option<Configuration> {
    let section = match row["call"]["authentication_options"].as_str() {
        None | Some("") => &row["config"],
        Some(name) => row["named"].get(name)?,
    };
    let text = json!({ "AzureAd": section }).to_string();
    Some(Configuration::from_json(&text, &Location::new(), &BTreeMap::new()))
}

async fn run(row: &Value) -> Outcome {
    let mut outcome = Outcome::default();
    match call(row, &mut outcome).await {
        Ok(()) => outcome,
        Err(code) => Outcome { error: Some(code.to_owned()), token: None, ..outcome },
    }
}

async fn call(row: &Value, outcome: &mut Outcome) -> Result<(), &'static str> {
    let configuration = configuration(row).ok_or("authentication-options-unknown")?;
    let for_app = row["flow"] == "app";
    outcome.codes = configuration.findings.iter().map(|finding| finding.code).collect();
    let authority = Authority::from_options(&configuration.application).map_err(|findings| {
        outcome.codes.extend(findings.iter().map(|finding| finding.code));
        findings.iter().find(|finding| finding.severity == Severity::Error).unwrap().code
    })?;
    outcome.codes.extend(authority.findings().iter().map(|finding| finding.code));
    outcome.kind = Some(authority.kind());
    let error = configuration.findings.iter().find(|finding| finding.severity == Severity::Error);
    if let Some(error) = error {
        return Err(error.code);
    }
    if row["entry"] == "webapp" {
        outcome.authorize = resolve(&authority, row, None, false, outcome).await?.authorize;
        return Ok(());
    }
    if configuration.application.credentials.is_empty() {
        return Err("no-credentials");
    }
    let list = scopes(&row["call"]);
    let scope = if for_app {
        app_scope(&list).map(str::to_owned)
    } else {
        check_user_token(&list).map(|()| user_scopes(&list).join(" "))
    };
    outcome.scope = Some(scope.map_err(|finding| finding.code)?);
    let tenant = row["call"]["tenant"].as_str();
    let endpoints = resolve(&authority, row, tenant, for_app, outcome).await?;
    let query = merge_query(&strings(&row["call"]["extra_query_parameters"]), &configuration.application.extra_query());
    outcome.token = Some(with_query(&endpoints.token, &query));
    outcome.audience = Some(endpoints.assertion_audience);
    outcome.algorithm = Some(endpoints.assertion_algorithm.as_str());
    if let Some(second) = row["call"]["repeat_tenant"].as_str() {
        outcome.second_token = Some(resolve(&authority, row, Some(second), for_app, outcome).await?.token);
    }
    Ok(())
}

async fn resolve(
    authority: &Authority,
    row: &Value,
    tenant: Option<&str>,
    for_app: bool,
    outcome: &mut Outcome,
) -> Result<Endpoints, &'static str> {
    let fake = FakeWorld::new();
    for (name, value) in strings(&row["env"]) {
        fake.environment.set(name, value);
    }
    let cloud = Arc::new(Cloud::new(row));
    let world = World::new(cloud.clone()).with_environment(fake.environment.clone()).with_clock(fake.clock.clone());
    let resolved = authority.resolve(tenant, for_app, &world).await;
    outcome.asked.extend(cloud.asked.lock().unwrap().drain(..));
    resolved.map_err(|error| error.code())
}

/// Whether ours asks nobody where the reference asks this: the rule is that no request goes out whose
/// answer is built in. Endpoints of Entra, B2C, CIAM, ADFS and dSTS follow from their address, hosts of
/// Microsoft's clouds are in a table, and the keys of incoming tokens are another component's.
fn is_needless(request: &str, row: &Value, outcome: &Outcome) -> bool {
    let asked_about = |host: &str| {
        let list = row["result"]["instance_discovery"].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).any(|url| url.contains(&format!("%2F%2F{host}%2F")))
    };
    if request.ends_with("/common/discovery/instance") {
        return !asked_about("login.contoso.com");
    }
    let oidc = outcome.kind == Some(AuthorityKind::Oidc);
    request.contains("/.well-known/webfinger")
        || request.ends_with("/discovery/v2.0/keys")
        || (request.ends_with("/.well-known/openid-configuration") && !oidc)
}

fn compare(row: &Value, outcome: &Outcome) -> Vec<String> {
    let result = &row["result"];
    let mut differences = Vec::new();
    let failed = result.get("error").is_some();
    if failed != outcome.error.is_some() {
        differences.push(format!("error: ours {:?}, theirs {}", outcome.error, result["error"]));
        return differences;
    }
    if failed {
        return differences;
    }
    let mut differ = |what: &str, ours: Option<&str>, theirs: &Value| {
        // What was not recorded (an assertion where a secret was sent) is not compared.
        if !theirs.is_null() && ours != theirs.as_str() {
            differences.push(format!("{what}: ours {ours:?}, theirs {theirs}"));
        }
    };
    differ("token endpoint", outcome.token.as_deref(), &result["token_endpoint"]);
    differ("second", outcome.second_token.as_deref(), &result["more_token_requests"][0]["token_endpoint"]);
    differ("authorize", outcome.authorize.as_deref(), &result["authorize_endpoint"]);
    differ("scope", outcome.scope.as_deref(), &result["scope_sent"]);
    differ("audience", outcome.audience.as_deref(), &result["assertion_aud"]);
    differ("algorithm", outcome.algorithm, &result["assertion_alg"]);
    let order = result["order"].as_array().unwrap().iter().map(|request| request.as_str().unwrap());
    let theirs: Vec<&str> =
        order.filter(|request| request.starts_with("GET") && !is_needless(request, row, outcome)).collect();
    if outcome.asked != theirs {
        differences.push(format!("requests: ours {:?}, theirs {theirs:?}", outcome.asked));
    }
    differences
}

#[tokio::test]
async fn every_row_is_equal_or_a_listed_difference() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for line in include_str!("../../../tests/golden/authority.jsonl").lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let name = row["name"].as_str().unwrap();
        let outcome = run(&row).await;
        let differences = compare(&row, &outcome);
        let said = |code: &str| code == "-" || outcome.error.as_deref() == Some(code) || outcome.codes.contains(&code);
        match DIFFERENCES.iter().find(|(listed, ..)| *listed == name) {
            None if differences.is_empty() => {}
            None => wrong.push(format!("{name}: {} {:?}", differences.join("; "), outcome.codes)),
            Some(_) if differences.is_empty() => wrong.push(format!("{name}: is listed, and no difference")),
            Some((_, code, _)) if said(code) => {}
            Some((_, code, _)) => wrong.push(format!("{name}: differs without {code}: {outcome:?}")),
        }
        seen += 1;
    }
    assert_eq!(seen, 230);
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
