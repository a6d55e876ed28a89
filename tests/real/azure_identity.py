"""azure-identity for Python, unmodified."""

import logging
import os

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    EnvironmentCredential,
    OnBehalfOfCredential,
    WorkloadIdentityCredential,
)

from world import CLIENT, FILES, INSTANCE, PASSWORD, SCOPE, SECRET, TENANT, USER_SCOPE, check, end, good, read

# Refusals are expected here, and not news.
logging.disable(logging.CRITICAL)

HERE = {"authority": INSTANCE, "disable_instance_discovery": True}
PEM, PFX = f"{FILES}/app.pem", f"{FILES}/app.pfx"


def by(kind, *arguments, **options):
    return lambda: good(kind(*arguments, **HERE, **options).get_token(SCOPE).token)


def on_behalf_of(**credential):
    user = read("user.jwt").strip()
    make = lambda: OnBehalfOfCredential(TENANT, CLIENT, user_assertion=user, **HERE, **credential)
    return lambda: good(make().get_token(USER_SCOPE).token, "ada@contoso.example")


def from_environment():
    os.environ.update(AZURE_TENANT_ID=TENANT, AZURE_CLIENT_ID=CLIENT, AZURE_CLIENT_SECRET=SECRET)
    good(EnvironmentCredential(**HERE).get_token(SCOPE).token)


def refused():
    try:
        ClientSecretCredential(TENANT, CLIENT, "wrong", **HERE).get_token(SCOPE)
    except ClientAuthenticationError as error:
        assert "AADSTS7000215" in str(error), error
    else:
        raise AssertionError("a wrong secret gave a token")


check("secret", by(ClientSecretCredential, TENANT, CLIENT, SECRET))
check("secret, from the environment", from_environment)
check("certificate, PEM", by(CertificateCredential, TENANT, CLIENT, PEM))
check("certificate, PEM with x5c", by(CertificateCredential, TENANT, CLIENT, PEM, send_certificate_chain=True))
check("certificate, PFX", by(CertificateCredential, TENANT, CLIENT, PFX, password=PASSWORD))
check("assertion", by(ClientAssertionCredential, TENANT, CLIENT, lambda: read("federated-token")))
workload = {"tenant_id": TENANT, "client_id": CLIENT, "token_file_path": f"{FILES}/federated-token"}
check("workload identity", by(WorkloadIdentityCredential, **workload))
check("on behalf of, secret", on_behalf_of(client_secret=SECRET))
with open(PEM, "rb") as pem:
    check("on behalf of, certificate", on_behalf_of(client_certificate=pem.read()))
check("a wrong secret is understood", refused)
end()
