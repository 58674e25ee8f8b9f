"""The page server, spoken to over real sockets."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import aiohttp
import pytest

from opstap.pages.channel import Pace
from opstap.pages.protocol import (
    MAX_INPUT,
    OperatorInput,
    PictureKind,
    Snapshot,
    Update,
    picture,
)
from opstap.pages.server import FOLDERS, HostRefusedError, PageServer, PageServerError, PortInUseError
from opstap.workflow.model import Asked, Phase

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
Session = aiohttp.ClientSession


def snapshot(words: str = "Take 1: probe.") -> Snapshot:
    return Snapshot(
        cell="oral_care",
        simulated=True,
        clock=12.5,
        task="Pack the oral-care case",
        phase=Phase.TAKE,
        words=words,
        level="full",
        language="en",
        table=(1.3, 0.92),
    )


class Heard:
    """What the server was told."""

    def __init__(self) -> None:
        self.asked: SimpleQueue[tuple[Asked, str]] = SimpleQueue()

    def __call__(self, said: OperatorInput, role: str) -> None:
        self.asked.put((said.asked, role))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def server(heard: Heard, caplog: pytest.LogCaptureFixture) -> Iterator[PageServer]:
    """A running server; an exception in it fails the test."""
    server = PageServer("127.0.0.1", 0, WEB, heard)
    server.start()
    yield server
    server.close()
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


def small_socket(address: Any) -> socket.socket:
    """A socket whose receive buffer does not grow: what is not read stays with the server."""
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    return made


def talk(what: Callable[[Session], Awaitable[Any]]) -> Any:
    """The result of `what`, run in a client with an event loop of its own, within 20 s."""

    async def run() -> Any:
        async with Session(connector=aiohttp.TCPConnector(socket_factory=small_socket)) as client:
            return await asyncio.wait_for(what(client), 20)

    return asyncio.run(run())


def connect(client: Session, server: PageServer, *, autoping: bool = True, **headers: str) -> Any:
    origin = server.url.rstrip("/")
    return client.ws_connect(server.url + "ws", headers={"Origin": origin} | headers, autoping=autoping)


def get(server: PageServer, path: str, **headers: str) -> tuple[int, aiohttp.typedefs.LooseHeaders, bytes]:
    async def ask(client: Session) -> Any:
        async with client.get(server.url + path, headers=headers, allow_redirects=False) as answer:
            return answer.status, answer.headers, await answer.read()

    return talk(ask)  # type: ignore[no-any-return]


# --- the WebSocket


def test_page_is_welcomed_and_shown_the_latest_state(server: PageServer) -> None:
    server.publish(snapshot("old words"))
    server.publish(snapshot("new words"))
    server.publish_image(PictureKind.CAMERA, 7, b"jpeg")

    async def look(client: Session) -> Any:
        async with connect(client, server) as page:
            return await page.receive_json(), await page.receive_str(), await page.receive_bytes()

    welcome, update, image = talk(look)
    assert welcome == {"type": "welcome", "role": "operator"}
    shown = Update.model_validate_json(update)
    assert shown.snapshot == snapshot("new words")
    assert 0 <= shown.age < 20
    assert image == picture(PictureKind.CAMERA, 7, b"jpeg")


def test_change_is_pushed_to_every_page_once(server: PageServer) -> None:
    async def look(client: Session) -> Any:
        async with connect(client, server) as one, connect(client, server) as two:
            pages = (one, two)
            for page in pages:
                await page.receive_json()
            server.publish_image(PictureKind.CAMERA, 0, b"jpeg")
            said: list[Any] = [[await page.receive_bytes() for page in pages]]
            for words in ("first", "second"):
                server.publish(snapshot(words))
                said.append([(await page.receive_json())["snapshot"]["words"] for page in pages])
            return said

    assert talk(look) == [[picture(PictureKind.CAMERA, 0, b"jpeg")] * 2, ["first"] * 2, ["second"] * 2]


def test_pushes_are_at_most_30_a_second(server: PageServer) -> None:
    count = 8

    async def look(client: Session) -> float:
        async with connect(client, server) as page:
            await page.receive_json()
            begin = time.monotonic()
            for _ in range(count):
                for _ in range(20):
                    server.publish(snapshot())
                await page.receive_json()
            return time.monotonic() - begin

    assert talk(look) >= (count - 1) / 30


def test_number_of_pages_is_limited(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opstap.pages.channel.MAX_PAGES", 1)

    async def look(client: Session) -> None:
        async with connect(client, server) as page:
            await page.receive_json()
            with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
                async with connect(client, server):
                    pass
        async with connect(client, server) as page:
            assert (await page.receive_json())["type"] == "welcome"

    talk(look)


def test_page_that_is_gone_without_a_word_is_let_go(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opstap.pages.channel.HEARTBEAT", 0.1)

    async def look(client: Session) -> Any:
        async with connect(client, server, autoping=False) as page:
            received = [await page.receive()]
            while received[-1].type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.PING):
                received.append(await page.receive())  # and no answer to the ping
            return [message.type for message in received]

    types = talk(look)
    assert aiohttp.WSMsgType.PING in types
    assert types[-1] in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


def test_input_is_heard_with_its_role(server: PageServer, heard: Heard) -> None:
    async def ask(client: Session) -> None:
        async with connect(client, server) as page:
            await page.send_json({"type": "operator_input", "asked": "pause"})
            await page.send_bytes(b'{"asked": "resume"}')
            await page.receive_json()

    talk(ask)
    assert heard.asked.get(timeout=10) == (Asked.PAUSE, "operator")
    assert heard.asked.get(timeout=10) == (Asked.RESUME, "operator")


def test_bad_input_is_answered_and_the_page_stays_connected(server: PageServer, heard: Heard) -> None:
    async def ask(client: Session) -> Any:
        async with connect(client, server) as page:
            await page.receive_json()
            await page.send_str('{"asked": "jump"}')
            refused = await page.receive_json()
            await page.send_json({"asked": "next"})
            await page.send_str("{")
            return refused, await page.receive_json()

    refused, again = talk(ask)
    assert (refused["type"], refused["field"], refused["found"]) == ("refused", "asked", "'jump'")
    assert again["field"] == "message"
    assert heard.asked.get(timeout=10) == (Asked.NEXT, "operator")
    assert heard.asked.empty()


def test_too_long_message_closes_that_page_only(server: PageServer, heard: Heard) -> None:
    async def ask(client: Session) -> Any:
        async with connect(client, server) as good, connect(client, server) as bad:
            await good.receive_json()
            await bad.receive_json()
            await bad.send_str(" " * (MAX_INPUT + 1))
            closed = await bad.receive()
            await good.send_json({"asked": "next"})
            server.publish(snapshot())
            return closed, await good.receive_json()

    closed, update = talk(ask)
    assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1009)
    assert update["type"] == "update"
    assert heard.asked.get(timeout=10) == (Asked.NEXT, "operator")


def test_slow_page_skips_and_delays_nobody(server: PageServer) -> None:
    big = bytes(400_000)
    count = 30

    async def look(client: Session) -> Any:
        async with connect(client, server) as slow, connect(client, server) as quick:
            await slow.receive_json()
            await quick.receive_json()
            for stamp in range(count):  # each waits for the quick page to have it: the slow one reads nothing
                server.publish_image(PictureKind.CAMERA, stamp, big)
                assert (await quick.receive_bytes())[1:9] == stamp.to_bytes(8, "big")
            stamps = [-1]
            while stamps[-1] != count - 1:
                stamps.append(int.from_bytes((await slow.receive_bytes())[1:9], "big"))
            return stamps[1:]

    stamps = talk(look)
    assert stamps == sorted(set(stamps))
    assert len(stamps) < count / 3  # what the system holds back, not all that was missed


def test_close_with_a_page_that_does_not_read(heard: Heard) -> None:
    server = PageServer("127.0.0.1", 0, WEB, heard)
    server.start()

    async def look(client: Session) -> Any:
        async with connect(client, server) as stuck:
            await stuck.receive_json()
            for stamp in range(40):
                server.publish_image(PictureKind.CAMERA, stamp, bytes(1_000_000))
                await asyncio.sleep(0)
            await asyncio.to_thread(server.close)

    talk(look)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", server.port), timeout=5):
        pass


def test_server_says_goodbye_and_its_port_can_be_used_again(heard: Heard) -> None:
    server = PageServer("127.0.0.1", 0, WEB, heard)
    server.start()

    async def look(client: Session) -> Any:
        async with connect(client, server) as page:
            await page.receive_json()
            closing = asyncio.create_task(asyncio.to_thread(server.close))
            goodbye = await page.receive()
            await closing
            return goodbye

    assert talk(look).data == 1001
    again = PageServer("127.0.0.1", server.port, WEB, heard)
    again.start()
    assert get(again, "bench/")[0] == 200
    again.close()


# --- who may


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://localhost:1", "null", "", "http://localhost:1", "http://127.0.0.1.evil"]
)
def test_web_socket_from_another_site_is_refused(server: PageServer, heard: Heard, origin: str) -> None:
    async def ask(client: Session) -> None:
        async with connect(client, server, Origin=origin) as page:
            await page.send_json({"asked": "next"})

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        talk(ask)
    assert refused.value.status == 403
    assert heard.asked.empty()


def test_web_socket_without_origin_is_refused(server: PageServer) -> None:
    async def ask(client: Session) -> None:
        async with client.ws_connect(server.url + "ws"):
            pass

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        talk(ask)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "[::2]:80", "127.0.0.1.nip.io:8080", "", "["]
)
def test_other_host_names_are_refused(server: PageServer, host: str) -> None:
    """DNS rebinding: a web site's own name, pointed at this machine."""
    status, headers, body = get(server, "bench/", Host=host)
    assert status == 421
    assert b"http://localhost" in body
    assert headers["X-Content-Type-Options"] == "nosniff"

    async def ask(client: Session) -> None:
        async with connect(client, server, Host=host, Origin=f"http://{host}"):
            pass

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        talk(ask)
    assert refused.value.status == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:22", "[::1]", "[::1]:8080"])
