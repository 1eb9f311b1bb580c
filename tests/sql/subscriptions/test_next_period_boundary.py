"""next_period_boundary: the ends of periods that are counted from an anchor."""

from datetime import datetime

import pytest

from tests.conftest import Connection
from tests.support.subscriptions import utc


def after(admin: Connection, anchor: datetime, at: datetime, interval: str, count: int = 1) -> datetime:
    row = admin.execute(
        "select tenantry.next_period_boundary(%s, %s, %s, %s) as at", [anchor, at, interval, count]
    ).fetchone()
    assert row is not None
    found: datetime = row["at"]
    return found


@pytest.mark.parametrize(
    ("interval", "count", "ends"),
    [
        ("daily", 1, ["2030-02-01", "2030-02-02", "2030-02-03"]),
        ("weekly", 2, ["2030-02-14", "2030-02-28", "2030-03-14"]),
        # Counted from the 31st each time: a short month does not move the later ones.
        ("monthly", 1, ["2030-02-28", "2030-03-31", "2030-04-30", "2030-05-31"]),
        ("monthly", 3, ["2030-04-30", "2030-07-31", "2030-10-31", "2031-01-31"]),
        ("annual", 1, ["2031-01-31", "2032-01-31"]),
    ],
)
def test_periods_are_counted_from_their_anchor(admin: Connection, interval: str, count: int, ends: list[str]) -> None:
    anchor = at = utc("2030-01-31")
    for end in ends:
        at = after(admin, anchor, at, interval, count)
        assert at == utc(end)


def test_a_leap_day_comes_back_in_leap_years(admin: Connection) -> None:
    ends = [at := utc("2028-02-29")]
    for _ in range(4):
        ends.append(at := after(admin, utc("2028-02-29"), at, "annual"))
    assert [end.strftime("%m-%d") for end in ends] == ["02-29", "02-28", "02-28", "02-28", "02-29"]


def test_the_time_zone_of_the_session_does_not_matter(admin: Connection) -> None:
    expected = after(admin, utc("2030-03-01T00:30"), utc("2030-03-15"), "monthly")
    assert expected == utc("2030-04-01T00:30")
    for zone in ("America/Los_Angeles", "Pacific/Auckland", "Europe/Berlin"):
        admin.execute(f"set timezone = '{zone}'".encode())
        assert after(admin, utc("2030-03-01T00:30"), utc("2030-03-15"), "monthly") == expected


def test_it_is_the_first_boundary_after_any_moment(admin: Connection) -> None:
    """Compared with a plain search, over every day of four years."""
    rows = admin.execute(
        """
        with anchor (at) as (values ('2028-01-31 10:00Z'::timestamptz), ('2028-02-29 10:00Z'), ('2028-12-15 00:00Z')),
        step (interval, count, length) as (
            values ('daily', 3, interval '3 days'), ('weekly', 1, '7 days'), ('monthly', 1, '1 month'),
                   ('monthly', 5, '5 months'), ('annual', 1, '1 year'), ('annual', 2, '2 years')
        ),
        boundaries (anchor, interval, count, all_of_them) as materialized (
            select anchor.at, step.interval, step.count, array_agg(
                (anchor.at at time zone 'UTC' + n * step.length) at time zone 'UTC' order by n
            )
            from anchor, step, generate_series(-600, 800) as n
            group by 1, 2, 3
        )
        select count(*) as tried, count(*) filter (where found is distinct from expected) as wrong
        from (
            select
                tenantry.next_period_boundary(b.anchor, day, b.interval, b.count) as found,
                -- width_bucket() counts those that are not after the day.
                b.all_of_them[1 + width_bucket(day, b.all_of_them)] as expected
            from boundaries as b,
                generate_series('2027-06-01 10:00Z'::timestamptz, '2030-06-01 10:00Z', '3 days') as day
        ) as compared
        """
    ).fetchone()
    assert rows is not None
    assert rows["tried"] > 5000
    assert rows["wrong"] == 0
