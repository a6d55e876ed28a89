//! `emulator`, and what ends it.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::{Program, SECRET};

/// Ended when the test is.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What it said when it had started, and what it says then.
struct Started {
    running: Running,
    shown: Vec<String>,
    log: BufReader<ChildStdout>,
}

impl Started {
    /// On free ports, whatever else runs on this machine.
    fn new(program: &Program, arguments: &[&str]) -> Self {
        Self::on_its_ports(program, &[&["--port", "0", "--api-port", "0"], arguments].concat())
    }

    fn on_its_ports(program: &Program, arguments: &[&str]) -> Self {
        let arguments = [&["emulator"], arguments].concat();
        let mut running = Running(program.command(&arguments).spawn().unwrap());
        let mut log = BufReader::new(running.0.stdout.take().unwrap());
        let shown: Vec<String> =
            log.by_ref().lines().map(Result::unwrap).take_while(|line| !line.contains("Ctrl-C")).collect();
        Self { running, shown, log }
    }

    /// The word after that one.
    fn after(&self, name: &str) -> &str {
        let words = self.shown.iter().flat_map(|line| line.split([' ', '=']).filter(|word| !word.is_empty()));
        words.skip_while(|word| *word != name).nth(1).unwrap_or_else(|| panic!("no {name} in {:?}", self.shown))
    }

    /// A line to paste, without the program's name.
    fn pasted(&self, begin: &str) -> Vec<&str> {
        let line = self.shown.iter().find(|line| line.starts_with(&format!("token-client {begin}"))).unwrap();
        line.split(' ').skip(1).collect()
    }

    fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.log.read_line(&mut line).unwrap();
        line
    }

    fn end(mut self, signal: &str, status: i32) {
        let told = Command::new("kill").args([signal, &self.running.0.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert_eq!(self.running.0.wait().unwrap().code(), Some(status));
    }
}

#[test]
fn its_lines_can_be_pasted_and_each_request_is_told() {
    let program = Program::new("emulator-paste");
    let mut started = Started::new(&program, &[]);
    let ran = program.run(&started.pasted("token"));
    assert!(ran.status == 0 && ran.stdout.starts_with("ey"), "{ran:?}");
    let line = started.next_line();
    assert_eq!(line, "POST /contoso.example/oauth2/v2.0/token  200  secret  app1 for api://demo\n");

    let user = program.run(&started.pasted("emulator user"));
    assert!(user.status == 0 && user.stdout.starts_with("ey") && user.stdout.lines().count() == 1, "{user:?}");
    assert_eq!(started.next_line(), "POST /emulator/user-token  200  user token  ada@contoso.example for app1\n");

    program.write("user.jwt", &user.stdout);
    let on_behalf = [&started.pasted("token")[..], &["--scope", "api://demo/access_as_user"]].concat();
    let on_behalf: Vec<&str> = on_behalf.into_iter().filter(|word| *word != "api://demo/.default").collect();
    // The pasted scope goes with its option.
    let place = on_behalf.iter().position(|word| *word == "--scope").unwrap();
    let on_behalf = [&on_behalf[..place], &on_behalf[place + 1..], &["--user-assertion", "@user.jwt"]].concat();
    let ran = program.run(&on_behalf);
    assert!(ran.status == 0 && ran.stdout.starts_with("ey"), "{ran:?}");
    let line = started.next_line();
    assert!(line.ends_with("200  secret  app1 on behalf of ada@contoso.example for api://demo\n"), "{line}");

    let wrong = [&started.pasted("token")[..], &["--set", "AzureAd:ClientCredentials:0:ClientSecret=wrong-s3cret"]];
    assert_eq!(program.run(&wrong.concat()).status, 1);
    let line = started.next_line();
    assert!(line.contains("  401  AADSTS7000215  Invalid client secret provided."), "{line}");
    assert!(!line.contains("wrong-s3cret"));
    started.end("-INT", 130);
}

#[test]
fn ports_that_nobody_named_are_the_usual_ones_or_free_ones() {
    let program = Program::new("emulator-ports");
    let started = [&[][..], &[]].map(|arguments| Started::on_its_ports(&program, arguments));
    assert_ne!(started[0].after("authority"), started[1].after("authority"));
    for one in &started {
        assert_eq!(program.run(&one.pasted("token")).status, 0);
    }
}

#[test]
fn its_files_are_there_while_it_runs() {
    let program = Program::new("emulator-files");
    let credential = json!({"name": "n", "issuer": "https://oidc.example", "subject": "pod"}).to_string();
    program.write(
        "more.json",
        json!([{"issuer": "https://oidc.example", "subject": "job", "audiences": ["x"]}]).to_string(),
    );
    let started = Started::new(&program, &["--federated", &credential, "--federated", "@more.json"]);
    let file = |name: &str| PathBuf::from(started.after(name));
    let (ca, token) = (file("SSL_CERT_FILE"), file("AZURE_FEDERATED_TOKEN_FILE"));
    assert!(ca.is_absolute() && ca.starts_with(&program.folder), "{ca:?}");
    assert!(std::fs::read_to_string(&ca).unwrap().starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(std::fs::read_to_string(&token).unwrap().split('.').count(), 3);
    assert_eq!(std::fs::read_dir(ca.parent().unwrap()).unwrap().count(), 3);
    for (name, path) in [("REQUESTS_CA_BUNDLE", &ca), ("NODE_EXTRA_CA_CERTS", &ca)] {
        assert_eq!(&file(name), path);
    }
    // Over https, by its certificate authority; the token in the file is taken as what a platform gives.
    let settings = json!({
        "AzureAd": {"Instance": format!("{}/", started.after("AZURE_AUTHORITY_HOST")), "TenantId": "contoso.example", "ClientId": "app1",
                    "ClientCredentials": [{"SourceType": "SignedAssertionFilePath", "SignedAssertionFileDiskPath": token}]},
    });
    program.write("appsettings.json", settings.to_string());
    let arguments = ["token", "--scope", "api://demo/.default"];
    let mut trusting = program.command(&arguments);
    let ran = trusting.env("SSL_CERT_FILE", &ca).output().unwrap();
    assert!(ran.status.success() && ran.stdout.starts_with(b"ey"), "{ran:?}");
    let ran = program.run(&arguments);
    assert_eq!(ran.status, 1, "the certificate is trusted by whoever is told to: {ran:?}");
    started.end("-TERM", 143);
    assert!(!ca.parent().unwrap().exists(), "what was temporary is gone");
}

#[test]
fn a_certificate_of_ones_own_and_none() {
    let program = Program::new("emulator-tls");
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    program.write("tls.pem", certificate.pem());
    program.write("tls.key", key.serialize_pem());
    let started = Started::new(&program, &["--tls-cert", "tls.pem", "--tls-key", "tls.key"]);
    let text = started.shown.join("\n");
    assert!(text.contains("authority  https://localhost:") && !text.contains("SSL_CERT_FILE"), "{text}");
    let started = Started::new(&program, &["--no-tls"]);
    let text = started.shown.join("\n");
    assert!(text.contains("authority  http://127.0.0.1:") && !text.contains("https://localhost"), "{text}");
    for arguments in [&["--tls-cert", "tls.pem"][..], &["--no-tls", "--tls-cert", "a", "--tls-key", "b"]] {
        assert_eq!(program.run(&[&["emulator"], arguments].concat()).status, 2);
    }
    let ran = program.run(&["emulator", "--port", "0", "--tls-cert", "tls.key", "--tls-key", "tls.key"]);
    assert!(ran.status == 1 && ran.stderr.contains("CERTIFICATE"), "{ran:?}");
}

#[test]
fn settings_are_read_as_everywhere_and_tokens_have_the_version_asked_for() {
    use base64::Engine;
    let settings = |secret: &str| {
        json!({"AzureAd": {"Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example",
            "ClientId": "app1", "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": secret}]}})
    };
    let program = Program::with("emulator-settings", &settings("of-production").to_string());
    program.write("appsettings.Testing.json", settings(SECRET).to_string());
    let place = ["--config", "appsettings.json", "--environment", "Testing", "--set", "AzureAd:ClientId=app2"];
    let more = ["--token-version", "1.0", "--api-audience", "https://storage.azure.com"];
    let started = Started::new(&program, &[&place[..], &more].concat());
    assert!(!started.shown.join("\n").contains(SECRET));
    let environment = [&started.pasted("token")[..], &["--environment", "Testing", "--set", "AzureAd:ClientId=app2"]];
    let ran = program.run(&environment.concat());
    assert_eq!(ran.status, 0, "{ran:?}");
    let claims = ran.stdout.split('.').nth(1).unwrap();
    let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let issuer = claims["iss"].as_str().unwrap();
    assert!(issuer.starts_with("https://sts.windows.net/") && issuer.ends_with('/'), "{claims}");
    assert_eq!((&claims["ver"], &claims["appid"]), (&json!("1.0"), &json!("app2")));
    assert_eq!(claims["aud"], "https://storage.azure.com");
}

