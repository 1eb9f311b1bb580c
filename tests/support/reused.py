"""A database that tests use one after the other, emptied in between, and its connections.

A new database is quickly made, but everything in it happens for the first time and must be compiled and planned.
"""

import itertools
from collections import defaultdict

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from tests.conftest import Connection
from tests.support.ledger import make_clock_movable
from tests.support.postgres import Cluster

_KEPT = 12
"""The number of connections of a kind that stay open."""

_TESTS = 200
"""The number of tests that use one database: deleted rows stay in its tables, as nothing vacuums them."""

_PREPARE = """
create schema reuse;

create table reuse.changes (command text);

create function reuse.note_change() returns event_trigger language plpgsql security definer
    set search_path = '' as $$ begin insert into reuse.changes values (tg_tag); end $$;

-- Restores the rows that every table had when this schema was made.
do $do$
declare
    v_table regclass;
    v_copy text;
    v_has_rows boolean;
    v_sequence record;
    v_statements text := '';
begin
    for v_table in
        select oid from pg_class
        where relkind = 'r' and relnamespace::regnamespace::text in ('public', 'tenantry', 'auth', 'test')
    loop
        execute format('select exists (select from %s)', v_table) into v_has_rows;
        if v_has_rows then
            v_copy := format('reuse.%I', v_table);
            execute format('create table %s as table %s', v_copy, v_table);
            v_statements := v_statements || format(
                'if exists ((table %1$s except table %2$s) union all (table %2$s except table %1$s)) then'
                ' delete from %1$s; insert into %1$s overriding system value table %2$s; end if;',
                v_table, v_copy
            );
        else
            v_statements := v_statements || format('delete from %s;', v_table);
        end if;
    end loop;
    for v_sequence in select * from pg_sequences where schemaname in ('public', 'tenantry', 'auth') loop
        v_statements := v_statements || format(
            'perform setval(''%I.%I'', %s, %L);', v_sequence.schemaname, v_sequence.sequencename,
            coalesce(v_sequence.last_value, v_sequence.start_value), v_sequence.last_value is not null
        );
    end loop;
    execute format(
        'create function reuse.begin_anew() returns void language plpgsql as $f$ begin %s end $f$', v_statements
    );
end
$do$;

create event trigger note_change on ddl_command_end execute function reuse.note_change();
alter event trigger note_change enable always;
"""


class ReusedDatabase:
    """Hands out connections to a migrated database whose clock can be moved, until a test ends.

    Args: cluster: the cluster in which the database is made.
        template: the database to copy.
    """

    def __init__(self, cluster: Cluster, template: str) -> None:
        self._cluster = cluster
        self._template = template
        self._numbers = itertools.count()
        self._open()

    def connect(self, role: str | None = None, user: str = "postgres") -> Connection:
        """Opens a connection as the user, after SET ROLE."""
        kept = self._kept[role, user]
        connection = kept.pop() if kept else self._new_connection(user)
        if role:
            connection.execute(f"set role {role}".encode())
        self._lent.append(((role, user), connection))
        return connection

    def end_test(self) -> None:
        """Takes the connections back and empties the database; replaces the database if its schema was changed."""
        self._tests += 1
        # The first connection of a test is also the first of the next test, and has the same plans.
        for kind, connection in reversed(self._lent):
            if len(self._kept[kind]) < _KEPT and _made_as_new(connection):
                self._kept[kind].append(connection)
            else:
                connection.close()
        self._lent.clear()
        if self._tests == _TESTS or not self._begin_anew():
            self.drop()
            self._open()

    def drop(self) -> None:
        """Removes the database."""
        for connection in [*itertools.chain.from_iterable(self._kept.values()), self._keeper]:
            connection.close()
        self._cluster.discard_database(self._name)

    def _open(self) -> None:
        self._name = f"reused_{next(self._numbers)}"
        self._cluster.create_database(self._name, self._template)
        self._kept: dict[tuple[str | None, str], list[Connection]] = defaultdict(list)
        self._lent: list[tuple[tuple[str | None, str], Connection]] = []
        self._tests = 0
        self._keeper = self._new_connection("postgres")
        make_clock_movable(self._keeper)
        self._keeper.execute(_PREPARE)
        # No trigger may see the emptying, and a session that blocks it was left behind by a test.
        self._keeper.execute("set session_replication_role = replica; set lock_timeout = '1s'")

    def _new_connection(self, user: str) -> Connection:
        conninfo = self._cluster.conninfo(self._name, user)
        return psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)

    def _begin_anew(self) -> bool:
        """Restores the contents of the tables. Returns False if that is not enough."""
        if self._keeper.execute("select from reuse.changes limit 1").fetchone() is not None:
            return False
        try:
            self._keeper.execute("select reuse.begin_anew()")
        except psycopg.errors.LockNotAvailable:
            return False
        return True


def _made_as_new(connection: Connection) -> bool:
    """Whether the connection has nothing left of the test except more plans."""
    if connection.closed or connection.info.transaction_status == TransactionStatus.ACTIVE:
        return False
    try:
        connection.rollback()
        connection.autocommit = True
        connection.execute(
            "reset session authorization; reset role; reset all; unlisten *; select pg_advisory_unlock_all()"
        )
    except psycopg.Error:
        return False
    return True
