"""azure-identity and msal for Python as second clients of the hosts of managed identities that the tests are run
against: what these take is what the real hosts give. python3 managed_identity.py PROGRAM, which plays the hosts."""

import contextlib
import http.server
import json
import logging
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

import jwt
import msal
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ManagedIdentityCredential
from cryptography.hazmat.primitives import hashes

from certified import certified
from world import check, end

# Refusals are expected here, and not news.
logging.disable(logging.CRITICAL)

HEADER = "hunter2-header"
IDENTITIES = {
    "header": HEADER,
    "arc_key": "hunter2-arc",
    "identities": {"system": "mi-system", "client-1": "mi-1", "object-1": "mi-1", "/subscriptions/1/mi-1": "mi-1"},
}
RESOURCE = "https://vault.azure.net"
# Where the agent of Azure Arc writes its keys, and nowhere else.
AGENT = "/var/opt/azcmagent/tokens"
VARIABLES = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT",
             "MSI_SECRET", "AZURE_POD_IDENTITY_AUTHORITY_HOST"]


@contextlib.contextmanager
def machine(**variables):
    """The variables that a host sets, and no others."""
    for name in VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(variables)
    yield


def good(token, subject):
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["sub"]) == (RESOURCE, subject), claims


def by_azure_identity(subject, variables, **options):
    with machine(**variables), ManagedIdentityCredential(**options) as credential:
        good(credential.get_token(f"{RESOURCE}/.default").token, subject)


def by_msal(subject, variables, identity=None):
    with machine(**variables):
        client = msal.ManagedIdentityClient(identity or msal.SystemAssignedManagedIdentity(), http_client=requests.Session())
        said = client.acquire_token_for_client(resource=RESOURCE)
        assert "access_token" in said, said
        good(said["access_token"], subject)


def by_both(variables):
    by_azure_identity("mi-system", variables)
    by_msal("mi-system", variables)


def named(variables, *, client=True, others=True):
    """By each kind of id that the host takes."""
    if client:
        by_azure_identity("mi-1", variables, client_id="client-1")
        by_msal("mi-1", variables, msal.UserAssignedManagedIdentity(client_id="client-1"))
    if others:
        by_azure_identity("mi-1", variables, identity_config={"object_id": "object-1"})
        by_azure_identity("mi-1", variables, identity_config={"resource_id": "/subscriptions/1/mi-1"})
        by_msal("mi-1", variables, msal.UserAssignedManagedIdentity(object_id="object-1"))
        by_msal("mi-1", variables, msal.UserAssignedManagedIdentity(resource_id="/subscriptions/1/mi-1"))


def refused(variables):
    """An identity that the machine has not."""
    with machine(**variables):
        try:
            ManagedIdentityCredential(client_id="nobody").get_token(f"{RESOURCE}/.default")
        except ClientAuthenticationError as error:
            assert "Identity not found" in str(error) or "identity" in str(error).lower(), error
        else:
            raise AssertionError("an identity that is not assigned gave a token")


@contextlib.contextmanager
def over_tls(address, folder):
    """The hosts by https, as Service Fabric's must be."""

    class Forward(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            request = urllib.request.Request(f"http://{address}{self.path}", headers=dict(self.headers))
            try:
                answer = urllib.request.urlopen(request, timeout=30)
            except urllib.error.HTTPError as error:
                answer = error
            body = answer.read()
            self.send_response(answer.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forward)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "localhost.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()


def fabric(address):
    with tempfile.TemporaryDirectory() as folder:
        certificate = certified(folder, "localhost", "localhost")
        thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()
        with over_tls(address, folder) as url:
            variables = {"IDENTITY_ENDPOINT": f"{url}/sf/token", "IDENTITY_HEADER": HEADER}
            by_both({**variables, "IDENTITY_SERVER_THUMBPRINT": thumbprint})
            try:
                by_azure_identity("mi-system", {**variables, "IDENTITY_SERVER_THUMBPRINT": "A" * 40})
            except requests.exceptions.SSLError as error:
                assert "thumbprint" in str(error), error
            else:
                raise AssertionError("a certificate with another thumbprint was taken")


def arc(base):
    """The agent's folder is made for this and taken away; where it is somebody else's, it stays as it is."""
    os.makedirs(AGENT)
    try:
        with open(f"{AGENT}/abc.key", "w", encoding="utf-8") as key:
            key.write(IDENTITIES["arc_key"])
        by_both({"IDENTITY_ENDPOINT": f"{base}/arc/token", "IMDS_ENDPOINT": base})
    finally:
        shutil.rmtree(os.path.dirname(AGENT))


def main(address):
    base = f"http://{address}"
    metadata = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": base}
    service = {"IDENTITY_ENDPOINT": f"{base}/msi/token", "IDENTITY_HEADER": HEADER}
    learning = {"MSI_ENDPOINT": f"{base}/ml/token", "MSI_SECRET": HEADER}
    check("the metadata service", lambda: by_both(metadata))
    check("the metadata service, by ids", lambda: named(metadata))
    check("the metadata service, an identity that is not assigned", lambda: refused(metadata))
    check("App Service", lambda: by_both(service))
    check("App Service, by ids", lambda: named(service))
    check("Machine Learning", lambda: by_both(learning))
    check("Machine Learning, by its client id", lambda: named(learning, others=False))
    check("Cloud Shell", lambda: by_azure_identity("mi-system", {"MSI_ENDPOINT": f"{base}/cloudshell/token"}))
    check("Service Fabric", lambda: fabric(address))
    if os.access("/var/opt", os.W_OK) and not os.path.exists(os.path.dirname(AGENT)):
        check("Azure Arc", lambda: arc(base))
    else:
        print("  SKIPPED Azure Arc: its folder in /var/opt cannot be made here", flush=True)


hosts = subprocess.Popen([sys.argv[1], json.dumps(IDENTITIES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
try:
    main(hosts.stdout.readline().strip())
finally:
    hosts.stdin.close()
    hosts.wait()
end()
