"""Who gets in from the network: PINs, sessions, guesses; over real TLS."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from opstap.certificates import client_context
from opstap.commands import main
from opstap.pages.about import AboutMe
from opstap.pages.access import LASTS, Access, AccessError, Guesses, WaitError, prepare, set_pin
from opstap.pages.protocol import PictureKind
from opstap.pages.server import Network, PageServer
from opstap.preflight import PreflightError, check_network

WEB = Path(__file__).parents[2] / "web"
NAMES = ["127.0.0.1", "bench.local"]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    folder = tmp_path_factory.mktemp("bench") / "access"
    return SimpleNamespace(folder=folder, pins=prepare(folder, NAMES))


@pytest.fixture
def access(prepared: SimpleNamespace, clock: Clock) -> Access:
    return Access(prepared.folder, clock)


def other_pin(prepared: SimpleNamespace) -> str:
    return next(p for p in ("111111", "222222", "333333") if p not in prepared.pins.values())


def test_each_role_has_a_pin_of_its_own_and_none_is_on_the_disk(prepared: SimpleNamespace) -> None:
    assert set(prepared.pins) == {"operator", "coach", "integrator"}
    assert len(set(prepared.pins.values())) == 3
    for file in prepared.folder.iterdir():
        assert not any(pin in file.read_text() for pin in prepared.pins.values()), file
    for name in ("pins.json", "pages.key"):
        assert stat.S_IMODE((prepared.folder / name).stat().st_mode) == 0o600
    before = (prepared.folder / "pins.json").read_text()
    assert prepare(prepared.folder, NAMES) == {}, "a second time changes nothing"
    assert (prepared.folder / "pins.json").read_text() == before


def test_a_pin_opens_a_session_of_its_role_that_ends(prepared: SimpleNamespace, access: Access, clock: Clock) -> None:
    signed_in = access.sign_in(prepared.pins["coach"], "10.0.0.2")
    assert signed_in is not None
    token, role = signed_in
    assert role == access.role(token) == "coach"
    assert access.role(token + "x") is None
    clock.now = LASTS + 1
    assert access.role(token) is None
    again = access.sign_in(prepared.pins["operator"], "10.0.0.2")
    assert again is not None
    assert access.role(again[0]) == "operator"
    access.sign_out(again[0])
    assert access.role(again[0]) is None


def test_whoever_guesses_waits_longer_and_longer(prepared: SimpleNamespace, access: Access, clock: Clock) -> None:
    for _ in range(Guesses.FREE):
        assert access.sign_in(other_pin(prepared), "10.0.0.9") is None
    with pytest.raises(WaitError, match="wait 15 s"):
        access.sign_in(prepared.pins["coach"], "10.0.0.9")
    assert access.sign_in(prepared.pins["coach"], "10.0.0.2") is not None, "others do not wait"
    clock.now += 15
    assert access.sign_in(other_pin(prepared), "10.0.0.9") is None
    with pytest.raises(WaitError, match="wait 30 s"):
        access.sign_in(prepared.pins["coach"], "10.0.0.9")
    clock.now += 30
    assert access.sign_in(prepared.pins["coach"], "10.0.0.9") is not None


def test_many_addresses_help_little() -> None:
    guesses, now, tried = Guesses(), 0.0, 0
    while now < 24 * 3600:
        address = f"10.0.{tried // 250}.{tried % 250}"
        wait = guesses.wait(address, now)
        if wait:
            now += wait
            continue
        guesses.was_wrong(address, now)
        tried += 1
        now += 0.1
    assert tried < 150, "PINs tried in a day, of a million"
    assert len(guesses._wrong) <= Guesses.MOST


@pytest.mark.parametrize(
    ("pin", "said"), [("12345", "6 to 12 digits"), ("12345a", "digits"), ("١٢٣٤٥٦", "digits"), ("1" * 13, "digits")]
)
def test_a_bad_pin_is_refused(prepared: SimpleNamespace, pin: str, said: str) -> None:
    with pytest.raises(AccessError, match=said):
        set_pin(prepared.folder, "coach", pin)


def test_two_roles_cannot_share_a_pin(tmp_path: Path, clock: Clock) -> None:
    pins = prepare(tmp_path, NAMES)
    with pytest.raises(AccessError, match="another role"):
        set_pin(tmp_path, "coach", pins["operator"])
    set_pin(tmp_path, "coach", "9876543")
    signed_in = Access(tmp_path, clock).sign_in("9876543", "a")
    assert signed_in is not None
    assert signed_in[1] == "coach"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file. Make it: opstap access prepare"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"names": [], "pins": {"boss": {"salt": "00", "hash": "00"}}}', "found 'boss', allowed: operator, coach"),
        ('{"names": [], "pins": {"coach": {"salt": "zz", "hash": "00"}}}', "cannot be read"),
    ],
)
def test_a_broken_folder_says_what_to_do(tmp_path: Path, clock: Clock, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "pins.json").write_text(text)
    with pytest.raises(AccessError, match=said):
        Access(tmp_path, clock)
    with pytest.raises(PreflightError, match=said):
        check_network("127.0.0.1", 8443, tmp_path)
    check_network("", 8443, tmp_path)


def test_an_address_that_is_not_ours_is_told_before_anything_moves(prepared: SimpleNamespace) -> None:
    with pytest.raises(PreflightError, match=r"network: found '203\.0\.113\.7'"):
        check_network("203.0.113.7", 8443, prepared.folder)


def test_the_command_shows_pins_once(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["opstap", "access", *arguments])
        code = main()
        said = capsys.readouterr()
        return code, said.out + said.err

    folder = str(tmp_path / "access")
    code, said = run("prepare", folder, "bench.local")
    assert code == 0
    assert "PIN of the coach: " in said
    assert "PIN of" not in run("prepare", folder, "bench.local")[1]
    code, said = run("pin", folder, "coach")
    assert (code, "PIN of the coach: " in said) == (0, True)
    code, said = run("pin", str(tmp_path / "nowhere"), "coach")
    assert code == 2
    assert "opstap access prepare" in said


class Bench:
    """A page server on this machine and on "the network", and what it was told."""

    def __init__(self, access: Access, folder: Path) -> None:
        self.heard: list[tuple[str, str]] = []
        network = Network("127.0.0.1", 0, access)
        hear = lambda said, role: self.heard.append((said.asked.value, role))  # noqa: E731
        self.server = PageServer("127.0.0.1", 0, WEB, hear, network=network)
        self.server.start()
        self.tls = client_context(folder / "pages-ca.pem")
        self.url = f"https://127.0.0.1:{self.server.network_port}"

    def talk(self, conversation: Any, jar: bool = True) -> Any:
        async def run() -> Any:
            cookies = aiohttp.CookieJar(unsafe=True) if jar else aiohttp.DummyCookieJar()
            connector = aiohttp.TCPConnector(ssl=self.tls)
            async with aiohttp.ClientSession(connector=connector, cookie_jar=cookies) as client:
                return await conversation(client)

        return asyncio.run(run())

    async def sign_in(self, client: aiohttp.ClientSession, pin: object, **headers: str) -> tuple[int, Any]:
        given = {"Origin": self.url} | headers
        async with client.post(f"{self.url}/sign-in", json={"pin": pin}, headers=given) as answer:
            return answer.status, answer.headers.get("Set-Cookie", "") if answer.ok else await answer.text()


@pytest.fixture
def bench(access: Access, prepared: SimpleNamespace) -> Iterator[Bench]:
    made = Bench(access, prepared.folder)
    yield made
    made.server.close()


def test_nothing_is_shown_from_the_network_before_a_pin(bench: Bench) -> None:
    async def look(client: aiohttp.ClientSession) -> Any:
        found = {}
        for path in (
            "/",
            "/bench/",
            "/questions/",
            "/sign-in/",
            "/core/core.css",
            "/fonts/NotoSans-Regular.ttf",
            "/ws",
        ):
            async with client.get(bench.url + path, allow_redirects=False) as answer:
                found[path] = answer.status, answer.headers.get("Location", "")
        async with client.post(f"{bench.url}/bench/", headers={"Origin": bench.url}) as answer:
            found["post"] = answer.status, ""
        return found

    found = bench.talk(look)
    assert found["/"] == (302, "/sign-in/?next=/")
    assert found["/bench/"] == (302, "/sign-in/?next=/bench/")
    assert found["/questions/"][0] == 302
    assert found["/ws"][0] == found["post"][0] == 401
    assert [found[p][0] for p in ("/sign-in/", "/core/core.css", "/fonts/NotoSans-Regular.ttf")] == [200] * 3


def test_with_a_pin_the_page_is_live_and_says_who_asks(bench: Bench, prepared: SimpleNamespace) -> None:
    async def work(client: aiohttp.ClientSession) -> Any:
        status, cookie = await bench.sign_in(client, prepared.pins["operator"])
        assert status == 200
        async with client.ws_connect(f"{bench.url}/ws", origin=bench.url) as page:
            welcome = await page.receive_json()
            await page.send_json({"type": "operator_input", "asked": "pause"})
            async with client.post(f"{bench.url}/sign-out", headers={"Origin": bench.url}) as answer:
                assert answer.status == 204
            await page.send_json({"type": "operator_input", "asked": "resume"})
            closed = await page.receive()
        async with client.get(f"{bench.url}/bench/", allow_redirects=False) as answer:
            return cookie, welcome, closed.type, answer.status

    cookie, welcome, closed, status = bench.talk(work)
    assert welcome == {"type": "welcome", "role": "operator"}
    for part in ("__Host-opstap=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert part in cookie
    assert bench.heard == [("pause", "operator")], "who signed out is not heard any more"
    assert closed in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert status == 302


def test_a_coach_is_shown_the_coach_s_page_and_nothing_of_the_bench(bench: Bench, prepared: SimpleNamespace) -> None:
    """Neither pictures nor steps nor what the monitor knows: what a worker shares is on the coach's page."""

    async def look(client: aiohttp.ClientSession) -> Any:
        found: dict[str, Any] = {}
        await bench.sign_in(client, prepared.pins["coach"])
        for path in ("/bench/", "/bench/bench.js", "/%62ench/", "/about/export"):
            async with client.get(bench.url + path, allow_redirects=False) as answer:
                found[path] = answer.status, answer.headers.get("Location", "")
        async with client.get(f"{bench.url}/ws", headers={"Origin": bench.url}) as answer:
            found["/ws"] = answer.status, ""
        await bench.sign_in(client, prepared.pins["operator"])
        async with client.ws_connect(f"{bench.url}/ws", origin=bench.url) as page:
            await page.receive_json()
            bench.server.publish_about(AboutMe(heard=True, person="p07"))
            bench.server.publish_image(PictureKind.CAMERA, 0, b"jpeg")
            found["operator"] = [(await page.receive()).type for _ in range(2)]
        await bench.sign_in(client, prepared.pins["integrator"])
        async with client.ws_connect(f"{bench.url}/ws", origin=bench.url) as page:
            await page.receive_json()
            assert (await page.receive()).type is aiohttp.WSMsgType.BINARY  # the picture, and nothing of the monitor
            await page.send_json({"type": "about_input", "asked": "share", "about": "pace", "value": "on"})
            assert (await page.receive_json())["found"] == "about_input from a integrator"
        return found

    found = bench.talk(look)
    assert found.pop("/ws")[0] == found.pop("/about/export")[0] == 403
    assert found.pop("operator") == [aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY]
    assert set(found.values()) == {(302, "/coach/")}


