"""Running processes: started when visited, restarted when asked, ended with SIGINT, SIGTERM, SIGKILL."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from launch.core import Action, LaunchContext, LaunchDescriptionEntity, SomeText, text_of
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited, ProcessIO, ProcessStarted

_counts: dict[str, int] = {}


_libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _end_with_parent() -> None:
    """Have the kernel end this process when the launch is killed: a node without its launch cannot be stopped."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class ExecuteProcess(Action):
    """A process, run once (and again by `respawn`)."""

    def __init__(
        self, *, cmd: Iterable[SomeText], name: Any = None, cwd: Any = None, env: Any = None,
        additional_env: Any = None, shell: bool = False, output: str = "log", respawn: bool = False,
        respawn_delay: float | None = None, sigterm_timeout: SomeText = "5", sigkill_timeout: SomeText = "5",
        on_exit: Any = None, condition: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(condition=condition)
        self.cmd, self.process_name, self.cwd, self.shell, self.output = list(cmd), name, cwd, shell, output
        self.env, self.additional_env = env, dict(additional_env or {})
        self.respawn, self.respawn_delay = respawn, respawn_delay or 0.0
        self.sigterm_timeout, self.sigkill_timeout, self.on_exit = sigterm_timeout, sigkill_timeout, on_exit
        self.process: asyncio.subprocess.Process | None = None
        self.label = ""

    def arguments(self, context: LaunchContext) -> list[str]:
        """The command line."""
        return [text_of(context, part) for part in self.cmd]

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        if context.is_shutdown:
            return None
        command = self.arguments(context)
        if self.label:
            raise RuntimeError(f"ExecuteProcess '{self.label}': executed more than once")
        base = text_of(context, self.process_name) if self.process_name else Path(command[0]).name
        # One count for all processes, so that a number alone tells which one is meant.
        _counts["all"] = _counts.get("all", 0) + 1
        self.label = f"{base}-{_counts['all']}"
        environment = dict(context.environment)
        if self.env is not None:
            environment = {text_of(context, k): text_of(context, v) for k, v in dict(self.env).items()}
        environment |= {text_of(context, k): text_of(context, v) for k, v in self.additional_env.items()}
        cwd = text_of(context, self.cwd) if self.cwd else None
        if self.on_exit is not None:
            context.register_event_handler(OnProcessExit(target_action=self, on_exit=self.on_exit))
        task = asyncio.get_running_loop().create_task(self._run(context, command, environment, cwd))
        context.waiting.add(task)
        task.add_done_callback(context.waiting.discard)
        context.processes.append(self)
        return None

    async def _run(self, context: LaunchContext, command: list[str], environment: dict[str, str], cwd: Any) -> None:
        while not context.is_shutdown:
            try:
                # A process group of its own: a Ctrl-C at the terminal reaches it once, through us.
                pipes: dict[str, Any] = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
                pipes |= {"cwd": cwd, "env": environment, "start_new_session": True, "limit": 1 << 20}
                pipes |= {"preexec_fn": _end_with_parent}
                if self.shell:
                    self.process = await asyncio.create_subprocess_shell(" ".join(command), **pipes)
                else:
                    self.process = await asyncio.create_subprocess_exec(*command, **pipes)
            except OSError as error:
                print(f"[ERROR] [{self.label}]: cannot be started: {error}", file=sys.stderr, flush=True)
                return
            process = self.process
            event = {"action": self, "name": self.label, "pid": process.pid, "cmd": command}
            print(f"[INFO] [{self.label}]: process started with pid [{process.pid}]", flush=True)
            context.emit_event_sync(ProcessStarted(**event))
            if context.is_shutdown:  # asked for while the process was being made
                self.end(context)
            await asyncio.gather(
                self._show(context, process.stdout, event, out=True),
                self._show(context, process.stderr, event, out=False),
            )
            code = await process.wait()
            if code == 0:
                print(f"[INFO] [{self.label}]: process has finished cleanly [pid {process.pid}]", flush=True)
            else:
                died = f"process has died [pid {process.pid}, exit code {code}, cmd '{' '.join(command)}']."
                print(f"[ERROR] [{self.label}]: {died}", flush=True)
            context.emit_event_sync(ProcessExited(returncode=code, **event))
            if not self.respawn:
                return
            # A shutdown that the exit causes must come before the restart.
            await asyncio.sleep(0)
            for _ in range(max(1, round(self.respawn_delay / 0.05))):
                if context.is_shutdown:
                    return
                await asyncio.sleep(min(0.05, self.respawn_delay))

    async def _show(self, context: LaunchContext, stream: Any, event: dict[str, Any], *, out: bool) -> None:
        """Show whole lines as they come, each with the name of its process."""
        shown = self.output in ("screen", "both") or not out
        target = sys.stdout if out else sys.stderr
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line of over a megabyte
                line = await stream.read(1 << 20)
            if not line:
                return
            if shown:
                text = line.decode(errors="replace").rstrip("\n")
                print(f"[{self.label}] {text}", file=target, flush=True)
            context.emit_event_sync(ProcessIO(text=line, from_stdout=out, **event))

    def send(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    def end(self, context: LaunchContext) -> None:
        """SIGINT now, SIGTERM after `sigterm_timeout`, SIGKILL after `sigkill_timeout` more."""
        if self.process is None or self.process.returncode is not None:
            return
        first = float(text_of(context, self.sigterm_timeout))
        second = float(text_of(context, self.sigkill_timeout))
        task = asyncio.get_running_loop().create_task(self._escalate(first, second))
        context.waiting.add(task)
        task.add_done_callback(context.waiting.discard)

    async def _escalate(self, first: float, second: float) -> None:
        assert self.process is not None
        for number, patience in ((signal.SIGINT, first), (signal.SIGTERM, second), (signal.SIGKILL, 5.0)):
            if self.process.returncode is not None:
                return
            print(f"[INFO] [{self.label}]: sending signal '{number.name}' to process[{self.label}]", flush=True)
            self.send(number)
            try:
                await asyncio.wait_for(asyncio.shield(self.process.wait()), patience)
            except asyncio.TimeoutError:
                continue
