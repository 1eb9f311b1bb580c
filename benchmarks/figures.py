"""The figures: each is measured beside its limit, in the same moments."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from time import perf_counter, time
from uuid import uuid4

from psycopg import pq

from benchmarks import grpc_load
from benchmarks.cluster import ENTRY, SERVICE, Database, interleaved, items
from benchmarks.load import send
from tenantry.auth import mint
from tenantry.v1.credits_pb2 import (
    BatchConsumeCreditsRequest,
    ConsumeCreditsRequest,
    ConsumeStreamRequest,
    GetCreditBalanceRequest,
)
from tests.support.postgres import Cluster
from tests.support.server import SECRET, serve, service_token


@dataclass(frozen=True)
class Scale:
    """The amounts: for a full run, or a quick one.

    turns: number of turns of each side of a figure. seconds: length of one turn. pages: organizations, and entries of
    each. growth, usage, settle: entries.
    """

    turns: int = 60
    seconds: float = 0.3
    growth: int = 5_000_000
    pages: tuple[int, int] = (10_000, 100)
    usage: int = 1_000_000
    settle: int = 100_000


FULL = Scale()
QUICK = Scale(turns=15, growth=200_000, pages=(2_000, 50), usage=200_000, settle=20_000)


@dataclass
class Figure:
    """One figure: `turns` of (measured value, its limit), in `unit`; the median of their ratios is held to the
    target."""

    name: str
    target: float
    at_least: bool
    unit: str
    turns: list[tuple[float, ...]]
    ratios: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.ratios = [subject / limit for subject, limit in self.turns]

    @property
    def ratio(self) -> float:
        """The median of the turns' ratios."""
        return statistics.median(self.ratios)

    @property
    def subject(self) -> float:
        """The median of the measured values."""
        return statistics.median(subject for subject, _ in self.turns)

    @property
    def limit(self) -> float:
        """The median of its limit."""
        return statistics.median(limit for _, limit in self.turns)

    @property
    def is_met(self) -> bool:
        """Whether the ratio is at its target."""
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target


Measure = Callable[[Cluster, Scale], list[Figure]]

FLOOR = """
with updated as (
    update bench.organizations
    set credit_balance = credit_balance - 1, credits_entry_number = credits_entry_number + 1
    where id = '{organization}' and credit_balance >= 1
    returning id, credit_balance, credits_entry_number
)
insert into bench.credit_transactions (
    id, organization_id, transaction_type, amount, balance_after, source, created_at, entry_number, idempotency_key
)
select
    gen_random_uuid(), id, 'consumed', -1, credit_balance, 'consumption', clock_timestamp(), credits_entry_number,
    '{request}'
from updated
returning *
"""
"""The smallest possible consumption: one statement, no rule."""

CONSUME = f"{SERVICE}execute consume('{{organization}}', 1, '{{request}}')".replace(
    '{"role":"service_role"}', '{{"role":"service_role"}}'
)
PREPARE_CONSUME = f"""
prepare consume as select {ENTRY}
from public.consume_credits("organization_id" => $1, "amount" => $2, "request_id" => $3) as r
"""


@contextmanager
def database(cluster: Cluster, name: str) -> Iterator[Database]:
    """A database for some figures; at the end every ledger in it must hold."""
    opened = Database(cluster, name)
    try:
        yield opened
        findings = opened.findings()
        if findings:
            raise RuntimeError(f"the ledger does not hold after {name}:\n" + "\n".join(findings[:20]))
    finally:
        opened.drop()


def floor(opened: Database, organizations: int) -> list[str]:
    """Copies of the ledger's tables with the same indexes, checks and fill; returns the ids of the given number of
    accounts."""
    opened.admin.execute(
        """
        create schema bench;
        create table bench.organizations (like public.organizations including all) with (fillfactor = 50);
        create table bench.credit_transactions (like public.credit_transactions including all);
        """
    )
    return opened.column(
        "insert into bench.organizations (name, slug, credit_balance)"
        " select 'f' || n, 'f' || n, 2000000000 from generate_series(1, %s) as n returning id",
        organizations,
    )


