"""Keeps a cell's hub up to date in the background: sends what waits, and is patient when the hub is away."""

from __future__ import annotations

import random
from threading import Event, Thread

from opstap.evaluation.hub.client import HubAddress, HubAwayError, UplinkError
from opstap.evaluation.hub.uplink import Uplink
from opstap.evaluation.store.database import Store, StoreError

PERIOD = 60.0
"""Time between two looks at the outbox, s."""
LONGEST = 3600.0
"""Longest wait after a failure, s."""


class Reporter:
    """A thread that sends the outbox of `store` to `hub` until `close`."""

    def __init__(self, store: Store, hub: HubAddress) -> None:
        self.uplink = Uplink(store, hub)
        self.fault = ""
        """What a person should look at; empty when nothing is wrong. A hub that is away is nothing wrong."""
        self.waiting = self.uplink.waiting()
        self._closing = Event()
        self._thread = Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop; a request that is under way is given up with the process, and repeated next time."""
        self._closing.set()

    def _run(self) -> None:
        wait = 0.0
        while not self._closing.wait(wait):
            try:
                while self.uplink.send() and not self._closing.is_set():
                    pass
                self.fault, wait = "", PERIOD
            except HubAwayError:
                self.fault, wait = "", _longer(wait)
            except (UplinkError, StoreError) as error:
                self.fault, wait = str(error), _longer(wait)
            self.waiting = self.uplink.waiting() if not self.fault else self.waiting


def _longer(wait: float) -> float:
    """Twice as long, and not all cells at once."""
    return min(LONGEST, max(PERIOD, wait) * random.uniform(1.5, 2.5))
