"""The worker's view of the bench page in the running cell: what the monitor knows, and what the worker asks back.

What a worker takes away is all of it: what the monitor knows, what the journal says, what is kept in the store.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any

from aiohttp import web
from std_srvs.srv import Trigger

from opstap.evaluation.store import Store, StoreError
from opstap.evaluation.store.own import kept_of
from opstap.monitoring.facts import SIGNALS, AdviceKind, FactName
from opstap.monitoring.rules import Rules
from opstap.pages.about import AboutInput, AboutMe, Known, Offer, uses
from opstap.pages.guard import role_of
from opstap.workflow.forgotten import Forgotten
from opstap.workflow.journal import Journal, JournalError
from opstap_cell.cell_node import CellNode
from opstap_cell.monitor_messages import MAX_AGE
from opstap_cell.qos import EVENT
from opstap_interfaces.msg import MonitorInput, OperatorState

PATIENCE = 3.0
"""Seconds for the monitor to say what it knows."""


class WorkersView:
    """What is known of the person who works; `publish` shows it, once a second and at every change."""

    def __init__(self, node: CellNode, rules: Rules, store: str, journal: Path,
                 publish: Callable[[AboutMe], None]) -> None:  # fmt: skip
        self._node, self._rules, self._store, self._journal, self._publish = node, rules, store, journal, publish
        self._forgotten = Forgotten(journal.parent)
        self._state: OperatorState | None = None
        self._heard = 0.0
        self._out = node.create_publisher(MonitorInput, "monitor_input", EVENT)
        self._export = node.create_client(Trigger, "operator_monitor/export")
        node.create_subscription(OperatorState, "operator_state", self._on_state, EVENT)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/about/export", self._take_away)]

    def ask(self, said: AboutInput) -> None:
        """From the page server's thread."""
        person = self._state.person if self._state else ""
        message = MonitorInput(person=person, asked=said.asked, about=said.about, value=said.value)
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._out.publish(message)

    def tend(self) -> None:
        """Once a second: a monitor that is gone is told."""
        if self._state and time.monotonic() - self._heard > MAX_AGE:
            self._state = None
        if self._state is None:
            self._publish(AboutMe(heard=False))

    def _on_state(self, message: OperatorState) -> None:
        self._state, self._heard = message, time.monotonic()
        about = about_from_ros(message, self._rules)
        self._publish(about.model_copy(update={"forgotten": self._forgotten.has(about.person)}))

    async def _take_away(self, request: web.Request) -> web.Response:
        if role_of(request) != "operator":
            raise web.HTTPForbidden(text="Only who works here may take this away.\n")
        if self._state is None:
            raise web.HTTPServiceUnavailable(text="The monitor is not there: nothing is known now.\n")
        person = self._state.person
        try:
            known = json.loads(await asyncio.wait_for(self._ask_monitor(), PATIENCE))
            journal, store = await asyncio.to_thread(self._kept, person)
        except (TimeoutError, asyncio.TimeoutError, ValueError) as error:
            raise web.HTTPServiceUnavailable(text="The monitor does not answer. Try again.\n") from error
        except (JournalError, StoreError) as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from error
        text = json.dumps({"known_now": known, "journal": journal, "store": store}, ensure_ascii=False, indent=1)
        name = {"Content-Disposition": f'attachment; filename="about-{person}.json"'}
        return web.Response(text=text, content_type="application/json", headers=name)

    async def _ask_monitor(self) -> str:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[str] = loop.create_future()

        def answer(asked: Any) -> None:
            loop.call_soon_threadsafe(lambda: answered.done() or answered.set_result(asked.result().message))

        self._export.call_async(Trigger.Request()).add_done_callback(answer)
        return await answered

    def _kept(self, person: str) -> tuple[Any, Any]:
        with Journal(self._journal, reading=True) as journal, Store(self._store) as store:
            return journal.lines_of(person), kept_of(store, person)


def about_from_ros(message: OperatorState, rules: Rules) -> AboutMe:
    """What the page shows. A fact or advice of a name that is not on the closed list is not shown."""
    looked_at = uses(rules, tuple(message.rules_off))
    names = {n.value: n for n in FactName}
    facts = tuple(
        Known(
            name=names[f.name], signal=SIGNALS[names[f.name]], value=f.value if f.known else None, unit=f.unit,
            usual=None if isnan(f.baseline) else f.baseline, confidence=f.confidence, on=f.on, shared=f.shared,
            uses=looked_at[names[f.name]],
        )
        for f in message.facts if f.name in names
    )  # fmt: skip
    offer = None
    if message.advice in [kind.value for kind in AdviceKind]:
        because = tuple(names[f.name] for f in message.facts if f.rule and f.name in names)
        offer = Offer(rule=message.rule, kind=AdviceKind(message.advice), words=message.words, because=because)
    return AboutMe(heard=True, person=message.person, facts=facts, offer=offer, rules_off=tuple(message.rules_off),
                   advised=message.advised, refused=message.refused)  # fmt: skip
