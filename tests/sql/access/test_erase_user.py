"""The end of a person: no table keeps the address of a deleted account."""

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, sign_in, user

ADDRESS = "grace@example.com"


def tables_with(admin: Connection, text: str) -> list[str]:
    """The tables in which the text stands anywhere."""
    names = admin.execute(
        "select oid::regclass::text as name from pg_class where relkind = 'r'"
        " and relnamespace::regnamespace::text in ('public', 'tenantry', 'auth') order by 1"
    ).fetchall()
    return [
        row["name"]
        for row in names
        if admin.execute(
            f"select from {row['name']} as t where t::text like %s limit 1".encode(), [f"%{text}%"]
        ).fetchone()
        is not None
    ]


def test_no_table_keeps_the_address_of_a_deleted_account(acme: Team, globex: Team, admin: Connection) -> None:
    grace = user(admin, ADDRESS)
    invited = call(admin, "invite_member", organization_id=acme.id, email=ADDRESS, role="member")
    still_open = call(admin, "invite_member", organization_id=globex.id, email=ADDRESS.upper(), role="member")
    other = call(admin, "invite_member", organization_id=acme.id, email="ada@example.com", role="member")
    call(sign_in(acme.connect(), grace), "accept_invitation", token=invited["token"])
    assert tables_with(admin, ADDRESS) == ["auth.users", "tenantry.invitations"]
    admin.execute("delete from auth.users where id = %s", [grace])
    assert tables_with(admin, ADDRESS) == []
    assert tables_with(admin, "ada@example.com") == ["tenantry.invitations"]
    members = call(admin, "list_invitations", organization_id=globex.id)["invitations"]
    assert [(row["email"], row["state"]) for row in members] == [(None, "revoked")]
    stranger = sign_in(acme.connect(), user(admin))
    refused(stranger, "TN024", "accept_invitation", token=still_open["token"])
    call(stranger, "accept_invitation", token=other["token"])


def test_an_address_that_the_account_no_longer_has_goes_with_the_account_that_accepted(
    acme: Team, admin: Connection
) -> None:
    grace = user(admin, ADDRESS)
    invited = call(admin, "invite_member", organization_id=acme.id, email=ADDRESS, role="member")
    call(sign_in(acme.connect(), grace), "accept_invitation", token=invited["token"])
    admin.execute("update auth.users set email = 'new@example.com' where id = %s", [grace])
    admin.execute("delete from auth.users where id = %s", [grace])
    assert tables_with(admin, ADDRESS) == []


def test_a_person_without_an_account_is_erased_by_the_address(acme: Team, admin: Connection) -> None:
    call(admin, "invite_member", organization_id=acme.id, email=ADDRESS, role="member")
    erased = admin.execute("select tenantry.erase_user(null, %s) as count", [ADDRESS]).fetchone()
    assert erased == {"count": 1}
    assert tables_with(admin, ADDRESS) == []