def test_a_pin_opens_what_is_for_its_role(bench: Bench, prepared: SimpleNamespace) -> None:
    async def look(client: aiohttp.ClientSession) -> list[list[int]]:
        found = []
        for role in ("operator", "coach", "integrator"):
            await bench.sign_in(client, prepared.pins[role])
            found.append([])
            for page in ("bench", "calibrate", "coach", "view"):
                async with client.get(f"{bench.url}/{page}/") as answer:
                    found[-1].append(answer.status)
        return found

    assert bench.talk(look) == [[200, 403, 403, 403], [200, 200, 200, 403], [200, 200, 403, 200]]


def test_a_wrong_pin_a_guesser_and_nonsense(bench: Bench, prepared: SimpleNamespace) -> None:
    async def work(client: aiohttp.ClientSession) -> Any:
        nonsense = [await bench.sign_in(client, pin) for pin in (7, None, ["1"], "1" * 100)]
        async with client.post(f"{bench.url}/sign-in", data=b"\xff{", headers={"Origin": bench.url}) as answer:
            nonsense.append((answer.status, await answer.text()))
        wrong = [await bench.sign_in(client, other_pin(prepared)) for _ in range(Guesses.FREE + 1)]
        foreign = await bench.sign_in(client, prepared.pins["coach"], Origin="https://evil.example")
        return nonsense, wrong, foreign

    nonsense, wrong, foreign = bench.talk(work)
    assert [status for status, _ in nonsense] == [400] * 5
    assert [status for status, _ in wrong] == [403] * Guesses.FREE + [429]
    assert json.loads(wrong[-1][1])["wait"] in (15, 16)
    assert foreign[0] == 403


