"""The reference matches the protos, the headers, the catalog, the errors and the settings, and all of them
have comments."""

import re
from pathlib import Path

import psycopg
import pytest

from tests.support.postgres import Cluster, in_one_version
from tools.reference import FOLDER, catalog, headers, protos, render


@in_one_version
def test_the_pages_are_current(cluster: Cluster, database: str) -> None:
    current = render(cluster.conninfo(database))
    committed = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert committed.keys() == current.keys(), "run `make docs`"
    different = [name for name, text in current.items() if committed[name] != text]
    assert different == [], "run `make docs`"


def test_every_link_of_the_pages_leads_somewhere() -> None:
    pages = {path.name: path.read_text() for path in FOLDER.iterdir()}
    anchors = {
        name: {
            re.sub(r"[^a-z0-9_-]", "", head.lower().replace(" ", "-")) for head in re.findall(r"(?m)^#+ (.+)$", text)
        }
        for name, text in pages.items()
    }
    for name, text in pages.items():
        for target in re.findall(r"\]\(([^)]+)\)", text):
            file, _, anchor = target.partition("#")
            assert (FOLDER / file).exists(), f"{name}: {target}"
            assert not anchor or anchor in anchors[file or name], f"{name}: {target}"


@in_one_version
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("comment on column public.credit_transactions.amount is null", "column public.credit_transactions.amount"),
        ("create table public.things (id uuid)", "table public.things"),
        ("comment on function public.get_role is null", "function public.get_role"),
        ("comment on type public.member is null", "type public.member"),
    ],
)
def test_a_thing_in_the_catalog_without_comment_is_named(
    cluster: Cluster, database: str, change: str, problem: str
) -> None:
    with psycopg.connect(cluster.conninfo(database)) as connection:
        connection.execute(change.encode())
    with pytest.raises(ValueError, match=f"^{problem} has no comment: add a COMMENT ON beside its definition$"):
        catalog.read(cluster.conninfo(database))


@in_one_version
def test_an_rpc_without_a_function_is_named(cluster: Cluster, database: str) -> None:
    with psycopg.connect(cluster.conninfo(database)) as connection:
        connection.execute("drop function public.can_afford")
    with pytest.raises(ValueError, match=r"^CreditService.CanAfford has no function public.can_afford$"):
        render(cluster.conninfo(database))


def test_a_thing_in_the_protos_without_comment_is_named(tmp_path: Path) -> None:
    (tmp_path / "things.proto").write_text(
        """
        syntax = "proto3";
        // Things.
        service ThingService {
          rpc GetThing(GetThingRequest) returns (GetThingResponse);
        }
        // Request.
        message GetThingRequest {
          string id = 1;
        }
        message GetThingResponse {}
        """
    )
    with pytest.raises(ValueError, match="has no comment") as raised:
        protos.read(tmp_path)
    assert str(raised.value).splitlines() == [
        "ThingService.GetThing has no comment in things.proto",
        "GetThingRequest.id has no comment in things.proto",
        "GetThingResponse has no comment in things.proto",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "-- Does a thing.\n--\n-- Locks: the row.\n-- Raises: TN001, TN002 (unknown thing), 42501.\n"
        "-- Callers: any user.\n",
        "-- Does a thing. Locks: the row. Raises TN001, TN002 (unknown thing),\n-- 42501. Callers: any user.\n",
    ],
    ids=["a line each", "in one paragraph"],
)
def test_a_header_is_read_by_its_labels(source: str) -> None:
    header = headers.parse("things", f"{source}create or replace function public.do_thing() …")
    assert (header.locks, header.callers) == ("the row.", "any user.")
    assert header.raises == [("TN001", ""), ("TN002", "unknown thing"), ("42501", "")]
