"""`tenantry stripe`: it lists the stuck events and requests, and retries them."""

import subprocess
from argparse import Namespace

import pytest

from tenantry import cli
from tests.conftest import Connection
from tests.support import command
from tests.support.postgres import Cluster
from tests.support.stripe import credits, deliver, tell


def run(conninfo: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of `tenantry stripe` to its end."""
    return command.run("stripe", *arguments, DATABASE_URL=conninfo)


@pytest.mark.parametrize("state", ["stuck", "failed"])
def test_what_is_stuck_is_listed_and_taken_up_again(
    admin: Connection, cluster: Cluster, database: str, state: str
) -> None:
    conninfo = cluster.conninfo(database)
    story = tell(admin, "credit_purchase")
    admin.execute("update public.credit_products set credit_amount = 2147483647")
    for event in story.events:
        deliver(admin, event)
    listed = run(conninfo, "events", "--state", state)
    assert listed.returncode == 0
    assert "evt_" in listed.stdout
    assert "failed after 1 attempts 22003 integer out of range" in listed.stdout

    retried = run(conninfo, "retry")
    assert retried.returncode == 1
    assert retried.stdout.startswith("0 processed, ")
    admin.execute("update public.credit_products set credit_amount = 200")
    retried = run(conninfo, "retry")
    assert (retried.returncode, retried.stdout.endswith(" processed, 0 stuck\n")) == (0, True)
    assert credits(admin, story.organization_id) == 400
    assert run(conninfo, "events").stdout == "none\n"


def test_events_are_listed_to_the_last_page(
    admin: Connection,
    cluster: Cluster,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    story = tell(admin, "credit_purchase")
    for event in story.events:
        deliver(admin, event)
    monkeypatch.setattr(cli, "PAGE_SIZE", 2)

    def listed(limit: int) -> list[str]:
        conninfo = cluster.conninfo(database)
        cli._stripe_events(Namespace(database_url=conninfo, state="processed", limit=limit))
        return [line.split()[2] for line in capsys.readouterr().out.splitlines()]

    newest_first = [
        row["id"] for row in admin.execute("select id from tenantry.stripe_events order by received_at desc, id desc")
    ]
    assert len(newest_first) > 3
    assert listed(1000) == newest_first
    assert listed(3) == newest_first[:3]
