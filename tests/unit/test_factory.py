"""The bridge to a factory: ledger, MQTT to a real broker, REST, OPC UA; and that nothing of a person leaves."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import quote

import aiohttp
import aiomqtt
import pytest
from aiohttp.test_utils import TestClient, TestServer
from brokers import PASSWORD, USER, Broker, free_port
from hypothesis import given, settings, strategies
from packing import START, Packing
from yarl import URL

from opstap.certificates import client_context
from opstap.documents import DocumentError
from opstap.factory import facts
from opstap.factory.bridge import Bridge, Work
from opstap.factory.facts import CellState, Order
from opstap.factory.ledger import Ledger, OrderRefusedError
from opstap.factory.mqtt import MqttPart
from opstap.factory.openapi import document
from opstap.factory.parts import FactoryError
from opstap.factory.rest import Limiter, RestPart
from opstap.factory.settings import Clients, Mqtt, OpcUa, Rest, SecretError, Settings, admit, load_settings, prepare
from opstap.instructions import Cell
from opstap.workflow.journal import Journal
from opstap.workflow.model import Asked, Phase, Started

TASK = "oral_care_case"
DOCUMENT = document()
ANY_PORT = Rest.model_construct(host="127.0.0.1", port=0)
STATE = CellState(cell="oral_care", task=TASK, simulated=True, doing="ready", empty=("floss",), jobs=0, order="",
                  order_done=0, order_count=0)  # fmt: skip


def order(name: str = "4711", count: int = 2, task: str = TASK) -> Order:
    return Order(order=name, task=task, count=count)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "factory.db", TASK)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare(tmp_path / "factory", ["localhost", "127.0.0.1"])
    return tmp_path / "factory"


# The ledger


def test_finished_cases_count_once_for_the_oldest_open_order(cell: Cell, tmp_path: Path, ledger: Ledger) -> None:
    work = Packing(cell, tmp_path / "journal.db")
    work.job()  # before the bridge was switched on: not told
    ledger.read(work.journal, START)
    ledger.place(order("first", 2), START)
    ledger.place(order("second", 1), START)
    for _ in range(4):
        work.job()
    assert ledger.read(work.journal, START) == 4
    assert ledger.read(work.journal, START) == 0
    assert [(o.order, o.done, o.progress) for o in ledger.orders()] == [("first", 2, "done"), ("second", 1, "done")]
    assert [j.order for j in ledger.jobs(0, 10)] == ["first", "first", "second", ""]
    happened = [(e.happened, e.order, e.done) for e in ledger.untold(20)]
    assert happened == [
        ("order_placed", "first", 0), ("order_placed", "second", 0), ("job_done", "first", 1),
        ("job_done", "first", 2), ("order_done", "first", 2), ("job_done", "second", 1), ("order_done", "second", 1),
        ("job_done", "", 0),
    ]  # fmt: skip
    again = Ledger(tmp_path / "factory.db", TASK)
    assert again.read(work.journal, START) == 0
    assert again.finished == 4
    again.close()


def test_a_journal_that_is_begun_later_is_read_from_its_start(cell: Cell, tmp_path: Path, ledger: Ledger) -> None:
    ledger.read(Packing(cell, tmp_path / "journal.db").journal, START)
    other = Packing(cell, tmp_path / "other.db")
    other.job()
    assert ledger.read(other.journal, START) == 1


def test_an_order_is_placed_once_and_refused_with_a_reason(ledger: Ledger) -> None:
    assert ledger.place(order(), START)[1] is True
    assert ledger.place(order(), START)[1] is False
    for wrong, why in [(order(count=3), "there already, for 2 of"), (order("x", task="gearbox"), "allowed: oral_care")]:
        with pytest.raises(OrderRefusedError, match=why):
            ledger.place(wrong, START)
    cancelled = ledger.cancel("4711", START)
    assert cancelled is not None
    assert cancelled.progress == "cancelled"
    assert ledger.cancel("4711", START) == cancelled
    assert ledger.cancel("unknown", START) is None
    assert ledger.current is None


def test_the_buffer_has_an_end_and_says_what_was_lost(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opstap.factory.ledger.BUFFERED", 3)
    for i in range(5):
        ledger.place(order(str(i)), START)
    assert [(e.order, e.lost) for e in ledger.untold(10)] == [("2", 2), ("3", 2), ("4", 2)]
    ledger.told(4)
    assert [e.number for e in ledger.untold(10)] == [5]


# What may leave


def test_the_list_of_what_may_leave_is_closed() -> None:
    allowed = {
        "Order": {"order", "task", "count"},
        "OrderState": {"order", "task", "count", "done", "progress"},
        "Orders": {"orders"},
        "Job": {"number", "task", "order", "day"},
        "Jobs": {"jobs"},
        "CellState": {"cell", "task", "simulated", "doing", "empty", "jobs", "order", "order_done", "order_count"},
        "Event": {"number", "happened", "order", "task", "done", "day", "lost"},
        "Told": {"error"},
    }
    found = {k.__name__: set(k.model_fields) for k in vars(facts).values()
             if isinstance(k, type) and issubclass(k, facts.Fact) and k is not facts.Fact}  # fmt: skip
    assert found == allowed, "whatever is added here leaves the cell: may it?"
    assert set(get_type_hints(Work)) == {"begun", "wanting", "empty"}


def test_nothing_of_who_works_is_in_anything_that_is_told(
    cell: Cell, tmp_path: Path, folder: Path, running: Callable[..., Bridge]
) -> None:
    """Somebody pauses, calls for help, errs and says that the bench is wrong: the factory hears of none of it."""
    work = Packing(cell, tmp_path / "journal.db")
    secret = admit(folder, "mes", "orders")
    bridge = running(Settings(rest=ANY_PORT))
    work.guide.handle(Started(work.now, TASK, "left_handed"))
    work.empty_case()
    for asked in (Asked.PAUSE, Asked.RESUME, Asked.HELP, Asked.HELP_DONE, Asked.YOU_ARE_WRONG):
        work.asks(asked)
    work.wrong_pick()
    work.steps(len(cell.task.steps))
    assert work.guide.state.phase is Phase.DONE

    async def all_answers() -> str:
        async with asking(bridge, folder, secret) as ask:
            await ask("POST", "/v1/orders", {"order": "1", "task": TASK, "count": 2})
            while not (await ask("GET", "/v1/jobs"))[1]["jobs"]:
                pass
            texts = [(await ask("GET", p))[1] for p in ("/v1/state", "/v1/jobs", "/v1/orders", "/v1/orders/1")]
        return json.dumps(texts)

    told = asyncio.run(all_answers())
    events = Ledger(tmp_path / "factory.db", TASK)
    told += "".join(e.model_dump_json() for e in events.untold(100))
    events.close()
    secrets = ["left_handed", "language", "level", "pause", "help", "seconds", "wrong", "step", "problem"]
    assert [word for word in secrets if word in told] == []


# MQTT, to a real broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker")
    yield made
    made.stop()


def mqtt(broker: Broker, folder: Path, password: str = PASSWORD) -> Mqtt:
    (folder / "mqtt-password").write_text(password)
    (folder / "mqtt-password").chmod(0o600)
    (folder / "ca.pem").write_bytes(broker.authority.read_bytes())
    return Mqtt(host="localhost", port=broker.port, user=USER, authority="ca.pem")


@asynccontextmanager
async def listening(broker: Broker) -> AsyncIterator[Callable[[], Awaitable[tuple[str, Any, bool]]]]:
    """What the broker passes on: topic below the cell, content, whether it was retained."""
    context = client_context(broker.authority)
    async with aiomqtt.Client("localhost", broker.port, username=USER, password=PASSWORD, tls_context=context) as hears:
        await hears.subscribe("opstap/oral_care/#", qos=1)

        async def heard() -> tuple[str, Any, bool]:
            message = await asyncio.wait_for(anext(aiter(hears.messages)), 20)
            return message.topic.value.rpartition("/")[2], json.loads(message.payload), message.retain  # type: ignore[arg-type]

        yield heard


def test_events_wait_for_the_broker_and_come_in_order(broker: Broker, folder: Path, ledger: Ledger) -> None:
    async def run() -> None:
        tried, again = asyncio.Event(), asyncio.Event()

        async def pause(seconds: float) -> None:
            tried.set()
            await again.wait()

        part = MqttPart(mqtt(broker, folder), folder, "oral_care", ledger, pause)  # type: ignore[arg-type]
        broker.stop()
        ledger.place(order("a"), START)
        await part.start()
        await part.show(STATE)
        await tried.wait()
        assert "is not reached" in part.fault
        ledger.place(order("b"), START)
        broker.start()
        async with listening(broker) as heard:
            again.set()
            found = [await heard() for _ in range(4)]
            assert [m[1] for m in found if m[0] == "online"] == [True]
            assert [m[1] for m in found if m[0] == "work_state"] == [json.loads(STATE.model_dump_json())]
            assert [m[1]["order"] for m in found if m[0] == "events"] == ["a", "b"]
            ledger.cancel("a", START)
            await part.show(STATE)
            assert (await heard())[1]["happened"] == "order_cancelled"
        async with listening(broker) as heard:  # somebody who comes late
            assert {(m[0], m[2]) for m in [await heard(), await heard()]} == {("online", True), ("work_state", True)}
            assert part.fault == ""
            assert ledger.untold(10) == ()
            await part.stop()
            assert await heard() == ("online", False, False)

    asyncio.run(run())


def test_a_cell_that_dies_is_told_by_the_last_will(broker: Broker, folder: Path, ledger: Ledger) -> None:
    async def run() -> None:
        part = MqttPart(mqtt(broker, folder), folder, "oral_care", ledger)
        async with listening(broker) as heard:
            await part.start()
            assert await heard() == ("online", True, False)
            part._client_now._client.socket().shutdown(socket.SHUT_RDWR)  # as by a power cut: no goodbye
            assert await heard() == ("online", False, False)
            await part.stop()

    asyncio.run(run())


def test_a_wrong_password_is_told_and_is_in_no_log(
    broker: Broker, folder: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def run() -> None:
        tried = asyncio.Event()

        async def pause(seconds: float) -> None:
            tried.set()
            await asyncio.Event().wait()

        part = MqttPart(mqtt(broker, folder, "wrong-but-secret"), folder, "oral_care", ledger, pause)  # type: ignore[arg-type]
        await part.start()
        await tried.wait()
        assert "Not authorized" in part.fault
        await part.stop()

    asyncio.run(run())
    assert "wrong-but-secret" not in caplog.text


# REST


@pytest.fixture
def running(folder: Path, tmp_path: Path) -> Iterator[Callable[..., Bridge]]:
    """Makes a bridge that runs, over the journal in the test's folder."""
    made: list[Bridge] = []

    def make(settings: Settings, *, not_limited: bool = True) -> Bridge:
        if not (tmp_path / "journal.db").exists():
            Journal(tmp_path / "journal.db").close()
        bridge = Bridge(folder, settings, tmp_path / "factory.db", tmp_path / "journal.db", "oral_care", TASK,
                        simulated=True, period=0.02, now=lambda: START)  # fmt: skip
        made.append(bridge)
        bridge.start()
        if "rest" in bridge.parts:  # no bucket is filled again while a test runs, however long it takes
            limiter = Limiter(lambda: 0.0, burst=1e6 if not_limited else 20)
            bridge.parts["rest"]._limiter = limiter  # type: ignore[attr-defined]
        bridge.tell(Work(begun=True, wanting=False, empty=("floss",)))
        return bridge

    yield make
    for bridge in made:
        bridge.close()