def test_no_pin_and_no_session_is_in_any_log(
    bench: Bench, prepared: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = other_pin(prepared)

    async def work(client: aiohttp.ClientSession) -> str:
        await bench.sign_in(client, wrong)
        _, cookie = await bench.sign_in(client, prepared.pins["coach"])
        async with client.get(f"{bench.url}/bench/") as answer:
            assert answer.status == 200
        return str(cookie).partition("=")[2].partition(";")[0]

    session = bench.talk(work)
    assert len(session) > 20
    assert "sign-in from" in caplog.text
    assert [s for s in (wrong, prepared.pins["coach"], session) if s in caplog.text] == []


def test_only_the_bench_s_own_names_are_answered(bench: Bench) -> None:
    async def look(client: aiohttp.ClientSession) -> list[int]:
        found = []
        for host in ("bench.local:8443", "BENCH.local", "evil.example", "localhost", "bench.local.evil.example"):
            async with client.get(f"{bench.url}/core/core.css", headers={"Host": host}) as answer:
                found.append(answer.status)
        return found

    assert bench.talk(look) == [200, 200, 421, 421, 421]


def test_plain_http_and_old_tls_get_nothing_from_the_network(bench: Bench) -> None:
    async def look(client: aiohttp.ClientSession) -> None:
        with pytest.raises(aiohttp.ClientError):
            await client.get(bench.url.replace("https", "http"))
        old = ssl.create_default_context()
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("DEFAULT@SECLEVEL=0")
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(aiohttp.ClientError):
            await client.get(f"{bench.url}/sign-in/", ssl=old)

    bench.talk(look)


def test_on_the_bench_itself_nobody_signs_in(bench: Bench) -> None:
    async def work(client: aiohttp.ClientSession) -> Any:
        url = f"http://127.0.0.1:{bench.server.port}"
        async with client.ws_connect(f"{url}/ws", origin=url) as page:
            return await page.receive_json()

    assert bench.talk(work)["role"] == "operator"


def test_where_there_are_pins_the_orientation_s_coach_needs_one_also_at_this_machine(bench: Bench) -> None:
    async def look(client: aiohttp.ClientSession) -> list[int]:
        found = []
        for page in ("coach.html", "coach-talk", "index.html"):
            async with client.get(f"{bench.server.url}orientation/{page}") as answer:
                found.append(answer.status)
        return found

    assert bench.talk(look) == [403, 403, 200]
