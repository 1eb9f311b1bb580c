"""Stripe's webhook over real HTTP: the requests that it accepts, and its answers to them."""

import gzip
import http.client
import json
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc
import psycopg
import pytest
from google.protobuf.json_format import MessageToDict
from psycopg.rows import dict_row
from stripe import WebhookSignature

from tests.conftest import TEMPLATE, Connection
from tests.support import server
from tests.support.calls import invoke, refused, request
from tests.support.ledger import organization
from tests.support.postgres import Cluster
from tests.support.stripe import catalog, credits
from tests.support.stripe_payloads import CURRENT, Object
from tests.support.stripe_stories import Story, credit_purchase

OLD_SECRET, SECRET = "whsec_of_the_old_endpoint", "whsec_of_the_new_endpoint"


@dataclass(frozen=True)
class Endpoint:
    """A server that takes events, and its database."""

    process: server.Process
    http_address: str
    admin: Connection

    def post(self, body: str | bytes, **headers: str) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        with closing(http.client.HTTPConnection(self.http_address, timeout=30)) as connection:
            connection.request("POST", "/stripe/webhook", body.encode() if isinstance(body, str) else body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if text.startswith("{") else text

    def get(self, path: str) -> int:
        """Status of the answer."""
        with closing(http.client.HTTPConnection(self.http_address, timeout=30)) as connection:
            connection.request("GET", path)
            return connection.getresponse().status

    def send(self, event: Object, secret: str = SECRET) -> tuple[int, Any]:
        """Sends an event in the same way as Stripe."""
        body = json.dumps(event)
        return self.post(body, **{"Stripe-Signature": WebhookSignature.generate_signature_header(body, secret)})

    def stored(self) -> int:
        """The number of stored events."""
        row = self.admin.execute("select count(*) from tenantry.stripe_events").fetchone()
        assert row
        count: int = row["count"]
        return count


@contextmanager
def listening(cluster: Cluster, database: str, admin: Connection) -> Iterator[Endpoint]:
    """A server that takes events for this database."""
    with server.fork(
        # One of the tests waits until the server gives up.
        {"tenantry.pool.ACQUIRE_TIMEOUT": 1.5},
        DATABASE_URL=cluster.conninfo(database, "tenantry_server"),
        TENANTRY_JWT_SECRET=server.SECRET,
        TENANTRY_HTTP_LISTEN="127.0.0.1:0",
        TENANTRY_STRIPE_WEBHOOK_SECRETS=f"{OLD_SECRET}, {SECRET}",
    ) as process:
        found = re.search(r"serves HTTP on (127\.0\.0\.1:\d+)", "".join(process.output))
        assert found
        yield Endpoint(process, found[1], admin)


@pytest.fixture
def endpoint(cluster: Cluster, database: str, admin: Connection) -> Iterator[Endpoint]:
    with listening(cluster, database, admin) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def refusing(cluster: Cluster) -> Iterator[Endpoint]:
    """One endpoint for all tests of requests that leave its database empty."""
    cluster.create_database("refusing", TEMPLATE)
    with (
        psycopg.connect(cluster.conninfo("refusing"), autocommit=True, row_factory=dict_row) as admin,
        listening(cluster, "refusing", admin) as endpoint,
    ):
        yield endpoint
    cluster.drop_database("refusing")


@pytest.fixture
def event() -> Object:
    """An event that is sound."""
    story = Story(CURRENT, UUID(int=1), UUID(int=2))
    story.begin()
    return story.events[0]


@pytest.fixture
def story(admin: Connection) -> Story:
    """A purchase of credits."""
    story = Story(CURRENT, organization(admin), catalog(admin))
    credit_purchase(story)
    return story


def test_signed_events_are_processed_once(endpoint: Endpoint, story: Story) -> None:
    for event in story.events * 2:
        status, answer = endpoint.send(event)
        assert (status, answer["state"], answer["id"]) == (200, "processed", event["id"])
    assert credits(endpoint.admin, story.organization_id) == 400
    assert endpoint.stored() == len(story.events)


def test_each_of_several_secrets_is_taken(endpoint: Endpoint, story: Story) -> None:
    assert endpoint.send(story.events[0], OLD_SECRET)[0] == 200
    assert endpoint.send(story.events[1], SECRET)[0] == 200


def test_a_type_that_means_nothing_is_answered_with_200(endpoint: Endpoint, story: Story) -> None:
    event = story.events[0] | {"type": "radar.early_fraud_warning.created"}
    event["data"] = {"object": {"id": "issfr_1", "object": "radar.early_fraud_warning"}}
    assert [endpoint.send(event)[0], endpoint.send(event)[1]["state"]] == [200, "ignored"]


def test_an_event_of_somebody_unknown_is_kept_and_answered_with_200(endpoint: Endpoint, story: Story) -> None:
    event = story.events[0]
    event["data"]["object"]["metadata"] = {}
    assert [endpoint.send(event)[0], endpoint.send(event)[1]["state"]] == [200, "unmatched"]


def test_what_would_fail_again_is_kept_and_answered_with_200(endpoint: Endpoint, story: Story) -> None:
    """Stripe would disable an endpoint that answers 500 for days."""
    endpoint.admin.execute("update public.credit_products set credit_amount = 2000000000")
    answers = [endpoint.send(event) for event in story.events]
    assert {status for status, _ in answers} == {200}
    failed = [answer for _, answer in answers if answer["state"] == "failed"]
    assert failed
    assert all(answer["error_code"] == "22003" and answer["error_message"] for answer in failed)
    endpoint.admin.execute("update public.credit_products set credit_amount = 200")
    with server.client(endpoint.process.address, server.service_token()) as client:
        counted = invoke(client.channel, "CountStripeEvents", request("CountStripeEvents"))
        assert (counted.pending, counted.unmatched, counted.failed) == (0, 0, len(failed))
        retried = invoke(client.channel, "RetryStripeEvents", request("RetryStripeEvents"))
        assert (retried.processed, retried.stuck) == (len(failed), 0)
    assert credits(endpoint.admin, story.organization_id) == 400


def test_what_passes_is_answered_so_that_stripe_sends_it_again(endpoint: Endpoint, story: Story) -> None:
    endpoint.admin.execute(
        "create function tenantry.fill_up() returns trigger language plpgsql as"
        " $$ begin raise 'the disk is full' using errcode = '53100'; end $$;"
        "create trigger fill_up before insert on tenantry.stripe_objects execute function tenantry.fill_up()"
    )
    assert endpoint.send(story.events[0])[0] == 503
    assert endpoint.stored() == 0
    endpoint.admin.execute("drop trigger fill_up on tenantry.stripe_objects; drop function tenantry.fill_up()")
    assert endpoint.send(story.events[0])[0] == 200


def test_a_body_that_is_not_compressed_can_say_so(endpoint: Endpoint, event: Object) -> None:
    body = json.dumps(event)
    header = WebhookSignature.generate_signature_header(body, SECRET)
    assert endpoint.post(body, **{"Stripe-Signature": header, "Content-Encoding": "identity"})[0] == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense"])
def test_a_compressed_body_is_refused(refusing: Endpoint, event: Object, encoding: str) -> None:
    body = json.dumps(event)
    header = WebhookSignature.generate_signature_header(body, SECRET)
    for sent in (body.encode(), gzip.compress(body.encode())):
        status, _ = refusing.post(sent, **{"Stripe-Signature": header, "Content-Encoding": encoding})
        assert status in (400, 415)
    assert refusing.stored() == 0


def test_a_bad_signature_is_refused_and_nothing_is_stored(refusing: Endpoint, event: Object) -> None:
    body, now = json.dumps(event), int(time.time())
    bad = {
        "foreign": ("whsec_of_somebody_else", now),
        "old": (SECRET, now - 301),
        "replayed": (SECRET, now - 24 * 3600),
    }
    answers = {}
    for name, (secret, timestamp) in bad.items():
        header = WebhookSignature.generate_signature_header(body, secret, timestamp=timestamp)
        answers[name] = refusing.post(body, **{"Stripe-Signature": header})[0]
    assert answers == dict.fromkeys(bad, 400)
    assert refusing.stored() == 0


def test_a_signature_that_is_none_is_refused(refusing: Endpoint) -> None:
    headers = ("", "nonsense", "t=1", "t=x,v1=y", "v1=\u00e9,t=1")
    assert refusing.post("{}")[0] == 400
    answers = {header: refusing.post("{}", **{"Stripe-Signature": header})[0] for header in headers}
    assert answers == dict.fromkeys(headers, 400)


def test_a_changed_body_is_refused(refusing: Endpoint, event: Object) -> None:
    body = json.dumps(event)
    header = WebhookSignature.generate_signature_header(body, SECRET)
    assert refusing.post(body.replace("customer.created", "customer.updated"), **{"Stripe-Signature": header})[0] == 400
    assert refusing.stored() == 0


def test_a_signed_body_that_is_no_event_is_refused(refusing: Endpoint) -> None:
    bodies = ("", "{", "null", "[]", "7", "{}", '{"id": "evt_1"}', '{"object": "event", "id": "evt_\\u0000"}', "\\")
    answers = {}
    for body in bodies:
        header = WebhookSignature.generate_signature_header(body, SECRET)
        answers[body] = refusing.post(body, **{"Stripe-Signature": header})[0]
    assert answers == dict.fromkeys(bodies, 400)
    assert refusing.stored() == 0


def test_a_signed_event_that_is_nested_too_deeply_is_refused(refusing: Endpoint, event: Object) -> None:
    text = json.dumps(event)
    for start, inner, end in (("[", "", "]"), ('{"a":', "1", "}")):
        for depth in (100_000, 30_000, 10_000, 5_000, 3_000, 1_000, 200):
            body = text[:-1] + ', "deep": ' + start * depth + inner + end * depth + "}"
            header = WebhookSignature.generate_signature_header(body, SECRET)
            assert (depth, refusing.post(body, **{"Stripe-Signature": header})[0]) == (depth, 400)
    assert refusing.stored() == 0


def test_a_body_that_is_no_utf8_is_refused(refusing: Endpoint) -> None:
    header = WebhookSignature.generate_signature_header("\u00ff", SECRET)
    assert refusing.post(b"\xff", **{"Stripe-Signature": header})[0] == 400


def test_a_body_that_is_too_large_is_refused(refusing: Endpoint) -> None:
    body = json.dumps({"id": "evt_1", "padding": "x" * 1024 * 1024})
    header = WebhookSignature.generate_signature_header(body, SECRET)
    assert refusing.post(body, **{"Stripe-Signature": header})[0] == 413
    assert refusing.stored() == 0


def test_without_its_database_the_server_is_alive_and_not_ready(
    cluster: Cluster, endpoint: Endpoint, database: str, story: Story
) -> None:
    assert [endpoint.get("/healthz"), endpoint.get("/readyz")] == [200, 200]
    with psycopg.connect(cluster.conninfo(), autocommit=True) as other:
        other.execute(f"alter database {database} allow_connections false".encode())
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and usename = 'tenantry_server'",
            [database],
        )
        assert [endpoint.get("/healthz"), endpoint.get("/readyz")] == [200, 503]
        assert endpoint.send(story.events[0])[0] == 503
        other.execute(f"alter database {database} allow_connections true".encode())
    assert endpoint.send(story.events[0])[0] == 200


