"""The plan's max_users limits members."""

import pytest

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, sign_in, user


def test_a_further_member_takes_a_seat_and_none_is_taken_beyond_the_last(
    acme: Team, admin: Connection, service: Connection, platform: Connection
) -> None:
    acme.subscribe(max_users=6)
    acme.join("viewer")
    for connection in (service, platform):
        said = refused(connection, "TN023", "assign_role", user_id=user(admin), role="viewer", organization_id=acme.id)
        assert said == {"reason": "NO_SEAT_LEFT", "organization_id": str(acme.id), "seats": 6, "taken": 6}


def test_a_further_role_of_a_member_takes_no_seat(acme: Team) -> None:
    acme.subscribe(max_users=5)
    for role in ("member", "billing"):
        call(acme.as_("owner"), "assign_role", user_id=acme.users["viewer"], role=role, organization_id=acme.id)
    call(acme.as_("owner"), "update_role_assignment", user_role_id=acme.assignment("viewer"), role="admin")


def test_who_leaves_frees_a_seat(acme: Team, admin: Connection, service: Connection) -> None:
    acme.subscribe(max_users=5)
    guest = user(admin)
    refused(service, "TN023", "assign_role", user_id=guest, role="viewer", organization_id=acme.id)
    call(acme.as_("viewer"), "remove_role_assignment", user_role_id=acme.assignment("viewer"))
    call(service, "assign_role", user_id=guest, role="viewer", organization_id=acme.id)


@pytest.mark.parametrize(
    ("status", "is_limited"),
    [("trial", True), ("active", True), ("past_due", True), ("cancelled", False), ("expired", False)],
)
def test_a_subscription_that_lives_limits(
    acme: Team, admin: Connection, service: Connection, status: str, is_limited: bool
) -> None:
    acme.subscribe(max_users=5, status=status)
    arguments = {"user_id": user(admin), "role": "viewer", "organization_id": acme.id}
    if is_limited:
        refused(service, "TN023", "assign_role", **arguments)
    else:
        call(service, "assign_role", **arguments)


def test_the_living_subscription_counts(acme: Team) -> None:
    acme.subscribe(max_users=1, status="expired")
    acme.subscribe(max_users=None)
    acme.subscribe(max_users=1, status="cancelled")
    acme.join("viewer")


def test_nobody_is_put_out_by_a_smaller_plan(acme: Team, admin: Connection, service: Connection) -> None:
    acme.subscribe(max_users=2)
    assert len(call(acme.as_("viewer"), "list_members", organization_id=acme.id)["members"]) == 5
    refused(service, "TN023", "assign_role", user_id=user(admin), role="viewer", organization_id=acme.id)


def test_a_role_everywhere_takes_no_seat(acme: Team, admin: Connection, service: Connection) -> None:
    acme.subscribe(max_users=6)
    call(service, "assign_role", user_id=user(admin), role="viewer")
    acme.join("viewer")


def test_a_seat_is_taken_at_the_acceptance_and_a_full_house_leaves_the_invitation_open(
    acme: Team, admin: Connection, stranger: Connection
) -> None:
    acme.subscribe(max_users=5)
    token = call(acme.as_("owner"), "invite_member", organization_id=acme.id, email="a@b.c", role="viewer")["token"]
    refused(stranger, "TN023", "accept_invitation", token=token)
    call(acme.as_("viewer"), "remove_role_assignment", user_role_id=acme.assignment("viewer"))
    call(stranger, "accept_invitation", token=token)
    refused(sign_in(admin, acme.users["viewer"]), "TN024", "accept_invitation", token=token)