@asynccontextmanager
async def asking(bridge: Bridge, folder: Path, secret: str) -> AsyncIterator[Callable[..., Any]]:
    base = f"https://localhost:{bridge.parts['rest'].port}"  # type: ignore[attr-defined]
    context = client_context(folder / "factory-ca.pem")
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    async with aiohttp.ClientSession(base, headers=headers) as session:

        async def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
            async with session.request(method, path, json=body, ssl=context) as answer:
                return answer.status, await answer.json()

        yield ask


def test_an_order_comes_in_and_its_cases_go_out(
    cell: Cell, tmp_path: Path, folder: Path, running: Callable[..., Bridge]
) -> None:
    work, secret = Packing(cell, tmp_path / "journal.db"), admit(folder, "mes", "orders")
    bridge = running(Settings(rest=ANY_PORT))

    async def run() -> None:
        async with asking(bridge, folder, secret) as ask:
            asked = {"order": "A-1", "task": TASK, "count": 1}
            assert await ask("POST", "/v1/orders", asked) == (201, asked | {"done": 0, "progress": "open"})
            assert (await ask("POST", "/v1/orders", asked))[0] == 200
            assert (await ask("POST", "/v1/orders", asked | {"count": 9}))[0] == 409
            while (await ask("GET", "/v1/state"))[1].get("order") != "A-1":
                pass
            work.job()
            while not (await ask("GET", "/v1/jobs?after=0"))[1]["jobs"]:
                pass
            assert (await ask("GET", "/v1/orders?progress=done"))[1]["orders"][0]["order"] == "A-1"
            assert (await ask("GET", "/v1/orders/B"))[0] == 404
            assert (await ask("DELETE", "/v1/orders/A-1"))[0] == 409
            assert (await ask("GET", "/v1/jobs?limit=0"))[0] == 400

    asyncio.run(run())


