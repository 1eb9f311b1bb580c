"""Names of roles and organizations: stored in one form, visible in full, and never alike to a name of a role of all."""

import psycopg
import pytest

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, allowed, own_role

IMITATIONS = {
    "case": "OWNER",
    "spaces around": " \towner\n",
    "no-break space": "owner\u00a0",
    "ideographic space": "\u3000owner",
    "Cyrillic o": "\u043ewner",
    "Cyrillic e": "own\u0435r",
    "Greek omicron": "\u03bfwner",
    "full width": "\uff4f\uff57\uff4e\uff45\uff52",
    "mathematical": "\U0001d428wner",
    "digit": "0wner",
    "accent": "\u00f3wner",
    "two v": "ovvner",
    "r and n": "mernber",
    "upper case i for l": "bi\u0406\u0049ing",
    "one for l": "bi11ing",
    "dotless i": "v\u0131ewer",
    "separators": "platform-admin",
    "words": "Platform Admin",
}
INVISIBLE = {
    "zero width space": "owner\u200b",
    "only zero width": "\u200b",
    "joiner": "ow\u200dner",
    "word joiner": "a\u2060b",
    "soft hyphen": "a\u00adb",
    "byte order mark": "\ufeffowner",
    "right to left": "\u202eadmin",
    "isolate": "\u2066admin\u2069",
    "Arabic letter mark": "a\u061cb",
    "line separator": "a\u2028b",
    "control inside": "a\tb",
    "escape": "a\x1b[31mb",
    "C1 control": "a\u009bb",
    "variation selector": "a\ufe0fb",
    "tag": "a\U000e0041b",
    "Hangul filler": "\u3164",
    "blank Braille": "\u2800",
}


@pytest.mark.parametrize("name", IMITATIONS.values(), ids=IMITATIONS)
def test_a_role_cannot_look_like_a_system_role(acme: Team, service: Connection, name: str) -> None:
    for connection, where in ((acme.as_("admin"), acme.id), (service, None)):
        with pytest.raises((psycopg.errors.UniqueViolation, psycopg.errors.DatabaseError)) as raised:
            call(connection, "create_role", name=name, organization_id=where)
        # Trimmed and normalized, a name that is equal is taken.
        assert raised.value.sqlstate in ("TN001", "23505")
    mine = own_role(acme.as_("admin"), acme.id, "editor")
    assert refused(acme.as_("admin"), "TN001", "update_role", role=str(mine["id"]), name=name)["field"] == "name"


@pytest.mark.parametrize("name", INVISIBLE.values(), ids=INVISIBLE)
def test_a_name_has_no_invisible_character(acme: Team, service: Connection, name: str) -> None:
    owner = acme.as_("owner")
    assert refused(owner, "TN001", "create_role", name=name, organization_id=acme.id)["field"] == "name"
    assert refused(service, "TN001", "create_role", name=name)["field"] == "name"
    assert refused(owner, "TN001", "create_organization", name=name, slug="new")["field"] == "name"
    assert refused(owner, "TN001", "update_organization", organization_id=acme.id, name=name)["field"] == "name"
    with pytest.raises(psycopg.DatabaseError) as raised:
        owner.execute("update public.organizations set name = %s where id = %s", [name, acme.id])
    assert raised.value.sqlstate == "TN001"


def test_a_name_is_stored_normalized_and_trimmed_by_every_door(acme: Team, service: Connection) -> None:
    owner = acme.as_("owner")
    given, kept = " \tCafe\u0301 \uff21\uff22\u00a0", "Caf\u00e9 AB"
    assert own_role(owner, acme.id, given)["display_name"] == kept
    assert call(service, "create_role", name="\tCafe\u0301 of all ")["name"] == "Caf\u00e9 of all"
    assert call(owner, "create_organization", name=given, slug="cafe")["name"] == kept
    refused(owner, "23505", "create_organization", name=kept, slug="cafe-2")
    assert call(owner, "update_organization", organization_id=acme.id, name=f" 2 {given[2:]}")["name"] == f"2 {kept}"
    changed = owner.execute(
        "update public.organizations set name = %s where id = %s returning name", [f" 3 {given[2:]}", acme.id]
    ).fetchone()
    assert changed == {"name": f"3 {kept}"}


def test_a_slug_has_ascii_letters_only(acme: Team) -> None:
    for slug in ("acm\u0435", "acme\n", " acme", "acme\u200b", "\uff41cme", "Acme"):
        assert refused(acme.as_("owner"), "TN001", "create_organization", name="x", slug=slug)["field"] == "slug"


def test_own_roles_and_roles_of_all_exclude_each_others_names(acme: Team, globex: Team, service: Connection) -> None:
    call(service, "create_role", name="writer")
    for name in ("writer", "Writer", "wr\u0456ter"):
        assert refused(acme.as_("admin"), "TN001", "create_role", name=name, organization_id=acme.id)["field"] == "name"
    own_role(acme.as_("admin"), acme.id, "editor")
    assert refused(service, "TN001", "create_role", name="Editor")["field"] == "name"
    # Another organization has its own editor, and the refusal of a role of all does not name any.
    own_role(globex.as_("admin"), globex.id, "Editor")
    said = refused(service, "TN001", "create_role", name="editor")
    assert said["description"] == "looks like that of an organization's own role"


def test_a_role_can_be_written_in_another_way(acme: Team, service: Connection) -> None:
    mine = own_role(acme.as_("admin"), acme.id, "editor")
    assert call(acme.as_("admin"), "update_role", role=str(mine["id"]), name="Editor")["display_name"] == "Editor"
    call(service, "create_role", name="writer")
    assert call(service, "update_role", role="writer", name="Writer")["name"] == "Writer"


def test_the_role_of_all_wins_over_an_own_role_that_is_there_already(
    acme: Team, service: Connection, admin: Connection
) -> None:
    mine = own_role(acme.as_("owner"), acme.id, "writer", "members:manage")
    # As a seed of a later release does.
    admin.execute("insert into public.roles (name) values ('writer')")
    viewer = acme.users["viewer"]
    given = call(service, "assign_role", user_id=viewer, role="writer", organization_id=acme.id)
    assert given["role_id"] != mine["id"]
    assert not allowed(acme.as_("viewer"), acme.id, "members:manage")
    # The own role stays, is still edited, and is named by its id or its own name.
    call(acme.as_("owner"), "update_role", role=str(mine["id"]), description="Writes")
    for name in (str(mine["id"]), mine["name"]):
        placed = call(acme.as_("owner"), "update_role_assignment", user_role_id=acme.assignment("viewer"), role=name)
        assert placed["role_id"] == mine["id"]
        call(acme.as_("owner"), "update_role_assignment", user_role_id=placed["id"], role="viewer")


def test_an_own_role_that_a_dba_writes_cannot_look_like_a_system_role(acme: Team, admin: Connection) -> None:
    mine = own_role(acme.as_("owner"), acme.id, "editor")
    with pytest.raises(psycopg.DatabaseError, match="system role"):
        admin.execute("update public.roles set display_name = %s where id = %s", ["0wner", mine["id"]])