def test_own_host_names_are_served(server: PageServer, host: str) -> None:
    assert get(server, "bench/", Host=host)[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "cell.local", "", "127.0.0.1.evil"])
def test_host_that_others_can_reach_is_refused(heard: Heard, host: str) -> None:
    with pytest.raises(HostRefusedError, match=r"without TLS and PINs.*Allowed: 127\.0\.0\.1.*docs/network\.md"):
        PageServer(host, 0, WEB, heard)


def test_port_in_use_is_told(server: PageServer, heard: Heard) -> None:
    with pytest.raises(PortInUseError, match=rf"port {server.port} on 127\.0\.0\.1 is in use.*choose another port"):
        PageServer("localhost", server.port, WEB, heard).start()
    assert get(server, "bench/")[0] == 200


def test_folder_without_pages_is_told(tmp_path: Path, heard: Heard) -> None:
    with pytest.raises(PageServerError, match="found no folder 'core'"):
        PageServer("127.0.0.1", 0, tmp_path, heard)


# --- files


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("bench/", "text/html; charset=utf-8"),
        ("bench/bench.js", "text/javascript; charset=utf-8"),
        ("bench/bench.css", "text/css; charset=utf-8"),
        ("core/connection.js", "text/javascript; charset=utf-8"),
    ],
)
def test_files_have_type_and_security_headers(server: PageServer, path: str, kind: str) -> None:
    status, headers, body = get(server, path)
    assert (status, headers["Content-Type"]) == (200, kind)
    file = WEB / path / "index.html" if path.endswith("/") else WEB / path
    assert body == file.read_bytes()
    policy = headers["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert re.fullmatch(r"script-src 'self' 'sha256-[\w+/]{43}='", scripts)  # our files, and the one import map
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_files_are_packed_for_those_who_can_unpack(server: PageServer) -> None:
    assert get(server, "bench/bench.js")[1]["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in get(server, "bench/bench.js", **{"Accept-Encoding": "identity"})[1]


def test_root_leads_to_the_bench(server: PageServer) -> None:
    for path in ("", "bench"):
        status, headers, _ = get(server, path)
        assert (status, headers["Location"]) == (302, "/bench/")


def test_edited_file_is_read_again(tmp_path: Path, heard: Heard) -> None:
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    (tmp_path / "bench/a.js").write_text("1")
    server = PageServer("127.0.0.1", 0, tmp_path, heard)
    server.start()
    assert get(server, "bench/a.js")[2] == b"1"
    (tmp_path / "bench/a.js").write_text("22")
    assert get(server, "bench/a.js")[2] == b"22"
    server.close()


@pytest.mark.parametrize(
    "path",
    [
        "package.json",
        "node_modules/typescript/package.json",
        "bench/nothing.js",
        "bench/../package.json",
        "bench/%2e%2e/package.json",
        "bench/..%2f..%2fpyproject.toml",
        "core/protocol.d.ts",
        "bench//etc/hostname.js",
        "fonts/../cues.py",
        "bench/%00.js",
        pytest.param("bench/" + "a" * 5000 + ".js", id="long name"),
        "bench/%ff.js",
        "bench/sub.js/",
    ],
)
def test_nothing_else_is_served(server: PageServer, path: str) -> None:
    request = f"GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(request.encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")), answer[:300]
    assert b"nosniff" in answer or b"400" in answer[:16]


