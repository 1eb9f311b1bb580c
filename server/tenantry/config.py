"""The settings of the server. They are read from the environment once, at start."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MIN_SECRET_BYTES = 32
MAX_TIMEOUT = 86400
"""Seconds."""

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
        `tenantry serve` makes one and keeps it.
    listen: address of the gRPC server, host:port; port 0 takes a free port.
    pool_size: connections to PostgreSQL, at most.
    default_timeout: seconds for a call without a deadline.
    maintenance_interval: seconds between two runs of the background job; 0 for none.
    stripe_api_key: the secret key of the account at Stripe; without it the server sends nothing to Stripe.
    stripe_api_base: address of a Stripe other than Stripe's own, for tests.
    http_listen: address of the HTTP server for health and Stripe's webhook, host:port; port 0 takes a free port.
    stripe_webhook_secrets: secrets that sign Stripe's events, separated by commas; without one the server refuses
        events.
    """

    database_url: str
    jwt_secret: str
    listen: str = "127.0.0.1:50051"
    pool_size: int = 10
    default_timeout: float = 30.0
    maintenance_interval: float = 60.0
    stripe_api_key: str | None = field(default=None, repr=False)
    stripe_api_base: str | None = None
    http_listen: str | None = None
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if len(self.jwt_secret.encode()) < MIN_SECRET_BYTES:
            raise ConfigError(f"TENANTRY_JWT_SECRET must have at least {MIN_SECRET_BYTES} bytes")
        if self.pool_size < 1:
            raise ConfigError("TENANTRY_POOL_SIZE must be at least 1")
        if not 0 < self.default_timeout <= MAX_TIMEOUT:
            raise ConfigError(f"TENANTRY_DEFAULT_TIMEOUT must be above 0 and at most {MAX_TIMEOUT} seconds")
        if not 0 <= self.maintenance_interval <= MAX_TIMEOUT:
            raise ConfigError(f"TENANTRY_MAINTENANCE_INTERVAL must be 0 to {MAX_TIMEOUT} seconds")
        if not re.fullmatch(r".+:\d{1,5}", self.listen):
            raise ConfigError("TENANTRY_LISTEN must read host:port")
        if self.http_listen is not None and not re.fullmatch(r".+:\d{1,5}", self.http_listen):
            raise ConfigError("TENANTRY_HTTP_LISTEN must read host:port")


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
    if not secret:
        raise ConfigError("TENANTRY_JWT_SECRET is not set: the secret that signs your callers' tokens")
    try:
        return Config(
            database_url=url,
            jwt_secret=secret,
            listen=environment.get("TENANTRY_LISTEN") or Config.listen,
            pool_size=int(environment.get("TENANTRY_POOL_SIZE") or Config.pool_size),
            default_timeout=float(environment.get("TENANTRY_DEFAULT_TIMEOUT") or Config.default_timeout),
            maintenance_interval=float(environment.get("TENANTRY_MAINTENANCE_INTERVAL") or Config.maintenance_interval),
            stripe_api_key=environment.get("TENANTRY_STRIPE_API_KEY") or None,
            stripe_api_base=environment.get("TENANTRY_STRIPE_API_BASE") or None,
            http_listen=environment.get("TENANTRY_HTTP_LISTEN") or None,
            stripe_webhook_secrets=tuple(
                filter(None, map(str.strip, environment.get("TENANTRY_STRIPE_WEBHOOK_SECRETS", "").split(",")))
            ),
        )
    except ValueError as error:
        raise ConfigError(
            f"TENANTRY_POOL_SIZE, TENANTRY_DEFAULT_TIMEOUT and TENANTRY_MAINTENANCE_INTERVAL must be numbers: {error}"
        ) from error