def consumption(cluster: Cluster, scale: Scale) -> list[Figure]:
    """consume_credits(), called in the same way as by the server, against one statement without rules."""
    figures = []
    with database(cluster, "consumption") as opened:
        accounts, copies = opened.organizations(1000), floor(opened, 1000)
        opened.admin.execute("vacuum analyze")
        for name, clients, spread in (("single", 1, 1), ("hot", 8, 1), ("spread", 8, 1000)):
            with (
                opened.clients(
                    CONSUME, setup=PREPARE_CONSUME, organizations=accounts[:spread], clients=clients
                ) as subject,
                opened.clients(FLOOR, organizations=copies[:spread], clients=clients) as limit,
            ):
                turns = interleaved(
                    scale.turns,
                    lambda s=subject: s.turn(scale.seconds).rate,  # type: ignore[misc]
                    lambda s=limit: s.turn(scale.seconds).rate,  # type: ignore[misc]
                )
            figures.append(Figure(f"sql_consume_{name}", 0.8, True, "calls/s", turns))
    return figures


def batch(cluster: Cluster, scale: Scale) -> list[Figure]:
    """batch_consume_credits() against an INSERT of the same rows."""
    with database(cluster, "batch") as opened:
        accounts, copies = opened.organizations(100), floor(opened, 100)
        opened.admin.execute("vacuum analyze")
        connection = pq.PGconn.connect(opened.conninfo.encode())
        send(connection, "prepare batch as select r.* from public.batch_consume_credits($1) as b, unnest(b) as r")
        numbers = count(1)

        def decide() -> float:
            return timed_on(connection, f"{SERVICE}execute batch('{items(accounts, 1000, uuid4().hex)}')", 1000)

        def insert() -> float:
            key, first = uuid4().hex, next(numbers) * 10
            rows = ", ".join(
                f"(gen_random_uuid(), '{copies[n % 100]}', 'consumed', -1, {1_000_000_000 - first - n // 100},"
                f" 'consumption', clock_timestamp(), {first + n // 100}, '{key}-{n}')"
                for n in range(1000)
            )
            statement = (
                "insert into bench.credit_transactions (id, organization_id, transaction_type, amount, balance_after,"
                f" source, created_at, entry_number, idempotency_key) values {rows} returning *"
            )
            return timed_on(connection, statement, 1000)

        turns = interleaved(scale.turns * 3, decide, insert)
        connection.finish()
    return [Figure("sql_batch", 0.6, True, "items/s", turns)]


def timed_on(connection: pq.abc.PGconn, statement: str, units: int) -> float:
    """Units a second for one statement."""
    start = perf_counter()
    send(connection, statement)
    return units / (perf_counter() - start)


