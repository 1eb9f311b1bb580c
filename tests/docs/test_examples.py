"""Every code block of the README and of docs/ runs as it stands, and each SQL example prints the output that it shows.

The SQL blocks of a page are one psql session. The output stands in a block of text after each of them that prints
anything; `pytest tests/docs --write-examples` brings these blocks up to date.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tenantry import migrate
from tenantry_demo.fake_stripe import FakeStripe
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.postgres import Cluster, in_one_version

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
ADDRESS = "127.0.0.1:50051"
# A block, and the block of text that follows it at once.
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)

# Commands that the tests do not run: the tests set up the same by themselves, or the commands serve until they are
# stopped. The tests in tests/supabase run the Supabase CLI.
NOT_RUN = re.compile(r"^(make run|make test|\.venv/bin/tenantry serve|supabase)\b.*$", re.MULTILINE)
# supabase-js and supabase-py need a PostgREST, which is not at hand; the SQL blocks beside them make the same calls.
# test_diagrams.py checks the diagrams.
SHOWN = ("js", "py", "json", "mermaid", "text")
# docs/README.md tells readers of this placeholder.
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
PLACEHOLDER = "<uuid>"
# The comment that a block starts with when PostgreSQL is to refuse it.
REFUSED = "-- Refused"

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


class Psql:
    """A psql session that runs one block after the other; `with` ends it.

    Args:
        cluster: the PostgreSQL to connect to.
        database: the name of the database.
    """

    END = "-- the end of a block"

    def __init__(self, cluster: Cluster, database: str) -> None:
        self._process = subprocess.Popen(
            [cluster.program("psql"), "-X", "-q", "-v", "SHOW_CONTEXT=never", cluster.conninfo(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._process.communicate(timeout=60)

    def run(self, block: str) -> str:
        """Runs a block and returns its output, without spaces at the ends of lines and with PLACEHOLDER for each UUID.

        psql stops at the first error, unless the block starts with the comment REFUSED.
        """
        assert self._process.stdin
        assert self._process.stdout
        on_error = "off" if block.startswith(REFUSED) else "on"
        self._process.stdin.write(f"\\set ON_ERROR_STOP {on_error}\n{block}\n\\echo {self.END}\n")
        self._process.stdin.flush()
        lines: list[str] = []
        for line in self._process.stdout:
            if line.rstrip() == self.END:
                return UUID.sub(PLACEHOLDER, "\n".join(lines).strip("\n"))
            lines.append(re.sub(r"^psql:<stdin>:\d+: ", "", line.rstrip()))
        raise AssertionError("psql stopped:\n" + block + "\n".join(lines))


@pytest.fixture
def stripe() -> Iterator[dict[str, str]]:
    """Settings of a Stripe."""
    with FakeStripe() as fake:
        yield {"TENANTRY_STRIPE_API_KEY": fake.api_key, "TENANTRY_STRIPE_API_BASE": fake.url}


@pytest.fixture
def site(cluster: Cluster, document: Path, stripe: dict[str, str]) -> Iterator[str]:
    """A database with the demo tenant; for a document that calls the server, the address of one on it."""
    cluster.create_database("documented", TEMPLATE)
    migrate.apply_demo_data(cluster.conninfo("documented"))
    if ADDRESS in document.read_text():
        with server.serve(
            DATABASE_URL=cluster.conninfo("documented", "tenantry_server"),
            TENANTRY_JWT_SECRET=server.SECRET,
            **stripe,
        ) as process:
            yield process.address
    else:
        yield ""
    for name in ("documented", "restored", "new_app"):
        cluster.drop_database(name)


@in_one_version
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_blocks_of_a_document_run_in_order(
    site: str,
    stripe: dict[str, str],
    cluster: Cluster,
    document: Path,
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    environment = {
        **os.environ,
        **stripe,
        "TOKEN": server.service_token(),
        "TENANTRY_JWT_SECRET": server.SECRET,
        "DATABASE_URL": cluster.conninfo("documented"),
        "ADMIN_URL": cluster.conninfo(),
        "NEW_URL": cluster.conninfo("new_app"),
        "RESTORED_URL": cluster.conninfo("restored"),
        "BACKUP": str(tmp_path),
        "PATH": f"{cluster.program('psql').parent}:{os.environ['PATH']}",
    }
    before = document.read_text()
    after = before
    with Psql(cluster, "documented") as psql:
        for block in BLOCK.finditer(before):
            language, text, shown = block.groups()
            if language in SHOWN:
                continue
            code = text.replace(ADDRESS, site).replace("my-project", str(tmp_path))
            if language == "sql":
                printed = psql.run(code)
                assert ("ERROR:" in printed) == code.startswith(REFUSED), text + printed
                after = after.replace(block.group(), example(text, printed))
                continue
            if language == "sh":
                command = ["bash", "-euc", shell(code)]
            else:
                assert language == "python", f"a block of an unknown language: {language}"
                command = [sys.executable, "-W", "error", "-c", code]
            assert shown is None, f"the output of this block is not checked: {text}"
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, text + done.stdout + done.stderr
    if pytestconfig.getoption("write_examples"):
        document.write_text(after)
    else:
        assert before == after, "the output is another; if the new one is right: pytest tests/docs --write-examples"


def example(code: str, output: str) -> str:
    """A block of SQL as it stands in a page, followed by its output if there is any."""
    return f"```sql\n{code}```" + (f"\n\n```text\n{output}\n```" if output else "")


def shell(code: str) -> str:
    """A block of commands, with the test's installation and settings in place of the reader's."""
    code = NOT_RUN.sub("", code).replace(".venv/bin/", f"{BIN}/")
    code = re.sub(r"^export (\w+_URL|BACKUP|TENANTRY_\w+)=.*$", "", code, flags=re.MULTILINE)
    # The blocks that follow still need the tables that this command would remove.
    return re.sub(r"tenantry migrate down\b", "tenantry migrate status", code)