#[test]
fn a_wrong_question_is_told() {
    let program = Program::new("emulator-wrong");
    for arguments in [
        &["--federated", "{}"][..],
        &["--federated", "@none.json"],
        &["--federated", r#"{"issuer": "i", "subject": "s", "audiences": ["a", "b"]}"#],
        &["--set", "AzureAd:ClientId=x"],
        &["--token-version", "3.0"],
        &["user"],
        &["user", "--name", "ada", "--authority", "https://login.microsoftonline.com/contoso.example"],
    ] {
        let ran = program.run(&[&["emulator"], arguments].concat());
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?} {ran:?}");
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = program.run(&["emulator", "user", "--name", "ada", "--authority", &format!("http://{nobody}/")]);
    assert!(ran.status == 1 && ran.stdout.is_empty() && ran.stderr.contains("start one with"), "{ran:?}");
    let started = Started::new(&program, &[]);
    let port = started.after("authority").rsplit_once(':').unwrap().1.split('/').next().unwrap().to_owned();
    let authority = format!("http://127.0.0.1:{port}/fabrikam.example");
    let ran = program.run(&["emulator", "user", "--name", "ada", "--authority", &authority]);
    assert!(ran.status == 1 && ran.stderr.contains("no tenant 'fabrikam.example'"), "{ran:?}");
}

#[test]
fn knows_the_application_of_a_settings_file_until_it_is_interrupted() {
    let settings = json!({
        "AzureAd": {"Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example", "ClientId": "app1",
                    "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": SECRET},
                                          {"SourceType": "Path", "CertificateDiskPath": "ec.pem"}]},
        "Hello": {"BaseUrl": "http://127.0.0.1:1/", "Scopes": ["api://mine/.default"], "RequestAppToken": true},
    });
    let program = Program::with("emulator", &settings.to_string());
    // A certificate that the authority would not take is left out, and does not end it.
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    program.write("ec.pem", format!("{}{}", key.serialize_pem(), certificate.pem()));
    let mut child = Running(program.command(&["emulator", "--config", "appsettings.json"]).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let shown: Vec<String> = lines.by_ref().take_while(|line| !line.contains("Ctrl-C")).collect();
    assert!(!shown.join("\n").contains(SECRET), "{shown:?}");
    let instance = shown.iter().find_map(|line| Some(line.split_once("Instance=")?.1.to_owned())).unwrap();
    let set = format!("AzureAd:Instance={instance}");
    let ran = program.run(&["token", "--set", &set]);
    assert!(ran.status == 0 && ran.stdout.starts_with("ey"), "{ran:?}");
    let wrong =
        program.run(&["token", "--set", &set, "--set", "AzureAd:ClientCredentials:0:ClientSecret=other-s3cret"]);
    assert_eq!(wrong.status, 1, "{wrong:?}");

    let interrupted = Command::new("kill").args(["-INT", &child.0.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.0.try_wait().unwrap() {
            break status;
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "it goes on");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(130));
}

#[test]
fn a_port_in_use_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let ran = Program::new("emulator-port").run(&["emulator", "--port", &port]);
    assert!(ran.status == 1 && ran.stderr.contains("cannot start"), "{ran:?}");
    assert!(ran.stderr.contains(&port) && ran.stderr.contains("choose another with --port"), "{ran:?}");
    let ran = Program::new("emulator-api-port").run(&["emulator", "--port", "0", "--api-port", &port]);
    assert!(ran.status == 1 && ran.stderr.contains(&format!("port {port} is in use")), "{ran:?}");
}
