"""Free text and metadata have a limit that an operator can change, at every door; the audit log grows by no more."""

import json

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import call, organization, refused
from tests.support.users import Team, own_role

LIMIT = 16_384
LONG, LONGEST = "x" * (LIMIT + 1), "x" * LIMIT
LARGE, LARGEST = {"a": "x" * LIMIT}, {"a": "x" * (LIMIT - 9)}
UNLIMITED = {
    "tenantry.audit_log": "copies of rows, whose values are limited",
    "tenantry.billing_transitions": "a seed",
    "tenantry.catalog_record": "the record of migrations",
    "tenantry.credit_purchases": "made from Stripe's objects",
    "tenantry.errors": "a seed",
    "tenantry.events": "made of ids, numbers and the beginning of PostgreSQL's messages",
    "tenantry.installed_objects": "the record of migrations",
    "tenantry.locks": "two rows",
    "tenantry.repeatable_migrations": "the record of migrations",
    "tenantry.role_grants": "made from permissions",
    "tenantry.schema_migrations": "the record of migrations",
    "tenantry.settings": "an operator's rows",
    "tenantry.settlement_failures": "the beginning of PostgreSQL's messages",
    "tenantry.stripe_events": "as large as the webhook's body may be",
    "tenantry.stripe_objects": "parts of events",
    "tenantry.stripe_requests": "composed here; errors come from Stripe",
    "tenantry.subscription_transitions": "a seed",
}


@pytest.fixture
def acme(admin: Connection, connect: Connect) -> Team:
    return Team(admin, connect)


def test_every_free_text_and_json_is_limited(admin: Connection) -> None:
    rows = admin.execute(
        "select a.attrelid::regclass::text as table, a.attname::text as column, coalesce("
        " (select pg_get_triggerdef(t.oid) from pg_trigger as t"
        " where t.tgrelid = a.attrelid and t.tgname = 'limit_size'), '') as limited"
        " from pg_attribute as a join pg_class as c on c.oid = a.attrelid"
        " where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)"
        " and a.attnum > 0 and a.atttypid in ('text'::regtype, 'jsonb'::regtype, 'text[]'::regtype)"
    ).fetchall()
    free = {row["table"] for row in rows if f"'{row['column']}'" not in row["limited"]}
    assert free == UNLIMITED.keys()


def test_a_value_at_the_limit_passes_and_one_above_is_refused_by_name(service: Connection) -> None:
    acme = organization(service, 100)
    for function, arguments in (
        ("consume_credits", {"organization_id": acme, "amount": 1}),
        ("hold_credits", {"organization_id": acme, "amount": 1}),
        ("grant_credits", {"organization_id": acme, "amount": 1}),
        ("create_billing_record", {"organization_id": acme, "amount": 1, "currency": "USD"}),
        ("create_credit_event", {"name": "call", "credit_cost": 1, "category": "compute"}),
    ):
        for field, value in (("description", LONG), ("metadata", json.dumps(LARGE))):
            assert refused(service, "TN001", function, **arguments, **{field: value})["field"] == field, function
        call(service, function, **arguments, description=LONGEST, metadata=json.dumps(LARGEST))
    assert refused(service, "TN001", "create_role", name="x", description=LONG)["field"] == "description"
    assert refused(service, "TN001", "create_permission", name="x", resource="x", action="y", description=LONG)


def test_text_that_is_longer_as_json_is_measured_as_json(service: Connection) -> None:
    acme = organization(service, 100)
    metadata = json.dumps({"a": "\x01" * 3000})
    asked = {"organization_id": acme, "amount": 1, "metadata": metadata}
    assert refused(service, "TN001", "consume_credits", **asked)["field"] == "metadata"


def test_one_item_of_a_batch_that_is_too_large_is_refused_alone(service: Connection) -> None:
    acme = organization(service, 100)
    items = [
        {"organization_id": str(acme), "amount": 1},
        {"organization_id": str(acme), "amount": 1, "description": LONG},
        {"organization_id": str(acme), "amount": 1, "metadata": LARGE},
        {"organization_id": str(acme), "amount": 1, "description": LONGEST, "metadata": LARGEST},
    ]
    rows = service.execute(
        "select d.code from public.batch_consume_credits(%s) as batch, unnest(batch) as d", [json.dumps(items)]
    ).fetchall()
    assert [row["code"] for row in rows] == [None, "TN001", "TN001", None]


def test_a_plain_write_is_limited_too(acme: Team, service: Connection, admin: Connection) -> None:
    own_role(acme.as_("owner"), acme.id, "editor")
    for connection, statement in (
        (acme.as_("owner"), "update public.organizations set description = %s"),
        (service, "insert into public.organizations (name, slug, description) values ('n', 'n', %s)"),
        (service, "update public.organizations set description = %s"),
        (admin, "update public.roles set description = %s where organization_id is not null"),
    ):
        with pytest.raises(psycopg.DatabaseError, match="is 16385 bytes long, at most 16384 are allowed") as raised:
            connection.execute(statement.encode(), [LONG])
        assert raised.value.sqlstate == "TN001"
    for letter in "abcdefgh":
        acme.as_("owner").execute("update public.organizations set description = %s", [letter * LIMIT])
    after = admin.execute("select max(octet_length(new::text)) as size from tenantry.audit_log").fetchone()
    assert after
    assert after["size"] < LIMIT + 2000


def test_an_operator_changes_the_limit_in_one_place(acme: Team, admin: Connection) -> None:
    owner = acme.as_("owner")
    admin.execute("update tenantry.settings set value = 100000 where name = 'max_text_bytes'")
    call(owner, "update_organization", organization_id=acme.id, description="x" * 100_000)
    admin.execute("update tenantry.settings set value = 4096 where name = 'max_text_bytes'")
    # The long value stays, and the rest of its row can change.
    call(owner, "update_organization", organization_id=acme.id, name="Renamed")
    said = refused(owner, "TN001", "update_organization", organization_id=acme.id, description="x" * 4097)
    assert said["field"] == "description"
    for statement in ("select * from tenantry.settings", "select tenantry.setting('max_text_bytes')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(statement.encode())
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute("update tenantry.settings set value = 100")
