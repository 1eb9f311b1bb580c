"""Owners of databases who are no superusers install Tenantry, as at providers that give nobody a superuser."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from tenantry import doctor, migrate
from tenantry.config import ConfigError
from tenantry.database import service_session
from tenantry.v1.organizations_pb2 import ListOrganizationsRequest
from tests.support import server
from tests.support.command import run
from tests.support.ledger import consume, organization
from tests.support.postgres import Cluster, Installation, installations

OWNERS = {"creator": "createrole", "plain": ""}
"""The owners and their attributes, in the order of their work: the first makes the roles that the second finds."""


@pytest.fixture(scope="module", params=installations(), ids=str)
def owned(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster without the roles of Tenantry, in which each owner has a database of the same name."""
    installation: Installation = request.param
    with Cluster(installation) as cluster:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as admin:
            for owner, attributes in OWNERS.items():
                admin.execute(f"create role {owner} login {attributes}".encode())
                admin.execute(f"create database {owner} owner {owner}".encode())
        yield cluster


def test_owners_without_further_rights_install_and_serve(owned: Cluster) -> None:
    for owner in OWNERS:
        conninfo = owned.conninfo(owner, owner)
        migrate.up(conninfo)
        migrate.down(conninfo, to="0")
        migrate.up(conninfo)
        assert migrate.up(conninfo) == []
        login = owned.conninfo(owner, "tenantry_server")
        _use(login)
        with (
            server.fork(DATABASE_URL=login, TENANTRY_JWT_SECRET=server.SECRET) as process,
            server.client(process.address, server.service_token()) as client,
        ):
            found = client.organizations.ListOrganizations(ListOrganizationsRequest()).organizations
            assert len(found) == 1
        with (
            pytest.raises(ConfigError, match=f"{owner} may not become service_role: .*tenantry_server"),
            service_session(conninfo),
        ):
            pass


def test_hidden_rows_are_an_error_and_no_empty_answer(owned: Cluster) -> None:
    """The service role bypasses no policy here, so without one it would see an empty ledger, which verifies."""
    owner = owned.conninfo("creator", "creator")
    login = owned.conninfo("creator", "tenantry_server")
    migrate.up(owner)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("drop policy service on public.credit_transactions")
    done = run("verify", DATABASE_URL=login)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "tenantry: service_role sees no row of table public.credit_transactions: run `tenantry migrate up --repair`\n"
    )
    done = run("serve", DATABASE_URL=login, TENANTRY_JWT_SECRET=server.SECRET, TENANTRY_LISTEN="127.0.0.1:0")
    assert done.returncode == 1
    assert "table public.credit_transactions shows service_role no row: run `tenantry migrate up" in done.stderr
    assert "table public.credit_transactions: shows service_role no row: run `tenantry migrate up --repair`" in [
        str(finding) for finding in doctor.examine(owner)
    ]
    assert migrate.up(owner, repair=True) == ["policies/credit_transactions.sql"]
    assert run("verify", DATABASE_URL=login).returncode == 0


def test_the_owner_is_told_which_login_serves(owned: Cluster) -> None:
    migrate.up(owned.conninfo("creator", "creator"))
    owner = owned.conninfo("plain", "plain")
    migrate.up(owner)
    for arguments in (["serve"], ["verify"]):
        done = run(*arguments, DATABASE_URL=owner, TENANTRY_JWT_SECRET=server.SECRET, TENANTRY_LISTEN="127.0.0.1:0")
        assert done.returncode == 1
        assert done.stderr.startswith("tenantry: plain may not become ")
        assert done.stderr.endswith(": use the login of the server, tenantry_server, or a superuser\n")


def _use(login: str) -> None:
    with psycopg.connect(login, autocommit=True, row_factory=dict_row) as service:
        service.execute("set role service_role")
        acme = organization(service, 10)
        consume(service, acme, 4)
        row = service.execute("select credit_balance, (select count(*) from auth.users) from public.organizations")
        assert row.fetchone() == {"credit_balance": 6, "count": 0}
        checked = service.execute("select cardinality(findings) as findings from public.verify_ledger()").fetchone()
        assert checked == {"findings": 0}
