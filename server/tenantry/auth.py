"""Authentication: a bearer JWT becomes a database role and claims, exactly as PostgREST would set them."""

import json
import re
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import jwt

from tenantry import reasons
from tenantry.errors import CallError, status
from tenantry.keys import KeySet
from tenantry.reasons import Reason

ROLES = ("anon", "authenticated", "service_role")
"""The database roles that a token may name."""

LEEWAY = 10
"""Seconds by which the clocks of the issuer and of this server may differ."""

CACHE_SIZE = 10_000
"""Tokens that the cache holds."""

CACHED_TOKEN_SIZE = 2048
"""Characters of the longest token that the cache holds. Longer tokens are verified with each call."""

MAX_TOKEN_SIZE = 8192
"""Characters of the longest token that is read."""

_BEARER = re.compile(r"bearer +([^ ]+)", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller.

    role: the database role of the call, one of ROLES.
    claims: the token's claims as JSON text, for request.jwt.claims.
    expires_at: seconds since 1970 after which the token is invalid.
    has_token: whether the caller sent a token.
    user: the user's UUID, for the role authenticated.
    """

    role: str
    claims: str
    expires_at: float
    has_token: bool
    user: str = ""

    @property
    def caller(self) -> str:
        """The caller that limits apply to: a user with all tokens of that user; for the other roles, the role."""
        return self.user or self.role

    def check_expiry(self) -> None:
        """Raises CallError (TOKEN_EXPIRED) once the token is invalid."""
        if self.expires_at + LEEWAY <= time.time():
            raise _unauthenticated(reasons.TOKEN_EXPIRED, "the token has expired")


ANONYMOUS = Identity("anon", '{"role":"anon"}', float("inf"), has_token=False)

SERVICE = Identity("service_role", '{"role":"service_role"}', float("inf"), has_token=True)
"""The server itself."""


class Authenticator:
    """Verifies tokens, and caches the valid ones: callers send the same token with every call."""

    def __init__(
        self,
        *secrets: str,
        keys: KeySet | None = None,
        key_issuer: str | None = None,
        issuer: str | None = None,
        audience: str | None = None,
    ) -> None:
        """secrets: HS256 secrets, each 32 bytes or more. keys: public keys of an issuer.

        key_issuer: the issuer that tokens of these keys must name. issuer, audience: those that every token must name.
        """
        self._secrets = secrets
        self._keys = keys
        self._key_issuer = key_issuer or issuer
        self._issuer = issuer
        self._audience = audience
        self._known: OrderedDict[str, Identity] = OrderedDict()
        self._known_keys = keys.known if keys else None
        """The public keys by which the cached tokens were verified."""

    def identify(self, authorization: str | None) -> Identity:
        """The caller that an Authorization header names; the role anon without a header.

        Raises CallError (UNAUTHENTICATED) for a header without a valid token.
        """
        if authorization is None:
            return ANONYMOUS
        if self._keys and self._keys.known is not self._known_keys:
            # A token of a key that is gone counts no more.
            self._known.clear()
            self._known_keys = self._keys.known
        # The key is the token alone: the header has many forms for one token.
        token = authorization[len("Bearer ") :] if authorization.startswith("Bearer ") else _token(authorization)
        identity = self._known.get(token)
        if identity is None:
            # The same characters in another header are another form of a token that is known.
            token = _token(authorization)
            identity = self._known.get(token) or self._verify(token)
            if len(token) <= CACHED_TOKEN_SIZE:
                self._known[token] = identity
                if len(self._known) > CACHE_SIZE:
                    self._known.popitem(last=False)
        try:
            identity.check_expiry()
        except CallError:
            self._known.pop(token, None)
            raise
        return identity

    def _verify(self, token: str) -> Identity:
        try:
            claims = self._decode(token)
        except jwt.ExpiredSignatureError:
            raise _unauthenticated(reasons.TOKEN_EXPIRED, "the token has expired") from None
        except jwt.MissingRequiredClaimError as error:
            raise _unauthenticated(reasons.INVALID_TOKEN, f"the token has no claim {error.claim}") from None
        except jwt.ImmatureSignatureError:
            raise _unauthenticated(reasons.INVALID_TOKEN, "the token is not valid yet") from None
        except jwt.InvalidIssuerError:
            raise _unauthenticated(reasons.INVALID_TOKEN, "the token is of another issuer") from None
        except jwt.InvalidAudienceError:
            raise _unauthenticated(reasons.INVALID_TOKEN, "the token is for another audience") from None
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError):
            # The last four come from claims that are JSON, such as an expiry of 400 digits or 1000 nested arrays.
            raise _unauthenticated(reasons.INVALID_TOKEN, "the token is not valid") from None
        role = claims["role"]
        if role not in ROLES:
            raise _unauthenticated(reasons.INVALID_TOKEN, f"the token's role must be one of {', '.join(ROLES)}")
        if role == "authenticated" and not _is_uuid(claims.get("sub")):
            raise _unauthenticated(reasons.INVALID_TOKEN, "the token's subject must be the user's UUID")
        try:
            expires_at = float(claims["exp"])
        except OverflowError:
            raise _unauthenticated(reasons.INVALID_TOKEN, "the token is not valid") from None
        user = str(uuid.UUID(str(claims["sub"]))) if role == "authenticated" else ""
        return Identity(role, json.dumps(claims), expires_at, has_token=True, user=user)

    def _decode(self, token: str) -> dict[str, Any]:
        """The claims of a token, whose signature is checked. The key decides on the algorithm, and not the token.

        Raises jwt.InvalidTokenError, and CallError for a key that is not known.
        """
        header = jwt.get_unverified_header(token)
        if header.get("alg") == "HS256":
            for secret in self._secrets:
                try:
                    return self._check(token, secret, "HS256", self._issuer)
                except jwt.InvalidSignatureError:
                    continue
            raise jwt.InvalidSignatureError
        key_id = header.get("kid")
        key = self._keys.find(key_id if isinstance(key_id, str) else None) if self._keys else None
        if key is None:
            raise _unauthenticated(reasons.INVALID_TOKEN, "the token's key is not known")
        return self._check(token, key, key.algorithm_name, self._key_issuer)

    def _check(self, token: str, key: Any, algorithm: str, issuer: str | None) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            leeway=LEEWAY,
            issuer=issuer,
            audience=self._audience,
            options={"require": ["exp", "role"], "verify_aud": self._audience is not None},
        )
        return claims


def mint(secret: str, role: str, subject: str | None = None, lifetime: int = 3600) -> str:
    """Makes a token for development.

    secret: the HS256 secret. role: one of ROLES. subject: the user's UUID, for the role authenticated.
    lifetime: seconds until the token expires.
    Raises ValueError for another role, and for authenticated without a user.
    """
    if role not in ROLES:
        raise ValueError(f"role must be one of {', '.join(ROLES)}")
    if role == "authenticated" and not _is_uuid(subject):
        raise ValueError("a token for authenticated needs the user's UUID as its subject")
    now = int(time.time())
    claims = {"role": role, "iat": now, "exp": now + lifetime}
    if subject:
        claims["sub"] = subject
    return jwt.encode(claims, secret, algorithm="HS256")


def _token(authorization: str) -> str:
    """The token of an Authorization header. Raises CallError (UNAUTHENTICATED) for a header without one."""
    match = _BEARER.fullmatch(authorization.strip())
    if match is None:
        raise _unauthenticated(reasons.INVALID_TOKEN, "authorization must read: Bearer <token>")
    # PyJWT skips characters that are not base64, so one token would have any number of forms.
    if len(match[1]) > MAX_TOKEN_SIZE or _TOKEN.fullmatch(match[1]) is None:
        raise _unauthenticated(reasons.INVALID_TOKEN, "the token is not valid")
    return match[1]


def _is_uuid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def _unauthenticated(reason: Reason, message: str) -> CallError:
    return CallError(status(reason, message))
