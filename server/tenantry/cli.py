"""The `tenantry` command."""

import argparse
import asyncio
import contextlib
import importlib.util
import itertools
import logging
import os
import re
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import uvloop

from tenantry import baseline, demo, doctor, migrate
from tenantry.app import Server
from tenantry.auth import ROLES, SERVICE, mint
from tenantry.bridge import BridgeError
from tenantry.config import Config, ConfigError, from_environment
from tenantry.database import Database, Statement, list_rows, parameters, service_session
from tenantry.drift import Finding
from tenantry.embedded import EmbeddedError, EmbeddedPostgres, default_data_dir
from tenantry.errors import CallError
from tenantry.sql_files import MigrationError
from tenantry.stripe.sender import Sender
from tenantry.workers import LOG_FORMAT, Workers

if TYPE_CHECKING:
    from tenantry.stripe.client import Stripe

log = logging.getLogger(__name__)

SERVER_ROLE = "tenantry_server"
"""The role that the server logs in as."""

TOKEN_LIFETIME = 24 * 3600
"""Seconds that a token of `tenantry token` is valid for."""

STARTUP_TOKEN_LIFETIME = 3600
"""Seconds that the token printed at start is valid for."""

EVENTS_AT_ONCE = 20
"""Maximum number of stored events that one transaction retries. It locks the accounts of all of them."""

PAGE_SIZE = 1000
"""Rows that one page of a list holds: the maximum that the database allows."""

WATCH_INTERVAL = 1.0
"""Seconds between two checks that the embedded PostgreSQL still runs."""