def over_grpc(cluster: Cluster, scale: Scale) -> list[Figure]:
    """Calls of a server with one process, against its empty call and against SQL."""
    # A turn begins with connections, and completes few batches.
    short, long = scale.seconds * 2, scale.seconds * 4
    with database(cluster, "grpc") as opened:
        (hot,), many, copies = opened.organizations(1), opened.organizations(100), floor(opened, 1)
        user = str(uuid4())
        opened.admin.execute("insert into auth.users (id, email) values (%s, 'member@example.com')", [user])
        opened.admin.execute(
            "select public.assign_role(user_id => %s, role => 'member', organization_id => %s)", [user, hot]
        )
        opened.admin.execute("vacuum analyze")
        connection = pq.PGconn.connect(opened.conninfo.encode())
        send(connection, "prepare batch as select r.* from public.batch_consume_credits($1) as b, unnest(b) as r")
        with serve(
            DATABASE_URL=cluster.conninfo(opened.name, "tenantry_server"),
            TENANTRY_JWT_SECRET=SECRET,
            TENANTRY_MAINTENANCE_INTERVAL="0",
        ) as process:
            service, member = service_token(), mint(SECRET, "authenticated", user)
            call = partial(grpc_load.rate, process.address)
            credits = "/tenantry.v1.CreditService/"
            five_hundred = [ConsumeCreditsRequest(organization_id=many[n % 100], amount=1) for n in range(500)]
            consume = grpc_load.frame(ConsumeCreditsRequest(organization_id=hot, amount=1).SerializeToString())
            balance = grpc_load.frame(GetCreditBalanceRequest(organization_id=hot).SerializeToString())
            batch = grpc_load.frame(BatchConsumeCreditsRequest(items=five_hundred).SerializeToString())
            stream = grpc_load.frame(*[ConsumeStreamRequest(items=five_hundred).SerializeToString()] * 2)

            def empty() -> float:
                return call("/grpc.health.v1.Health/Check", grpc_load.frame(b""), service, 64, short)

            def entries() -> int:
                return int(opened.column("select sum(credits_entry_number) from public.organizations")[0])

            def consumed(method: str, body: bytes, in_flight: int, units: int, seconds: float) -> float:
                # h2load knows nothing of gRPC's status: the ledger shows the work that was done.
                before = entries()
                rate = call(credits + method, body, service, in_flight, seconds) * units
                if entries() - before < rate * seconds * 0.9:
                    raise RuntimeError(f"{method}: {entries() - before} entries at {rate:.0f} a second")
                return rate

            def sql_batch() -> float:
                return statistics.median(
                    timed_on(connection, f"{SERVICE}execute batch('{items(many, 1000, uuid4().hex)}')", 1000)
                    for _ in range(15)
                )

            with opened.clients(FLOOR, organizations=copies, clients=8) as limit:
                unary = interleaved(
                    scale.turns // 4,
                    lambda: consumed("ConsumeCredits", consume, 64, 1, short),
                    empty,
                    lambda: call(credits + "GetCreditBalance", balance, member, 64, short),
                    lambda: limit.turn(short).rate,
                )
            batches = interleaved(
                scale.turns // 4,
                lambda: consumed("BatchConsumeCredits", batch, 4, 500, long),
                lambda: consumed("ConsumeStream", stream, 4, 1000, long),
                sql_batch,
            )
        connection.finish()
    return [
        Figure("grpc_consume_hot", 0.6, True, "calls/s", [(t[0], t[1]) for t in unary]),
        Figure("grpc_vs_floor_hot", 1.2, True, "calls/s", [(t[0], t[3]) for t in unary]),
        Figure("grpc_read", 0.4, True, "calls/s", [(t[2], t[1]) for t in unary]),
        Figure("grpc_batch", 0.6, True, "items/s", [(t[0], t[2]) for t in batches]),
        Figure("grpc_stream", 0.6, True, "items/s", [(t[1], t[2]) for t in batches]),
    ]