def test_nobody_asks_without_a_right(folder: Path, running: Callable[..., Bridge], caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    reader = admit(folder, "screen", "read")
    bridge = running(Settings(rest=ANY_PORT), not_limited=False)

    async def run() -> None:
        for secret in ("", "guessed"):
            async with asking(bridge, folder, secret) as ask:
                assert (await ask("GET", "/v1/state"))[0] == 401
        async with asking(bridge, folder, reader) as ask:
            assert (await ask("POST", "/v1/orders", {"order": "1", "task": TASK, "count": 1}))[0] == 403
            codes = [(await ask("GET", "/v1/orders"))[0] for _ in range(40)]
            assert codes[0] == 200
            assert codes[-1] == 429

    asyncio.run(run())
    assert reader not in caplog.text
    assert reader not in (folder / "clients.json").read_text()


def test_a_bucket_fills_again_and_is_of_one_caller() -> None:
    now = [0.0]
    limiter = Limiter(lambda: now[0], burst=2, a_second=1)
    assert [limiter.wait("a"), limiter.wait("a")] == [0, 0]
    assert limiter.wait("a") == pytest.approx(1)
    assert limiter.wait("b") == 0
    now[0] = 1.0
    assert limiter.wait("a") == 0


def made_of(schema: dict[str, Any], whole: dict[str, Any]) -> strategies.SearchStrategy[Any]:
    """Values of a JSON Schema as pydantic writes it."""
    if "$ref" in schema:
        return made_of(whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]], whole)
    if "enum" in schema:
        return strategies.sampled_from(schema["enum"])
    if schema["type"] == "integer":
        return strategies.integers(schema.get("minimum"), schema.get("maximum"))
    if schema["type"] == "object":
        fields = {name: made_of(kind, whole) for name, kind in schema["properties"].items()}
        return strategies.fixed_dictionaries(fields)
    if "pattern" in schema:
        return strategies.from_regex(schema["pattern"], fullmatch=True)
    return strategies.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))


