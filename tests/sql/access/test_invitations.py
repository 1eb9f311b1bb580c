"""Invitations: the token is shown once, stored as a hash, valid once, and gives no more than the inviter may still
give."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import Row, call, refused
from tests.support.users import Team, allowed, own_role, sign_in, user


def invite(connection: Connection, team: Team, role: str = "member", **arguments: Any) -> Row:
    asked = {"organization_id": team.id, "email": "new@example.com", "role": role, **arguments}
    return call(connection, "invite_member", **asked)


def state(team: Team, invitation_id: UUID) -> str:
    listed = call(team.admin, "list_invitations", organization_id=team.id, page_size=1000)["invitations"]
    return next(str(row["state"]) for row in listed if row["id"] == invitation_id)


def test_who_has_the_token_joins_in_the_role(acme: Team, stranger: Connection) -> None:
    made = invite(acme.as_("owner"), acme, email="New@Example.COM")
    invitation = made["invitation"]
    assert (invitation["state"], invitation["email"]) == ("pending", "new@example.com")
    assert invitation["invited_by"] == acme.users["owner"]
    assert invitation["expires_at"] - invitation["created_at"] == timedelta(days=7)
    placed = call(stranger, "accept_invitation", token=made["token"])
    assert (placed["organization_id"], placed["role_id"]) == (acme.id, invitation["role_id"])
    assert allowed(stranger, acme.id, "credits:consume")
    assert state(acme, invitation["id"]) == "accepted"


def test_the_token_is_shown_once_and_kept_nowhere(acme: Team, admin: Connection, stranger: Connection) -> None:
    made = invite(acme.as_("owner"), acme)
    token = made["token"]
    assert len(token) == 64
    assert token != invite(acme.as_("owner"), acme)["token"]
    call(stranger, "accept_invitation", token=token)
    tables = admin.execute(
        "select oid::regclass::text as name from pg_class where relkind = 'r'"
        " and relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)"
    ).fetchall()
    for table in tables:
        kept = admin.execute(f"select t::text as row from {table['name']} as t".encode()).fetchall()
        assert not [row for row in kept if token in row["row"]], table["name"]
    assert "token" not in " ".join(
        call(acme.as_("owner"), "list_invitations", organization_id=acme.id)["invitations"][0]
    )


def test_a_token_is_good_once(acme: Team, admin: Connection, stranger: Connection, connect: Connect) -> None:
    token = invite(acme.as_("owner"), acme)["token"]
    call(stranger, "accept_invitation", token=token)
    # For the same user, too.
    for connection in (stranger, sign_in(connect(), user(admin))):
        assert refused(connection, "TN024", "accept_invitation", token=token)["state"] == "accepted"


def test_a_member_who_is_invited_to_a_role_that_they_hold_keeps_it(acme: Team) -> None:
    made = invite(acme.as_("owner"), acme, role="viewer")
    placed = call(acme.as_("viewer"), "accept_invitation", token=made["token"])
    assert placed["id"] == acme.assignment("viewer")
    assert state(acme, made["invitation"]["id"]) == "accepted"


def test_a_revoked_or_expired_one_is_refused(acme: Team, admin: Connection, stranger: Connection) -> None:
    revoked = invite(acme.as_("owner"), acme)
    asked = {"organization_id": acme.id, "invitation_id": revoked["invitation"]["id"]}
    first = call(acme.as_("admin"), "revoke_invitation", **asked)
    assert first["state"] == "revoked"
    assert call(acme.as_("admin"), "revoke_invitation", **asked) == first
    assert refused(stranger, "TN024", "accept_invitation", token=revoked["token"])["state"] == "revoked"
    late = invite(acme.as_("owner"), acme, time_to_live=timedelta(hours=1))
    admin.execute("update tenantry.invitations set expires_at = now() where revoked_at is null")
    assert refused(stranger, "TN024", "accept_invitation", token=late["token"])["state"] == "expired"
    assert acme.roles_of(user(admin)) == set()


def test_an_accepted_one_is_not_taken_back(acme: Team, stranger: Connection) -> None:
    made = invite(acme.as_("owner"), acme)
    call(stranger, "accept_invitation", token=made["token"])
    said = refused(
        acme.as_("owner"),
        "TN024",
        "revoke_invitation",
        organization_id=acme.id,
        invitation_id=made["invitation"]["id"],
    )
    assert said["state"] == "accepted"


def test_an_unknown_token_opens_nothing(stranger: Connection) -> None:
    for token in ("0" * 64, "x", str(uuid4())):
        said = refused(stranger, "TN002", "accept_invitation", token=token)
        assert token not in str(said)
    for missing in (None, "", " ", "t" * 257):
        assert refused(stranger, "TN001", "accept_invitation", token=missing)["field"] == "token"


def test_only_a_signed_in_user_accepts(acme: Team, service: Connection) -> None:
    token = invite(acme.as_("owner"), acme)["token"]
    refused(service, "42501", "accept_invitation", token=token)


@pytest.mark.parametrize("role", ["owner", "billing", "platform_admin"])
def test_nobody_invites_to_a_role_that_allows_more_than_theirs(acme: Team, role: str) -> None:
    asked = {"organization_id": acme.id, "email": "a@example.com", "role": role}
    refused(acme.as_("admin"), "42501", "invite_member", **asked)


def test_who_does_not_manage_members_neither_invites_nor_lists_nor_revokes(
    acme: Team, globex: Team, stranger: Connection
) -> None:
    made = invite(acme.as_("owner"), acme)["invitation"]
    connections = [acme.as_(who) for who in ("billing", "member", "viewer")]
    for connection in (*connections, stranger, globex.as_("owner")):
        for function, more in (
            ("invite_member", {"email": "a@example.com", "role": "viewer"}),
            ("list_invitations", {}),
            ("revoke_invitation", {"invitation_id": made["id"]}),
        ):
            denied = refused(connection, "42501", function, organization_id=acme.id, **more)
            assert denied["permission"] == "members:manage"
    said = refused(
        globex.as_("owner"), "TN002", "revoke_invitation", organization_id=globex.id, invitation_id=made["id"]
    )
    assert said["resource"] == "invitation"
    assert state(acme, made["id"]) == "pending"


def test_it_is_void_once_the_inviter_may_not_invite_any_more(acme: Team, stranger: Connection) -> None:
    made = invite(acme.as_("admin"), acme)
    call(acme.as_("owner"), "update_role_assignment", user_role_id=acme.assignment("admin"), role="member")
    assert refused(stranger, "TN024", "accept_invitation", token=made["token"])["state"] == "void"


def test_it_is_void_once_the_inviter_lacks_a_permission_of_the_role(acme: Team, stranger: Connection) -> None:
    second = acme.join("owner")
    made = invite(acme.as_(second), acme, role="owner")
    call(acme.as_("owner"), "update_role_assignment", user_role_id=acme.assignment(second, "owner"), role="admin")
    assert refused(stranger, "TN024", "accept_invitation", token=made["token"])["state"] == "void"


def test_it_is_void_once_the_role_allows_more_than_the_inviter_may_give(acme: Team, stranger: Connection) -> None:
    role = own_role(acme.as_("admin"), acme.id, "editor", "credits:read")
    made = invite(acme.as_("admin"), acme, role="editor")
    call(acme.as_("owner"), "add_role_permission", role=str(role["id"]), permission="billing:manage")
    assert refused(stranger, "TN024", "accept_invitation", token=made["token"])["state"] == "void"


def test_it_is_void_once_the_inviters_account_is_gone(acme: Team, admin: Connection, stranger: Connection) -> None:
    made = invite(acme.as_("admin"), acme)
    admin.execute("delete from auth.users where id = %s", [acme.users["admin"]])
    assert refused(stranger, "TN024", "accept_invitation", token=made["token"])["state"] == "void"


def test_an_invitation_of_the_service_holds_whatever_its_token_says(
    acme: Team, service: Connection, stranger: Connection
) -> None:
    service.execute(
        "select set_config('request.jwt.claims', %s, false)", [f'{{"role": "service_role", "sub": "{uuid4()}"}}']
    )
    made = invite(service, acme, role="owner")
    assert made["invitation"]["invited_by"] is None
    call(stranger, "accept_invitation", token=made["token"])
    assert allowed(stranger, acme.id, "organizations:delete")


def test_it_goes_with_its_role(acme: Team, stranger: Connection) -> None:
    role = own_role(acme.as_("owner"), acme.id, "editor")
    made = invite(acme.as_("owner"), acme, role="editor")
    call(acme.as_("owner"), "delete_role", role=str(role["id"]))
    refused(stranger, "TN002", "accept_invitation", token=made["token"])


def test_they_are_listed_newest_first_in_pages(acme: Team) -> None:
    made = [invite(acme.as_("owner"), acme, email=f"{n}@example.com")["invitation"] for n in range(5)]
    page = call(acme.as_("admin"), "list_invitations", organization_id=acme.id, page_size=2)
    listed = page["invitations"]
    while page["next_page_token"]:
        page = call(
            acme.as_("admin"),
            "list_invitations",
            organization_id=acme.id,
            page_size=2,
            page_token=page["next_page_token"],
        )
        listed += page["invitations"]
    assert listed == made[::-1]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organization_id": None}, "organization_id"),
        ({"email": None}, "email"),
        ({"email": "not an address"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "a@" + "b" * 320}, "email"),
        ({"role": None}, "role"),
        ({"time_to_live": timedelta(0)}, "time_to_live"),
        ({"time_to_live": timedelta(days=-1)}, "time_to_live"),
        ({"time_to_live": timedelta(days=367)}, "time_to_live"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_by_field(service: Connection, acme: Team, change: Row, field: str) -> None:
    asked = {"organization_id": acme.id, "email": "a@example.com", "role": "viewer", **change}
    assert refused(service, "TN001", "invite_member", **asked)["field"] == field


def test_to_revoke_one_ends_every_open_one_of_the_address(acme: Team, globex: Team, stranger: Connection) -> None:
    earlier = invite(acme.as_("owner"), acme, role="admin")
    named = invite(acme.as_("owner"), acme, email="NEW@example.com")
    other = invite(acme.as_("owner"), acme, email="other@example.com")
    elsewhere = invite(globex.as_("owner"), globex)
    asked = {"organization_id": acme.id, "invitation_id": named["invitation"]["id"]}
    call(acme.as_("admin"), "revoke_invitation", **asked)
    assert refused(stranger, "TN024", "accept_invitation", token=earlier["token"])["state"] == "revoked"
    assert state(acme, other["invitation"]["id"]) == state(globex, elsewhere["invitation"]["id"]) == "pending"
    # A repetition of the call does not end an invitation that came after it.
    again = invite(acme.as_("owner"), acme)
    assert call(acme.as_("admin"), "revoke_invitation", **asked)["state"] == "revoked"
    assert state(acme, again["invitation"]["id"]) == "pending"
