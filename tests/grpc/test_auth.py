"""Authentication: every method refuses a caller without a good token, and a user's token bypasses neither row-level
security nor the functions."""

import base64
import contextlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import grpc
import jwt
import pytest

from tenantry import auth
from tenantry.auth import LEEWAY, Authenticator, Identity, mint
from tenantry.errors import CallError
from tenantry.v1.catalog_pb2 import CreateCreditEventRequest
from tenantry.v1.credits_pb2 import GetCreditBalanceRequest
from tenantry.v1.organizations_pb2 import CreateOrganizationRequest, GetOrganizationRequest, ListOrganizationsRequest
from tests.support import server
from tests.support.calls import METHODS, credit_event, invoke, organization, refused, request
from tests.support.postgres import in_one_version
from tests.support.server import SECRET, Client, Failure, failure

USER = str(uuid4())


def claims(**changes: Any) -> dict[str, Any]:
    """Claims of a good service token, changed; None leaves one out."""
    good = {"role": "service_role", "exp": int(time.time()) + 60}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(**changes: Any) -> str:
    return jwt.encode(claims(**changes), SECRET, algorithm="HS256")


def raw_token(header: dict[str, str], key: str = SECRET, digest: str = "sha256", **changes: Any) -> str:
    """A token that PyJWT would not make."""

    def encode(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

    body = f"{encode(json.dumps({'typ': 'JWT', **header}).encode())}.{encode(json.dumps(claims(**changes)).encode())}"
    return f"{body}.{encode(hmac.new(key.encode(), body.encode(), digest).digest())}"


def meaningful(method: str, organization_id: str, event: str) -> Any:
    """A request of the method that the service role's token would have answered."""
    by_field: dict[str, Any] = {
        "organization_id": organization_id,
        "credit_event": event,
        "name": f"org-{uuid4()}",
        "slug": f"org-{uuid4()}",
        "amount": 1,
        "credit_cost": 1,
        "category": "compute",
        "credit_transaction_id": str(uuid4()),
        "invitation_id": str(uuid4()),
        "user_id": str(uuid4()),
        "email": "somebody@example.com",
        "role": "viewer",
        "permission": "credits:read",
        "resource": "reports",
        "action": "read",
    }
    names = {field.name for field in METHODS[method].input_type.fields}
    if method == "GetOrganization":
        names.remove("slug")
    if method == "ConsumeCredits":
        names.remove("credit_event")
    return request(method, **{name: value for name, value in by_field.items() if name in names})


@pytest.fixture(scope="module")
def acme(client: Client) -> str:
    return organization(client, 10).id


@pytest.fixture(scope="module")
def event(client: Client) -> str:
    return credit_event(client).id


def with_header(stranger: Client, header: str) -> Failure:
    """Returns the server's answer to a call with this authorization header."""
    return refused(
        stranger.organizations.ListOrganizations, ListOrganizationsRequest(), metadata=(("authorization", header),)
    )


@pytest.mark.parametrize("method", METHODS)
def test_no_method_answers_without_a_token(stranger: Client, acme: str, event: str, method: str) -> None:
    said = refused(invoke, stranger.channel, method, meaningful(method, acme, event))
    assert (said.code, said.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_REQUIRED")


@pytest.mark.parametrize("method", METHODS)
def test_no_method_answers_to_a_token_of_anon(stranger: Client, acme: str, event: str, method: str) -> None:
    said = refused(
        invoke,
        stranger.channel,
        method,
        meaningful(method, acme, event),
        metadata=server.bearer(mint(SECRET, "anon")),
    )
    assert said.code == grpc.StatusCode.PERMISSION_DENIED
    assert "function" not in said.message


@in_one_version
@pytest.mark.parametrize("method", METHODS)
def test_no_method_answers_to_a_bad_token(stranger: Client, acme: str, event: str, method: str) -> None:
    metadata = server.bearer(mint(SECRET + "x", "service_role"))
    said = refused(invoke, stranger.channel, method, meaningful(method, acme, event), metadata=metadata)
    assert (said.code, said.reason) == (grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN")


def tampered() -> str:
    header, _, signature = mint(SECRET, "anon").split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=").decode()
    return f"{header}.{body}.{signature}"


BAD_TOKENS: dict[str, Callable[[], str]] = {
    "signed with another secret": lambda: jwt.encode(claims(), "another-secret-of-32-bytes-or-more", "HS256"),
    "signed with an empty key": lambda: raw_token({"alg": "HS256"}, key=""),
    "algorithm none": lambda: jwt.encode(claims(), "", algorithm="none"),
    "algorithm None with a signature": lambda: raw_token({"alg": "None"}),
    # A server that trusted the header's algorithm would check an RS256 token with its HS256 secret, or the other way
    # round.
    "algorithm RS256, signed by HMAC": lambda: raw_token({"alg": "RS256"}),
    "algorithm HS512": lambda: raw_token({"alg": "HS512"}, digest="sha512"),
    "no algorithm": lambda: raw_token({}),
    "no expiry": lambda: signed(exp=None),
    "expiry that is no number": lambda: raw_token({"alg": "HS256"}, exp="soon"),
    "not yet good": lambda: signed(nbf=int(time.time()) + 600),
    "issued in the future": lambda: signed(iat=int(time.time()) + 600),
    "no role": lambda: signed(role=None),
    "unknown role": lambda: signed(role="postgres"),
    "role of the server": lambda: signed(role="tenantry_server"),
    "role that is no text": lambda: signed(role=["service_role"]),
    "role with more behind it": lambda: signed(role="anon; set role service_role"),
    "a user without subject": lambda: signed(role="authenticated"),
    "a user whose subject is no UUID": lambda: signed(role="authenticated", sub="alice"),
    "claims changed after signing": tampered,
    "cut": lambda: signed()[:-5],
    "not a token": lambda: "abc",
    "two dots": lambda: "..",
    "very long": lambda: "a" * 7000,
}


@in_one_version
@pytest.mark.parametrize("make", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_token_that_is_not_good_is_refused(stranger: Client, make: Callable[[], str]) -> None:
    said = with_header(stranger, f"Bearer {make()}")
    assert (said.code, said.reason) == (grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN")
    assert SECRET not in said.message


def test_an_expired_token_is_refused_as_such(stranger: Client) -> None:
    said = with_header(stranger, f"Bearer {signed(exp=int(time.time()) - 3600)}")
    assert (said.code, said.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")


@in_one_version
@pytest.mark.parametrize(
    "header",
    ["", " ", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer a b", "Token abc"],
)
def test_a_header_that_is_no_bearer_token_is_refused(stranger: Client, header: str) -> None:
    said = with_header(stranger, header)
    assert (said.code, said.reason) == (grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN")


def test_the_good_token_without_its_scheme_is_refused(stranger: Client) -> None:
    assert with_header(stranger, signed()).reason == "INVALID_TOKEN"


@in_one_version
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_good_token_is_taken_whatever_the_case_of_its_scheme(stranger: Client, scheme: str) -> None:
    stranger.organizations.ListOrganizations(
        ListOrganizationsRequest(), metadata=(("authorization", f"{scheme} {signed()}"),)
    )


def test_a_good_token_beside_a_bad_one_does_not_count(stranger: Client) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        stranger.organizations.ListOrganizations(
            ListOrganizationsRequest(),
            metadata=(("authorization", "Bearer abc"), ("authorization", f"Bearer {signed()}")),
        )
    assert failure(raised.value).code == grpc.StatusCode.UNAUTHENTICATED


def user(subject: str = USER) -> server.Metadata:
    """Metadata of a user who has no role in any organization."""
    return server.bearer(mint(SECRET, "authenticated", subject))


@pytest.mark.parametrize(
    ("method", "permission"),
    [
        ("UpdateOrganization", "organizations:update"),
        ("DeleteOrganization", "organizations:delete"),
        ("CreateCreditEvent", "catalog:manage"),
        ("UpdateCreditEvent", "catalog:manage"),
        ("GrantCredits", "credits:grant"),
        ("ConsumeCredits", "credits:consume"),
        ("GetCreditBalance", "credits:read"),
        ("GetCreditTransaction", "credits:read"),
        ("ListCreditTransactions", "credits:read"),
        ("CreatePermission", "roles:manage"),
        ("UpdatePermission", "roles:manage"),
        ("DeletePermission", "roles:manage"),
        ("CreateRole", "roles:manage"),
        ("UpdateRole", "roles:manage"),
        ("DeleteRole", "roles:manage"),
        ("AddRolePermission", "roles:manage"),
        ("RemoveRolePermission", "roles:manage"),
        ("AssignRole", "members:manage"),
        ("CheckPermission", "members:read"),
        ("ExplainPermission", "members:read"),
        ("ListUsersWithPermission", "members:read"),
        ("ListMembers", "members:read"),
        ("TransferOwnership", "organizations:delete"),
        ("InviteMember", "members:manage"),
        ("RevokeInvitation", "members:manage"),
        ("ListInvitations", "members:manage"),
        ("ListAuditEvents", "audit:read"),
    ],
)
def test_a_user_without_a_role_is_told_which_permission_is_missing(
    client: Client, stranger: Client, acme: str, event: str, method: str, permission: str
) -> None:
    before = client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme))
    said = refused(invoke, stranger.channel, method, meaningful(method, acme, event), metadata=user())
    assert (said.code, said.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    assert said.metadata["permission"] == permission
    belongs_to_one = "organization_id" in {field.name for field in METHODS[method].input_type.fields}
    assert said.metadata.get("organization_id") == (acme if belongs_to_one else None)
    assert client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme)) == before


@pytest.mark.parametrize("method", ["DeleteOrganization", "ConsumeCredits", "GetCreditBalance"])
def test_a_user_cannot_tell_an_organization_that_is_hidden_from_one_that_is_not_there(
    stranger: Client, acme: str, event: str, method: str
) -> None:
    here, nowhere = (
        refused(invoke, stranger.channel, method, meaningful(method, organization_id, event), metadata=user())
        for organization_id in (acme, str(uuid4()))
    )
    assert (here.code, here.reason, here.message) == (nowhere.code, nowhere.reason, nowhere.message)


def test_a_user_without_a_role_sees_no_organization(stranger: Client, acme: str) -> None:
    said = refused(
        stranger.organizations.GetOrganization, GetOrganizationRequest(organization_id=acme), metadata=user()
    )
    assert said.code == grpc.StatusCode.NOT_FOUND
    found = stranger.organizations.ListOrganizations(ListOrganizationsRequest(), metadata=user())
    assert not found.organizations


def test_who_has_no_account_creates_no_organization(stranger: Client) -> None:
    said = refused(
        stranger.organizations.CreateOrganization,
        CreateOrganizationRequest(name=f"ghost-{USER}", slug=f"ghost-{USER}"),
        metadata=user(),
    )
    assert (said.code, said.metadata["resource"]) == (grpc.StatusCode.NOT_FOUND, "user")


def test_one_connection_serves_callers_one_after_the_other_each_in_their_own_role(
    client: Client, stranger: Client, acme: str
) -> None:
    """A role that outlived its call would let the next caller in."""
    asked = GetCreditBalanceRequest(organization_id=acme)
    for _ in range(10):
        assert client.credits.GetCreditBalance(asked).balance == 10
        for metadata, code in ((None, grpc.StatusCode.UNAUTHENTICATED), (user(), grpc.StatusCode.PERMISSION_DENIED)):
            assert refused(stranger.credits.GetCreditBalance, asked, metadata=metadata).code == code


def test_claims_are_data_however_they_are_written(stranger: Client) -> None:
    """Claims become a parameter."""
    for value in ("'; reset role; --", "\\'; reset role; --", 'a"b', "\n\\", "漢🐘", "\\u0000", "$$"):
        token = signed(role="authenticated", sub=USER, name=value)
        said = refused(
            stranger.catalog.CreateCreditEvent,
            CreateCreditEventRequest(name="n", credit_cost=1, category="compute"),
            metadata=server.bearer(token),
        )
        assert (said.code, said.metadata["permission"]) == (grpc.StatusCode.PERMISSION_DENIED, "catalog:manage")


# The authenticator by itself.


def test_a_token_that_was_good_is_refused_once_it_has_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator = Authenticator(SECRET)
    now = time.time()
    header = f"Bearer {mint(SECRET, 'service_role', lifetime=60)}"

    def at(seconds: float) -> Identity:
        monkeypatch.setattr(time, "time", lambda: now + seconds)
        return authenticator.identify(header)

    assert at(0).role == at(60 + LEEWAY - 2).role == "service_role"
    for later in (1, 2, 3600):
        with pytest.raises(CallError) as refused_token:
            at(60 + LEEWAY + later)
        assert refused_token.value.status.message == "the token has expired"


def test_a_known_token_is_not_verified_again(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator = Authenticator(SECRET)
    header = f"Bearer {mint(SECRET, 'service_role')}"
    first = authenticator.identify(header)
    monkeypatch.setattr(jwt, "decode", None)
    assert authenticator.identify(header) is first


def test_no_more_tokens_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "CACHE_SIZE", 3)
    authenticator = Authenticator(SECRET)
    for lifetime in range(100, 110):
        authenticator.identify(f"Bearer {mint(SECRET, 'service_role', lifetime=lifetime)}")
    assert len(authenticator._known) == 3


def test_a_bad_token_is_not_remembered() -> None:
    authenticator = Authenticator(SECRET)
    for token in ("abc", mint(SECRET + "x", "service_role")):
        with pytest.raises(CallError):
            authenticator.identify(f"Bearer {token}")
    assert not authenticator._known


def test_every_claim_goes_to_the_database_as_it_is() -> None:
    subject = str(uuid4())
    token = jwt.encode(claims(role="authenticated", sub=subject, app_metadata={"a": ["ü"]}), SECRET, "HS256")
    identity = Authenticator(SECRET).identify(f"Bearer {token}")
    assert identity.role == "authenticated"
    assert json.loads(identity.claims) == jwt.decode(token, SECRET, ["HS256"])


def test_who_shows_no_token_is_anon() -> None:
    identity = Authenticator(SECRET).identify(None)
    assert (identity.role, json.loads(identity.claims), identity.has_token) == ("anon", {"role": "anon"}, False)


@pytest.mark.parametrize(("role", "subject"), [("postgres", None), ("authenticated", None), ("authenticated", "alice")])
def test_no_token_is_made_that_would_not_be_taken(role: str, subject: str | None) -> None:
    with pytest.raises(ValueError):
        mint(SECRET, role, subject)


# Many forms of one token.


def variants(token: str) -> list[str]:
    """Headers with the same token, each with other characters around it or in its signature."""
    spaces = [f"{' ' * before}bearer{' ' * between}{token}" for before in range(5) for between in range(1, 9)]
    signature = [f"Bearer {token}{noise}" for noise in ("!", "=", "==", "\n", ".", "!!!!", "\u00e9")]
    return [*spaces, *(f"{name} {token}" for name in ("Bearer", "BEARER", "bEaReR")), *signature]


def test_the_forms_of_one_token_are_remembered_once() -> None:
    authenticator = Authenticator(SECRET)
    token = mint(SECRET, "service_role")
    taken = 0
    for header in variants(token):
        with contextlib.suppress(CallError):
            authenticator.identify(header)
            taken += 1
    assert taken > 40
    # The last character of a signature has two bits that count for nothing.
    assert len(authenticator._known) == 1


def test_a_long_token_is_taken_and_not_remembered() -> None:
    authenticator = Authenticator(SECRET)
    token = jwt.encode(claims(app_metadata="x" * 3000), SECRET, algorithm="HS256")
    assert len(token) > auth.CACHED_TOKEN_SIZE
    assert authenticator.identify(f"Bearer {token}").role == "service_role"
    assert not authenticator._known
    longer = jwt.encode(claims(app_metadata="x" * 8000), SECRET, algorithm="HS256")
    with pytest.raises(CallError, match="the token is not valid"):
        authenticator.identify(f"Bearer {longer}")


@pytest.mark.parametrize(
    "token",
    [
        f"{base64.urlsafe_b64encode(b'[' * 5000).decode().rstrip('=')}.e30.x",
        jwt.encode({"role": "anon", "exp": 10**400}, SECRET, "HS256"),
        jwt.encode({"role": "anon", "exp": 1, "nbf": 10**400}, SECRET, "HS256"),
    ],
    ids=["nested header", "expiry", "not before"],
)
def test_a_token_that_is_hard_to_read_is_not_valid(token: str) -> None:
    with pytest.raises(CallError) as refused_token:
        Authenticator(SECRET).identify(f"Bearer {token}")
    assert refused_token.value.status.code == grpc.StatusCode.UNAUTHENTICATED.value[0]


def test_a_user_is_one_caller_with_every_token() -> None:
    authenticator = Authenticator(SECRET)
    user = str(uuid4())
    callers = {
        authenticator.identify(f"Bearer {mint(SECRET, 'authenticated', sub, lifetime=lifetime)}").caller
        for sub in (user, user.upper())
        for lifetime in (60, 70)
    }
    assert callers == {user}
    assert authenticator.identify(f"Bearer {mint(SECRET, 'service_role')}").caller == "service_role"
    assert authenticator.identify(None).caller == authenticator.identify(f"Bearer {mint(SECRET, 'anon')}").caller
