"""OpenBao issues the assertions: the source HashiCorpVault against the real thing, by the program's doctor."""

import json
import os
import subprocess

from bao import ask, done, server
from world import CLIENT, FILES, INSTANCE, TENANT, check, end

PROGRAM = os.environ["REAL_PROGRAM"]
AUDIENCE = "api://AzureADTokenExchange"
ISSUER = "https://vault.example:8200"


def set_up():
    """An issuer, a key, two roles, and a login of an entity that may read tokens."""
    done(ask("identity/oidc/config", {"issuer": ISSUER}))
    key = {"allowed_client_ids": ["*"], "verification_ttl": "2h", "rotation_period": "1h", "algorithm": "RS256"}
    done(ask("identity/oidc/key/k1", key))
    done(ask("identity/oidc/role/entra", {"key": "k1", "client_id": AUDIENCE, "ttl": "10m"}))
    done(ask("identity/oidc/role/other", {"key": "k1", "client_id": "https://other.example", "ttl": "10m"}))
    done(ask("sys/auth/approle", {"type": "approle"}))
    policy = 'path "identity/oidc/token/*" { capabilities = ["read"] }'
    done(ask("sys/policies/acl/tokens", {"policy": policy}))
    done(ask("auth/approle/role/app", {"token_policies": "tokens", "token_ttl": "1h"}))
    role = json.loads(ask("auth/approle/role/app/role-id")[1])["data"]["role_id"]
    secret = json.loads(ask("auth/approle/role/app/secret-id", {})[1])["data"]["secret_id"]
    return json.loads(ask("auth/approle/login", {"role_id": role, "secret_id": secret})[1])["auth"]["client_token"]


def doctor(address, login, role):
    """What the program says of one entry."""
    entry = {"SourceType": "HashiCorpVault", "VaultRole": role}
    section = {"Instance": f"{INSTANCE}/", "TenantId": TENANT, "ClientId": CLIENT, "ClientCredentials": [entry]}
    path = os.path.join(FILES, "vault.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"AzureAd": section}, file)
    variables = dict(os.environ, VAULT_ADDR=f"http://{address}", VAULT_TOKEN=login)
    ran = subprocess.run([PROGRAM, "doctor", "--config", path, "--json"], env=variables, capture_output=True, text=True)
    assert login not in ran.stdout + ran.stderr
    return json.loads(ran.stdout)["credentials"][0]


def issued(address, login):
    one = doctor(address, login, "entra")
    facts = one["assertion"]
    assert (facts["issuer"], facts["audience"]) == (f"{ISSUER}/v1/identity/oidc", [AUDIENCE]), one
    # The emulator does not know this issuer: what it is told to register is what the vault wrote.
    assert one["status"] == "rejected" and facts["subject"] in one["findings"][0]["remedy"], one


def fails(address, login, role, code, words):
    one = doctor(address, login, role)
    finding = one["findings"][0]
    assert (one["status"], finding["code"]) == ("failed", code) and words in json.dumps(finding), one


with server() as address:
    login = set_up()
    check("a token for the audience", lambda: issued(address, login))
    check("a role for somebody else", lambda: fails(address, login, "other", "assertion-audience", "https://other.example"))
    check("an unknown role", lambda: fails(address, login, "none", "token-request-refused", "not found"))
    check("a bad login", lambda: fails(address, "nope", "entra", "token-refused", "permission denied"))
    check("a login without an entity", lambda: fails(address, "root", "entra", "token-request-refused", "no entity"))
end()
