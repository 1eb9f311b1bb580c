"""get_credit_usage: consumption by period and group, in any time zone, from entries and from the kept sums."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.conftest import Connection
from tests.support.ledger import Row, batch, call, consume, freeze, grant, move_clock, organization, refused
from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access("organization_id => {first}", ok="viewer member billing admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(INVALID_ARGUMENT, "time_zone", organization_id="$acme", time_zone="Nowhere/Land"),
    case(
        INVALID_ARGUMENT,
        "end_time",
        organization_id="$acme",
        end_time=Timestamp(seconds=1),
        start_time=Timestamp(seconds=2),
    ),
]


def usage(service: Connection, organization_id: UUID, **arguments: Any) -> Row:
    return call(service, "get_credit_usage", organization_id=organization_id, **arguments)


def credits(service: Connection, organization_id: UUID, **arguments: Any) -> dict[datetime, int]:
    """Credits by the start of the period."""
    return {b["start_time"]: b["credits"] for b in usage(service, organization_id, **arguments)["buckets"]}


def spend_at(service: Connection, admin: Connection, organization_id: UUID, *times: datetime) -> None:
    """Spends 1 credit at the first time, 2 at the second, 4 at the third …"""
    for number, time in enumerate(times):
        move_clock(admin, time)
        consume(service, organization_id, 2**number)


def test_periods_begin_at_midnight_on_monday_and_on_the_first(service: Connection, admin: Connection) -> None:
    acme = organization(service, 1000)
    times = [
        datetime(2030, 1, 31, 23, 59, 59, 999999, tzinfo=UTC),  # a Thursday
        datetime(2030, 2, 1, tzinfo=UTC),
        datetime(2030, 2, 3, 23, 59, tzinfo=UTC),  # a Sunday
        datetime(2030, 2, 4, tzinfo=UTC),
    ]
    freeze(admin)
    spend_at(service, admin, acme, *times)
    span = {"start_time": datetime(2030, 1, 1, tzinfo=UTC), "end_time": datetime(2030, 3, 1, tzinfo=UTC)}

    def day(month: int, day: int, hour: int = 0) -> datetime:
        return datetime(2030, month, day, hour, tzinfo=UTC)

    assert credits(service, acme, granularity="hour", **span) == {
        day(1, 31, 23): 1,
        day(2, 1): 2,
        day(2, 3, 23): 4,
        day(2, 4): 8,
    }
    assert credits(service, acme, granularity="day", **span) == {
        day(1, 31): 1,
        day(2, 1): 2,
        day(2, 3): 4,
        day(2, 4): 8,
    }
    assert credits(service, acme, **span) == credits(service, acme, granularity="day", **span)
    assert credits(service, acme, granularity="week", **span) == {day(1, 28): 7, day(2, 4): 8}
    assert credits(service, acme, granularity="month", **span) == {day(1, 1): 1, day(2, 1): 14}


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Adelaide", "America/St_Johns"])
def test_time_zones_of_half_and_quarter_hours(service: Connection, admin: Connection, zone: str) -> None:
    acme, local = organization(service, 1000), ZoneInfo(zone)
    midnight = datetime(2030, 1, 11, tzinfo=local).astimezone(UTC)
    freeze(admin)
    spend_at(service, admin, acme, midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=1))
    move_clock(admin, "+1 day")
    assert credits(service, acme, time_zone=zone) == {midnight - timedelta(days=1): 1, midnight: 6}
    assert credits(service, acme, time_zone=zone, granularity="hour") == {
        midnight - timedelta(hours=1): 1,
        midnight: 2,
        midnight + timedelta(hours=1): 4,
    }


def test_a_day_on_which_the_clocks_change_has_23_or_25_hours(service: Connection, admin: Connection) -> None:
    acme, berlin = organization(service, 10000), ZoneInfo("Europe/Berlin")
    freeze(admin)
    # On 2030-03-31 the clocks go from 2:00 to 3:00, on 2030-10-27 from 3:00 back to 2:00.
    for first, hours in ((datetime(2030, 3, 31, tzinfo=berlin), 23), (datetime(2030, 10, 27, tzinfo=berlin), 25)):
        start = first.astimezone(UTC)
        spend_at(service, admin, acme, start, start + timedelta(hours=hours, microseconds=-1))
        spend_at(service, admin, acme, start + timedelta(hours=hours))
        move_clock(admin, "+2 days")
        found = credits(service, acme, time_zone="Europe/Berlin", start_time=start)
        assert found == {start: 3, start + timedelta(hours=hours): 1}
        by_hour = usage(service, acme, time_zone="Europe/Berlin", start_time=start, granularity="hour")
        assert len(by_hour["buckets"]) == 3


def test_groups_and_totals(service: Connection, admin: Connection) -> None:
    for name, cost, category in (("image", 5, "media"), ("video", 20, "media"), ("text", 1, "language")):
        call(service, "create_credit_event", name=name, credit_cost=cost, category=category)
    acme, now = organization(service, 1000), freeze(admin)
    for name, quantity in (("image", 2), ("video", 1), ("text", 7), ("text", 1)):
        call(service, "consume_credits", organization_id=acme, credit_event=name, quantity=quantity)
    spent = consume(service, acme, 3)
    made = call(service, "hold_credits", organization_id=acme, amount=4)
    call(service, "capture_hold", organization_id=acme, hold_id=made["id"])
    # None of these is consumption.
    call(service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"])
    bought = grant(service, acme, 5)
    call(service, "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"])

    def groups(group: str | None) -> dict[str, tuple[int, int, int]]:
        found = usage(service, acme, group_by=group, start_time=now, end_time=now + timedelta(minutes=1))
        assert (found["total_credits"], found["total_entries"]) == (45, 6)
        return {b["group_key"]: (b["credits"], b["quantity"], b["entries"]) for b in found["buckets"]}

    assert groups(None) == groups("none") == {"": (45, 11, 6)}
    assert groups("event") == {"image": (10, 2, 1), "video": (20, 1, 1), "text": (8, 8, 2), "": (7, 0, 2)}
    assert groups("category") == {"media": (30, 3, 2), "language": (8, 8, 2), "": (7, 0, 2)}
    assert groups("source") == {"event_consumption": (38, 11, 4), "consumption": (3, 0, 1), "hold": (4, 0, 1)}


def test_the_range_is_taken_to_whole_quarters_of_an_hour_outwards(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 1000), freeze(admin)
    spend_at(service, admin, acme, *(now + timedelta(minutes=15 * n) for n in range(4)))
    move_clock(admin, "+1 day")
    minute = timedelta(minutes=1)
    for start, end, expected in (
        (now, now + 60 * minute, 15),
        (now + 14 * minute, now + 15 * minute, 1),
        (now + 15 * minute, now + 16 * minute, 2),
        (now + 29 * minute, now + 31 * minute, 6),
    ):
        assert usage(service, acme, start_time=start, end_time=end)["total_credits"] == expected


def test_without_a_range_it_is_the_last_thirty_days(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 1000), freeze(admin)
    spend_at(service, admin, acme, now, now + timedelta(days=1))
    move_clock(admin, now + timedelta(days=30, hours=1))
    assert usage(service, acme)["total_credits"] == 2


QUERY = """
select date_trunc(%(granularity)s, t.created_at, %(zone)s) as start_time,
       case %(group)s when 'event' then coalesce(e.name, '') when 'category' then coalesce(e.category, '')
           when 'source' then t.source else '' end as group_key,
       -sum(t.amount)::bigint as credits, coalesce(sum(t.quantity), 0)::bigint as quantity, count(*) as entries
