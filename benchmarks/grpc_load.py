"""Load over gRPC, from another process than the server's: h2load if it is installed, or else a client of grpc.aio.

h2load (Debian: nghttp2-client) costs little of the measured machine. A Python client takes a core for itself, which
lowers its figures on both sides of a ratio. The results name the client.
"""

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc

H2LOAD = shutil.which("h2load")

DRIVER = "h2load" if H2LOAD else "grpc.aio"


def frame(*messages: bytes) -> bytes:
    """Messages as they stand in a gRPC request's body."""
    return b"".join(b"\0" + len(message).to_bytes(4) + message for message in messages)


def rate(address: str, method: str, body: bytes, token: str, in_flight: int, seconds: float) -> float:
    """Calls a second, with the given number in progress at a time, on four connections at most."""
    connections = min(4, in_flight)
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        if H2LOAD:
            # A client that has finished no call by the end of its warm-up finishes none after it.
            command = [
                *(H2LOAD, f"--clients={connections}", f"--max-concurrent-streams={in_flight // connections}"),
                *(f"--duration={round(seconds * 1000)}ms", f"--warm-up-time={round(seconds * 500)}ms"),
                f"--data={file.name}",
                *("--header=content-type: application/grpc", "--header=te: trailers"),
                *(f"--header=authorization: Bearer {token}", f"http://{address}{method}"),
            ]
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found = re.search(r"finished in [\d.]+m?s, ([\d.]+) req/s", printed)
            done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", printed)
            if not found or not done or done[2] != "0" or done[3] != "0":
                raise RuntimeError(f"h2load failed:\n{printed}")
            return float(found[1])
        command = [sys.executable, "-m", "benchmarks.grpc_load", address, method, file.name, token]
        command += [str(connections), str(in_flight), str(seconds)]
        return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def _messages(body: bytes) -> list[bytes]:
    """The messages of a request's body: the reverse of frame()."""
    found = []
    while body:
        end = 5 + int.from_bytes(body[1:5])
        found.append(body[5:end])
        body = body[end:]
    return found


async def _run(arguments: argparse.Namespace, messages: list[bytes]) -> float:
    metadata = (("authorization", f"Bearer {arguments.token}"),)
    channels = [
        grpc.aio.insecure_channel(arguments.address, [("grpc.use_local_subchannel_pool", 1)])
        for _ in range(arguments.connections)
    ]
    done = 0
    start = time.perf_counter()
    end = start + arguments.seconds

    async def client(number: int) -> None:
        nonlocal done
        call = channels[number % len(channels)].stream_stream(
            arguments.method, request_serializer=bytes, response_deserializer=bytes
        )
        while time.perf_counter() < end:
            # A method with one request is the same on the wire.
            async for _ in call(iter(messages), metadata=metadata):
                pass
            done += 1

    await asyncio.gather(*(client(number) for number in range(arguments.in_flight)))
    took = time.perf_counter() - start
    for channel in channels:
        await channel.close(None)
    return done / took


def main() -> None:
    """The Python client."""
    parser = argparse.ArgumentParser()
    for name in ("address", "method", "body", "token"):
        parser.add_argument(name)
    for name in ("connections", "in_flight"):
        parser.add_argument(name, type=int)
    parser.add_argument("seconds", type=float)
    arguments = parser.parse_args()
    print(asyncio.run(_run(arguments, _messages(Path(arguments.body).read_bytes()))))


if __name__ == "__main__":
    main()
