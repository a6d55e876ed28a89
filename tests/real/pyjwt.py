"""PyJWT judges the emulator's tokens by discovery and JWKS alone."""

import jwt

from world import TRUST, check, end, forged, issued, metadata


def judged(token, configuration, audience="api://demo"):
    key = jwt.PyJWKClient(configuration["jwks_uri"], ssl_context=TRUST).get_signing_key_from_jwt(token)
    required = {"require": ["exp", "iat", "nbf", "iss", "aud", "tid", "ver"]}
    algorithms = configuration["id_token_signing_alg_values_supported"]
    return jwt.decode(token, key, algorithms, audience=audience, issuer=configuration["issuer"], options=required)


def behind(door):
    configuration = metadata(door)
    token = issued(configuration)
    judged(token, configuration)
    for wrong, audience in ((forged(token), "api://demo"), (token, "api://other")):
        try:
            judged(wrong, configuration, audience)
        except jwt.InvalidTokenError:
            continue
        raise AssertionError("a wrong token was taken")


check("tokens of Entra's door", lambda: behind("/v2.0"))
check("tokens of the generic door", lambda: behind(""))
end()
