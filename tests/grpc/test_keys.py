"""Tokens that an issuer signs with a private key, such as those of Supabase: the public keys come from a JWKS."""

import asyncio
import base64
import hmac
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tenantry import keys
from tenantry.auth import Authenticator, mint
from tenantry.errors import CallError
from tenantry.keys import KeysError, KeySet
from tenantry.v1.organizations_pb2 import ListOrganizationsRequest
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.postgres import Cluster
from tests.support.server import SECRET, failure, wait_until

USER = str(uuid4())

PRIVATE: dict[str, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
OTHER = ec.generate_private_key(ec.SECP256R1())

TO_JWK: dict[str, Callable[[Any], Any]] = {
    "ES256": lambda key: ECAlgorithm.to_jwk(key, as_dict=True),
    "RS256": lambda key: RSAAlgorithm.to_jwk(key, as_dict=True),
    "EdDSA": lambda key: OKPAlgorithm.to_jwk(key, as_dict=True),
}


def jwk(algorithm: str, key_id: str, key: Any = None) -> dict[str, Any]:
    public = (key or PRIVATE[algorithm]).public_key()
    return {**TO_JWK[algorithm](public), "kid": key_id, "alg": algorithm, "use": "sig", "key_ops": ["verify"]}


def signed(algorithm: str, key_id: str | None, key: Any = None, **changes: Any) -> str:
    claims = {"sub": USER, "role": "authenticated", "aud": "authenticated", "exp": int(time.time()) + 60, **changes}
    headers = {"kid": key_id} if key_id else None
    return jwt.encode(claims, key or PRIVATE[algorithm], algorithm=algorithm, headers=headers)


class Issuer:
    """An HTTP server with a JWKS. listed: the keys. status, delay: of its answers."""

    def __init__(self) -> None:
        self.listed: list[dict[str, Any]] = []
        self.body: bytes | None = None
        self.status = 200
        self.asked = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                body = json.dumps({"keys": issuer.listed}).encode() if issuer.body is None else issuer.body
                self.send_response(issuer.status if self.path.endswith("jwks.json") else 404)
                self.send_header("Location", "/moved/jwks.json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.jwks = f"{self.url}/auth/v1/.well-known/jwks.json"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.stop()


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def run(steps: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        await steps()

    asyncio.run(within())


def refused(authenticator: Authenticator, token: str) -> str:
    with pytest.raises(CallError) as error:
        authenticator.identify(f"Bearer {token}")
    return str(error.value)


def test_every_kind_of_key_counts_from_a_file_and_an_address(issuer: Issuer, tmp_path: Path) -> None:
    issuer.listed = [jwk(algorithm, algorithm.lower()) for algorithm in PRIVATE]
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": issuer.listed}))

    async def steps() -> None:
        for source in (issuer.jwks, str(file)):
            known = KeySet(source)
            await known.load()
            authenticator = Authenticator(keys=known)
            for algorithm in PRIVATE:
                identity = authenticator.identify(f"Bearer {signed(algorithm, algorithm.lower())}")
                assert (identity.role, identity.user) == ("authenticated", USER)
                forged = signed(algorithm, algorithm.lower())[:-8] + "AAAAAAAA"
                assert refused(authenticator, forged) == "the token is not valid"

    run(steps)


def test_the_key_decides_on_the_algorithm(issuer: Issuer) -> None:
    issuer.listed = [jwk("RS256", "a"), jwk("ES256", "b")]
    pem = (
        PRIVATE["RS256"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )

    async def steps() -> None:
        known = KeySet(issuer.jwks)
        await known.load()
        authenticator = Authenticator(SECRET, keys=known)
        header, body, _ = signed("RS256", "a").split(".")
        # Signed with the public key, as if it were a secret. PyJWT itself makes no such token.
        start = f"{base64url(json.dumps({'alg': 'HS256', 'kid': 'a'}).encode())}.{body}"
        confused = f"{start}.{base64url(hmac.digest(pem, start.encode(), 'sha256'))}"
        none = jwt.encode({"role": "service_role", "exp": int(time.time()) + 60}, "", algorithm="none")
        for token in (confused, f"{header}.{body}.", signed("ES256", "a"), signed("RS256", "b"), none):
            assert refused(authenticator, token).startswith("the token")
        assert authenticator.identify(f"Bearer {mint(SECRET, 'service_role')}").role == "service_role"

    run(steps)


def test_a_list_of_symmetric_or_other_keys_is_refused(issuer: Issuer, tmp_path: Path) -> None:
    oct_key = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTMy", "kid": "o", "alg": "HS256"}
    bodies = (
        b"",
        b"{",
        b"[]",
        b'{"keys": 7}',
        b'{"keys": []}',
        b'{"keys": [7]}',
        json.dumps({"keys": [oct_key]}).encode(),
        json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}).encode(),
        json.dumps({"keys": [jwk("ES256", "e") | {"use": "enc"}]}).encode(),
        b" " * (keys.MAX_SIZE + 1),
    )

    async def steps() -> None:
        issuer.listed = [jwk("ES256", "a")]
        known = KeySet(issuer.jwks)
        await known.load()
        for body in bodies:
            issuer.body = body
            with pytest.raises(KeysError):
                await known.load()
            (tmp_path / "keys.json").write_bytes(body)
            with pytest.raises(KeysError):
                await KeySet(str(tmp_path / "keys.json")).load()
        issuer.body = None
        for status in (301, 302, 404, 500):
            issuer.status = status
            with pytest.raises(KeysError):
                await known.load()
        # The keys are those from before.
        Authenticator(keys=known).identify(f"Bearer {signed('ES256', 'a')}")

    run(steps)


def test_keys_rotate_and_stay_while_the_address_is_down(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MIN_INTERVAL", 0.1)

    async def steps() -> None:
        issuer.listed = [jwk("ES256", "old")]
        known = KeySet(issuer.jwks)
        await known.load()
        refreshing = asyncio.create_task(known.run_forever())
        authenticator = Authenticator(keys=known)
        new = signed("ES256", "new", OTHER)
        issuer.status = 503
        assert refused(authenticator, new) == "the token's key is not known"
        await asyncio.sleep(0.3)
        asked = issuer.asked
        old = signed("ES256", "old")
        authenticator.identify(f"Bearer {old}")
        issuer.status, issuer.listed = 200, [jwk("ES256", "new", OTHER)]
        for _ in range(200):
            refused(authenticator, new)
        for _ in range(100):
            await asyncio.sleep(0.02)
            if known.find("new"):
                break
        assert authenticator.identify(f"Bearer {new}").user == USER
        assert refused(authenticator, old) == "the token's key is not known", "it was accepted before"
        assert issuer.asked - asked <= 3, "with any number of tokens that name unknown keys"
        refreshing.cancel()

    run(steps)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iss": "https://other"}, "the token is of another issuer"),
        ({"iss": None}, "the token has no claim iss"),
        ({"aud": "others"}, "the token is for another audience"),
        ({"nbf": int(time.time()) + 86400}, "the token is not valid yet"),
        ({"exp": int(time.time()) - 600}, "the token has expired"),
        ({"exp": None}, "the token has no claim exp"),
        ({"role": "postgres"}, "the token's role must be one of anon, authenticated, service_role"),
        ({"sub": "me"}, "the token's subject must be the user's UUID"),
    ],
    ids=["other issuer", "no issuer", "audience", "start", "expired", "no end", "role", "subject"],
)
def test_a_refusal_says_which_check_failed(issuer: Issuer, changes: dict[str, Any], said: str) -> None:
    issuer.listed = [jwk("ES256", "a")]

    async def steps() -> None:
        known = KeySet(issuer.jwks)
        await known.load()
        authenticator = Authenticator(keys=known, issuer="https://mine", audience="authenticated")
        claims = {name: value for name, value in {"iss": "https://mine", **changes}.items() if value is not None}
        token = signed("ES256", "a", **claims)
        if None in changes.values():
            name = next(iter(changes))
            body = jwt.decode(token, options={"verify_signature": False})
            body.pop(name, None)
            token = jwt.encode(body, PRIVATE["ES256"], algorithm="ES256", headers={"kid": "a"})
        assert refused(authenticator, token) == said

    run(steps)


def test_old_secrets_count_beside_the_new_one() -> None:
    authenticator = Authenticator(SECRET, "o" * 32)
    for secret in (SECRET, "o" * 32):
        assert authenticator.identify(f"Bearer {mint(secret, 'service_role')}").role == "service_role"
    assert refused(authenticator, mint("x" * 32, "service_role")) == "the token is not valid"


def test_a_server_knows_a_supabase_project_by_its_address(cluster: Cluster, issuer: Issuer) -> None:
    """The server starts before the project answers, and has no secret at all."""
    issuer.status = 503
    cluster.create_database("keys", TEMPLATE)
    with server.fork(
        {"tenantry.keys.MIN_INTERVAL": 0.1},
        DATABASE_URL=cluster.conninfo("keys", "tenantry_server"),
        TENANTRY_JWT_SECRET="",
        TENANTRY_SUPABASE_URL=issuer.url,
    ) as process:

        def outcome(token: str) -> str:
            with server.client(process.address, token) as client:
                try:
                    client.organizations.ListOrganizations(ListOrganizationsRequest())
                except grpc.RpcError as error:
                    return failure(error).message
            return "OK"

        good = signed("ES256", "a", iss=f"{issuer.url}/auth/v1")
        assert outcome(good) == "the token's key is not known"
        issuer.status, issuer.listed = 200, [jwk("ES256", "a")]
        wait_until(lambda: outcome(good) == "OK")
        assert (
            outcome(signed("ES256", "a", iss="https://other.supabase.co/auth/v1")) == "the token is of another issuer"
        )
        assert outcome(mint(SECRET, "service_role")) == "the token is not valid"
    cluster.drop_database("keys")
