"""The server through clients that are not ours: grpcurl, buf curl, and Node's @grpc/grpc-js."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import google.rpc.error_details_pb2
import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo

from tests.support import npm
from tests.support.calls import METHODS, organization
from tests.support.postgres import in_one_version
from tests.support.server import Client, Process, service_token

pytestmark = in_one_version

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
NODE_PACKAGE = ROOT / "tests" / "clients" / "node"


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}, check=False
    )


def grpcurl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(BIN / "grpcurl", "-plaintext", "-max-time", "20", *arguments)


def test_grpcurl_lists_every_service_and_its_methods(serving: Process) -> None:
    listed = grpcurl(serving.address, "list")
    assert listed.returncode == 0, listed.stderr
    services = {method.containing_service.full_name for method in METHODS.values()}
    assert set(listed.stdout.split()) == {
        *services,
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    for service in services:
        methods = grpcurl(serving.address, "list", service).stdout.split()
        assert methods == sorted(m.full_name for m in METHODS.values() if m.containing_service.full_name == service)


def test_grpcurl_describes_a_request_with_its_fields(serving: Process) -> None:
    described = grpcurl(serving.address, "describe", "tenantry.v1.ConsumeCreditsRequest").stdout
    assert "string organization_id = 1;" in described
    assert "optional int32 quantity = 3;" in described


@pytest.mark.parametrize("service", ["", "tenantry.v1.CreditService"])
def test_the_server_says_that_it_serves(serving: Process, service: str) -> None:
    """No token is needed: a health checker cannot be expected to have one."""
    checked = grpcurl("-d", json.dumps({"service": service}), serving.address, "grpc.health.v1.Health/Check")
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout) == {"status": "SERVING"}


def test_grpcurl_calls_with_a_token(serving: Process, client: Client) -> None:
    acme = organization(client, 100)
    called = grpcurl(
        *("-H", f"authorization: Bearer {service_token()}"),
        *("-d", json.dumps({"organization_id": acme.id, "amount": 7, "metadata": {"via": "grpcurl ü"}})),
        *(serving.address, "tenantry.v1.CreditService/ConsumeCredits"),
    )
    assert called.returncode == 0, called.stderr
    entry = json.loads(called.stdout)["transaction"]
    assert (entry["amount"], entry["balance_after"], entry["metadata"]) == (-7, 93, {"via": "grpcurl ü"})
    assert entry["transaction_type"] == "CREDIT_TRANSACTION_TYPE_CONSUMED"


def test_grpcurl_shows_why_a_call_was_refused(serving: Process, client: Client) -> None:
    acme = organization(client, 5)
    called = grpcurl(
        *("-H", f"authorization: Bearer {service_token()}", "-format-error"),
        *("-d", json.dumps({"organization_id": acme.id, "amount": 6})),
        *(serving.address, "tenantry.v1.CreditService/ConsumeCredits"),
    )
    assert called.returncode != 0
    error = json.loads(called.stderr)
    assert error["code"] == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    (info,) = error["details"]
    assert (info["reason"], info["domain"]) == ("INSUFFICIENT_CREDITS", "tenantry")
    assert info["metadata"]["available"] == "5"


def buf_curl(serving: Process, method: str, data: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return run(
        *(BIN / "buf", "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--reflect"),
        *("-H", f"authorization: Bearer {service_token()}"),
        *("-d", json.dumps(data), f"http://{serving.address}/{method}"),
    )


def test_buf_curl_calls_with_a_token(serving: Process, client: Client) -> None:
    acme = organization(client)
    called = buf_curl(serving, "tenantry.v1.OrganizationService/GetOrganization", {"slug": acme.slug})
    assert called.returncode == 0, called.stderr
    assert json.loads(called.stdout)["organization"]["id"] == acme.id


def test_buf_curl_shows_why_a_call_was_refused(serving: Process) -> None:
    called = buf_curl(serving, "tenantry.v1.OrganizationService/GetOrganization", {"organizationId": "acme"})
    assert called.returncode != 0
    error = json.loads(called.stderr)
    assert error["code"] == "invalid_argument"
    values = {detail["type"]: base64.b64decode(detail["value"] + "==") for detail in error["details"]}
    assert ErrorInfo.FromString(values["google.rpc.ErrorInfo"]).reason == "INVALID_ARGUMENT"
    (violation,) = BadRequest.FromString(values["google.rpc.BadRequest"]).field_violations
    assert violation.field == "organization_id"


@pytest.fixture(scope="session")
def node_client(pytestconfig: pytest.Config) -> Path:
    """The client for Node."""
    return npm.install(NODE_PACKAGE, pytestconfig) / "client.mjs"


def node(script: Path, serving: Process, token: str, service: str, method: str, request: dict[str, Any]) -> Any:
    """Returns the output of the client for Node."""
    includes = Path(google.rpc.error_details_pb2.__file__).parents[2]
    called = run(
        *("node", script, serving.address, ROOT / "protos", includes, service, method, json.dumps(request)), TOKEN=token
    )
    assert called.returncode == 0, called.stderr
    return json.loads(called.stdout)


def test_a_client_in_node_calls_with_a_token(serving: Process, client: Client, node_client: Path) -> None:
    acme = organization(client, 100)
    outcome = node(
        node_client,
        serving,
        service_token(),
        "CreditService",
        "ConsumeCredits",
        {"organization_id": acme.id, "amount": 7, "description": "via Node ü"},
    )
    entry = outcome["response"]["transaction"]
    assert (entry["amount"], entry["balance_after"], entry["description"]) == (-7, 93, "via Node ü")
    assert (entry["transaction_type"], entry["entry_number"]) == ("CREDIT_TRANSACTION_TYPE_CONSUMED", "2")


def test_a_client_in_node_reads_why_a_call_was_refused(serving: Process, client: Client, node_client: Path) -> None:
    acme = organization(client, 5)
    request = {"organization_id": acme.id, "amount": 6}
    outcome = node(node_client, serving, service_token(), "CreditService", "ConsumeCredits", request)
    assert (outcome["code"], outcome["message"]) == ("FAILED_PRECONDITION", "6 credits are required, 5 are available")
    (info,) = outcome["details"]
    assert (info["type"], info["reason"]) == ("google.rpc.ErrorInfo", "INSUFFICIENT_CREDITS")
    assert (info["metadata"]["required"], info["metadata"]["available"]) == ("6", "5")
    outcome = node(node_client, serving, "not-a-token", "CreditService", "ConsumeCredits", request)
    assert (outcome["code"], outcome["details"][0]["reason"]) == ("UNAUTHENTICATED", "INVALID_TOKEN")
