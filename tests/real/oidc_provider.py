"""oidc-provider, a certified authorization server, judges how the program authenticates as a client: by certificate with
each algorithm, by secret in the form and in the header, and by an assertion of somebody else's. python3
oidc_provider.py FOLDER, the one that oidc-provider is installed in."""

import contextlib
import json
import os
import ssl
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import jwt

from certified import certified, write
from program import accepted, free_port, refused, running
from world import SCOPE, SECRET, check, end

PORT = free_port()
ISSUER = f"https://localhost:{PORT}"


def certificates(folder):
    certified(folder, "rsa")
    certified(folder, "ec", elliptic=True)
    certified(folder, "other")
    certified(folder, "server", "localhost")


class Provider:
    """The server, as the program and the checks see it."""

    def __init__(self, folder):
        self.folder = folder
        self.log = os.path.join(folder, "log")
        self.variables = {"SSL_CERT_FILE": os.path.join(folder, "server.crt")}
        self.trust = ssl.create_default_context(cafile=self.variables["SSL_CERT_FILE"])

    def said(self):
        with open(self.log, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def assertions(self):
        return [one for one in self.said() if "assertion" in one]

    def open(self, path, form=None):
        data = urllib.parse.urlencode(form).encode() if form else None
        with urllib.request.urlopen(f"{ISSUER}{path}", data, context=self.trust, timeout=30) as answer:
            return json.load(answer)

    def entry(self, name, **more):
        return {"SourceType": "Path", "CertificateDiskPath": os.path.join(self.folder, f"{name}.pem"), **more}

    def accepts(self, client, entry):
        return accepted(entry, self.variables, provider={"Authority": ISSUER, "ClientId": client})

    def refuses(self, client, entry, *words):
        said = json.dumps(refused("invalid_client", entry, self.variables, provider={"Authority": ISSUER, "ClientId": client}))
        for word in words:
            assert word in said, said
        assert SECRET not in said and json.dumps(SECRET)[1:-1] not in said, said


def by_algorithm(provider, client, name, algorithm):
    provider.accepts(client, provider.entry(name, Algorithm=algorithm))
    last = provider.assertions()[-1]
    claims = last["claims"]
    assert last["header"]["alg"] == algorithm, last
    assert (claims["iss"], claims["sub"], claims["aud"]) == (client, client, f"{ISSUER}/token"), claims
    assert all(isinstance(claims[name], int) for name in ("nbf", "exp")), claims


def other_algorithm(provider):
    """The server says `invalid_client` and no more: what it compares is told."""
    provider.refuses("rs256", provider.entry("rsa", Algorithm="PS256"), "it signs with PS256 (Algorithm)", "Algorithm")
    provider.refuses("ps256", provider.entry("rsa"), "it signs with RS256 (Algorithm)")


def no_such_key(provider):
    said = refused("Algorithm", provider.entry("rsa", Algorithm="ES256"), provider.variables,
                   provider={"Authority": ISSUER, "ClientId": "es256"})
    assert "algorithm-not-usable" in json.dumps(said), said


def used_once(provider):
    for _ in range(3):
        provider.accepts("ps256", provider.entry("rsa", Algorithm="PS256"))
    seen = [one["claims"]["jti"] for one in provider.assertions()]
    assert len(seen) == len(set(seen)) >= 6, seen
    # And the server would tell.
    form = {
        "grant_type": "client_credentials",
        "client_id": "ps256",
        "scope": SCOPE,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": provider.assertions()[-1]["assertion"],
    }
    try:
        provider.open("/token", form)
    except urllib.error.HTTPError as error:
        assert error.code == 401, error
    else:
        raise AssertionError("an assertion was taken twice")


def of_somebody_else(provider):
    """An assertion that another program has signed and put into a file; a second time it is one that was used."""
    with open(os.path.join(provider.folder, "rsa.key"), "rb") as key:
        now = int(time.time())
        claims = {"iss": "ps256", "sub": "ps256", "aud": ISSUER, "jti": str(uuid.uuid4()), "exp": now + 300}
        token = jwt.encode(claims, key.read(), "PS256")
    path = write(provider.folder, "assertion", token.encode())
    entry = {"SourceType": "SignedAssertionFilePath", "SignedAssertionFileDiskPath": path, "TokenExchangeUrl": ISSUER}
    provider.accepts("ps256", entry)
    provider.refuses("ps256", entry, f"the issuer ps256, the subject ps256 and the audience {ISSUER}")


def secrets(provider):
    secret = {"SourceType": "ClientSecret", "ClientSecret": SECRET}
    basic = {**secret, "ClientAuthenticationMethod": "client_secret_basic"}
    provider.accepts("post", secret)
    provider.accepts("post", {**secret, "ClientAuthenticationMethod": "client_secret_post"})
    provider.accepts("basic", basic)
    wrong = {"ClientSecret": "wr0ng-secret-of-no-use"}
    provider.refuses("post", {**secret, **wrong}, "client_secret_post (ClientAuthenticationMethod)")
    provider.refuses("basic", {**basic, **wrong}, "client_secret_basic (ClientAuthenticationMethod)")


def main(provider):
    for client, name, algorithm in [("ps256", "rsa", "PS256"), ("rs256", "rsa", "RS256"), ("es256", "ec", "ES256")]:
        check(f"a certificate by {algorithm}", lambda: by_algorithm(provider, client, name, algorithm))
    check("RS256 where nothing is said", lambda: provider.accepts("rs256", provider.entry("rsa")))
    check("an algorithm that is not registered is named", lambda: other_algorithm(provider))
    check("an algorithm that the key has not is told before", lambda: no_such_key(provider))
    check("another certificate", lambda: provider.refuses("rs256", provider.entry("other"), "the thumbprint"))
    check("no assertion is used twice", lambda: used_once(provider))
    check("an assertion that somebody else signed", lambda: of_somebody_else(provider))
    check("secrets in the form and in the header", lambda: secrets(provider))


def ready(provider):
    with contextlib.suppress(urllib.error.HTTPError):
        return bool(provider.open("/.well-known/openid-configuration"))


with tempfile.TemporaryDirectory() as folder:
    certificates(folder)
    provider = Provider(folder)
    command = ["node", os.path.join(sys.argv[1], "provider.mjs"), folder, str(PORT)]
    environment = {**os.environ, "OIDC_SECRET": SECRET}
    with open(provider.log, "w", encoding="utf-8") as log:
        with running(command, lambda: ready(provider), stdout=log, env=environment):
            main(provider)
end()
