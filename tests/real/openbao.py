"""OpenBao's auth/jwt judges the emulator's tokens by discovery and JWKS alone."""

import os

from bao import ask, done, server
from world import CLIENT, check, end, forged, issued, metadata


def judge(name, door):
    """An auth method that knows the issuer's address and nothing else."""
    configuration = metadata(door)
    issuer = configuration["issuer"]
    with open(os.environ["SSL_CERT_FILE"], encoding="utf-8") as file:
        trusted = file.read()
    done(ask(f"sys/auth/{name}", {"type": "jwt"}))
    done(ask(f"auth/{name}/config", {"oidc_discovery_url": issuer, "oidc_discovery_ca_pem": trusted, "bound_issuer": issuer}))
    role = {"role_type": "jwt", "user_claim": "azp", "bound_audiences": ["api://demo"], "bound_claims": {"azp": CLIENT}}
    done(ask(f"auth/{name}/role/app", role))
    token = issued(configuration)
    done(ask(f"auth/{name}/login", {"role": "app", "jwt": token}))
    status, text = ask(f"auth/{name}/login", {"role": "app", "jwt": forged(token)})
    assert status == 400 and "signature" in text, (status, text)


with server():
    check("tokens of Entra's door", lambda: judge("entra", "/v2.0"))
    check("tokens of the generic door", lambda: judge("generic", ""))
end()