SPOILED = strategies.one_of(
    strategies.text(max_size=20), strategies.integers(), strategies.none(), strategies.booleans(),
    strategies.floats(), strategies.lists(strategies.integers(), max_size=2), strategies.just("x" * 5000),
    strategies.just(TASK),
)  # fmt: skip


@strategies.composite
def requests(draw: Any) -> tuple[str, str, str, dict[str, str], Any]:
    """A request for one of the document's operations: operation's path, method, address, query, body; some spoiled."""
    whole = DOCUMENT
    path = draw(strategies.sampled_from(sorted(whole["paths"])))
    method = draw(strategies.sampled_from(sorted(whole["paths"][path])))
    operation, address, query, body = whole["paths"][path][method], path, {}, None
    spoil = draw(strategies.sampled_from(["nothing", "parameters", "body"]))
    for parameter in operation.get("parameters", ()):
        value = str(draw(SPOILED if spoil == "parameters" else made_of(parameter["schema"], whole)))
        if parameter["in"] == "path":
            address = address.replace(f"{{{parameter['name']}}}", quote(value, safe=""))
        elif draw(strategies.booleans()):
            query[parameter["name"]] = value
    if "requestBody" in operation:
        body = draw(made_of(operation["requestBody"]["content"]["application/json"]["schema"], whole))
        body["task"] = draw(strategies.sampled_from([TASK, body["task"]]))
        if spoil == "body":
            name = draw(strategies.sampled_from(["order", "task", "count", "x", ""]))
            body = {**body, name: draw(SPOILED)} if name else draw(SPOILED)
    return path, method, address, query, body


