"""A comparison with other credit ledgers on PostgreSQL that pip installs: `python -m benchmarks.peers`.

Threads of one Python process consume one credit per call, with an idempotency key, and call each peer in the way of its
own documentation; the same cluster, fsync on. Not part of `make bench`, nor of any test, and the peers are no
dependencies: install the ones to compare, `pip install hf-nostro credit-ledger`.

The peers do not do the same work:

    Tenantry       permissions, lots with expiry and priority, holds, credit events, low-balance events, numbers
    hf-nostro      lots, reversals, promo codes; no permissions, no holds
    credit-ledger  one balance row and a journal

bursar is left out: it needs Python 3.12, and pg_jsonschema and pg_partman, which plain PostgreSQL does not include.
"""

import importlib.util
import itertools
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from benchmarks.cluster import Database, running
from tests.support.postgres import Cluster, installations

SECONDS = 4.0
SHAPES = (("1 client", 1, 1), ("8 on one organization", 8, 1), ("8 on 50 organizations", 8, 50))

Consume = Callable[[str, str], Any]
"""(organization, idempotency key) -> the peer's result."""


def tenantry(cluster: Cluster) -> tuple[list[str], Callable[[], Consume]]:
    """public.consume_credits() through psycopg, as service_role."""
    opened = Database(cluster, "tenantry")
    organizations = opened.organizations(50)

    def client() -> Consume:
        connection = psycopg.connect(opened.conninfo, autocommit=True, prepare_threshold=1)
        connection.execute("set role service_role")
        query = "select * from public.consume_credits(organization_id => %s, amount => 1, request_id => %s)"
        return lambda organization, key: connection.execute(query, [organization, key]).fetchone()

    return organizations, client


def nostro(cluster: Cluster) -> tuple[list[str], Callable[[], Consume]]:
    """hf-nostro's Ledger."""
    from nostro import AccountKey, Ledger

    cluster.create_database("nostro", "template0")
    dsn = cluster.conninfo("nostro")
    subprocess.run([sys.executable, "-m", "nostro", "migrate", "--dsn", dsn, "--scale", "0"], check=True)
    ledger = Ledger(dsn=dsn, scale=0)
    organizations = [str(uuid4()) for _ in range(50)]
    for organization in organizations:
        ledger.accounts.get_or_create("bench", organization)
        ledger.credit(
            AccountKey("bench", organization), ledger.amount("1000000"), category="grant", idempotency_key=organization
        )

    def consume(organization: str, key: str) -> None:
        ledger.debit(AccountKey("bench", organization), ledger.amount("1"), category="usage", idempotency_key=key)

    return organizations, lambda: consume


def credit_ledger(cluster: Cluster) -> tuple[list[str], Callable[[], Consume]]:
    """credit-ledger's decrement(), over the two tables that it reads and writes."""
    from credit_ledger import metering
    from sqlalchemy import create_engine

    cluster.create_database("credit_ledger", "template0")
    conninfo = cluster.conninfo("credit_ledger")
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(
            "create table credit_balance ("
            " tenant_id uuid primary key, credits numeric(18, 4) not null, updated_at timestamptz default now());"
            "create table credit_ledger ("
            " id uuid primary key, tenant_id uuid not null, delta numeric(18, 4) not null, reason text not null,"
            " idempotency_key text, balance_after numeric(18, 4), created_at timestamptz default now(),"
            " unique (tenant_id, idempotency_key))"
        )
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), pool_size=8)
    organizations = [str(uuid4()) for _ in range(50)]
    for organization in organizations:
        metering.grant(organization, 1_000_000, idempotency_key=organization, engine=engine)

    def consume(organization: str, key: str) -> None:
        if not metering.decrement(organization, 1, idempotency_key=key, engine=engine).ok:
            raise RuntimeError("credit-ledger refused")

    return organizations, lambda: consume


PEERS: dict[str, tuple[str, Callable[[Cluster], tuple[list[str], Callable[[], Consume]]]]] = {
    "Tenantry": ("psycopg", tenantry),
    "hf-nostro": ("nostro", nostro),
    "credit-ledger": ("credit_ledger", credit_ledger),
}


def rate(organizations: list[str], client: Callable[[], Consume], clients: int) -> float:
    """Consumptions a second."""
    consumers = [client() for _ in range(clients)]
    done = [0] * clients
    start = time.perf_counter()

    def work(number: int) -> None:
        turns = itertools.cycle(
            organizations[number % len(organizations) :] + organizations[: number % len(organizations)]
        )
        while time.perf_counter() - start < SECONDS:
            consumers[number](next(turns), uuid4().hex)
            done[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - start)


def main() -> None:
    """Prints the table."""
    folder = Path(__file__).parent.parent / "build"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tenantry-peers-", dir=folder) as data:
        Path(data).chmod(0o711)
        with running(installations()[-1], Path(data)) as cluster:
            print(f"{'consumptions a second':<24}" + "".join(f"{name:>24}" for name, _, _ in SHAPES))
            for name, (module, make) in PEERS.items():
                if importlib.util.find_spec(module) is None:
                    print(f"{name:<24}{'not installed':>24}")
                    continue
                organizations, client = make(cluster)
                rates = [rate(organizations[:spread], client, clients) for _, clients, spread in SHAPES]
                print(f"{name:<24}" + "".join(f"{value:>24.0f}" for value in rates), flush=True)


if __name__ == "__main__":
    main()
