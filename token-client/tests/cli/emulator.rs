//! `emulator`, and what ends it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command};
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
}
