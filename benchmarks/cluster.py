"""A durable PostgreSQL (fsync on, on a disk), and databases with ledgers for the measurements."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import pq

from benchmarks.load import Clients, Load, on_one_core, send
from tenantry import migrate
from tests.support.postgres import Cluster, Installation

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "16GB",
    # A checkpoint in the middle would slow the side of a ratio that happens to run.
    "checkpoint_timeout": "1h",
    "max_connections": "200",
    # The setting that docs/operations.md gives for an SSD.
    "random_page_cost": "1.1",
    "log_min_messages": "fatal",
    "listen_addresses": "",
}

CLAIMS = '{"role":"service_role"}'
SERVICE = (
    f"set local role service_role; set local request.jwt.claims = '{CLAIMS}'; set local statement_timeout = 30000; "
)
"""The statements that the server sends before a call."""

ENTRY = ", ".join(
    f"r.{column}"
    for column in (
        *("id", "organization_id", "transaction_type", "amount", "balance_after", "source", "source_id"),
        *("credit_event_id", "expires_at", "stripe_payment_intent_id", "description", "metadata", "created_at"),
        *("entry_number", "quantity", "idempotency_key"),
    )
)
"""The columns of an entry, as the server requests them."""


class Database:
    """A new migrated database in the cluster."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        cluster.create_database(name, "template0")
        migrate.up(self.conninfo)
        self.admin: psycopg.Connection[Any] = psycopg.connect(self.conninfo, autocommit=True)

    @property
    def conninfo(self) -> str:
        """A connection as the superuser."""
        return self.cluster.conninfo(self.name)

    def column(self, query: str, *parameters: Any) -> list[Any]:
        """The first column of a query, ids as text."""
        rows = self.admin.execute(query.encode(), parameters).fetchall()
        return [str(row[0]) for row in rows]

    def organizations(self, count: int, credits: int = 2_000_000_000) -> list[str]:
        """Makes organizations with the given number of credits."""
        prefix = uuid4().hex
        self.admin.execute(
            "select public.create_organization(name => %(p)s || n, slug => %(p)s || n)"
            " from generate_series(1, %(n)s) as n",
            {"p": prefix, "n": count},
        )
        ids = self.column("select id from public.organizations where slug like %s order by slug", f"{prefix}%")
        self.admin.execute(
            "select public.grant_credits(organization_id => id, amount => %s) from unnest(%s::uuid[]) as id",
            [credits, ids],
        )
        return ids

    def ledgers(self, organizations: int, entries: int, lots: int, amount: int = 1, days: int = 30) -> list[str]:
        """Makes organizations with ledgers as the functions would have left them: `lots` grants, and then consumptions
        of `amount` of one of five credit events. No consumption is allocated to a lot yet."""
        prefix = uuid4().hex[:8]
        # The amount of each lot; the measurements spend the credits that are left.
        share = (amount * entries + 1_000_000) // lots if amount == 1 else amount * entries // lots
        with self.admin.transaction():
            self.admin.execute("set local session_replication_role = replica")
            self.admin.execute(
                f"""
                insert into public.credit_events (name, credit_cost, category)
                select 'event ' || n, {amount}, 'api_call' from generate_series(1, 5) as n on conflict do nothing;
                insert into public.organizations (
                    name, slug, credit_balance, credits_entry_number, credits_entry_at, credits_settled_entry
                )
                select
                    '{prefix}' || n, '{prefix}' || n, {share * lots - amount * (entries - lots)}, {entries}, now(),
                    {lots}
                from generate_series(1, {organizations}) as n;
                insert into public.credit_transactions (
                    id, organization_id, transaction_type, amount, balance_after, source, credit_event_id, quantity,
                    created_at, entry_number
                )
                select
                    (
                        '{prefix}-' || lpad(to_hex(o.position), 4, '0') || '-7000-8000-' || lpad(to_hex(n), 12, '0')
                    )::uuid,
                    o.id, case when n <= {lots} then 'earned' else 'consumed' end,
                    case when n <= {lots} then {share} else -{amount} end,
                    case when n <= {lots} then {share} * n else {share * lots} - {amount} * (n - {lots}) end,
                    case when n <= {lots} then 'grant' else 'event_consumption' end,
                    case when n > {lots} then events.ids[1 + n % 5] end, case when n > {lots} then 1 end,
                    now() - ({entries} - n) * interval '{days} days' / {entries}, n
                from (
                    select o.id, row_number() over (order by o.id) as position
                    from public.organizations as o where o.slug like '{prefix}%'
                ) as o
                cross join (select array_agg(id order by name) as ids from public.credit_events) as events
                cross join generate_series(1, {entries}) as n;
                insert into tenantry.credit_lots (
                    organization_id, id, transaction_type, source, amount, remaining, effective_at, entry_number
                )
                select t.organization_id, t.id, 'earned', 'grant', t.amount, t.amount, t.created_at, t.entry_number
                from public.credit_transactions as t
                join public.organizations as o on o.id = t.organization_id and o.slug like '{prefix}%'
                where t.transaction_type = 'earned';
                """.encode()
            )
        self.admin.execute("vacuum analyze")
        return self.column("select id from public.organizations where slug like %s", f"{prefix}%")

    def clients(self, statement: str, **options: Any) -> Clients:
        """Clients that send a statement as soon as the last one is answered. options: the fields of Load."""
        return Clients(Load(self.conninfo, statement, prefix=uuid4().hex[:12], **options))

    def stopwatch(self, query: str, setup: str = "", repeat: int = 1, undo: bool = False) -> Callable[[], float]:
        """Takes the seconds of one query on a separate connection, again with each call: the median of the given number
        of runs, one right after the other. undo: whether to roll back each time."""
        connection = pq.PGconn.connect(self.conninfo.encode())
        if setup:
            send(connection, setup)

        def measure() -> float:
            times = []
            with on_one_core(connection):
                for _ in range(repeat):
                    if undo:
                        send(connection, "begin")
                    start = time.perf_counter()
                    send(connection, query)
                    times.append(time.perf_counter() - start)
                    if undo:
                        send(connection, "rollback")
            return statistics.median(times)

        return measure

    def findings(self) -> list[str]:
        """The findings of verify_ledger() about every ledger here; none if all is well."""
        rows = self.admin.execute("select f from public.verify_ledger() as v, unnest(v.findings) as f").fetchall()
        return [str(row[0]) for row in rows]

    def drop(self) -> None:
        """Removes it."""
        self.admin.close()
        self.cluster.drop_database(self.name)


@contextmanager
def running(installation: Installation, folder: Path) -> Iterator[Cluster]:
    """A cluster below the folder; removed in the end."""
    with Cluster(installation, parameters=SETTINGS, parent=folder) as cluster:
        yield cluster


def interleaved(turns: int, *sides: Callable[[], float]) -> list[tuple[float, ...]]:
    """Returns the results of the sides. They run one after the other in an order that turns each time, so that none
    gets the better moments of the machine. The turns are short and many: the moods of the machine last for seconds. The
    first turn is a warm-up and does not count."""
    measured = []
    for number in range(turns + 1):
        order = list(range(len(sides)))
        if number % 2:
            order.reverse()
        values = {side: sides[side]() for side in order}
        measured.append(tuple(values[side] for side in range(len(sides))))
    return measured[1:]


def items(organizations: list[str], count: int, prefix: str) -> str:
    """A batch's items as JSON, spread over the organizations, each with its own request_id."""
    return json.dumps(
        [
            {"organization_id": organizations[n % len(organizations)], "amount": 1, "request_id": f"{prefix}-{n}"}
            for n in range(count)
        ]
    )