def test_a_receiver_of_ones_own_passes_events_on_by_rpc(endpoint: Endpoint, story: Story) -> None:
    body = json.dumps(story.events[0])
    signed = request(
        "ProcessStripeEvent",
        payload=body.encode(),
        signature=WebhookSignature.generate_signature_header(body, SECRET),
    )
    with server.client(endpoint.process.address, server.service_token()) as client:
        event = invoke(client.channel, "ProcessStripeEvent", signed).event
        assert (event.id, event.type, event.organization_id, event.attempts) == (
            story.events[0]["id"],
            "customer.created",
            str(story.organization_id),
            1,
        )
        shown = invoke(client.channel, "GetStripeEvent", request("GetStripeEvent", stripe_event_id=event.id))
        assert shown.event == event
        assert MessageToDict(shown.payload)["data"]["object"]["id"] == story.customer
        listed = invoke(client.channel, "ListStripeEvents", request("ListStripeEvents", type="customer.created"))
        assert list(listed.events) == [event]
        retried = invoke(client.channel, "RetryStripeEvents", request("RetryStripeEvents"))
        assert (retried.processed, retried.stuck) == (0, 0)

        forged = request("ProcessStripeEvent", payload=body.encode(), signature="t=1,v1=00")
        refusal = refused(invoke, client.channel, "ProcessStripeEvent", forged)
        assert (refusal.code, refusal.reason, refusal.fields) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_SIGNATURE",
            ["signature"],
        )
    with server.client(endpoint.process.address) as stranger:
        assert refused(invoke, stranger.channel, "ProcessStripeEvent", signed).reason == "TOKEN_REQUIRED"


