"""Settings of the server, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

MIN_SECRET_BYTES = 32


class ConfigError(Exception):
    """A setting is missing or cannot be used; the message says which, and what would do."""


@dataclass(frozen=True)
class Config:
    """What a server needs to know.

    database_url: libpq connection string or URL, as the role `tenantry_server`.
    jwt_secret: the HS256 secret that callers' tokens are signed with, 32 bytes or more.
    listen: host:port of the gRPC server; port 0 takes a free one.
    pool_size: connections to PostgreSQL, at most.
    default_timeout: seconds that a call may take when its caller set no deadline.
    """

    database_url: str
    jwt_secret: str
    listen: str = "127.0.0.1:50051"
    pool_size: int = 10
    default_timeout: float = 30.0

    def __post_init__(self) -> None:
        if len(self.jwt_secret.encode()) < MIN_SECRET_BYTES:
            raise ConfigError(f"TENANTRY_JWT_SECRET must have at least {MIN_SECRET_BYTES} bytes")
        if self.pool_size < 1:
            raise ConfigError("TENANTRY_POOL_SIZE must be at least 1")


def from_environment(
    database_url: str | None = None,
    jwt_secret: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """Reads DATABASE_URL, TENANTRY_JWT_SECRET, TENANTRY_LISTEN, TENANTRY_POOL_SIZE and TENANTRY_DEFAULT_TIMEOUT.

    database_url, jwt_secret: used where the environment does not say.
    Raises ConfigError.
    """
    url = environment.get("DATABASE_URL") or database_url
    secret = environment.get("TENANTRY_JWT_SECRET") or jwt_secret
    if not url:
        raise ConfigError("DATABASE_URL is not set")
    if not secret:
        raise ConfigError("TENANTRY_JWT_SECRET is not set: the secret that your callers' tokens are signed with")
    try:
        return Config(
            database_url=url,
            jwt_secret=secret,
            listen=environment.get("TENANTRY_LISTEN") or Config.listen,
            pool_size=int(environment.get("TENANTRY_POOL_SIZE") or Config.pool_size),
            default_timeout=float(environment.get("TENANTRY_DEFAULT_TIMEOUT") or Config.default_timeout),
        )
    except ValueError as error:
        raise ConfigError(f"TENANTRY_POOL_SIZE and TENANTRY_DEFAULT_TIMEOUT are numbers: {error}") from error
