"""Authentication: a bearer JWT becomes a database role and claims, exactly as PostgREST would set them."""

import json
import re
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass

import jwt

from tenantry import reasons
from tenantry.errors import CallError, status
from tenantry.reasons import Reason

ROLES = ("anon", "authenticated", "service_role")
"""The database roles that a token may name."""

LEEWAY = 10
"""Seconds by which the clocks of the issuer and of this server may differ."""

_CACHE_SIZE = 10_000
_BEARER = re.compile(r"bearer +([^ ]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller.

    role: the database role of the call, one of ROLES.
    claims: the token's claims as JSON text, for request.jwt.claims.
    expires_at: seconds since 1970 after which the token is invalid.
    has_token: whether the caller sent a token.
    """

    role: str
    claims: str
    expires_at: float
    has_token: bool


ANONYMOUS = Identity("anon", '{"role":"anon"}', float("inf"), has_token=False)

SERVICE = Identity("service_role", '{"role":"service_role"}', float("inf"), has_token=True)
"""The server itself."""


class Authenticator:
    """Verifies tokens, and caches the valid ones: callers send the same token with every call."""

    def __init__(self, secret: str) -> None:
        """secret: the HS256 secret, 32 bytes or more."""
        self._secret = secret
        self._known: OrderedDict[str, Identity] = OrderedDict()

    def identify(self, authorization: str | None) -> Identity:
        """The caller that an Authorization header names; the role anon without a header.

        Raises CallError (UNAUTHENTICATED) for a header without a valid token.
        """
        if authorization is None:
            return ANONYMOUS
        identity = self._known.get(authorization)
        if identity is None:
            identity = self._verify(authorization)
            self._known[authorization] = identity
            if len(self._known) > _CACHE_SIZE:
                self._known.popitem(last=False)
        if identity.expires_at + LEEWAY <= time.time():
            del self._known[authorization]
            raise _unauthenticated(reasons.TOKEN_EXPIRED, "the token has expired")
        return identity

    def _verify(self, authorization: str) -> Identity:
        match = _BEARER.fullmatch(authorization.strip())
        if match is None:
            raise _unauthenticated(reasons.INVALID_TOKEN, "authorization must read: Bearer <token>")
        try:
            claims = jwt.decode(
                match[1],
                self._secret,
                algorithms=["HS256"],
                leeway=LEEWAY,
                # The issuer and its clients agree on the audience. Supabase sets "authenticated".
                options={"require": ["exp", "role"], "verify_aud": False},
            )
        except jwt.ExpiredSignatureError:
            raise _unauthenticated(reasons.TOKEN_EXPIRED, "the token has expired") from None
        except jwt.MissingRequiredClaimError as error:
            raise _unauthenticated(reasons.INVALID_TOKEN, f"the token has no claim {error.claim}") from None
        except jwt.InvalidTokenError:
            raise _unauthenticated(reasons.INVALID_TOKEN, "the token is not valid") from None
        role = claims["role"]
        if role not in ROLES:
            raise _unauthenticated(reasons.INVALID_TOKEN, f"the token's role must be one of {', '.join(ROLES)}")
        if role == "authenticated" and not _is_uuid(claims.get("sub")):
            raise _unauthenticated(reasons.INVALID_TOKEN, "the token's subject must be the user's UUID")
        return Identity(role, json.dumps(claims), float(claims["exp"]), has_token=True)


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


def _is_uuid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def _unauthenticated(reason: Reason, message: str) -> CallError:
    return CallError(status(reason, message))
