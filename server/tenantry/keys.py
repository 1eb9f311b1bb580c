"""The public keys of an issuer of tokens: a JWKS (RFC 7517), from a file or from an address.

The keys are read when the server starts, at intervals, and when a token names a key that is not known. A reading that
fails leaves the keys as they are. The event loop never waits for one. The checks of a token are in auth.py.
"""

import asyncio
import contextlib
import ipaddress
import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

log = logging.getLogger(__name__)

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""The algorithms of keys that count. A symmetric key in a public list would be no secret."""

REFRESH_INTERVAL = 600.0
"""Seconds between two readings."""

MIN_INTERVAL = 10.0
"""Seconds between two readings at least, with any number of tokens that name unknown keys."""

TIMEOUT = 5.0
"""Seconds that a reading may take."""

MAX_SIZE = 256 * 1024
"""Bytes of the largest JWKS."""


class KeysError(Exception):
    """The keys cannot be read. The message says why."""


class KeySet:
    """The keys of one issuer. `load`, then `find`, with `run_forever` in the background."""

    def __init__(self, source: str) -> None:
        """source: the address or the file of the JWKS, see check_source()."""
        self._source = source
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._text: bytes | None = None
        self._wanted = asyncio.Event()
        self._read_at = float("-inf")

    @property
    def known(self) -> Mapping[str | None, jwt.PyJWK]:
        """The keys as they were read last. Another list of keys is another object."""
        return self._keys

    def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """The key of a token; without a key_id the only one, if there is one. None, and a new reading, if unknown."""
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        key = self._keys.get(key_id)
        if key is None:
            self._wanted.set()
        return key

    async def load(self) -> None:
        """Reads the keys. Raises KeysError, and keeps the keys that it has."""
        self._read_at = time.monotonic()
        try:
            text = await (self._fetch() if is_url(self._source) else asyncio.to_thread(_read, self._source))
            if text != self._text:
                self._keys, self._text = _parse(text), text
        except (OSError, ValueError, RecursionError, jwt.PyJWTError) as error:
            raise KeysError(f"{self._source}: {error or type(error).__name__}") from error

    async def run_forever(self) -> None:
        """Reads the keys again at intervals, and when `find` has found none."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), REFRESH_INTERVAL)
            await asyncio.sleep(max(0.0, self._read_at + MIN_INTERVAL - time.monotonic()))
            self._wanted.clear()
            try:
                await self.load()
            except KeysError as error:
                log.warning("the keys stay as they are: %s", error)

    async def _fetch(self) -> bytes:
        # To import it takes half of the time of a start.
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(self._source, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise ValueError(f"the answer has the status {answer.status}")
                text = await answer.content.read(MAX_SIZE + 1)
                while len(text) <= MAX_SIZE and (more := await answer.content.read(MAX_SIZE)):
                    text += more
                return text
        except aiohttp.ClientError as error:
            raise ValueError(str(error)) from error


def check_source(source: str) -> None:
    """Raises ValueError for an address that others on the way could change: http is for loopback only."""
    if not is_url(source):
        return
    parts = urlsplit(source)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError("must be an https address, a file, or an http address on loopback")


def is_url(source: str) -> bool:
    """Whether the keys come from an address, and not from a file."""
    return source.startswith(("http://", "https://"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(MAX_SIZE + 1)


def _parse(text: bytes) -> dict[str | None, jwt.PyJWK]:
    """The usable keys, by their ids. Raises ValueError for a text that is no JWKS or has no usable key."""
    if len(text) > MAX_SIZE:
        raise ValueError(f"the list of keys has more than {MAX_SIZE} bytes")
    found: Any = json.loads(text)
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise ValueError("this is no JWKS: it has no list of keys")
    keys: dict[str | None, jwt.PyJWK] = {}
    for data in listed:
        if isinstance(data, Mapping) and data.get("kty") != "oct" and data.get("use", "sig") == "sig":
            try:
                key = jwt.PyJWK.from_dict(dict(data))
            except (jwt.PyJWTError, ValueError, TypeError):
                # A kind of key that is not known here. Tokens of the others still count.
                continue
            if key.algorithm_name in ALGORITHMS:
                keys[key.key_id] = key
    if not keys:
        raise ValueError("it has no key for signatures that is usable here")
    return keys
