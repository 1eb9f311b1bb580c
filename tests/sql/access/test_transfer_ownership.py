"""An owner makes another member the owner, and stays as an admin."""

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.rpc import ANY_UUID, INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case
from tests.support.users import Team, user

ACCESS = access(
    "organization_id => {first}, user_id => {colleague}, from_user_id => {owner}",
    first="owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", user_id=NOBODY, from_user_id=ANY_UUID),
    case(INVALID_ARGUMENT, "user_id", organization_id="$acme", from_user_id=ANY_UUID),
    case(INVALID_ARGUMENT, "from_user_id", organization_id="$acme", user_id=NOBODY),
    case(INVALID_ARGUMENT, "user_id", organization_id="$acme", user_id=NOBODY, from_user_id=NOBODY),
    case(NOT_FOUND, organization_id="$acme", user_id=NOBODY, from_user_id=ANY_UUID),
]


def test_the_ownership_goes_over_and_the_former_owner_stays_as_an_admin(acme: Team) -> None:
    made = call(acme.as_("owner"), "transfer_ownership", organization_id=acme.id, user_id=acme.users["viewer"])
    assert (made["user_id"], made["organization_id"]) == (acme.users["viewer"], acme.id)
    assert acme.roles_of("viewer") == {"owner", "viewer"}
    assert acme.roles_of("owner") == {"admin"}
    refused(acme.as_("owner"), "42501", "transfer_ownership", organization_id=acme.id, user_id=acme.users["admin"])
    call(acme.as_("viewer"), "transfer_ownership", organization_id=acme.id, user_id=acme.users["owner"])
    assert acme.roles_of("owner") == {"owner", "admin"}
    assert acme.roles_of("viewer") == {"admin", "viewer"}


def test_the_platform_and_the_service_transfer_for_an_owner(
    acme: Team, service: Connection, platform: Connection
) -> None:
    owner, viewer, member = acme.users["owner"], acme.users["viewer"], acme.users["member"]
    call(service, "transfer_ownership", organization_id=acme.id, user_id=viewer, from_user_id=owner)
    call(platform, "transfer_ownership", organization_id=acme.id, user_id=member, from_user_id=viewer)
    assert acme.roles_of("member") == {"owner", "member"}
    assert refused(service, "TN001", "transfer_ownership", organization_id=acme.id, user_id=viewer)["field"] == (
        "from_user_id"
    )


def test_nobody_takes_what_is_not_given(acme: Team, globex: Team, stranger: Connection) -> None:
    owner, other = acme.users["owner"], acme.join("viewer")
    for who in ("admin", "billing", "member", "viewer"):
        for from_user in (None, owner):
            denied = refused(
                acme.as_(who),
                "42501",
                "transfer_ownership",
                organization_id=acme.id,
                user_id=other,
                from_user_id=from_user,
            )
            assert denied["permission"] == "organizations:delete"
    for connection in (stranger, globex.as_("owner")):
        refused(
            connection,
            "42501",
            "transfer_ownership",
            organization_id=acme.id,
            user_id=globex.users["owner"],
            from_user_id=owner,
        )
    # One owner cannot give away the role of another, either.
    second = acme.join("owner")
    denied = refused(
        acme.as_(second),
        "42501",
        "transfer_ownership",
        organization_id=acme.id,
        user_id=acme.users["viewer"],
        from_user_id=owner,
    )
    assert denied["permission"] == "*:*"
    assert acme.roles_of("owner") == {"owner"}


def test_it_goes_to_a_member_only(acme: Team, globex: Team, admin: Connection) -> None:
    for guest in (user(admin), globex.users["owner"]):
        said = refused(acme.as_("owner"), "TN002", "transfer_ownership", organization_id=acme.id, user_id=guest)
        assert said["resource"] == "member"
    mine = acme.users["owner"]
    refused(acme.as_("owner"), "TN001", "transfer_ownership", organization_id=acme.id, user_id=mine)


def test_between_two_owners_the_giver_becomes_an_admin(acme: Team) -> None:
    second = acme.join("owner")
    call(acme.as_("owner"), "transfer_ownership", organization_id=acme.id, user_id=second)
    assert acme.roles_of("owner") == {"admin"}
    assert acme.roles_of(second) == {"owner"}


def test_it_takes_no_seat(acme: Team) -> None:
    acme.subscribe(max_users=5)
    call(acme.as_("owner"), "transfer_ownership", organization_id=acme.id, user_id=acme.users["viewer"])


def test_what_is_missing_is_said(service: Connection, acme: Team) -> None:
    assert refused(service, "TN001", "transfer_ownership")["field"] == "organization_id"
    assert refused(service, "TN001", "transfer_ownership", organization_id=acme.id)["field"] == "user_id"
    said = refused(
        service,
        "TN002",
        "transfer_ownership",
        organization_id=acme.id,
        user_id=acme.users["member"],
        from_user_id=acme.users["viewer"],
    )
    assert said["resource"] == "owner"
