"""Every code block of the README and of docs/ runs as it stands."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantry import migrate
from tenantry.demo.fake_stripe import FakeStripe
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.postgres import Cluster, in_one_version

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
ADDRESS = "127.0.0.1:50051"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Commands that set up what the tests set up by themselves, or that serve until they are stopped.
# What the Supabase CLI does is tested in tests/supabase.
NOT_RUN = re.compile(r"^(make run|make test|\.venv/bin/tenantry serve|supabase)\b.*$", re.MULTILINE)
# supabase-js and supabase-py need a PostgREST, which is not at hand; the SQL blocks beside them make the same calls.
SHOWN = ("js", "py")


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


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
    cluster.drop_database("documented")


@in_one_version
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_blocks_of_a_document_run_in_order(
    site: str, stripe: dict[str, str], cluster: Cluster, document: Path, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        **stripe,
        "TOKEN": server.service_token(),
        "TENANTRY_JWT_SECRET": server.SECRET,
        "DATABASE_URL": cluster.conninfo("documented"),
    }
    psql = [str(cluster.program("psql")), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", cluster.conninfo("documented")]
    for language, text in BLOCK.findall(document.read_text()):
        code = text.replace(ADDRESS, site).replace("my-project", str(tmp_path))
        if language == "sh":
            command = ["bash", "-euc", shell(code)]
        elif language == "python":
            command = [sys.executable, "-W", "error", "-c", code]
        elif language == "sql":
            command = [*psql, "-c", code]
        else:
            assert language in SHOWN, f"a block of an unknown language: {language}"
            continue
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, text + done.stdout + done.stderr


def shell(code: str) -> str:
    """A block of commands, with the test's installation and settings in place of the reader's."""
    code = NOT_RUN.sub("", code).replace(".venv/bin/", f"{BIN}/")
    code = re.sub(r"^export (DATABASE_URL|TENANTRY_\w+)=.*$", "", code, flags=re.MULTILINE)
    # The blocks that follow still need what this would take away.
    return re.sub(r"tenantry migrate down\b", "tenantry migrate status", code)
