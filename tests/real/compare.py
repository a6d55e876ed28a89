"""How long MSAL for Python takes for the first token of a new client, and for a cached one; nanoseconds."""

import statistics
import time

import msal

from world import AUTHORITY, CLIENT, SCOPE, SECRET

FIRST, CACHED = 21, 2000


def app():
    return msal.ConfidentialClientApplication(
        CLIENT, client_credential=SECRET, authority=AUTHORITY, instance_discovery=False
    )


def first():
    start = time.perf_counter_ns()
    answer = app().acquire_token_for_client([SCOPE])
    took = time.perf_counter_ns() - start
    assert answer["token_source"] == "identity_provider", answer
    return took


def cached():
    client = app()
    client.acquire_token_for_client([SCOPE])
    start = time.perf_counter_ns()
    for _ in range(CACHED):
        answer = client.acquire_token_for_client([SCOPE])
    took = time.perf_counter_ns() - start
    assert answer["token_source"] == "cache", answer
    return took // CACHED


print("first", int(statistics.median(first() for _ in range(FIRST))))
print("cached", cached())
