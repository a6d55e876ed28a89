//! `migrate`: an appsettings.json from the variables that other tools read: azure_identity and the other Azure SDKs,
//! Terraform, object_store. No secret is written: an entry names the variable that has it.

mod draft;
mod family;

use credential_core::world::{Environment, ProcessEnvironment};

use family::FAMILIES;

pub(crate) use self::draft::Draft;
use super::output::Output;
use super::{Failure, Outcome};

pub(crate) fn run(output: &Output) -> Outcome {
    let mut draft = Draft::default();
    read(&ProcessEnvironment, &mut draft);
    output.note_lines(&draft.lines());
    if draft.entries.is_empty() {
        let names: Vec<&str> = FAMILIES.iter().flat_map(|family| [family.secret, family.token_file]).collect();
        output
            .note(&format!("no credential is found in the variables that other tools read: {}, ...", names.join(", ")));
        return Err(Failure::Said);
    }
    output.print(draft.text().trim_end());
    output.note("save it as appsettings.json, then run: token-client doctor");
    Ok(())
}

/// What the variables say. Where two tools' say different things, the first tool's stand; what the draft has
/// already stands before all.
pub(crate) fn read(environment: &dyn Environment, draft: &mut Draft) {
    for family in FAMILIES {
        family.read(environment, draft);
    }
    family::regions(environment, draft);
    family::left_out(environment, draft);
}

#[cfg(test)]
mod tests {
    use credential_core::testing::FakeEnvironment;

    use super::*;
    use crate::settings::{Configuration, Location};

    /// The application's settings as the program reads them.
    fn migrated(variables: &[(&str, &str)]) -> (String, Draft) {
        let environment = FakeEnvironment::default();
        variables.iter().for_each(|(name, value)| environment.set(*name, *value));
        let mut draft = Draft::default();
        read(&environment, &mut draft);
        let configuration = Configuration::from_json(&draft.text(), &Location::default(), &environment.vars());
        assert!(configuration.findings.is_empty(), "{}\n{:?}", draft.text(), configuration.findings);
        let application = configuration.application;
        let types: Vec<String> = application.credentials.iter().map(|entry| entry.source_type().to_string()).collect();
        let instance = application.instance.map(|text| text.value).unwrap_or_default();
        let tenant = application.tenant_id.map(|text| text.value).unwrap_or_default();
        let client = application.client_id.map(|text| text.value).unwrap_or_default();
        (format!("{instance} {tenant} {client} {}", types.join(" ")), draft)
    }

    #[test]
    fn each_tools_variables_become_entries_in_its_order() {
        let azure = [("AZURE_TENANT_ID", "t1"), ("AZURE_CLIENT_ID", "c1")];
        let global = "https://login.microsoftonline.com/";
        for (more, expected) in [
            (vec![("AZURE_CLIENT_SECRET", "hunter2")], format!("{global} t1 c1 ClientSecret")),
            (
                vec![
                    ("AZURE_FEDERATED_TOKEN_FILE", "/token"),
                    ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us"),
                ],
                "https://login.microsoftonline.us/ t1 c1 SignedAssertionFilePath".to_owned(),
            ),
            (
                vec![
                    ("AZURE_FEDERATED_TOKEN_FILE", "/token"),
                    ("AZURE_CLIENT_CERTIFICATE_PATH", "/a b.pem"),
                    ("AZURE_CLIENT_SECRET", "hunter2"),
                    ("AZURE_AUTHORITY_HOST", "login.example"),
                ],
                "https://login.example/ t1 c1 ClientSecret Path SignedAssertionFilePath".to_owned(),
            ),
        ] {
            let all = [azure.to_vec(), more].concat();
            let (found, draft) = migrated(&all);
            assert_eq!(found, expected);
            assert!(!draft.text().contains("hunter2") && draft.notes.is_empty(), "{} {:?}", draft.text(), draft.notes);
        }
        let terraform = [
            ("ARM_TENANT_ID", "t2"),
            ("ARM_CLIENT_ID", "c2"),
            ("ARM_CLIENT_SECRET", "x"),
            ("ARM_ENVIRONMENT", "china"),
        ];
        assert_eq!(migrated(&terraform).0, "https://login.partner.microsoftonline.cn/ t2 c2 ClientSecret");
        let store = [
            ("AZURE_STORAGE_TENANT_ID", "t3"),
            ("AZURE_STORAGE_CLIENT_ID", "c3"),
            ("AZURE_STORAGE_CLIENT_SECRET", "x"),
        ];
        assert_eq!(migrated(&store).0, format!("{global} t3 c3 ClientSecret"));
    }

    #[test]
    fn what_is_not_taken_over_is_said() {
        for (variable, value, said) in [
            ("AZURE_USERNAME", "ada", "AZURE_USERNAME"),
            ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "hunter2", "AzureAd__ClientCredentials__1__CertificatePassword"),
            ("AZURE_ADDITIONALLY_ALLOWED_TENANTS", "*", "AZURE_ADDITIONALLY_ALLOWED_TENANTS"),
            ("IDENTITY_ENDPOINT", "http://127.0.0.1/", "SignedAssertionFromManagedIdentity"),
            ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://x/", "AZURE_POD_IDENTITY_AUTHORITY_HOST"),
            ("ARM_CLIENT_ID", "c2", "ARM_CLIENT_ID"),
        ] {
            let variables = [
                ("AZURE_TENANT_ID", "t1"),
                ("AZURE_CLIENT_ID", "c1"),
                ("AZURE_CLIENT_SECRET", "x"),
                ("AZURE_CLIENT_CERTIFICATE_PATH", "/a.pfx"),
                (variable, value),
            ];
            let notes = migrated(&variables).1.notes.join("\n");
            assert!(notes.contains(said) && !notes.contains("hunter2"), "{variable}: {notes}");
        }
        let mut empty = Draft::default();
        read(&FakeEnvironment::default(), &mut empty);
        assert!(empty.entries.is_empty() && empty.notes.is_empty());
    }

    #[test]
    fn values_are_escaped_and_what_is_empty_counts_as_unset() {
        let (_, draft) = migrated(&[
            ("AZURE_TENANT_ID", "t1"),
            ("AZURE_CLIENT_ID", "c1"),
            ("AZURE_CLIENT_SECRET", ""),
            ("AZURE_CLIENT_CERTIFICATE_PATH", "C:\\certs\\\"a\".pfx"),
            ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "1"),
            ("AZURE_REGIONAL_AUTHORITY_NAME", "westeurope"),
        ]);
        assert_eq!(draft.entries.len(), 1);
        assert!(draft.text().contains(r#""SendX5C": true"#) && draft.text().contains(r#""AzureRegion": "westeurope""#));
    }
}
