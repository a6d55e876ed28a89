//! Certificates in Azure Key Vault as credentials, exportable or not.
