"""Runs what factory.yaml asks for, in a thread with an event loop of its own: journal -> ledger -> the ways out."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from opstap.documents import DocumentError
from opstap.factory.facts import CellState, Doing
from opstap.factory.ledger import Ledger, LedgerError
from opstap.factory.parts import FactoryError, Part
from opstap.factory.settings import Clients, SecretError, Settings
from opstap.workflow.journal import Journal, JournalError

SILENT_AFTER = 3.0
"""Seconds without the cell after which it is told to be silent."""


@dataclass(frozen=True)
class Work:
    """What the bridge is told of the work: what `facts` has no field for is not even handed in."""

    begun: bool
    """A case was begun and is not finished."""
    wanting: bool
    """A bin that is asked is empty."""
    empty: tuple[str, ...]
    """Part ids of bins that are seen to be empty, sorted."""


class Bridge:
    """The bridge of one cell.

    Args:
        folder: the factory folder; settings: its factory.yaml.
        ledger, journal: paths of the bridge's own file and of the work guide's.
        cell, task: ids. simulated: the devices are.
        period: seconds between two looks at the journal.
        now: ns since 1970. clock: seconds that only go on.
    """

    def __init__(self, folder: Path, settings: Settings, ledger: Path, journal: Path, cell: str, task: str, *,
                 simulated: bool, period: float = 1.0, now: Callable[[], int] = time.time_ns,
                 clock: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        self._folder, self._settings, self._paths = folder, settings, (ledger, journal)
        self._cell, self._task, self._simulated, self._period = cell, task, simulated, period
        self._now, self._clock = now, clock
        self._work: tuple[float, Work] | None = None
        self._wrong = ""
        self.parts: dict[str, Part] = {}
        """What runs, by name."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="factory", daemon=True)
        self._started = threading.Event()
        self._failed: Exception | None = None

    def start(self) -> None:
        """Begin; returns when every part has started.

        Raises:
            FactoryError: one cannot.
        """
        self._thread.start()
        self._started.wait()
        if self._failed:
            self._thread.join()
            raise FactoryError(str(self._failed)) from self._failed

    def tell(self, work: Work) -> None:
        """The work is now so. From any thread, as often as one likes."""
        self._work = (self._clock(), work)

    @property
    def fault(self) -> str:
        """What is wrong now; empty when nothing is."""
        return "; ".join(filter(None, [self._wrong, *(part.fault for part in self.parts.values())]))

    def close(self) -> None:
        """End all parts; returns when they have."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except (FactoryError, LedgerError, JournalError, SecretError, DocumentError) as error:
            self._failed = error
        finally:
            self._loop.close()
            self._started.set()

    async def _serve(self) -> None:
        self._end, self._news = asyncio.Event(), asyncio.Event()
        ledger, journal = Ledger(self._paths[0], self._task), Journal(self._paths[1], reading=True)
        begun: list[Part] = []
        try:
            parts = self._make(ledger)
            for part in parts.values():
                await part.start()
                begun.append(part)
            self.parts = parts
            self._started.set()
            await self._tend(ledger, journal)
        finally:
            for part in reversed(begun):
                await part.stop()
            journal.close()
            ledger.close()

    def _make(self, ledger: Ledger) -> dict[str, Part]:
        """The parts that the settings ask for; only their libraries are loaded."""
        made: dict[str, Part] = {}
        s, clients = self._settings, Clients(self._folder)
        if s.mqtt:
            from opstap.factory.mqtt import MqttPart

            made["mqtt"] = MqttPart(s.mqtt, self._folder, self._cell, ledger)
        if s.rest:
            from opstap.factory.rest import RestPart

            made["rest"] = RestPart(s.rest, self._folder, clients, ledger, self._news.set, self._now)
        if s.opcua:
            from opstap.factory.opcua import OpcUaPart

            made["opcua"] = OpcUaPart(s.opcua, self._folder, clients, ledger, self._news.set, self._now)
        return made

    async def _tend(self, ledger: Ledger, journal: Journal) -> None:
        shown = None
        while not self._end.is_set():
            placed = self._news.is_set()
            self._news.clear()
            try:
                finished = ledger.read(journal, self._now())
                state = self._state(ledger)
                self._wrong = ""
                if state != shown or finished or placed:
                    shown = state
                    for part in self.parts.values():
                        await part.show(state)
            except (LedgerError, JournalError) as error:
                self._wrong = str(error)  # the journal keeps what is not taken over yet
            waiting = [asyncio.ensure_future(self._end.wait()), asyncio.ensure_future(self._news.wait())]
            await asyncio.wait(waiting, timeout=self._period, return_when=asyncio.FIRST_COMPLETED)
            for each in waiting:
                each.cancel()

    def _state(self, ledger: Ledger) -> CellState:
        heard, work = self._work or (float("-inf"), Work(False, False, ()))
        doing: Doing = "working" if work.begun else "ready"
        if self._clock() - heard > SILENT_AFTER:
            doing = "silent"
        elif work.wanting:
            doing = "material"
        order = ledger.current
        return CellState(
            cell=self._cell, task=self._task, simulated=self._simulated, doing=doing, empty=work.empty,
            jobs=ledger.finished, order=order.order if order else "", order_done=order.done if order else 0,
            order_count=order.count if order else 0,
        )  # fmt: skip