from public.credit_transactions as t left join public.credit_events as e on e.id = t.credit_event_id
where t.organization_id = %(acme)s and t.transaction_type = 'consumed'
  and t.created_at >= %(start)s and t.created_at < %(end)s
group by 1, 2 order by 1, 2
"""


def test_it_equals_a_plain_aggregate_before_and_after_summing_up(service: Connection, admin: Connection) -> None:
    chance = random.Random(1)
    for name, category in (("image", "media"), ("video", "media"), ("text", "language")):
        call(service, "create_credit_event", name=name, credit_cost=1, category=category)
    acme, start = organization(service, 100000), freeze(admin)
    other = organization(service, 100000)

    def consume_much(count: int) -> None:
        for _ in range(count // 100):
            move_clock(admin, f"+{chance.randint(1, 600)} minutes")
            items: list[Row] = [
                {"organization_id": acme, "amount": chance.randint(1, 5)}
                if chance.random() < 0.3
                else {
                    "organization_id": acme,
                    "credit_event": chance.choice(["image", "video", "text"]),
                    "quantity": chance.randint(1, 3),
                }
                for _ in range(100)
            ]
            batch(service, *items, {"organization_id": other, "amount": 1})

    def compare() -> None:
        end = start + timedelta(days=60)
        for granularity, zone, group in (
            ("hour", "Asia/Kathmandu", "source"),
            ("day", "UTC", "event"),
            ("day", "Europe/Berlin", "category"),
            ("week", "Pacific/Chatham", "none"),
            ("month", "America/St_Johns", "event"),
        ):
            for first, last in ((start, end), (start + timedelta(days=3), start + timedelta(days=9, minutes=15))):
                parameters = {
                    "granularity": granularity,
                    "zone": zone,
                    "group": group,
                    "acme": acme,
                    "start": first,
                    "end": last,
                }
                expected = admin.execute(QUERY, parameters).fetchall()
                found = usage(
                    service,
                    acme,
                    granularity=granularity,
                    time_zone=zone,
                    group_by=group,
                    start_time=first,
                    end_time=last,
                )
                key = ("start_time", "group_key")
                by_key = [{(b[key[0]], b[key[1]]): b for b in rows} for rows in (expected, found["buckets"])]
                assert by_key[0] == by_key[1]
                assert found["total_credits"] == sum(row["credits"] for row in expected)
                assert found["total_entries"] == sum(row["entries"] for row in expected)

    consume_much(3000)
    compare()
    assert _summed(admin, acme) is None
    consume_much(2500)
    service.execute("begin read only")
    compare()
    service.execute("rollback")
    assert _summed(admin, acme) is None, "nothing is written in a read-only transaction"
    compare()
    assert _summed(admin, acme) == 5501
    consume_much(200)
    compare()
    assert _summed(admin, acme) == 5501
    consume_much(5000)
    compare()
    assert _summed(admin, acme) == 10701


def _summed(admin: Connection, organization_id: UUID) -> int | None:
    row = admin.execute(
        "select entry_number as n from tenantry.credit_usage_progress where organization_id = %s", [organization_id]
    ).fetchone()
    return row["n"] if row else None


def test_an_organization_without_consumption_has_no_buckets(service: Connection) -> None:
    acme = organization(service, 10)
    assert usage(service, acme) == {"buckets": [], "total_credits": 0, "total_entries": 0}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organization_id": None}, "organization_id"),
        ({"granularity": "minute"}, "granularity"),
        ({"granularity": ""}, "granularity"),
        ({"group_by": "user"}, "group_by"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"time_zone": "'; drop table"}, "time_zone"),
        ({"start_time": "2030-01-01", "end_time": "2030-01-01"}, "end_time"),
        ({"start_time": "2030-01-02", "end_time": "2030-01-01"}, "end_time"),
        ({"start_time": "2030-01-01", "end_time": "2031-02-01", "granularity": "hour"}, "start_time"),
    ],
    ids=str,
)
def test_bad_input_is_refused(credits_service: Connection, change: dict[str, Any], field: str) -> None:
    arguments = {"organization_id": organization(credits_service), **change}
    assert refused(credits_service, "TN001", "get_credit_usage", **arguments)["field"] == field


def test_an_unknown_organization_is_not_found(service: Connection) -> None:
    refused(service, "TN002", "get_credit_usage", organization_id=uuid4())


def test_summing_up_while_another_session_is_at_it_does_nothing(
    service: Connection, admin: Connection, connect: Any
) -> None:
    acme = organization(service, 100)
    consume(service, acme, 5)
    admin.execute("select tenantry.sum_up_usage(%s)", [acme])
    consume(service, acme, 7)
    with admin.transaction():
        admin.execute("select tenantry.sum_up_usage(%s)", [acme])
        other = connect()
        other.execute("set lock_timeout = '2s'")
        other.execute("select tenantry.sum_up_usage(%s)", [acme])
        assert usage(service, acme)["total_credits"] == 12
    assert usage(service, acme)["total_credits"] == 12
    summed = admin.execute("select sum(credits)::int as n from tenantry.credit_usage").fetchone()
    assert summed == {"n": 12}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute("select tenantry.sum_up_usage(%s)", [acme])
