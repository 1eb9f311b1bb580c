"""`make bench`: measures every figure beside its limit, prints the table, keeps the turns, and flags losses."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import grpc_load
from benchmarks.cluster import running
from benchmarks.figures import FULL, MEASURES, QUICK, Figure
from tests.support.postgres import Cluster, Installation, installations

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"
BASELINE = RESULTS / "baseline.json"

NOISE = 0.15
"""A ratio that is worse than the committed one by more than this share of it is a loss."""


def main() -> int:
    """Runs the benchmarks; exits with 1 if a figure is a loss."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes: fewer turns, smaller ledgers")
    parser.add_argument(
        "--only", choices=MEASURES, action="append", help="only these figures; may be given several times"
    )
    parser.add_argument("--postgres", help="pg15 … pg18; the newest installed one unless given")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build", help="the folder of the database's files: on a disk"
    )
    parser.add_argument("--plots", action="store_true", help="draw docs/images/*.png instead")
    arguments = parser.parse_args()

    arguments.folder.mkdir(exist_ok=True)
    installation = _installation(arguments.postgres)
    scale = QUICK if arguments.quick else FULL
    print(f"{installation}, fsync on, in {arguments.folder}; load over gRPC by {grpc_load.DRIVER}\n")
    if arguments.plots:
        # Needs the extra `bench`.
        from benchmarks.plots import draw

        with _cluster(installation, arguments.folder) as cluster:
            draw(cluster, scale)
        return 0
    print(f"{'figure':<20} {'median':>10} {'limit':>10} {'':<8} {'ratio':>6} {'target':>8}")
    started = datetime.now(UTC)
    figures: list[Figure] = []
    with _cluster(installation, arguments.folder) as cluster:
        for name, measure in MEASURES.items():
            if not arguments.only or name in arguments.only:
                for figure in measure(cluster, scale):
                    figures.append(figure)
                    _print(figure)
    lost = _lost(figures)
    _keep(figures, started, installation, arguments.quick)
    for line in lost:
        print(line)
    return 1 if lost else 0


@contextmanager
def _cluster(installation: Installation, folder: Path) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="tenantry-bench-", dir=folder) as own:
        Path(own).chmod(0o711)
        with running(installation, Path(own)) as cluster:
            yield cluster


def _installation(name: str | None) -> Installation:
    found = {str(installation): installation for installation in installations()}
    if not found or (name and name not in found):
        sys.exit(f"no such PostgreSQL is installed; there are: {', '.join(found) or 'none'}")
    return found[name] if name else list(found.values())[-1]


def _print(figure: Figure) -> None:
    sign = ">=" if figure.at_least else "<="
    print(
        f"{figure.name:<20} {figure.subject:>10.5g} {figure.limit:>10.5g} {figure.unit:<8} {figure.ratio:>6.2f}"
        f" {sign}{figure.target:>6.2f} {'' if figure.is_met else 'missed'}".rstrip(),
        flush=True,
    )


def _lost(figures: list[Figure]) -> list[str]:
    """Ratios that are worse than the committed ones by more than noise."""
    if not BASELINE.exists():
        return []
    before: dict[str, Any] = json.loads(BASELINE.read_text())["ratios"]
    lines = []
    for figure in figures:
        if figure.name in before:
            was = before[figure.name]["median"]
            worse = was / figure.ratio - 1 if figure.at_least else figure.ratio / was - 1
            if worse > NOISE and not figure.is_met:
                lines.append(f"LOST: {figure.name} was {was:.2f} and is {figure.ratio:.2f}")
    return lines


def _keep(figures: list[Figure], started: datetime, installation: Installation, quick: bool) -> None:
    cpu = next((line for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "").partition(": ")[2]
    result = {
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.time() - started.timestamp()),
        "quick": quick,
        "machine": {"cpu": cpu, "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {
            "postgresql": str(installation),
            "python": platform.python_version(),
            **{name: version(name) for name in ("tenantry", "grpcio", "protobuf", "psycopg")},
            "grpc_load": grpc_load.DRIVER,
        },
        "ratios": {
            figure.name: {
                "median": round(figure.ratio, 4),
                "target": figure.target,
                "at_least": figure.at_least,
                "met": figure.is_met,
                "subject": figure.subject,
                "limit": figure.limit,
                "unit": figure.unit,
                "turns": [[float(f"{value:.5g}") for value in turn] for turn in figure.turns],
            }
            for figure in figures
        },
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{started:%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\nkept in {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main())
