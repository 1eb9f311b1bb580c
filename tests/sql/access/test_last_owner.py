"""An organization keeps an owner, and an account can still be deleted at any time."""

from uuid import UUID

from tests.conftest import Connect, Connection
from tests.support.ledger import call, events, refused
from tests.support.users import Team, allowed, assignment, sign_in


def test_the_last_owner_is_neither_removed_nor_demoted(acme: Team, service: Connection, platform: Connection) -> None:
    mine = acme.assignment("owner")
    for connection in (acme.as_("owner"), service, platform):
        said = refused(connection, "TN022", "remove_role_assignment", user_role_id=mine)
        assert said == {
            "reason": "LAST_OWNER",
            "organization_id": str(acme.id),
            "user_id": str(acme.users["owner"]),
        }
        refused(connection, "TN022", "update_role_assignment", user_role_id=mine, role="admin")
    same = call(acme.as_("owner"), "update_role_assignment", user_role_id=mine, role="owner")
    assert same["id"] == mine


def test_one_of_two_owners_may_go(acme: Team) -> None:
    second = acme.join("owner")
    call(acme.as_("owner"), "remove_role_assignment", user_role_id=acme.assignment("owner"))
    refused(acme.as_(second), "TN022", "remove_role_assignment", user_role_id=acme.assignment(second, "owner"))


def test_who_is_owner_everywhere_does_not_count_as_an_owner_there(acme: Team, service: Connection) -> None:
    call(service, "assign_role", user_id=acme.users["viewer"], role="owner")
    refused(service, "TN022", "remove_role_assignment", user_role_id=acme.assignment("owner"))
    call(service, "remove_role_assignment", user_role_id=assignment(acme.admin, acme.users["viewer"], "owner", None))


def test_the_owner_of_another_organization_does_not_count(acme: Team, globex: Team, service: Connection) -> None:
    assert globex.users["owner"]
    refused(service, "TN022", "remove_role_assignment", user_role_id=acme.assignment("owner"))


def delete_account(admin: Connection, user_id: UUID) -> None:
    admin.execute("delete from auth.users where id = %s", [user_id])


def owner_lost(admin: Connection, organization_id: UUID) -> list[str]:
    return [
        event["payload"]["user_id"] for event in events(admin, organization_id) if event["event_type"] == "owner_lost"
    ]


def test_the_last_owners_account_can_be_deleted_and_an_event_tells_of_it(acme: Team, admin: Connection) -> None:
    owner = acme.users["owner"]
    delete_account(admin, owner)
    assert owner_lost(admin, acme.id) == [str(owner)]
    # The other members continue, and the platform appoints another owner.
    assert allowed(acme.as_("admin"), acme.id, "members:manage")
    call(admin, "assign_role", user_id=acme.users["admin"], role="owner", organization_id=acme.id)
    assert allowed(acme.as_("admin"), acme.id, "organizations:delete")


def test_who_listens_is_told_at_once(acme: Team, admin: Connection, connect: Connect) -> None:
    listening = connect()
    listening.execute("listen tenantry_events")
    delete_account(admin, acme.users["owner"])
    heard = next(iter(listening.notifies(timeout=5)))
    assert heard.payload == ""


def test_no_event_tells_of_an_owner_while_there_is_another(acme: Team, admin: Connection) -> None:
    second = acme.join("owner")
    delete_account(admin, acme.users["owner"])
    assert owner_lost(admin, acme.id) == []
    delete_account(admin, second)
    assert owner_lost(admin, acme.id) == [str(second)]


def test_the_accounts_of_all_owners_can_be_deleted_at_once(acme: Team, globex: Team, admin: Connection) -> None:
    call(admin, "assign_role", user_id=acme.users["owner"], role="owner", organization_id=globex.id)
    gone = [acme.users["owner"], globex.users["owner"]]
    admin.execute("delete from auth.users where id = any (%s)", [gone])
    assert owner_lost(admin, acme.id) == [str(acme.users["owner"])]
    assert len(owner_lost(admin, globex.id)) >= 1


def test_an_organization_that_lost_its_owner_can_still_be_deleted(acme: Team, admin: Connection) -> None:
    delete_account(admin, acme.users["owner"])
    call(admin, "delete_organization", organization_id=acme.id)
    assert admin.execute("select from public.organizations where id = %s", [acme.id]).fetchone() is None


def test_the_service_deletes_accounts_without_any_right_on_roles(acme: Team, service: Connection) -> None:
    delete_account(service, acme.users["owner"])
    assert owner_lost(acme.admin, acme.id) == [str(acme.users["owner"])]


def test_a_deleted_user_with_a_good_token_may_nothing(acme: Team, admin: Connection) -> None:
    connection = acme.as_("owner")
    assert allowed(connection, acme.id, "organizations:read")
    delete_account(admin, acme.users["owner"])
    assert not allowed(connection, acme.id, "organizations:read")
    assert connection.execute("select from public.organizations").fetchall() == []


def test_making_somebody_else_owner_frees_the_first(acme: Team, connect: Connect) -> None:
    second = acme.users["admin"]
    call(acme.as_("owner"), "assign_role", user_id=second, role="owner", organization_id=acme.id)
    call(sign_in(connect(), second), "update_role_assignment", user_role_id=acme.assignment("owner"), role="viewer")
    assert acme.roles_of("owner") == {"viewer"}
