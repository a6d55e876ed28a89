"""MSAL for Python, unmodified."""

import msal

from world import AUTHORITY, CLIENT, FILES, PASSWORD, SCOPE, SECRET, USER_SCOPE, check, end, good, read

# By the thumbprint alone, which signs RS256, and with the certificate beside it, which signs PS256.
PEM = {"private_key": read("app.key"), "thumbprint": read("app.sha1").strip()}
PEM_CHAIN = {"private_key": read("app.key"), "public_certificate": read("app.crt")}
PFX = {"private_key_pfx_path": f"{FILES}/app.pfx", "passphrase": PASSWORD}


def app(credential, **authority):
    authority = authority or {"authority": AUTHORITY, "instance_discovery": False}
    return msal.ConfidentialClientApplication(CLIENT, client_credential=credential, **authority)


def token(answer):
    assert "access_token" in answer, answer
    return answer["access_token"]


def by(credential, **authority):
    return lambda: good(token(app(credential, **authority).acquire_token_for_client([SCOPE])))


def on_behalf_of(credential):
    answer = lambda: app(credential).acquire_token_on_behalf_of(read("user.jwt").strip(), [USER_SCOPE])
    return lambda: good(token(answer()), "ada@contoso.example")


def refused():
    answer = app("wrong").acquire_token_for_client([SCOPE])
    assert answer["error"] == "invalid_client" and 7000215 in answer["error_codes"], answer


def cached():
    client = app(SECRET)
    first, second = (client.acquire_token_for_client([SCOPE]) for _ in range(2))
    assert first["token_source"] == "identity_provider" and second["token_source"] == "cache", (first, second)


check("secret", by(SECRET))
check("secret, by the generic door", by(SECRET, oidc_authority=AUTHORITY))
check("certificate, PEM and thumbprint", by(PEM))
check("certificate, PEM with x5c", by(PEM_CHAIN))
check("certificate, PFX", by(PFX))
check("certificate, PFX with x5c", by({**PFX, "public_certificate": True}))
check("certificate, by the generic door", by(PEM_CHAIN, oidc_authority=AUTHORITY))
check("federated assertion", by({"client_assertion": lambda: read("federated-token")}))
check("on behalf of, secret", on_behalf_of(SECRET))
check("on behalf of, certificate", on_behalf_of(PEM_CHAIN))
check("a wrong secret is understood", refused)
check("the second token is from the cache", cached)
end()