def test_nothing_outside_the_folders_is_served(tmp_path: Path, heard: Heard) -> None:
    for folder in (*FOLDERS, "other"):
        (tmp_path / folder).mkdir()
    (tmp_path / "other/a.js").write_text("secret")
    (tmp_path / "secret.js").write_text("secret")
    (tmp_path / "bench/link.js").symlink_to(tmp_path / "secret.js")
    server = PageServer("127.0.0.1", 0, tmp_path, heard)
    server.start()
    assert get(server, "bench/link.js")[0] == 404
    assert get(server, "other/a.js")[0] == 404
    server.close()


def test_only_reading_is_allowed(server: PageServer) -> None:
    async def ask(client: Session) -> Any:
        own = {"Origin": server.url.rstrip("/")}
        found = []
        for headers in (own, {}):
            async with client.post(server.url + "bench/", data=b"x", headers=headers) as answer:
                found.append((answer.status, answer.headers["X-Content-Type-Options"]))
        return found

    assert talk(ask) == [(405, "nosniff"), (403, "nosniff")]


# --- who sends too much, and what is the worker's own


def test_a_person_s_pace_passes_and_a_flood_does_not() -> None:
    pace = Pace(0.0)
    assert [pace.passes(0.0) for _ in range(25)] == [True] * 20 + [False] * 5
    assert [pace.passes(0.5) for _ in range(6)] == [True] * 5 + [False]  # ten a second
    assert all(pace.passes(10 + i / 5) for i in range(100))  # five a second go on for ever
    assert pace.passes(0.0)  # a clock that goes back takes nothing away


