"""An account that is deleted or banned, as Supabase marks it, has no access from the next statement on."""

import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, allowed, sign_in, user

MARKS = ("deleted_at = now()", "banned_until = now() + interval '1 day'", "banned_until = 'infinity'")


def mark(admin: Connection, user_id: object, change: str) -> None:
    admin.execute(f"update auth.users set {change} where id = %s".encode(), [user_id])


@pytest.mark.parametrize("change", MARKS)
def test_a_blocked_account_has_no_access_at_once(acme: Team, admin: Connection, change: str) -> None:
    asking, service = acme.as_("owner"), admin
    token = call(asking, "invite_member", organization_id=acme.id, email="a@example.com", role="member")["token"]
    assert allowed(asking, acme.id, "credits:read")
    assert asking.execute("select from public.organizations").rowcount == 1
    mark(admin, acme.users["owner"], change)
    assert not allowed(asking, acme.id, "credits:read")
    for table in ("organizations", "user_roles", "credit_transactions", "billing_history"):
        assert asking.execute(f"select from public.{table}".encode()).rowcount == 0, table
    refused(asking, "42501", "consume_credits", organization_id=acme.id, amount=1)
    refused(asking, "42501", "create_organization", name="New", slug="new")
    refused(asking, "42501", "accept_invitation", token=token)
    refused(asking, "TN002", "remove_role_assignment", user_role_id=acme.assignment("owner"))
    # The others are told so, too.
    owner = acme.users["owner"]
    assert not allowed(acme.as_("admin"), acme.id, "credits:read", owner)
    listed = call(acme.as_("admin"), "list_users_with_permission", organization_id=acme.id, permission="credits:read")[
        "user_ids"
    ]
    assert str(owner) not in listed
    assert str(acme.users["viewer"]) in listed
    said = call(service, "explain_permission", organization_id=acme.id, permission="credits:read", user_id=owner)
    assert (said["allowed"], said["reason"]) == (False, "the account is deleted or banned")


def test_an_invitation_of_a_blocked_account_is_void(acme: Team, admin: Connection, stranger: Connection) -> None:
    asked = {"organization_id": acme.id, "email": "a@example.com", "role": "viewer"}
    token = call(acme.as_("owner"), "invite_member", **asked)["token"]
    mark(admin, acme.users["owner"], "deleted_at = now()")
    assert refused(stranger, "TN024", "accept_invitation", token=token)["state"] == "void"


def test_a_platform_admin_who_is_banned_sees_nothing(platform: Connection, acme: Team, admin: Connection) -> None:
    assert platform.execute("select from public.organizations").rowcount == 1
    admin.execute("update auth.users set banned_until = 'infinity' where id <> all (%s)", [list(acme.users.values())])
    assert platform.execute("select from public.organizations").rowcount == 0


def test_a_ban_that_is_over_blocks_nothing(acme: Team, admin: Connection) -> None:
    mark(admin, acme.users["owner"], "banned_until = now() - interval '1 second'")
    assert allowed(acme.as_("owner"), acme.id, "credits:read")


def test_an_auth_schema_without_the_columns_serves_and_may_get_them_later(database: str, connect: Connect) -> None:
    assert database
    admin = connect()
    admin.execute("alter table auth.users drop column deleted_at, drop column banned_until")
    acme = Team(admin, connect)
    assert allowed(acme.as_("owner"), acme.id, "credits:read")
    admin.execute("alter table auth.users add column deleted_at timestamptz")
    assert allowed(acme.as_("owner"), acme.id, "credits:read")
    mark(admin, acme.users["owner"], "deleted_at = now()")
    assert not allowed(acme.as_("owner"), acme.id, "credits:read")
    assert sign_in(connect(), user(admin)).execute("select from public.organizations").rowcount == 0
