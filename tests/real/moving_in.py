"""What the guide for moving in says: what people have beside what they get, and the same token by either."""

import base64
import json
import logging
import os
import subprocess
import tempfile

import msal
from azure.identity import EnvironmentCredential, WorkloadIdentityCredential

from program import PROGRAM
from world import AUTHORITY, CLIENT, FILES, INSTANCE, PASSWORD, SCOPE, SECRET, TENANT, USER_SCOPE
from world import check, end, good, issued, metadata, read

logging.disable(logging.CRITICAL)

# Of one token alone: when it was made, and its number.
OWN = {"iat", "nbf", "exp", "uti", "jti", "aio", "rh"}
USER = "ada@contoso.example"


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def same(before, after, user=None):
    """Both are good for the API, and say the same."""
    for token in (before, after):
        good(token, user)
    one, other = ({name: value for name, value in claims(token).items() if name not in OWN} for token in (before, after))
    assert one == other, (one, other)


def ours(text, *arguments, variables=None):
    """The token by a settings file of that text."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "appsettings.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        command = [PROGRAM, "token", "--config", path, *arguments]
        done = subprocess.run(command, env={**os.environ, **(variables or {})}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def settings(entry, **more):
    where = {"Instance": INSTANCE + "/", "TenantId": TENANT}
    return json.dumps({"AzureAd": {**where, "ClientId": CLIENT, "ClientCredentials": [entry], **more}})


def from_azure_identity(variables, told=None, kind=EnvironmentCredential):
    """A credential and `migrate` read the same variables; what it leaves out it says where to put."""
    variables = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_AUTHORITY_HOST": INSTANCE, **variables}
    os.environ.update(variables)
    try:
        before = kind(disable_instance_discovery=True).get_token(SCOPE).token
        done = subprocess.run([PROGRAM, "migrate"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and SECRET not in done.stdout and PASSWORD not in done.stdout, done
        assert all(name in done.stderr for name in told or {}), done.stderr
        same(before, ours(done.stdout, "--scope", SCOPE, variables=told))
    finally:
        for name in variables:
            del os.environ[name]


def from_a_request_of_ones_own():
    before = issued(metadata("/v2.0"))
    entry = {"SourceType": "ClientSecret", "ClientSecretEnvironmentVariable": "OWN_SECRET"}
    text = json.dumps({"AzureAd": {"Authority": AUTHORITY + "/v2.0", "ClientId": CLIENT, "ClientCredentials": [entry]}})
    same(before, ours(text, "--scope", SCOPE, variables={"OWN_SECRET": SECRET}))


def msal_app(credential):
    return msal.ConfidentialClientApplication(
        CLIENT, client_credential=credential, authority=AUTHORITY, instance_discovery=False
    )


def from_msal(credential, entry, **more):
    before = msal_app(credential).acquire_token_for_client([SCOPE])["access_token"]
    same(before, ours(settings(entry, **more), "--scope", SCOPE))


def from_msal_on_behalf_of():
    user = read("user.jwt").strip()
    before = msal_app(SECRET).acquire_token_on_behalf_of(user, [USER_SCOPE])["access_token"]
    secret = {"SourceType": "ClientSecret", "ClientSecret": SECRET}
    given = os.path.join(FILES, "user.jwt")
    same(before, ours(settings(secret), "--scope", USER_SCOPE, "--user-assertion", f"@{given}"), USER)


def file(name):
    return os.path.join(FILES, name)


SECRET_ENTRY = {"SourceType": "ClientSecret", "ClientSecret": SECRET}
PEM = {"private_key": read("app.key"), "thumbprint": read("app.sha1").strip()}
PEM_ENTRY = {"SourceType": "Path", "CertificateDiskPath": file("app.crt"), "CertificateKeyDiskPath": file("app.key")}
PFX = {"private_key_pfx_path": file("app.pfx"), "passphrase": PASSWORD, "public_certificate": True}
PFX_ENTRY = {"SourceType": "Path", "CertificateDiskPath": file("app.pfx"), "CertificatePassword": PASSWORD}
ASSERTION = {"client_assertion": lambda: read("federated-token")}
ASSERTION_ENTRY = {"SourceType": "SignedAssertionFilePath", "SignedAssertionFileDiskPath": file("federated-token")}

check("azure_identity, secret", lambda: from_azure_identity({"AZURE_CLIENT_SECRET": SECRET}))
certificate = {"AZURE_CLIENT_CERTIFICATE_PATH": file("app.pfx"), "AZURE_CLIENT_CERTIFICATE_PASSWORD": PASSWORD}
told = {"AzureAd__ClientCredentials__0__CertificatePassword": PASSWORD}
check("azure_identity, certificate", lambda: from_azure_identity(certificate, told))
workload = {"AZURE_FEDERATED_TOKEN_FILE": file("federated-token")}
check("azure_identity, workload identity", lambda: from_azure_identity(workload, kind=WorkloadIdentityCredential))
check("a request of one's own", from_a_request_of_ones_own)
check("msal, secret", lambda: from_msal(SECRET, SECRET_ENTRY))
check("msal, key and thumbprint", lambda: from_msal(PEM, PEM_ENTRY))
check("msal, PFX and public certificate", lambda: from_msal(PFX, PFX_ENTRY, SendX5C=True))
check("msal, client assertion", lambda: from_msal(ASSERTION, ASSERTION_ENTRY))
check("msal, on behalf of", from_msal_on_behalf_of)
end()