def test_a_flood_is_told_once_and_not_listened_to(
    server: PageServer, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opstap.pages.channel.A_SECOND", 0.0)

    async def flood(client: Session) -> Any:
        async with connect(client, server) as page, connect(client, server) as other:
            await page.receive_json()
            for _ in range(200):
                await page.send_json({"asked": "next"})
            refused = await page.receive_json()
            server.publish(snapshot("still shown"))
            update = await page.receive_json()
            await other.receive_json()
            await other.send_json({"asked": "pause"})
            return refused, update

    refused, update = talk(flood)
    assert (refused["field"], refused["found"]) == ("message", "too many")
    assert update["snapshot"]["words"] == "still shown"
    said = [heard.asked.get(timeout=10) for _ in range(21)]
    assert said.count((Asked.NEXT, "operator")) == 20
    assert said.count((Asked.PAUSE, "operator")) == 1  # another page is heard all the same
    assert heard.asked.empty()


@pytest.mark.parametrize(
    ("message", "field", "allowed"),
    [
        ({"type": "about_input", "asked": "rank"}, "asked", "say, answer, switch, share, rule, erase, remember, show"),
        ({"type": "about_input"}, "asked", "say, answer, switch, share, rule, erase, remember, show"),
        ({"type": "about_input", "asked": "say", "mood": 1}, "mood", "type, asked, about, value"),
        ({"type": "about_input", "asked": "erase"}, "type", "operator_input: this cell has no monitor"),
    ],
)
def test_what_cannot_be_asked_of_the_monitor_is_told(
    server: PageServer, message: dict[str, Any], field: str, allowed: str
) -> None:
    async def ask(client: Session) -> Any:
        async with connect(client, server) as page:
            await page.receive_json()
            await page.send_json(message)
            return await page.receive_json()

    refused = talk(ask)
    assert (refused["type"], refused["field"], refused["allowed"]) == ("refused", field, allowed)


def test_the_coach_s_page_is_not_opened_at_the_bench_without_a_pin(server: PageServer) -> None:
    for path in ("coach/", "coach/ws", "coach/steps", "%63oach/ws"):
        assert get(server, path)[0] == 403, path