def test_a_request_made_from_the_document_is_answered_as_it_says(folder: Path, ledger: Ledger) -> None:
    """Right requests and wrong ones: each answer's status is one that the document names, and its body fits."""
    secret = admit(folder, "fuzz", "orders")
    part = RestPart(Rest(), folder, Clients(folder), ledger, lambda: None, limiter=Limiter(burst=1e9))
    asyncio.run(part.show(STATE))
    statuses: set[int] = set()
    with closing(asyncio.new_event_loop()) as loop:

        async def serve() -> TestClient[Any, Any]:
            client = TestClient(TestServer(part.app()))
            await client.start_server()
            return client

        client = loop.run_until_complete(serve())

        async def send(method: str, address: str, query: dict[str, str], body: Any) -> tuple[int, str, str]:
            headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
            data = None if body is None else json.dumps(body)
            async with client.request(method, URL(address, encoded=True).with_query(query), data=data,
                                      headers=headers) as answer:  # fmt: skip
                return answer.status, answer.content_type, await answer.text()

        @settings(max_examples=200, deadline=None, derandomize=True)
        @given(requests())
        def check(request: tuple[str, str, str, dict[str, str], Any]) -> None:
            path, method, *rest = request
            status, kind, text = loop.run_until_complete(send(method, *rest))
            statuses.add(status)
            allowed = DOCUMENT["paths"][path][method]["responses"]
            assert str(status) in allowed, (status, text)
            assert kind == "application/json"
            name = allowed[str(status)]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            getattr(facts, name).model_validate_json(text)

        check()
        loop.run_until_complete(client.close())
    assert {200, 201, 400, 404, 409} <= statuses


# OPC UA


