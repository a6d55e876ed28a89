"""The project's own program, for judges of what it sends."""

import contextlib
import json
import os
import re
import socket
import subprocess
import tempfile
import time

from world import AUTHORITY, CLIENT, SCOPE

PROGRAM = os.environ["REAL_PROGRAM"]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def settings(folder, entry, authority=AUTHORITY, provider=None):
    """A settings file with that entry alone: for Microsoft Entra ID, or for a client of another OpenID provider."""
    instance, tenant = authority.rsplit("/", 1)
    section = provider or {"Instance": f"{instance}/", "TenantId": tenant, "ClientId": CLIENT}
    section = {**section, "ClientCredentials": [entry]}
    path = os.path.join(folder, "appsettings.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"AzureAd": section}, file)
    return path


def token(entry, variables=None, authority=AUTHORITY, provider=None):
    """What `token --json` says, and whether there is a token."""
    with tempfile.TemporaryDirectory() as folder:
        path = settings(folder, entry, authority, provider)
        command = [PROGRAM, "token", "--config", path, "--scope", SCOPE, "--json"]
        done = subprocess.run(command, env={**os.environ, **(variables or {})}, capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout), done.returncode == 0


def accepted(entry, variables=None, authority=AUTHORITY, provider=None):
    said, good = token(entry, variables, authority, provider)
    assert good and said["ok"], said
    return said


def refused(word, entry, variables=None, authority=AUTHORITY, provider=None):
    said, good = token(entry, variables, authority, provider)
    assert not good and word in json.dumps(said), said
    return said


@contextlib.contextmanager
def running(command, ready, stdout=subprocess.DEVNULL, **options):
    """A server, ended with the block; `ready` tells when it listens."""
    process = subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL, **options)
    try:
        for _ in range(600):
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            with contextlib.suppress(OSError):
                if ready():
                    break
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def emulator(entry, variables):
    """The authority of an emulator of its own, which knows the entry's certificate."""
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        command = [PROGRAM, "emulator", "--config", settings(folder, entry), "--port", "0", "--api-port", "0", "--no-tls"]
        with open(log, "w", encoding="utf-8") as out:
            process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=out, stderr=out)
        try:
            text = ""
            for _ in range(300):
                with open(log, encoding="utf-8") as file:
                    text = file.read()
                if "\nCtrl-C" in text:
                    break
                assert process.poll() is None, text
                time.sleep(0.1)
            yield re.search(r"^authority +(\S+)", text, re.MULTILINE).group(1)
        finally:
            process.kill()
            process.wait()