def pages(cluster: Cluster, scale: Scale) -> list[Figure]:
    """The first page of a member's ledger under row-level security, against the same with a filter and without."""
    with database(cluster, "pages") as opened:
        organizations = opened.ledgers(*scale.pages, lots=1)
        user, mine = str(uuid4()), organizations[len(organizations) // 2]
        opened.admin.execute("insert into auth.users (id, email) values (%s, 'member@example.com')", [user])
        opened.admin.execute(
            "select public.assign_role(user_id => %s, role => 'member', organization_id => %s)", [user, mine]
        )
        opened.admin.execute("analyze")
        member = (
            f'select set_config(\'request.jwt.claims\', \'{{"role":"authenticated","sub":"{user}"}}\', false);'
            " set role authenticated"
        )
        page = "select * from public.credit_transactions {} order by entry_number desc limit 50"
        under_policies = opened.stopwatch(page.format(""), member, repeat=5)
        filtered = opened.stopwatch(page.format(f"where organization_id = '{mine}'"), repeat=5)
        turns = interleaved(scale.turns * 20, lambda: under_policies() * 1e3, lambda: filtered() * 1e3)
        check = f"prepare check_permission as select public.has_permission('{mine}', 'credits:read')"
        look_up = f"prepare look_up as select id from public.organizations where id = '{mine}'"
        with (
            opened.clients("execute check_permission", setup=f"{member}; {check}") as checking,
            opened.clients("execute look_up", setup=look_up) as looking_up,
        ):
            checks = interleaved(
                scale.turns,
                lambda: checking.turn(scale.seconds).rate,
                lambda: looking_up.turn(scale.seconds).rate,
            )
    return [
        Figure("rls_page", 1.5, False, "ms", turns),
        Figure("permission_check", 0.5, True, "calls/s", checks),
    ]


def growth(cluster: Cluster, scale: Scale) -> list[Figure]:
    """A consumption on a long ledger, and on one with many lots, against one on a short ledger with one lot."""
    with database(cluster, "growth") as opened:
        (small,), (many_lots,), (large,) = (
            opened.ledgers(1, 1000, 1),
            opened.ledgers(1, 2000, 1000),
            opened.ledgers(1, scale.growth, 1),
        )

        with ExitStack() as stack:
            sides = [
                stack.enter_context(opened.clients(CONSUME, setup=PREPARE_CONSUME, organizations=[organization]))
                for organization in (large, many_lots, small)
            ]
            turns = interleaved(
                scale.turns,
                *(lambda s=side: s.turn(scale.seconds).median * 1e6 for side in sides),
            )
    return [
        Figure("growth_entries", 1.15, False, "us", [(t[0], t[2]) for t in turns]),
        Figure("growth_lots", 1.15, False, "us", [(t[1], t[2]) for t in turns]),
    ]


def settlement(cluster: Cluster, scale: Scale) -> list[Figure]:
    """A settlement of many consumptions over 100 lots, against one of few over the same lots."""
    with database(cluster, "settlement") as opened:
        (many,) = opened.ledgers(1, scale.settle + 100, 100)
        (few,) = opened.ledgers(1, scale.settle // 100 + 100, 100, amount=100)
        turns = interleaved(
            scale.turns,
            *(
                opened.stopwatch(f"select tenantry.lock_account('{organization}')", undo=True)
                for organization in (many, few)
            ),
        )
    return [Figure("settle", 1.5, False, "ms", [(many * 1e3, few * 1e3) for many, few in turns])]


def usage(cluster: Cluster, scale: Scale) -> list[Figure]:
    """The usage report of one organization, against the plain aggregate over its entries."""
    with database(cluster, "usage") as opened:
        (acme,) = opened.ledgers(1, scale.usage, 1)
        arguments = f"organization_id => '{acme}', start_time => now() - interval '40 days', end_time => now()"
        report = f"select * from public.get_credit_usage({arguments}, granularity => 'day', group_by => 'event')"
        aggregate = f"""
            select date_trunc('day', t.created_at), e.name, - sum(t.amount), sum(t.quantity), count(*)
            from public.credit_transactions as t left join public.credit_events as e on e.id = t.credit_event_id
            where t.organization_id = '{acme}' and t.transaction_type = 'consumed'
              and t.created_at >= now() - interval '40 days' and t.created_at < now()
            group by 1, 2 order by 1, 2
        """
        # The sums are kept as the ledger grows; the first report catches up on the rows that no function wrote here.
        opened.stopwatch(report)()
        opened.admin.execute("vacuum analyze")
        reporting, aggregating = opened.stopwatch(report), opened.stopwatch(aggregate)
        turns = interleaved(scale.turns // 4, lambda: reporting() * 1e3, lambda: aggregating() * 1e3)
    return [Figure("usage_report", 0.2, False, "ms", turns)]


INVOICES = """
select count(public.process_stripe_event(jsonb_build_object(
    'object', 'event', 'id', 'evt_{name}_' || n, 'type', 'invoice.paid', 'created', {now} - n * 86400 + 2,
    'data', jsonb_build_object('object', jsonb_build_object(
        'object', 'invoice', 'id', 'in_{name}_' || n, 'customer', 'cus_{name}', 'status', 'paid',
        'created', {now} - n * 86400, 'currency', 'usd', 'amount_due', 100, 'amount_paid', 100, 'total', 100,
        'parent', '{{"subscription_details": {{"subscription": "sub_{name}"}}}}'::jsonb,
        'lines', jsonb_build_object('has_more', false, 'data', jsonb_build_array(jsonb_build_object(
            'amount', 100, 'quantity', 1,
            'period', jsonb_build_object('start', {now} - n * 86400, 'end', {now} - n * 86400 + 86400),
            'pricing', '{{"price_details": {{"price": "price_daily"}}}}'::jsonb))))))))
from generate_series(0, {invoices} - 1) as n
"""
"""A subscription by the day: one paid invoice a day, up to the present one."""

SUBSCRIPTION = """
select public.process_stripe_event(jsonb_build_object(
    'object', 'event', 'id', 'evt_{name}', 'type', 'customer.subscription.updated', 'created', {now} + 3,
    'data', jsonb_build_object('object', jsonb_build_object(
        'object', 'subscription', 'id', 'sub_{name}', 'customer', 'cus_{name}', 'status', 'active',
        'created', {now} - {invoices} * 86400, 'billing_cycle_anchor', {now} - {invoices} * 86400,
        'metadata', jsonb_build_object('tenantry_organization_id', '{organization}'),
        'items', jsonb_build_object('data', jsonb_build_array(jsonb_build_object(
            'quantity', 1, 'price', '{{"id": "price_daily"}}'::jsonb, 'current_period_start', {now},
            'current_period_end', {now} + 86400)))))))
"""


def stripe(cluster: Cluster, scale: Scale) -> list[Figure]:
    """An event of a subscription with 2000 paid invoices, against one of a subscription with one."""
    with database(cluster, "stripe") as opened:
        opened.admin.execute(
            "insert into public.subscription_plans"
            " (name, stripe_price_id, stripe_product_id, price_amount, interval, included_credits)"
            " values ('Daily', 'price_daily', 'prod_daily', 100, 'daily', 10)"
        )
        now = int(time())
        sides = []
        for name, invoices in (("many", 2000), ("one", 1)):
            (organization,) = opened.organizations(1, 1)
            values = {"name": name, "invoices": invoices, "now": now, "organization": organization}
            opened.admin.execute(SUBSCRIPTION.format(**values).encode())
            opened.admin.execute(INVOICES.format(**values).encode())
            periods = opened.column(
                "select (select credit_balance from public.organizations where id = %s) || ' '"
                " || count(*) from tenantry.stripe_plan_lines where subscription = %s and kept_share = 1",
                organization,
                f"sub_{name}",
            )
            if periods != [f"11 {invoices}"]:
                raise RuntimeError(f"the balance and the paid periods are {periods}")
            again = INVOICES.replace("evt_", "evt_again_").replace("invoice.paid", "invoice.updated")
            sides.append(again.format(**values | {"invoices": 1}))
        opened.admin.execute("vacuum analyze")
        many, one = (opened.stopwatch(event, repeat=3, undo=True) for event in sides)
        turns = interleaved(scale.turns, lambda: many() * 1e3, lambda: one() * 1e3)
    return [Figure("stripe_event", 1.3, False, "ms", turns)]


MEASURES: dict[str, Measure] = {
    "consumption": consumption,
    "batch": batch,
    "grpc": over_grpc,
    "pages": pages,
    "growth": growth,
    "settlement": settlement,
    "usage": usage,
    "stripe": stripe,
}
