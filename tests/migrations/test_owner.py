"""Owners of databases who are no superusers install Tenantry, as at providers that give nobody a superuser."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from tenantry import migrate
from tenantry.config import ConfigError
from tenantry.database import service_session
from tenantry.v1.organizations_pb2 import ListOrganizationsRequest
from tests.support import server
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


def _use(login: str) -> None:
    with psycopg.connect(login, autocommit=True, row_factory=dict_row) as service:
        service.execute("set role service_role")
        acme = organization(service, 10)
        consume(service, acme, 4)
        row = service.execute("select credit_balance, (select count(*) from auth.users) from public.organizations")
        assert row.fetchone() == {"credit_balance": 6, "count": 0}
        checked = service.execute("select cardinality(findings) as findings from public.verify_ledger()").fetchone()
        assert checked == {"findings": 0}
