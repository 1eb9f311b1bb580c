"""The contents of the wheel: the server and the SQL, and none of the tools of a checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

# As where only the wheel is installed: the checkout's own folders are not on the path.
FROM_THE_WHEEL = """
import sys
sys.path = [sys.argv[1]] + [path for path in sys.path if path not in sys.argv[2:4]]
del sys.argv[1:4]
from tenantry.cli import main
main()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "content")
    return folder / "content"


def test_it_holds_the_server_and_the_sql_and_no_fake_stripe(wheel: Path) -> None:
    assert {path.name.partition("-")[0] for path in wheel.iterdir()} == {"tenantry"}
    names = {str(path.relative_to(wheel)) for path in wheel.rglob("*") if path.is_file()}
    assert {"tenantry/cli.py", "tenantry/v1/credits_pb2.py"} <= names
    sources = {f"tenantry/{path.relative_to(ROOT)}" for path in (ROOT / "sql").rglob("*.sql")}
    assert sources <= names
    assert [name for name in names if "fake" in name or "tests" in name] == []


def test_the_demo_of_billing_says_where_its_fake_stripe_is(wheel: Path) -> None:
    arguments = [str(wheel), str(ROOT / "server"), str(ROOT / "demo"), "demo", "--billing"]
    ended = subprocess.run(
        [sys.executable, "-P", "-c", FROM_THE_WHEEL, *arguments], cwd=wheel, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("tenantry: `demo --billing` needs the fake Stripe")
    assert "make setup" in line
