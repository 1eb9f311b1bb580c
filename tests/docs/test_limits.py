"""The page of limits has the values of the code."""

import re

import pytest

from tenantry import admission, app, auth, config, database, http, limits, open_methods, pool, transport
from tenantry.stripe import webhook
from tests.docs.test_references import DOCS

PAGE = (DOCS / "limits.md").read_text()
DEFAULTS = config.Config("", "x" * 32)

VALUES = {
    "length of a token": auth.MAX_TOKEN_SIZE,
    "open calls of one user": DEFAULTS.caller_calls,
    "open calls of all callers": DEFAULTS.max_calls,
    "open streams of one user": DEFAULTS.caller_streams,
    "open streams of all callers": DEFAULTS.max_streams,
    "database connections of one user": DEFAULTS.caller_connections,
    "database connections of all callers": DEFAULTS.pool_size,
    "requests above 64 KiB, and batches, of one user": DEFAULTS.caller_connections,
    "requests above 64 KiB, and batches, of all callers": transport.LARGE_PER_CONNECTION,
    "wait for a connection or for a place of a large request": pool.ACQUIRE_TIMEOUT,
    "bytes of any request, after decompression": DEFAULTS.max_message_size,
    "bytes of a request with a list of plain values, a Struct or bytes": limits.FREE_SIZE,
    "bytes of any other request, except batches": limits.PLAIN_SIZE,
    "items of a batch, pairs of `batch_check_permissions`": limits.MAX_ITEMS,
    "items of any other list": limits.MAX_ITEMS,
    "values of one Struct, such as `metadata`": limits.MAX_VALUES,
    "levels of one Struct": limits.MAX_DEPTH,
    "values of all Structs of a batch": limits.MAX_VALUES_OF_LIST,
    "bytes of a batch that can begin a nested message": limits.MAX_PARTS,
    "a call without a deadline": DEFAULTS.default_timeout,
    "arrival of the request of a call": transport.REQUEST_TIMEOUT,
    "a stream without a request": DEFAULTS.stream_idle_timeout,
    "beginning of HTTP/2 on a new connection": app.HANDSHAKE_TIMEOUT,
    "tokens that the server remembers": auth.CACHE_SIZE,
    "characters of a token that the server remembers": auth.CACHED_TOKEN_SIZE,
    "prepared statements of a connection": database.MAX_PREPARED,
    "answers of reflection that the server remembers": open_methods.MAX_KEPT_ANSWERS,
    "connections of gRPC clients": DEFAULTS.max_connections,
    "age of a connection of a gRPC client": DEFAULTS.max_connection_age,
    "time of calls on a connection of that age": DEFAULTS.max_connection_grace,
    "bytes of a request to health or reflection": open_methods.MAX_REQUEST,
    "arrival of a request to health or reflection": open_methods.REQUEST_TIMEOUT,
    "open health checks": open_methods.MAX_CHECKS,
    "open streams of `Health.Watch`": open_methods.MAX_WATCHES,
    "open streams of reflection": open_methods.MAX_REFLECTIONS,
    "connections of HTTP clients": DEFAULTS.max_http_connections,
    "head of an HTTP request, and the time between two requests": http.HEAD_TIMEOUT,
    "body of an HTTP request": http.MAX_BODY,
    "age of Stripe's signature": webhook.TOLERANCE,
}
"""By the first column of the page: the number that the second begins with."""

UNITS = {"KiB": 1024, "MiB": 1024**2}


@pytest.mark.parametrize("limit", VALUES)
def test_the_page_has_the_value(limit: str) -> None:
    row = re.search(rf"^\| {re.escape(limit)} \| (\d+) ?(\w*)", PAGE, re.MULTILINE)
    assert row, f"docs/limits.md has no row {limit}"
    assert int(row[1]) * UNITS.get(row[2], 1) == VALUES[limit]


def test_the_page_names_every_setting_of_a_limit() -> None:
    settings = {name for name in vars(DEFAULTS) if name.startswith(("max_", "caller_")) or name.endswith("_timeout")}
    assert settings
    for name in settings | {"pool_size"}:
        assert f"`TENANTRY_{name.upper()}`" in PAGE


def test_a_share_is_never_the_whole_pool() -> None:
    for size, share in [(1, 1), (2, 1), (3, 1), (8, 4), (10, 5), (100, 5)]:
        assert config.Config("", "x" * 32, pool_size=size).connection_share == share
    assert admission.FairSlots(10, 5)._limit("service_role") == 10
