"""Prometheus scrapes two services and answers every query of the dashboard and of the alerts.

One service is well, by its second credential, which ends tomorrow: the authority refuses the first. The other one's
authority and shared cache are gone. Whatever the dashboard shows and the alerts tell is there then.
"""

import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from program import free_port, running
from world import API, AUTHORITY, CLIENT, FILES, PASSWORD, SCOPE, check, end

# Of Grafana's, as it fills them in for what was scraped each second.
VARIABLES = {"$section": ".*", "$__rate_interval": "15s", "$__range": "2m"}
# Credentials that were refused are tried again after 30 s, and some rules look at what changes.
PATIENCE = 120


def settings(folder, section, instance, entries):
    api = {"BaseUrl": API, "Scopes": [SCOPE], "RequestAppToken": True}
    application = {"Instance": instance, "TenantId": AUTHORITY.rsplit("/", 1)[1], "ClientId": CLIENT}
    with open(os.path.join(folder, "appsettings.json"), "w", encoding="utf-8") as file:
        json.dump({section: {**application, "ClientCredentials": entries}, "Inventory": api}, file)


@contextlib.contextmanager
def service(section, instance, entries, cache):
    """A running example, and the address of what it measures."""
    variables = {"TOKEN_CACHE_ADDRESS": cache, "TOKEN_CACHE_KEYS": "k:" + "A" * 43} if cache else {}
    with tempfile.TemporaryDirectory() as folder:
        settings(folder, section, instance, entries)
        command = [os.environ["REAL_METRICS"], "127.0.0.1:0", section]
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            yield urllib.parse.urlsplit(process.stdout.readline().strip()).netloc
        finally:
            process.kill()
            process.wait()


def redis(stack):
    """The address of a Redis server; none where there is none."""
    program, port = os.environ["REAL_REDIS"], free_port()
    if not os.path.exists(program):
        return None
    # Debian's redis-tools has the server under another name, and goes by it.
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    stack.enter_context(running(command, lambda: connects(port), executable=program, cwd=FILES))
    return f"redis://127.0.0.1:{port}"


def connects(port):
    import socket

    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


class Prometheus:
    def __init__(self, stack, targets, rules):
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        self.port = free_port()
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [rules],
            "scrape_configs": [{"job_name": "services", "static_configs": [{"targets": targets}]}],
        }
        path = os.path.join(folder, "prometheus.yml")
        with open(path, "w", encoding="utf-8") as file:
            # JSON is YAML.
            json.dump(config, file)
        command = [os.environ["REAL_PROMETHEUS"], f"--config.file={path}", f"--storage.tsdb.path={folder}/data"]
        command.append(f"--web.listen-address=127.0.0.1:{self.port}")
        stack.enter_context(running(command, lambda: self.ask("query", query="1")))

    def ask(self, what, **form):
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(form)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]

    def series(self, query):
        """How many series have a value."""
        found = self.ask("query", query=query)["result"]
        return sum(1 for one in found if math.isfinite(float(one["value"][1])))


def queries(dashboard):
    """Each query of the dashboard, by its panel."""
    with open(dashboard, encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    for panel in panels:
        for target in panel["targets"]:
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            assert "$" not in query, query
            yield f"{panel['title']} {target['refId']}", query


def rules(prometheus):
    """Each alert by its name: its query, and what Prometheus thinks of it."""
    groups = prometheus.ask("rules")["groups"]
    return {rule["name"]: rule for group in groups for rule in group["rules"]}


def answers(prometheus, name, query):
    begun = time.monotonic()
    while not prometheus.series(query):
        assert time.monotonic() - begun < PATIENCE, f"no data: {query}"
        time.sleep(0.5)


def alerts(prometheus, name):
    begun = time.monotonic()
    while rules(prometheus)[name]["state"] == "inactive":
        assert time.monotonic() - begun < PATIENCE, f"nobody is told: {rules(prometheus)[name]}"
        time.sleep(0.5)
    rule = rules(prometheus)[name]
    assert rule["health"] == "ok", rule


def main(folder):
    gone = f"127.0.0.1:{free_port()}"
    pfx = {"SourceType": "Path", "CertificateDiskPath": os.path.join(FILES, "app.pfx"), "CertificatePassword": PASSWORD}
    wrong = {"SourceType": "ClientSecret", "ClientSecret": "a secret that nobody knows"}
    with contextlib.ExitStack() as stack:
        well = service("AzureAd", AUTHORITY.rsplit("/", 1)[0] + "/", [wrong, pfx], redis(stack))
        ill = service("Partner", f"http://{gone}/", [pfx], f"redis://{gone}")
        targets = [stack.enter_context(one) for one in (well, ill)]
        prometheus = Prometheus(stack, targets, os.path.join(folder, "alerts.yml"))
        if "--look" in sys.argv:
            print(f"http://127.0.0.1:{prometheus.port}/ until a line comes in", flush=True)
            sys.stdin.readline()
            return
        for name, query in queries(os.path.join(folder, "dashboard.json")):
            check(f"panel {name}", lambda: answers(prometheus, name, query))
        for name in rules(prometheus):
            check(f"alert {name}", lambda: alerts(prometheus, name))


main(sys.argv[1])
end()
