"""The settings of the server. They are read from the environment once, at start."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenantry.keys import check_source

MIN_SECRET_BYTES = 32
MAX_TIMEOUT = 86400
"""Seconds. A call with a later deadline has this much time."""

MAX_PORT = 65535

PLAINTEXT, SUPERUSER, SHORT_SECRET = "plaintext", "superuser", "short-secret"
"""The risks of TENANTRY_ALLOW."""

PLACEHOLDER_SECRET = "at-least-32-bytes-shared-with-your-token-issuer"  # noqa: S105 - the one in the documentation

OTHER_SETTINGS = {
    "TENANTRY_LOG_LEVEL": ("Lowest level of the messages in the log: DEBUG, INFO, WARNING or ERROR.", "INFO"),
    "TENANTRY_DATA_DIR": (
        "Folder of the embedded PostgreSQL.",
        "/var/lib/tenantry for root, a folder of the user's own for others",
    ),
}
"""Settings that are no part of Config, with their description and default: the programs read them by themselves."""


class ConfigError(Exception):
    """A setting is missing or invalid. The message names the setting and the values that it may have."""


@dataclass(frozen=True)
class Config:
    """The settings of a server. Raises ConfigError for a value that is out of range.

    database_url: connection string or URL of libpq, as the role `tenantry_server`. Without it `tenantry serve` starts
        an embedded PostgreSQL.
    jwt_secret: the HS256 secret that signs the callers' tokens, 32 bytes or more. With an embedded PostgreSQL
        `tenantry serve` makes one and keeps it. Not needed with public keys.
    jwt_old_secrets: further HS256 secrets whose tokens still count, separated by commas.
    jwks: public keys of an issuer of tokens, as a JWKS: an https address or a file.
    jwt_issuer: the issuer that every token must name (iss).
    jwt_audience: the audience that every token must name (aud).
    supabase_url: address of a Supabase project, whose public keys and issuer then count.
    listen: address of the gRPC server, host:port; port 0 takes a free port.
    tls_cert: file with the server's certificate and its chain, as PEM; with it, gRPC clients must use TLS.
    tls_key: file with the key of that certificate, as PEM.
    tls_client_ca: file with the authorities that sign the certificates of clients, as PEM; with it, every gRPC client
        must show a certificate.
    allow: risks that are taken on purpose, separated by commas: plaintext (no TLS on an address that is not loopback),
        superuser (DATABASE_URL of a superuser), short-secret (a secret of less than 32 bytes).
    pool_size: connections to PostgreSQL, at most.
    caller_connections: connections that one user may take of them, and half of them at most; service_role may take
        all.
    caller_calls: calls of one user that may be open; service_role has no limit of its own.
    caller_streams: streams of one user that may be open; service_role has no limit of its own.
    max_calls: calls of all callers that may be open.
    max_streams: streams of all callers that may be open.
    stream_idle_timeout: seconds after which a stream without requests ends.
    max_message_size: bytes of the largest request, such as a batch, after decompression.
    max_connections: connections of gRPC clients that may be open.
    max_connection_age: seconds after which the server asks a gRPC client for a new connection, give or take a tenth; 0
        for never.
    max_connection_grace: seconds that calls may then take to finish on the old connection, before it is closed.
    max_http_connections: connections of HTTP clients that may be open.
    default_timeout: seconds for a call without a deadline.
    lame_duck: seconds in which a server that is asked to stop refuses new calls, before it disconnects.
    maintenance_interval: seconds between two runs of the background job; 0 for none.
    stripe_api_key: the secret key of the account at Stripe; without it the server sends nothing to Stripe.
    stripe_api_base: address of a Stripe other than Stripe's own, for tests.
    http_listen: address of the HTTP server for health and Stripe's webhook, host:port; port 0 takes a free port.
    stripe_webhook_secrets: secrets that sign Stripe's events, separated by commas; without one the server refuses
        events.
    """

    database_url: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    listen: str = "127.0.0.1:50051"
    tls_cert: str | None = None
    tls_key: str | None = None
    tls_client_ca: str | None = None
    allow: tuple[str, ...] = ()
    pool_size: int = 10
    caller_connections: int = 5
    caller_calls: int = 100
    caller_streams: int = 20
    max_calls: int = 5000
    max_streams: int = 1000
    stream_idle_timeout: float = 300.0
    max_message_size: int = 4 * 1024 * 1024
    max_connections: int = 10_000
    max_connection_age: float = 0.0
    max_connection_grace: float = 60.0
    max_http_connections: int = 200
    default_timeout: float = 30.0
    lame_duck: float = 2.0
    maintenance_interval: float = 60.0
    stripe_api_key: str | None = field(default=None, repr=False)
    stripe_api_base: str | None = None
    http_listen: str | None = None
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    jwt_old_secrets: tuple[str, ...] = field(default=(), repr=False)
    jwks: str | None = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    supabase_url: str | None = None

    def __post_init__(self) -> None:
        if not self.jwt_secret and not self.key_source:
            raise ConfigError(
                "set TENANTRY_JWT_SECRET, the secret that signs your callers' tokens, or TENANTRY_JWKS or"
                " TENANTRY_SUPABASE_URL for public keys"
            )
        for name in ("jwt_secret", "jwt_old_secrets"):
            for secret in filter(None, [self.jwt_secret] if name == "jwt_secret" else self.jwt_old_secrets):
                if len(secret.encode()) < MIN_SECRET_BYTES and SHORT_SECRET not in self.allow:
                    raise ConfigError(f"{_variable(name)} must have at least {MIN_SECRET_BYTES} bytes")
                if secret == PLACEHOLDER_SECRET:
                    raise ConfigError(
                        f"{_variable(name)} is the placeholder of the documentation, which everybody knows: set a"
                        " secret of your own, such as the output of `openssl rand -base64 48`"
                    )
        if self.jwks and self.supabase_url:
            raise ConfigError("TENANTRY_JWKS and TENANTRY_SUPABASE_URL exclude each other")
        for name in ("jwks", "supabase_url"):
            try:
                check_source(getattr(self, name) or "")
            except ValueError as error:
                raise ConfigError(f"{_variable(name)} {error}") from None
        if self.supabase_url and not self.supabase_url.startswith(("http://", "https://")):
            raise ConfigError("TENANTRY_SUPABASE_URL must be an address, such as https://abcd.supabase.co")
        for name, lowest, highest in _COUNTS:
            if not lowest <= getattr(self, name) <= highest:
                raise ConfigError(f"{_variable(name)} must be at least {lowest} and at most {highest}")
        if not 0 < self.stream_idle_timeout <= MAX_TIMEOUT:
            raise ConfigError(f"TENANTRY_STREAM_IDLE_TIMEOUT must be above 0 and at most {MAX_TIMEOUT} seconds")
        if not 0 < self.default_timeout <= MAX_TIMEOUT:
            raise ConfigError(f"TENANTRY_DEFAULT_TIMEOUT must be above 0 and at most {MAX_TIMEOUT} seconds")
        for name in _SECONDS:
            if not 0 <= getattr(self, name) <= MAX_TIMEOUT:
                raise ConfigError(f"{_variable(name)} must be 0 to {MAX_TIMEOUT} seconds")
        if unknown := set(self.allow) - {PLAINTEXT, SUPERUSER, SHORT_SECRET}:
            raise ConfigError(
                f"TENANTRY_ALLOW names {', '.join(sorted(unknown))}; it can name {PLAINTEXT}, {SUPERUSER} and"
                f" {SHORT_SECRET}"
            )
        for name in ("listen", "http_listen"):
            address = getattr(self, name)
            if address is not None and not _is_address(address):
                raise ConfigError(f"{_variable(name)} must read host:port, with a port from 0 to {MAX_PORT}")
        if not self.uses_tls and PLAINTEXT not in self.allow and not _is_loopback(self.listen):
            raise ConfigError(
                f"tokens would travel in plain text to {self.listen}: set TENANTRY_TLS_CERT and TENANTRY_TLS_KEY, or"
                f" TENANTRY_ALLOW={PLAINTEXT} if a proxy in front of the server speaks TLS"
            )

    @property
    def uses_tls(self) -> bool:
        """Whether gRPC clients must use TLS."""
        return any((self.tls_cert, self.tls_key, self.tls_client_ca))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The HS256 secrets whose tokens count, the present one first."""
        return tuple(filter(None, (self.jwt_secret, *self.jwt_old_secrets)))

    @property
    def key_source(self) -> str | None:
        """The address or file of the public keys; None without any."""
        issuer = self.key_issuer
        return f"{issuer}/.well-known/jwks.json" if issuer else self.jwks

    @property
    def key_issuer(self) -> str | None:
        """The issuer of the tokens of a Supabase project."""
        return f"{self.supabase_url.rstrip('/')}/auth/v1" if self.supabase_url else None

    @property
    def connection_share(self) -> int:
        """Connections that one user may take: half of the pool at most."""
        return min(self.caller_connections, max(1, self.pool_size // 2))


def from_environment(
    database_url: str | None = None,
    jwt_secret: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """Reads DATABASE_URL and the TENANTRY_… variables that docs/operations.md lists.

    database_url, jwt_secret: defaults for DATABASE_URL and TENANTRY_JWT_SECRET. environment: the variables.
    Raises ConfigError for a setting that is missing or invalid.
    """
    url = environment.get("DATABASE_URL") or database_url
    secret = environment.get("TENANTRY_JWT_SECRET") or jwt_secret
    if not url:
        raise ConfigError("DATABASE_URL is not set")
    numbers: dict[str, Any] = {}
    for name, kind in _NUMBERS.items():
        if text := environment.get(_variable(name)):
            try:
                numbers[name] = kind(text)
            except ValueError:
                described = "a whole number" if kind is int else "a number"
                raise ConfigError(f"{_variable(name)} must be {described}, not {text!r}") from None
    return Config(
        database_url=url,
        jwt_secret=secret or "",
        jwt_old_secrets=_list(environment, "TENANTRY_JWT_OLD_SECRETS"),
        jwks=environment.get("TENANTRY_JWKS") or None,
        jwt_issuer=environment.get("TENANTRY_JWT_ISSUER") or None,
        jwt_audience=environment.get("TENANTRY_JWT_AUDIENCE") or None,
        supabase_url=environment.get("TENANTRY_SUPABASE_URL") or None,
        listen=environment.get("TENANTRY_LISTEN") or Config.listen,
        tls_cert=environment.get("TENANTRY_TLS_CERT") or None,
        tls_key=environment.get("TENANTRY_TLS_KEY") or None,
        tls_client_ca=environment.get("TENANTRY_TLS_CLIENT_CA") or None,
        allow=_list(environment, "TENANTRY_ALLOW"),
        stripe_api_key=environment.get("TENANTRY_STRIPE_API_KEY") or None,
        stripe_api_base=environment.get("TENANTRY_STRIPE_API_BASE") or None,
        http_listen=environment.get("TENANTRY_HTTP_LISTEN") or None,
        stripe_webhook_secrets=_list(environment, "TENANTRY_STRIPE_WEBHOOK_SECRETS"),
        **numbers,
    )


def _is_address(text: str) -> bool:
    """Whether the text reads host:port."""
    found = re.fullmatch(r".+:([0-9]{1,5})", text)
    return found is not None and int(found[1]) <= MAX_PORT


def _is_loopback(address: str) -> bool:
    """Whether only programs of this machine reach the address host:port."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _list(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The values of a variable that separates them by commas."""
    return tuple(filter(None, map(str.strip, environment.get(name, "").split(","))))


def _variable(name: str) -> str:
    return f"TENANTRY_{name.upper()}"


_COUNTS = (
    ("pool_size", 1, 10_000),
    ("caller_connections", 1, 10_000),
    ("caller_calls", 1, 1_000_000),
    ("caller_streams", 1, 1_000_000),
    ("max_calls", 1, 1_000_000),
    ("max_streams", 1, 1_000_000),
    ("max_message_size", 64 * 1024, 1024**3),
    ("max_connections", 1, 1_000_000),
    ("max_http_connections", 1, 1_000_000),
)
"""Settings that are whole numbers: field, lowest and highest value."""

_SECONDS = ("lame_duck", "maintenance_interval", "max_connection_age", "max_connection_grace")
"""Settings that are seconds from 0 to MAX_TIMEOUT."""

_NUMBERS: dict[str, type[int] | type[float]] = {
    **{name: int for name, _, _ in _COUNTS},
    **dict.fromkeys((*_SECONDS, "default_timeout", "stream_idle_timeout"), float),
}
"""Settings that are numbers, with their types."""
