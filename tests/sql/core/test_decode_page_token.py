"""decode_page_token: a token of any size and depth is refused as a token, before its work grows with it."""

import base64
import hashlib
import time

import psycopg
import pytest

from tests.conftest import Connection


def forged(key: str, scope: str = "scope") -> str:
    """A token with a right check, as anybody can compute it: nothing in it is secret."""
    check = hashlib.md5((scope + key).encode(), usedforsecurity=False).hexdigest()[:8]
    return base64.b64encode((check + key).encode()).decode().translate(str.maketrans("+/", "-_", "="))


def decode(connection: Connection, token: str) -> object:
    row = connection.execute("select tenantry.decode_page_token(%s, 'scope') as key", [token]).fetchone()
    assert row
    return row["key"]


@pytest.mark.parametrize(
    "key",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000,
        "[" * 3_000,
        "[1" * 1_500,
    ],
    ids=["open", "closed", "objects", "within the length", "not JSON"],
)
def test_a_token_that_is_no_key_is_refused_as_a_token(scratch: Connection, key: str) -> None:
    with pytest.raises(psycopg.DatabaseError) as raised:
        decode(scratch, forged(key))
    assert raised.value.sqlstate == "TN003"


def test_a_huge_token_costs_nothing(scratch: Connection) -> None:
    token = forged("[" * 3_000_000)
    began = time.perf_counter()
    with pytest.raises(psycopg.DatabaseError):
        decode(scratch, token)
    assert time.perf_counter() - began < 1


def test_the_longest_key_of_a_listing_comes_back(scratch: Connection) -> None:
    row = scratch.execute(
        "select tenantry.encode_page_token('scope', jsonb_build_array(now(), repeat(chr(1), 255), gen_random_uuid()))"
        " as token"
    ).fetchone()
    assert row
    key = decode(scratch, row["token"])
    assert isinstance(key, list)
    assert key[1] == "\x01" * 255
