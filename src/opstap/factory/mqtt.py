"""To an MQTT broker, over TLS: the cell's state (retained), and every event once, in order, kept while nobody listens.

Topics, below `<prefix>/<cell>/`:
- `online`: retained, true or false; false is the last will, which the broker tells when the cell is gone;
- `work_state`: retained, `facts.CellState` as JSON;
- `events`: `facts.Event` as JSON.

All at QoS 1. An event is dropped from the ledger when the broker has acknowledged it, so one can come twice, with the
same number. The bridge subscribes to nothing: no message of a broker can make a cell do anything.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import aiomqtt

from opstap.certificates import client_context
from opstap.factory.facts import CellState
from opstap.factory.ledger import Ledger
from opstap.factory.parts import FactoryError
from opstap.factory.settings import Mqtt, read_secret

TOGETHER = 100
"""Events read from the ledger at a time."""
FIRST, LONGEST = 1.0, 60.0
"""Seconds until a broker that is away is tried again: at first, and at most; doubled each time."""
ANSWER = 10.0
"""Seconds in which a broker has to answer."""
log = logging.getLogger(__name__)


class MqttPart:
    """Tells a broker.

    Args:
        cell: cell id of the scene.
        folder: where the settings' files are.
        pause: how to wait; tests give their own.

    Raises:
        FactoryError: a file of the settings cannot be used.
    """

    def __init__(self, settings: Mqtt, folder: Path, cell: str, ledger: Ledger,
                 pause: Callable[[float], asyncio.Future[None]] | None = None) -> None:  # fmt: skip
        self.fault = "the MQTT broker was not reached yet"
        self.connected = False
        self._settings, self._ledger, self._pause = settings, ledger, pause or asyncio.sleep
        self._topic = f"{settings.prefix}/{cell}"
        self._identifier = f"{settings.prefix}-{cell}"
        self._password = read_secret(folder / settings.password)
        try:
            authority = folder / settings.authority
            self._context = client_context(authority) if settings.authority else ssl.create_default_context()
        except (OSError, ssl.SSLError) as error:
            raise FactoryError(f"mqtt: {settings.authority}: no certificate ({error})") from error
        self._state: CellState | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._client_now: aiomqtt.Client | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def show(self, state: CellState) -> None:
        self._state = state
        self._news.set()

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        wait = FIRST
        while True:
            try:
                self._client_now = self._client()
                async with self._client_now as client:
                    self.fault, self.connected, wait = "", True, FIRST
                    log.info("the MQTT broker %s is reached", self._settings.host)
                    await self._talk(client)
            except (aiomqtt.MqttError, OSError) as error:
                self.fault = f"the MQTT broker {self._settings.host} is not reached: {error}"
                if self.connected or wait == FIRST:
                    log.warning(self.fault)
            finally:
                self.connected = False
            await self._pause(wait)
            wait = min(2 * wait, LONGEST)

    def _client(self) -> aiomqtt.Client:
        s = self._settings
        will = aiomqtt.Will(f"{self._topic}/online", "false", qos=1, retain=True)
        return aiomqtt.Client(s.host, s.port, username=s.user, password=self._password, tls_context=self._context,
                              identifier=self._identifier, will=will, timeout=ANSWER, keepalive=15)  # fmt: skip

    async def _talk(self, client: aiomqtt.Client) -> None:
        """Tell what there is, and then whatever is new, until the connection is lost or we are told to stop."""
        lost = asyncio.create_task(_until_lost(client))
        shown = None
        try:
            await client.publish(f"{self._topic}/online", "true", qos=1, retain=True)
            while True:
                self._news.clear()
                if self._state and self._state != shown:
                    shown = self._state
                    await client.publish(f"{self._topic}/work_state", shown.model_dump_json(), qos=1, retain=True)
                for event in (events := self._ledger.untold(TOGETHER)):
                    await client.publish(f"{self._topic}/events", event.model_dump_json(), qos=1)
                    self._ledger.told(event.number)
                if events:
                    continue
                news = asyncio.create_task(self._news.wait())
                await asyncio.wait((lost, news), return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                if lost.done():
                    lost.result()
                    return
        except asyncio.CancelledError:
            with suppress(aiomqtt.MqttError):
                await client.publish(f"{self._topic}/online", "false", qos=1, retain=True)
            raise
        finally:
            lost.cancel()
            with suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await lost


async def _until_lost(client: aiomqtt.Client) -> None:
    async for _ in client.messages:  # nothing was subscribed: this only ends when the connection does
        pass