def main() -> None:
    """Runs the command line. Exits with 1 and one line of explanation on an error that the user can mend."""
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
    except CallError as error:
        sys.exit(f"tenantry: {error.status.message}")
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
        description="Serves gRPC on TENANTRY_LISTEN (127.0.0.1:50051). If TENANTRY_HTTP_LISTEN is set, serves health"
        " checks and Stripe's webhook there. Uses the database of DATABASE_URL, which `tenantry migrate up` must have"
        " prepared. Without DATABASE_URL, starts and migrates an embedded PostgreSQL.",
    )
    serve.add_argument("--demo-data", action="store_true", help="add a small demo tenant to the embedded database")
    serve.add_argument(
        "--workers",
        type=_count,
        default=1,
        metavar="N",
        help="number of server processes that share the port (1); one for each core is best",
    )
    serve.set_defaults(run=_serve)

    migrate_parser = commands.add_parser("migrate", help="apply, show and roll back the schema")
    actions = migrate_parser.add_subparsers(required=True, metavar="ACTION")
    for name, run, help_text in (
        ("up", _up, "apply the pending files"),
        ("status", _status, "list every file with its state"),
        ("plan", _plan, "print the SQL that `up` would run"),
        ("down", _down, "roll back the newest migration, or all that are newer than --to"),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument(
            "--database-url", help="used instead of DATABASE_URL; its role must be allowed to create the schema"
        )
        if name in ("up", "plan"):
            action.add_argument(
                "--repair",
                action="store_true",
                help="mend functions, triggers, policies, rights and roles that differ from the record",
            )
        if name != "status":
            action.add_argument("--to", metavar="VERSION", help="the newest version afterwards; 0 for none")
        if name in ("up", "down"):
            action.add_argument(
                "--lock-wait",
                type=float,
                default=migrate.LOCK_WAIT,
                metavar="SECONDS",
                help="seconds for which the run begins again while another session holds a lock (%(default)s)",
            )
        action.set_defaults(run=run)

    action = actions.add_parser(
        "baseline",
        help="record files that other tools have applied",
        description="Writes the record of a database to which the files were applied by other means, after it has"
        " compared the catalog with that of a temporary database. If they differ, lists the differences and changes"
        " nothing. Needs the login of the owner of the database, with CREATEDB.",
    )
    action.add_argument("--database-url", help="used instead of DATABASE_URL")
    action.add_argument("--reference", metavar="URL", help="an empty database to use in place of a temporary one")
    action.set_defaults(run=_baseline)
    actions.add_parser("bundle", help="print one SQL file for an empty database").set_defaults(
        run=lambda _: print(migrate.bundle(), end="")
    )
    actions.add_parser("roles", help="print the SQL that makes the roles, for an administrator").set_defaults(
        run=lambda _: print(migrate.roles(), end="")
    )
    export = actions.add_parser("export", help="write the schema as migrations for the Supabase CLI")
    export.add_argument(
        "--supabase",
        metavar="DIR",
        type=Path,
        required=True,
        help="the project's folder, which contains the folder supabase",
    )
    export.set_defaults(run=_export)

    doctor_parser = commands.add_parser(
        "doctor",
        help="compare the schema with its record",
        description="Lists every difference between the database and the record that `migrate up` has made, with its"
        " remedy, and exits with 1 if there is one. Needs the login of the owner of the database, or a superuser.",
    )
    doctor_parser.add_argument("--database-url", help="used instead of DATABASE_URL")
    doctor_parser.set_defaults(run=_doctor)

    verify = commands.add_parser("verify", help="check the ledgers and list every violated invariant")
    verify.add_argument("--database-url", help="used instead of DATABASE_URL")
    verify.add_argument("--organization", metavar="UUID", help="check only this organization")
    verify.set_defaults(run=_verify)

    stripe_parser = commands.add_parser("stripe", help="synchronize this database and Stripe")
    actions = stripe_parser.add_subparsers(required=True, metavar="ACTION")
    sync = actions.add_parser(
        "sync",
        help="synchronize plans and credit products with products and prices at Stripe",
        description="Needs TENANTRY_STRIPE_API_KEY. Lists every request, and exits with 1 if one failed.",
    )
    sync.add_argument("direction", choices=("push", "pull"), help="push: change Stripe; pull: change this database")
    sync.add_argument("--database-url", help="used instead of DATABASE_URL")
    sync.set_defaults(run=_stripe_sync)
    reconcile_parser = actions.add_parser(
        "reconcile",
        help="read recent events and objects from Stripe, and correct this database",
        description="Needs TENANTRY_STRIPE_API_KEY. Lists every difference that it corrected, and exits with 1 if there"
        " was one.",
    )
    reconcile_parser.add_argument(
        "--since",
        type=_since,
        default="7d",
        metavar="TIME",
        help="a date such as 2026-01-31, or an age such as 12h or 7d (7d)",
    )
    reconcile_parser.add_argument("--database-url", help="used instead of DATABASE_URL")
    reconcile_parser.set_defaults(run=lambda arguments: asyncio.run(_stripe_reconcile(arguments)))
    events = actions.add_parser("events", help="list stored events, newest first")
    events.add_argument("--database-url", help="used instead of DATABASE_URL")
    events.add_argument(
        "--state",
        choices=("stuck", "pending", "processed", "ignored", "unmatched", "failed"),
        default="stuck",
        help="list only these; stuck (the default) is pending, unmatched and failed together",
    )
    events.add_argument("--limit", type=_count, default=50, metavar="N", help="maximum number of events (50)")
    events.set_defaults(run=_stripe_events)
    retry = actions.add_parser("retry", help="retry stored events that are stuck")
    retry.add_argument("--database-url", help="used instead of DATABASE_URL")
    retry.add_argument("--limit", type=_count, default=100, metavar="N", help="maximum number of events (100)")
    retry.set_defaults(run=_stripe_retry)

    token = commands.add_parser("token", help="print a token for development")
    token.add_argument("--role", choices=ROLES, default="service_role", help="the database role (service_role)")
    token.add_argument("--subject", metavar="UUID", help="the user's id, needed for the role authenticated")
    token.add_argument(
        "--lifetime",
        type=int,
        default=TOKEN_LIFETIME,
        metavar="SECONDS",
        help="seconds until the token expires (a day)",
    )
    token.set_defaults(run=_token)

    demo_parser = commands.add_parser("demo", help="show a client's main calls on a temporary database")
    demo_parser.add_argument(
        "--billing", action="store_true", help="show the life of a subscription, with a fake Stripe"
    )
    demo_parser.set_defaults(run=_demo)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _serve(arguments: argparse.Namespace) -> int:
    # Until the server handles the signal itself, the signal must still stop PostgreSQL.
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
    await server.stop(config.lame_duck)
    for end in ends:
        end.cancel()
    return 0 if asked_to_stop.is_set() else 1


def _announce(address: str, config: Config, postgres: EmbeddedPostgres | None) -> None:
    if postgres is None:
        print(f"Tenantry serves on {address}", flush=True)
        return
    if sys.stdout.isatty():
        title = "A token of the service role, valid for an hour (`tenantry token` prints another):"
        printed = mint(config.jwt_secret, "service_role", lifetime=STARTUP_TOKEN_LIFETIME)
    else:
        # The output may go to a log, which is kept and which others read.
        title = "A token of the service role:"
        printed = "$(.venv/bin/tenantry token)"
    print(
        f"""
Tenantry serves on {address}, with an embedded PostgreSQL in {postgres.data_dir}

{title}
  export TOKEN={printed}

A first call:
  .venv/bin/grpcurl -plaintext -H "authorization: Bearer $TOKEN" \\
    -d '{{"name": "Acme", "slug": "acme"}}' \\
    {address} tenantry.v1.OrganizationService/CreateOrganization

The database, with psql:
  psql "{postgres.conninfo()}"

Stop with Ctrl-C.""",
        flush=True,
    )


def _up(arguments: argparse.Namespace) -> int:
    url = _database_url(arguments)
    applied = migrate.up(url, to=arguments.to, repair=arguments.repair, lock_wait=arguments.lock_wait)
    for name in applied:
        print(f"applied {name}")
    if not applied:
        print("nothing to do")
    return _print_findings(doctor.examine(url)) if arguments.repair else 0


def _plan(arguments: argparse.Namespace) -> None:
    url = _database_url(arguments)
    print(migrate.plan(url, to=arguments.to, repair=arguments.repair))


def _baseline(arguments: argparse.Namespace) -> None:
    files = baseline.take_over(_database_url(arguments), reference=arguments.reference)
    print(f"recorded {len(files)} files")


def _doctor(arguments: argparse.Namespace) -> int:
    return _print_findings(doctor.examine(_database_url(arguments)))


def _print_findings(findings: Sequence[Finding]) -> int:
    """Prints one line for each finding. Returns the exit status."""
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings" if findings else "no findings")
    return 1 if findings else 0


def _status(arguments: argparse.Namespace) -> int:
    files = migrate.status(_database_url(arguments))
    width = max(len(file.name) for file in files)
    for file in files:
        applied = f"{file.applied_at:%Y-%m-%d %H:%M:%S %Z}" if file.applied_at else ""
        print(f"{file.state:8} {file.name:{width}} {applied}".rstrip())
    return 0


def _down(arguments: argparse.Namespace) -> None:
    rolled_back = migrate.down(_database_url(arguments), to=arguments.to, lock_wait=arguments.lock_wait)
    for name in rolled_back:
        print(f"ran {name}")
    if not rolled_back:
        print("nothing to do")


def _export(arguments: argparse.Namespace) -> None:
    written = migrate.export_supabase(arguments.supabase)
    for name in written:
        print(f"wrote {arguments.supabase / name}")
    if not written:
        print("nothing to do")


def _verify(arguments: argparse.Namespace) -> int:
    statement = Statement(
        "verify_ledger",
        "select f.* from public.verify_ledger($1) as v, unnest(v.findings) as f",
        parameters(arguments.organization),
    )
    with service_session(_database_url(arguments)) as call:
        findings = call(statement)
    for organization, invariant, entry, expected, found in findings:
        print(f"{organization} entry {entry}: {invariant}: expected {expected}, found {found}")
    print(f"{len(findings)} findings" if findings else "every invariant holds")
    return 1 if findings else 0


def _stripe_sync(arguments: argparse.Namespace) -> int:
    since = asyncio.run(_sync(arguments))

    def page(token: str | None) -> Statement:
        return Statement(
            "list_stripe_requests",
            "select r.operation, r.stripe_id, r.state, r.error_message, r.organization_id, r.created_at >= $1,"
            " l.next_page_token"
            " from public.list_stripe_requests(page_size => $2, page_token => $3) as l,"
            " unnest(l.stripe_requests) with ordinality as r order by r.ordinality",
            parameters(since, PAGE_SIZE, token),
        )

    with service_session(_database_url(arguments)) as call:
        # The list begins with the newest.
        recent = list(itertools.takewhile(lambda row: row[-1], list_rows(call, page)))
    requests = [row[:4] for row in reversed(recent) if row[4] is None]
    for operation, stripe_id, state, error in requests:
        print(f"{operation:12} {stripe_id or '':32} {state} {error or ''}".rstrip())
    if not requests:
        print("nothing to do")
    return 1 if any(state != "succeeded" or error for _, _, state, error in requests) else 0


async def _sync(arguments: argparse.Namespace) -> str:
    """Makes the requests of a sync and waits until Stripe has answered. Returns the database's time before that."""
    async with _at_stripe(arguments) as (database, stripe):
        sender = Sender(database, stripe)
        since = await sender.now()
        statement = Statement(
            "sync_catalog",
            "select coalesce(r.subject_id, r.id) from public.sync_catalog($1) as requests, unnest(requests) as r",
            parameters(arguments.direction),
        )
        for (subject,) in await database.call(SERVICE, statement, None):
            # The command lists errors afterwards. Another server may be sending the same requests.
            with contextlib.suppress(CallError):
                await sender.wait_for_answers(None, subject, since, None)
        return since


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
    with service_session(_database_url(arguments)):
        pass  # A login that may not become service_role is refused by name. The error of a call would not name it.
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
    def page(token: str | None) -> Statement:
        return Statement(
            "list_stripe_events",
            "select e.created, e.id, e.type, e.state, e.attempts,"
            " coalesce(e.error_code || ' ' || e.error_message, ''), l.next_page_token"
            " from public.list_stripe_events(state => $1, page_size => $2, page_token => $3) as l,"
            " unnest(l.events) with ordinality as e order by e.ordinality",
            parameters(arguments.state, min(arguments.limit, PAGE_SIZE), token),
        )

    with service_session(_database_url(arguments)) as call:
        events = list(itertools.islice(list_rows(call, page), arguments.limit))
    for created, event_id, event_type, state, attempts, error in events:
        print(f"{created:%Y-%m-%d %H:%M:%S} {event_id} {event_type} {state} after {attempts} attempts {error}".rstrip())
    if not events:
        print("none")


def _stripe_retry(arguments: argparse.Namespace) -> int:
    done, stuck = 0, 0
    with service_session(_database_url(arguments)) as call:
        for start in range(0, arguments.limit, EVENTS_AT_ONCE):
            statement = Statement(
                "retry_stripe_events",
                "select r.processed, r.stuck from public.retry_stripe_events($1) as r",
                parameters(min(EVENTS_AT_ONCE, arguments.limit - start)),
            )
            ((processed, stuck),) = call(statement)
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
            raise ConfigError("TENANTRY_JWT_SECRET is not set, and no embedded server has created a secret here yet")
        secret = path.read_text()
    try:
        print(mint(secret, arguments.role, arguments.subject, arguments.lifetime))
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _demo(arguments: argparse.Namespace) -> int:
    if not arguments.billing:
        return demo.run()
    if importlib.util.find_spec("tenantry_demo") is None:
        raise ConfigError(
            "`demo --billing` needs the fake Stripe, which only the source checkout has: clone the repository and run"
            " `make setup` there"
        )
    from tenantry_demo import billing

    return billing.run()


def _database_url(arguments: argparse.Namespace) -> str:
    url = arguments.database_url or os.environ.get("DATABASE_URL")
    if not url:
        raise ConfigError("set DATABASE_URL or give --database-url")
    return str(url)


def _secret_path(data_dir: Path) -> Path:
    return data_dir / "jwt-secret"


def _own_secret(data_dir: Path) -> str:
    """The secret that signs an embedded server's tokens. It is created once; only this account can read the file."""
    path = _secret_path(data_dir)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


if __name__ == "__main__":
    main()
