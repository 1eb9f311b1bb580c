"""The `tenantry` command."""

import argparse
import asyncio
import contextlib
import logging
import os
import re
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import uvloop

from tenantry import demo, migrate
from tenantry.app import Server
from tenantry.auth import ROLES, SERVICE, mint
from tenantry.bridge import BridgeError
from tenantry.config import Config, ConfigError, from_environment
from tenantry.database import Database
from tenantry.embedded import EmbeddedError, EmbeddedPostgres, default_data_dir
from tenantry.errors import CallError
from tenantry.migrate import MigrationError
from tenantry.stripe.sender import Sender
from tenantry.workers import LOG_FORMAT, Workers

if TYPE_CHECKING:
    from tenantry.stripe.client import Stripe

log = logging.getLogger(__name__)

SERVER_ROLE = "tenantry_server"
"""The role that the server logs in as."""

TOKEN_LIFETIME = 24 * 3600
"""Seconds that the token printed at start is good for."""

EVENTS_AT_ONCE = 20
"""Events of Stripe's that one transaction takes up again: it holds the accounts of all of them."""

WATCH_INTERVAL = 1.0
"""Seconds between two looks at whether the embedded PostgreSQL still runs."""


def main() -> None:
    """Runs the command line; exits with 1 and one clear line when something is not as it should be."""
    arguments = _parser().parse_args()
    level = (os.environ.get("TENANTRY_LOG_LEVEL") or "INFO").upper()
    if level not in logging.getLevelNamesMapping():
        sys.exit("tenantry: TENANTRY_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR")
    logging.basicConfig(level=level, format=LOG_FORMAT)
    run: Callable[[argparse.Namespace], int | None] = arguments.run
    try:
        sys.exit(run(arguments))
    except (ConfigError, EmbeddedError, MigrationError, BridgeError) as error:
        sys.exit(f"tenantry: {error}")
    except psycopg.OperationalError as error:
        sys.exit(f"tenantry: cannot reach PostgreSQL: {error}")
    except psycopg.Error as error:
        sys.exit(f"tenantry: {error.diag.message_primary}")
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tenantry", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser(
        "serve",
        help="serve gRPC",
        description="Serves gRPC on TENANTRY_LISTEN (127.0.0.1:50051), and on TENANTRY_HTTP_LISTEN, if set, health and"
        " Stripe's webhook. With DATABASE_URL: that database, which `tenantry migrate up` has prepared. Without: an"
        " embedded PostgreSQL, prepared by itself.",
    )
    serve.add_argument("--demo-data", action="store_true", help="put a small demo tenant into an embedded database")
    serve.add_argument(
        "--workers", type=_count, default=1, metavar="N", help="server processes that share the port; one a core"
    )
    serve.set_defaults(run=_serve)

    migrate_parser = commands.add_parser("migrate", help="apply, show and take back the schema")
    actions = migrate_parser.add_subparsers(required=True, metavar="ACTION")
    for name, run, help_text in (
        ("up", _up, "apply what is pending"),
        ("status", _status, "list every file and whether it is applied"),
        ("plan", _plan, "print the SQL that `up` would run"),
        ("down", _down, "take migrations back: the newest, or all newer than --to"),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument("--database-url", help="instead of DATABASE_URL: a role that may create the schema")
        if name != "status":
            action.add_argument("--to", metavar="VERSION", help="the newest version to have afterwards; 0 for none")
            action.add_argument(
                "--lock-timeout", default="5s", help="how long to wait for a lock that another session holds"
            )
        action.set_defaults(run=run)

    export = actions.add_parser("export", help="write the schema as migrations for the Supabase CLI")
    export.add_argument(
        "--supabase", metavar="DIR", type=Path, required=True, help="the project: what holds the folder supabase"
    )
    export.set_defaults(run=_export)

    verify = commands.add_parser("verify", help="prove the ledgers: list what does not hold")
    verify.add_argument("--database-url", help="instead of DATABASE_URL")
    verify.add_argument("--organization", metavar="UUID", help="this one only")
    verify.set_defaults(run=_verify)

    stripe_parser = commands.add_parser("stripe", help="bring this database and Stripe together")
    actions = stripe_parser.add_subparsers(required=True, metavar="ACTION")
    sync = actions.add_parser(
        "sync",
        help="bring plans and credit products, and products and prices at Stripe, together",
        description="With TENANTRY_STRIPE_API_KEY. Exits with 1 if something failed.",
    )
    sync.add_argument("direction", choices=("push", "pull"), help="push: Stripe becomes as it is here; pull: otherwise")
    sync.add_argument("--database-url", help="instead of DATABASE_URL")
    sync.set_defaults(run=lambda arguments: asyncio.run(_stripe_sync(arguments)))
    reconcile_parser = actions.add_parser(
        "reconcile",
        help="ask Stripe what happened since a time, and make good what was missed",
        description="With TENANTRY_STRIPE_API_KEY. Lists what was different here, and exits with 1 if something was.",
    )
    reconcile_parser.add_argument(
        "--since", type=_since, default="7d", metavar="TIME", help="2026-01-31, or such as 12h or 7d ago (7d)"
    )
    reconcile_parser.add_argument("--database-url", help="instead of DATABASE_URL")
    reconcile_parser.set_defaults(run=lambda arguments: asyncio.run(_stripe_reconcile(arguments)))
    events = actions.add_parser("events", help="list events, newest first")
    events.add_argument("--database-url", help="instead of DATABASE_URL")
    events.add_argument(
        "--state", choices=("stuck", "pending", "processed", "ignored", "unmatched", "failed"), default="stuck"
    )
    events.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (50)")
    events.set_defaults(run=_stripe_events)
    retry = actions.add_parser("retry", help="take up again what is stuck")
    retry.add_argument("--database-url", help="instead of DATABASE_URL")
    retry.add_argument("--limit", type=int, default=100, metavar="N", help="at most so many (100)")
    retry.set_defaults(run=_stripe_retry)

    token = commands.add_parser("token", help="print a token for development")
    token.add_argument("--role", choices=ROLES, default="service_role")
    token.add_argument("--subject", metavar="UUID", help="the user, for the role authenticated")
    token.add_argument("--lifetime", type=int, default=TOKEN_LIFETIME, metavar="SECONDS")
    token.set_defaults(run=_token)

    demo_parser = commands.add_parser("demo", help="walk through the main job on a throw-away database")
    demo_parser.add_argument("--billing", action="store_true", help="the life of a subscription, on a fake Stripe")
    demo_parser.set_defaults(run=_demo)
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError
    return count


def _serve(arguments: argparse.Namespace) -> int:
    # Until the server is up and takes the signal itself, it must unwind what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with contextlib.ExitStack() as stack:
        postgres = None
        if os.environ.get("DATABASE_URL"):
            config = from_environment()
        else:
            postgres = stack.enter_context(EmbeddedPostgres())
            migrate.up(postgres.conninfo())
            if arguments.demo_data:
                migrate.apply_demo_data(postgres.conninfo())
            config = from_environment(postgres.conninfo(SERVER_ROLE), _own_secret(postgres.data_dir))
        return uvloop.run(_run_server(config, arguments.workers, postgres))


async def _run_server(config: Config, workers: int, postgres: EmbeddedPostgres | None) -> int:
    server = Server(config) if workers == 1 else Workers(config, workers)
    address = await server.start()
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    if server.http_address:
        print(f"Tenantry serves HTTP on {server.http_address}", flush=True)
    _announce(address, config, postgres)
    ends = {asyncio.create_task(asked_to_stop.wait()), asyncio.create_task(server.wait())}
    while not any(end.done() for end in ends):
        await asyncio.wait(ends, timeout=WATCH_INTERVAL, return_when=asyncio.FIRST_COMPLETED)
        if postgres and postgres.poll() is not None:
            log.error("the embedded PostgreSQL has ended; see %s", postgres.data_dir / "postgres.log")
            break
    await server.stop()
    for end in ends:
        end.cancel()
    return 0 if asked_to_stop.is_set() else 1


def _announce(address: str, config: Config, postgres: EmbeddedPostgres | None) -> None:
    if postgres is None:
        print(f"Tenantry serves on {address}", flush=True)
        return
    token = mint(config.jwt_secret, "service_role", lifetime=TOKEN_LIFETIME)
    print(
        f"""
Tenantry serves on {address}, with an embedded PostgreSQL in {postgres.data_dir}

A token of the service role, good for a day (another: tenantry token):
  export TOKEN={token}

A first call:
  .venv/bin/grpcurl -plaintext -H "authorization: Bearer $TOKEN" \\
    -d '{{"name": "Acme", "slug": "acme"}}' \\
    {address} tenantry.v1.OrganizationService/CreateOrganization

The database, for psql:
  psql "{postgres.conninfo()}"

Stop with Ctrl-C.""",
        flush=True,
    )


def _up(arguments: argparse.Namespace) -> None:
    applied = migrate.up(_database_url(arguments), to=arguments.to, lock_timeout=arguments.lock_timeout)
    for name in applied:
        print(f"applied {name}")
    if not applied:
        print("nothing to do")


def _plan(arguments: argparse.Namespace) -> None:
    print(migrate.plan(_database_url(arguments), to=arguments.to, lock_timeout=arguments.lock_timeout))


def _status(arguments: argparse.Namespace) -> int:
    files = migrate.status(_database_url(arguments))
    width = max(len(file.name) for file in files)
    for file in files:
        applied = f"{file.applied_at:%Y-%m-%d %H:%M:%S %Z}" if file.applied_at else ""
        print(f"{file.state:8} {file.name:{width}} {applied}".rstrip())
    return 0


def _down(arguments: argparse.Namespace) -> None:
    taken_back = migrate.down(_database_url(arguments), to=arguments.to, lock_timeout=arguments.lock_timeout)
    for name in taken_back:
        print(f"ran {name}")
    if not taken_back:
        print("nothing to do")


def _export(arguments: argparse.Namespace) -> None:
    written = migrate.export_supabase(arguments.supabase)
    for name in written:
        print(f"wrote {arguments.supabase / name}")
    if not written:
        print("nothing to do")


def _verify(arguments: argparse.Namespace) -> int:
    with psycopg.connect(_database_url(arguments)) as connection:
        connection.execute("set local role service_role")
        findings = connection.execute(
            "select f.* from public.verify_ledger(%s) as v, unnest(v.findings) as f", [arguments.organization]
        ).fetchall()
    for organization, invariant, entry, expected, found in findings:
        print(f"{organization} entry {entry}: {invariant}: expected {expected}, found {found}")
    print(f"{len(findings)} findings" if findings else "every invariant holds")
    return 1 if findings else 0


async def _stripe_sync(arguments: argparse.Namespace) -> int:
    async with _at_stripe(arguments) as (database, stripe):
        sender = Sender(database, stripe)
        since = await sender.now()
        asked = await database.call(
            SERVICE,
            "select coalesce(r.subject_id, r.id)"
            f" from public.sync_catalog('{arguments.direction}') as requests, unnest(requests) as r",
            None,
        )
        for (about,) in asked:
            # What went wrong is listed below; a server may be sending, too.
            with contextlib.suppress(CallError):
                await sender.settle(None, about, since, None)
        rows = await database.call(
            SERVICE,
            "select r.operation, r.stripe_id, r.state, r.error_message"
            " from public.list_stripe_requests(page_size => 1000) as l, unnest(l.stripe_requests) as r"
            f" where r.created_at >= '{since}' and r.organization_id is null order by r.id",
            None,
        )
    for operation, stripe_id, state, error in rows:
        print(f"{operation:12} {stripe_id or '':32} {state} {error or ''}".rstrip())
    if not rows:
        print("nothing to do")
    return 1 if any(state != "succeeded" or error for _, _, state, error in rows) else 0


async def _stripe_reconcile(arguments: argparse.Namespace) -> int:
    from tenantry.stripe.reconcile import reconcile

    async with _at_stripe(arguments) as (database, stripe):
        report = await reconcile(database, stripe, arguments.since)
    for found in report.differences:
        print(f"{found.organization_id or '-'} {found.kind} {found.name}: {found.before or 'nothing'} -> {found.after}")
    print(f"{report.looked_at} looked at, {len(report.differences)} differences")
    return 1 if report.differences else 0


@contextlib.asynccontextmanager
async def _at_stripe(arguments: argparse.Namespace) -> AsyncIterator["tuple[Database, Stripe]"]:
    from tenantry.stripe.client import Stripe, StripeUnavailable

    api_key = os.environ.get("TENANTRY_STRIPE_API_KEY")
    if not api_key:
        raise ConfigError("TENANTRY_STRIPE_API_KEY is not set")
    database = Database(_database_url(arguments), 4, 60.0)
    stripe = Stripe(api_key, os.environ.get("TENANTRY_STRIPE_API_BASE"))
    await database.open()
    try:
        yield database, stripe
    except StripeUnavailable as error:
        raise ConfigError(f"Stripe: {error}") from None
    except CallError as error:
        raise ConfigError(error.status.message) from None
    finally:
        await stripe.close()
        await database.close()


def _since(text: str) -> datetime:
    if match := re.fullmatch(r"(\d+)([hd])", text):
        return datetime.now(UTC) - timedelta(**{{"h": "hours", "d": "days"}[match[2]]: int(match[1])})
    return datetime.fromisoformat(text).astimezone(UTC)


def _stripe_events(arguments: argparse.Namespace) -> None:
    with psycopg.connect(_database_url(arguments)) as connection:
        connection.execute("set local role service_role")
        events = connection.execute(
            "select e.created, e.id, e.type, e.state, e.attempts, coalesce(e.error_code || ' ' || e.error_message, '')"
            " from public.list_stripe_events(state => %s, page_size => %s) as x, unnest(x.events) as e",
            [arguments.state, arguments.limit],
        ).fetchall()
    for created, event_id, event_type, state, attempts, error in events:
        print(f"{created:%Y-%m-%d %H:%M:%S} {event_id} {event_type} {state} after {attempts} attempts {error}".rstrip())
    if not events:
        print("none")


def _stripe_retry(arguments: argparse.Namespace) -> int:
    done, stuck = 0, 0
    with psycopg.connect(_database_url(arguments), autocommit=True) as connection:
        connection.execute("set role service_role")
        for start in range(0, arguments.limit, EVENTS_AT_ONCE):
            ((processed, stuck),) = connection.execute(
                "select r.processed, r.stuck from public.retry_stripe_events(%s) as r",
                [min(EVENTS_AT_ONCE, arguments.limit - start)],
            ).fetchall()
            done += processed
            if not stuck:
                break
    print(f"{done} processed, {stuck} stuck")
    return 1 if stuck else 0


def _token(arguments: argparse.Namespace) -> None:
    secret = os.environ.get("TENANTRY_JWT_SECRET")
    if not secret:
        path = _secret_path(default_data_dir())
        if not path.exists():
            raise ConfigError("TENANTRY_JWT_SECRET is not set, and no embedded server has made a secret here yet")
        secret = path.read_text()
    try:
        print(mint(secret, arguments.role, arguments.subject, arguments.lifetime))
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _demo(arguments: argparse.Namespace) -> int:
    if not arguments.billing:
        return demo.run()
    from tenantry.demo import billing

    return billing.run()


def _database_url(arguments: argparse.Namespace) -> str:
    url = arguments.database_url or os.environ.get("DATABASE_URL")
    if not url:
        raise ConfigError("set DATABASE_URL or give --database-url")
    return str(url)


def _secret_path(data_dir: Path) -> Path:
    return data_dir / "jwt-secret"


def _own_secret(data_dir: Path) -> str:
    """The secret that an embedded server's tokens are signed with: made once, for this account's eyes only."""
    path = _secret_path(data_dir)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


if __name__ == "__main__":
    main()
