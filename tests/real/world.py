"""What the checks have in common: where the emulator is, and how a result is told."""

import json
import os
import ssl
import sys
import urllib.parse
import urllib.request

AUTHORITY = os.environ["REAL_AUTHORITY"]
INSTANCE, TENANT = AUTHORITY.rsplit("/", 1)
API = os.environ["REAL_API"]
FILES = os.environ["REAL_FILES"]
CLIENT = "app1"
SECRET = os.environ["REAL_SECRET"]
PASSWORD = "pfx-password"
SCOPE = "api://demo/.default"
USER_SCOPE = "api://demo/access_as_user"
TRUST = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])

_failed = False


def read(name):
    with open(os.path.join(FILES, name), encoding="utf-8") as file:
        return file.read()


def get(url, token=None, form=None):
    """The JSON at an address, over TLS by the emulator's certificate authority."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, context=TRUST, timeout=30) as answer:
        return json.load(answer)


def metadata(door):
    """The OpenID configuration of one of the emulator's doors."""
    return get(f"{AUTHORITY}{door}/.well-known/openid-configuration")


def issued(configuration):
    """A token by the configuration's token endpoint."""
    form = {"client_id": CLIENT, "client_secret": SECRET, "scope": SCOPE, "grant_type": "client_credentials"}
    return get(configuration["token_endpoint"], form=form)["access_token"]


def forged(token):
    """The same token with another signature."""
    begin, signature = token.rsplit(".", 1)
    return f"{begin}.{signature[:-8]}AAAAAAAA"


def good(token, user=None):
    """The API takes the token, and sees whose it is."""
    hello = get(f"{API}/hello", token)
    expected = {"hello": CLIENT, "user": user} if user else {"hello": CLIENT}
    assert hello == expected, hello


def check(name, run):
    global _failed
    try:
        run()
        print(f"  ok      {name}", flush=True)
    except Exception as error:  # Whatever a client throws is a result.
        _failed = True
        print(f"  FAILED  {name}: {type(error).__name__}: {error}", flush=True)


def end():
    sys.exit(1 if _failed else 0)
