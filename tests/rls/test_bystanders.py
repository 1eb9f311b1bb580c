"""A login without any right: it hears nothing of tenants, holds no lock that stops others, and gets nothing for forged
rows."""

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.rls.world import World
from tests.support.ledger import call


def sources(admin: Connection, text: str) -> list[str]:
    """Names of the functions of this project whose body contains the text."""
    rows = admin.execute(
        "select oid::regproc::text as name from pg_proc where prosrc ~ %s"
        " and pronamespace in ('public'::regnamespace, 'tenantry'::regnamespace)",
        [text],
    ).fetchall()
    return [row["name"] for row in rows]


def test_a_listener_hears_nothing_of_tenants(connect: Connect, admin: Connection, world: World) -> None:
    listening = connect(user="tenantry_server")
    listening.execute("set role anon; listen tenantry_events; listen tenantry_stripe")
    available = call(admin, "get_credit_balance", organization_id=world.first)["available"]
    call(admin, "update_organization", organization_id=world.first, low_balance_threshold=available)
    call(admin, "consume_credits", organization_id=world.first, amount=2)
    call(admin, "set_auto_top_up", **_top_up(admin, world))
    call(admin, "ensure_customer", organization_id=world.second)
    heard = list(listening.notifies(timeout=1))
    assert {notice.channel for notice in heard} == {"tenantry_events", "tenantry_stripe"}
    assert {notice.payload for notice in heard} == {""}
    assert sources(admin, "pg_notify") == ["tenantry.notify"]


def _top_up(admin: Connection, world: World) -> dict[str, object]:
    product = admin.execute("select id from public.credit_products where is_active limit 1").fetchone()
    assert product
    return {
        "organization_id": world.first,
        "credit_product": str(product["id"]),
        "threshold": 100,
        "monthly_cap": 1,
    }


def test_no_login_can_hold_the_lock_of_stripes_events(connect: Connect, admin: Connection, world: World) -> None:
    assert world
    hostile = connect(user="tenantry_server")
    hostile.execute("set role anon")
    for key in ("'tenantry.stripe_objects'", "'stripe price ' || stripe_price_id"):
        hostile.execute(
            f"select pg_advisory_lock(hashtextextended({key}, 0)) from public.credit_products limit 1".encode()
        )
    hostile.execute("select pg_advisory_lock(hashtextextended('tenantry.stripe_objects', 0))")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        hostile.execute("select from tenantry.locks for update")
    admin.execute("set lock_timeout = '500ms'")
    admin.execute("select tenantry.lock_stripe(null)")
    admin.execute("update public.credit_products set stripe_price_id = stripe_price_id || '_new'")
    admin.execute("reset lock_timeout")
    assert sources(admin, "pg_(try_)?advisory") == []


def test_the_stripe_lock_holds_until_the_end_and_needs_no_row(connect: Connect, admin: Connection) -> None:
    admin.execute("delete from tenantry.locks")
    first, second = connect(), connect()
    first.execute("begin; select tenantry.lock_stripe(null)")
    second.execute("set lock_timeout = '200ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        second.execute("select tenantry.lock_stripe(null)")
    first.execute("commit")
    second.execute("select tenantry.lock_stripe(null)")
    second.execute("reset lock_timeout")


def test_a_forged_subscription_tells_nothing(connect: Connect, admin: Connection, world: World) -> None:
    """The row of another tenant, or of the caller's making, is answered for nobody."""
    granted = admin.execute(
        "select p.oid::regprocedure::text as name from pg_proc as p"
        " cross join unnest(p.proargtypes) as argument (type)"
        " join pg_type as t on t.oid = argument.type"
        " where p.prosecdef and p.pronamespace in ('public'::regnamespace, 'tenantry'::regnamespace)"
        " and t.typtype = 'c' and has_function_privilege('authenticated', p.oid, 'execute')"
    ).fetchall()
    assert granted == []
    subscription = admin.execute(
        "select id from public.organization_subscriptions where organization_id = %s", [world.first]
    ).fetchone()
    assert subscription
    with world.acting(connect(user="tenantry_server"), "other_owner") as connection:
        for id_ in (subscription["id"], world.second):
            with pytest.raises(psycopg.DatabaseError) as raised, connection.transaction():
                connection.execute("select tenantry.current_subscription(%s)", [id_])
            assert raised.value.sqlstate == "TN002"