def test_opc_ua_takes_an_order_from_whom_it_knows_only(
    folder: Path, running: Callable[..., Bridge], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    from asyncua import Client, ua
    from asyncua.crypto.cert_gen import setup_self_signed_certificate
    from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
    from asyncua.crypto.uacrypto import load_certificate
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID

    from opstap.factory.opcua import CERTIFICATE, make_certificate

    make_certificate(folder)
    mes, screen = admit(folder, "mes", "orders"), admit(folder, "screen", "read")

    def certificate(name: str) -> None:
        asyncio.run(setup_self_signed_certificate(folder / f"{name}-key.pem", folder / f"{name}.der", f"urn:{name}",
                    "localhost", [ExtendedKeyUsageOID.CLIENT_AUTH], {"organizationName": name}))  # fmt: skip

    certificate("known")
    certificate("stranger")
    pem = asyncio.run(load_certificate(folder / "known.der")).public_bytes(Encoding.PEM)
    (folder / "trusted" / "known.pem").write_bytes(pem)
    for _ in range(5):  # between looking for a free port and listening another program can take it
        port = free_port()
        try:
            running(Settings(opcua=OpcUa(port=port)))
            break
        except FactoryError as error:
            taken = error
    else:
        raise taken

    async def client(user: str, password: str, name: str = "known") -> Client:
        made = Client(f"opc.tcp://127.0.0.1:{port}/opstap/")
        made.application_uri = f"urn:{name}"
        await made.set_security(SecurityPolicyBasic256Sha256, folder / f"{name}.der", folder / f"{name}-key.pem",
                                server_certificate=folder / CERTIFICATE)  # fmt: skip
        made.set_user(user)
        made.set_password(password)
        return made

    async def refused(made: Client) -> None:
        with pytest.raises((ua.UaError, ConnectionError, TimeoutError, asyncio.TimeoutError)):
            async with made:
                pass

    async def run() -> None:
        await refused(Client(f"opc.tcp://127.0.0.1:{port}/opstap/"))  # neither encrypted nor known
        await refused(await client("mes", "guessed"))
        await refused(await client("screen", mes))
        await refused(await client("mes", mes, "stranger"))
        async with await client("mes", mes) as found:
            space = await found.get_namespace_index("urn:opstap:factory")
            cell = await found.nodes.objects.get_child(f"{space}:Cell")
            assert await cell.call_method(f"{space}:PlaceOrder", "7", TASK, ua.Variant(3, ua.VariantType.UInt32)) == [
                True, "placed"]  # fmt: skip
            answer = await cell.call_method(f"{space}:PlaceOrder", "8", "gearbox", ua.Variant(3, ua.VariantType.UInt32))
            assert answer[0] is False
            assert "which this cell is set up for" in answer[1]
            orders = await cell.get_child(f"{space}:order")
            while await orders.read_value() != "7":
                pass
            assert await (await cell.get_child(f"{space}:empty")).read_value() == ["floss"]
            with pytest.raises(ua.UaError):
                await orders.write_value("8")
        async with await client("screen", screen) as found:
            cell = await found.nodes.objects.get_child(f"{space}:Cell")
            assert await (await cell.get_child(f"{space}:order_count")).read_value() == 3
            with pytest.raises((ua.UaError, ConnectionError)):
                await cell.call_method(f"{space}:CancelOrder", "7")

    asyncio.run(run())
    assert mes not in caplog.text
    assert screen not in caplog.text


# Settings


def test_everything_is_off_until_it_is_asked_for(folder: Path, running: Callable[..., Bridge]) -> None:
    assert load_settings(folder) == Settings()
    assert running(load_settings(folder)).parts == {}
    for file in ("clients.json", "factory.key"):
        assert (folder / file).stat().st_mode & 0o077 == 0


def test_wrong_settings_name_file_line_and_field(folder: Path, tmp_path: Path) -> None:
    def told(text: str) -> str:
        (folder / "factory.yaml").write_text(text)
        with pytest.raises(DocumentError) as raised:
            load_settings(folder)
        return str(raised.value)

    assert "factory.yaml:2: rest.port: found 70000" in told("rest:\n  port: 70000\n")
    assert "unknown field 'mqqt', allowed: only the fields that docs/factory.md lists" in told("mqqt: {}\n")
    assert "mqtt-password: cannot be read" in told("mqtt: {host: h, user: u}\n")
    (folder / "mqtt-password").write_text("x")
    (folder / "mqtt-password").chmod(0o644)
    assert "others may read it" in told("mqtt: {host: h, user: u}\n")
    with pytest.raises(DocumentError, match="opstap factory prepare"):
        load_settings(tmp_path / "absent")
    (folder / "clients.json").write_text('{"mes": {"hash": "zz", "may": "all"}}')
    with pytest.raises(SecretError, match="a client has may"):
        Clients(folder)


def test_a_port_that_is_taken_is_told(folder: Path, running: Callable[..., Bridge]) -> None:
    port = running(Settings(rest=ANY_PORT)).parts["rest"].port  # type: ignore[attr-defined]
    with pytest.raises(FactoryError, match=f"rest: cannot listen on 127.0.0.1 port {port}"):
        running(Settings(rest=Rest(port=port)))