def test_a_server_without_a_secret_takes_no_events(cluster: Cluster, database: str) -> None:
    with (
        server.fork(
            DATABASE_URL=cluster.conninfo(database, "tenantry_server"), TENANTRY_JWT_SECRET=server.SECRET
        ) as process,
        server.client(process.address, server.service_token()) as client,
    ):
        refusal = refused(invoke, client.channel, "ProcessStripeEvent", request("ProcessStripeEvent", payload=b"{}"))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_WEBHOOK_SECRET")


def test_characters_that_postgresql_cannot_store_are_replaced(endpoint: Endpoint, event: Object) -> None:
    event["data"]["object"]["metadata"] = {"kept": "🐘\\u0000\\", "nul": "a\0b", "half": "\ud83dx", "end": "\udc00"}
    assert endpoint.send(event)[0] == 200
    row = endpoint.admin.execute(
        "select payload #> '{data,object,metadata}' as found from tenantry.stripe_events"
    ).fetchone()
    assert row
    assert row["found"] == {"kept": "🐘\\u0000\\", "nul": "a\ufffdb", "half": "\ufffdx", "end": "\ufffd"}


def test_a_raw_nul_is_refused(refusing: Endpoint, event: Object) -> None:
    body = json.dumps(event).replace("customer.created", "customer\0created")
    header = WebhookSignature.generate_signature_header(body, SECRET)
    assert refusing.post(body, **{"Stripe-Signature": header})[0] == 400
    assert refusing.stored() == 0
