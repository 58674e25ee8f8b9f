"""Runs launch descriptions until nothing is left to run."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterable
from typing import Any

from launch.core import LaunchContext, LaunchDescription, LaunchDescriptionEntity, Listed
from launch.events import Shutdown


class LaunchService(metaclass=Listed):
    """See `run`."""

    def __init__(self, *, argv: Iterable[str] | None = None, noninteractive: bool = False, debug: bool = False) -> None:
        self.argv, self.noninteractive, self.debug = list(argv or ()), noninteractive, debug
        self.context = LaunchContext(argv=self.argv, noninteractive=noninteractive)
        self._descriptions: list[LaunchDescription] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._return_code = 0

    def include_launch_description(self, description: LaunchDescription) -> None:
        self._descriptions.append(description)

    def run(self, *, shutdown_when_idle: bool = True) -> int:
        """Run until all processes and timers ended; 0, or 1 after an exception in a launch file."""
        return asyncio.run(self.run_async(shutdown_when_idle=shutdown_when_idle))

    def shutdown(self) -> None:
        """End everything; may be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.context.emit_event_sync, Shutdown(reason="LaunchService.shutdown"))

    async def run_async(self, *, shutdown_when_idle: bool = True) -> int:
        self._loop = asyncio.get_running_loop()
        context = self.context
        context.wake = asyncio.Event()
        context.visit = self._visit
        for number in (signal.SIGINT, signal.SIGTERM):
            # Outside the main thread this is refused: whoever runs us handles signals then.
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                self._loop.add_signal_handler(number, self._on_signal, number)
        self._visit(self._descriptions)
        while True:
            while context.queue:
                self._handle(context.queue.pop(0))
            if not context.waiting and not context.queue and (shutdown_when_idle or context.is_shutdown):
                return self._return_code
            context.wake.clear()
            waker = asyncio.ensure_future(context.wake.wait())
            await asyncio.wait([waker, *context.waiting], return_when=asyncio.FIRST_COMPLETED, timeout=0.5)
            waker.cancel()
            # Let a finished process report its end before it is decided that nothing is left.
            await asyncio.sleep(0)

    def _on_signal(self, number: int) -> None:
        name = signal.Signals(number).name
        if self.context.is_shutdown:
            # Asked again: those that have not ended are ended harder.
            for process in self.context.processes:
                process.send(signal.SIGTERM)
            return
        reason = f"user interrupt ({name})"
        self.context.emit_event_sync(Shutdown(reason=reason, due_to_sigint=number == signal.SIGINT))

    def _visit(self, entities: Iterable[LaunchDescriptionEntity]) -> None:
        try:
            for entity in entities:
                found = entity.visit(self.context)
                if found:
                    self._descend(found)
        except Exception as error:
            if self.debug:
                raise
            # A person reads this: what is wrong, without the stack of calls.
            print(f"[ERROR] [launch]: {error}", file=sys.stderr, flush=True)
            self._return_code = 1
            self.context.emit_event_sync(Shutdown(reason="an error in the launch description"))

    def _descend(self, entities: Iterable[LaunchDescriptionEntity]) -> None:
        for entity in entities:
            found = entity.visit(self.context)
            if found:
                self._descend(found)

    def _handle(self, event: Any) -> None:
        context = self.context
        if isinstance(event, Shutdown) and context.is_shutdown:
            return
        for handler in list(context.handlers):
            if handler.matches(event):
                self._visit(handler.handle(event, context))
        if isinstance(event, Shutdown):
            context.is_shutdown = True
            print(f"[INFO] [launch]: shutting down: {event.reason}", flush=True)
            for process in context.processes:
                process.end(context)
            from launch.actions import TimerAction

            for task in list(context.waiting):
                coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
                if getattr(coroutine, "__qualname__", "").startswith(TimerAction.__name__):
                    task.cancel()
