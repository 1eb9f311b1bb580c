"""The plots of docs/performance.md: throughput against concurrency, and latency against the size of a ledger."""

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

from benchmarks import grpc_load
from benchmarks.cluster import interleaved
from benchmarks.figures import CONSUME, FLOOR, PREPARE_CONSUME, Scale, database, floor
from tenantry.v1.credits_pb2 import ConsumeCreditsRequest
from tests.support.postgres import Cluster
from tests.support.server import SECRET, serve, service_token

IMAGES = Path(__file__).parent.parent / "docs" / "images"

CLIENTS = (1, 2, 4, 8, 16, 32, 64)
SIZES = (1_000, 10_000, 100_000, 1_000_000)
LOTS = (1, 10, 100, 1_000)


def draw(cluster: Cluster, scale: Scale) -> None:
    """Measures and draws both plots."""
    IMAGES.mkdir(exist_ok=True)
    _throughput(cluster, scale)
    _latency(cluster, scale)


def _throughput(cluster: Cluster, scale: Scale) -> None:
    with database(cluster, "throughput") as opened:
        (hot,), copies = opened.organizations(1), floor(opened, 1)
        body = grpc_load.frame(ConsumeCreditsRequest(organization_id=hot, amount=1).SerializeToString())
        with serve(
            DATABASE_URL=cluster.conninfo(opened.name, "tenantry_server"), TENANTRY_JWT_SECRET=SECRET
        ) as process:
            address, method = process.address, "/tenantry.v1.CreditService/ConsumeCredits"
            turns = {}
            for under_way in CLIENTS:
                with (
                    opened.clients(CONSUME, setup=PREPARE_CONSUME, organizations=[hot], clients=under_way) as subject,
                    opened.clients(FLOOR, organizations=copies, clients=under_way) as limit,
                ):
                    sides: dict[str, Callable[[], float]] = {
                        "ConsumeCredits over gRPC": lambda n=under_way: (  # type: ignore[misc]
                            grpc_load.rate(address, method, body, service_token(), n, scale.seconds * 2)
                        ),
                        "consume_credits() in SQL": lambda s=subject: s.turn(scale.seconds).rate,  # type: ignore[misc]
                        "one statement without rules": lambda s=limit: s.turn(scale.seconds).rate,  # type: ignore[misc]
                    }
                    turns[under_way] = interleaved(scale.turns // 3, *sides.values())
            lines = {
                name: [statistics.median(turn[side] for turn in turns[n]) for n in CLIENTS]
                for side, name in enumerate(sides)
            }
    figure, axes = plt.subplots(figsize=(7, 4))
    for name, rates in lines.items():
        axes.plot(CLIENTS, rates, marker="o", label=name)
    axes.set_xscale("log", base=2)
    axes.set_xticks(CLIENTS, [str(n) for n in CLIENTS])
    axes.set_xlabel("calls under way, all on one organization")
    axes.set_ylabel("consumptions a second")
    _save(figure, axes, "throughput.png")


def _latency(cluster: Cluster, scale: Scale) -> None:
    with database(cluster, "latency") as opened:
        points = {
            "entries": [(size, opened.ledgers(1, size, 1)[0]) for size in SIZES],
            "lots": [(lots, opened.ledgers(1, 2_000, lots)[0]) for lots in LOTS],
        }

        figure, axes = plt.subplots(figsize=(7, 4))
        for name, ledgers in points.items():
            with ExitStack() as stack:
                sides = [
                    stack.enter_context(opened.clients(CONSUME, setup=PREPARE_CONSUME, organizations=[organization]))
                    for _, organization in ledgers
                ]
                turns = interleaved(
                    scale.turns // 2,
                    *(lambda s=side: s.turn(scale.seconds).median * 1e3 for side in sides),
                )
            medians = [statistics.median(turn[number] for turn in turns) for number in range(len(ledgers))]
            axes.plot([size for size, _ in ledgers], medians, marker="o", label=f"by {name}")
    axes.set_xscale("log")
    axes.set_xlabel("entries, or lots, of the ledger before")
    axes.set_ylabel("ms for one consumption (median)")
    _save(figure, axes, "latency.png")


def _save(figure: Any, axes: Any, name: str) -> None:
    axes.set_ylim(0, 1.25 * axes.get_ylim()[1])
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(IMAGES / name, dpi=110)
    plt.close(figure)
