"""Runs `@pytest.mark.launch_test` modules: the launch in the main thread, the active tests in another."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import sys
import threading
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from launch.actions import RegisterEventHandler
from launch.event_handlers import OnProcessExit, OnProcessIO, OnProcessStart
from launch.events.process import ProcessExited

from launch import LaunchDescription, LaunchService
from launch_testing.asserts import wrote


class Watched:
    """Waits for something that other threads report."""

    def __init__(self) -> None:
        self.changed = threading.Condition()

    def wait(self, predicate: Any, timeout: float) -> bool:
        with self.changed:
            return bool(self.changed.wait_for(predicate, timeout))


def _is(event: Any, process: Any) -> bool:
    """Whether the event is of this action, or of a process with this in its name."""
    return event.action is process or (isinstance(process, str) and process in event.process_name)


class ProcInfo(Watched):
    """The last event of each action, its start or its end; found by the action or a part of its name."""

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[Any, Any] = {}

    def append(self, event: Any, context: Any = None) -> None:
        with self.changed:
            self.events[event.action] = event
            self.changed.notify_all()

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.events.values()))

    def __getitem__(self, process: Any) -> Any:
        for event in self:
            if _is(event, process):
                return event
        raise KeyError(process)

    def _now(self, process: Any, kind: type) -> bool:
        return any(_is(e, process) and isinstance(e, kind) for e in self)

    def assertWaitForStartup(self, process: Any, *, timeout: float = 10) -> None:  # noqa: N802
        started = self.wait(lambda: self._now(process, object), timeout)
        assert started, f"Timed out waiting for process '{process}' to start"

    def assertWaitForShutdown(self, process: Any, *, timeout: float = 10) -> None:  # noqa: N802
        ended = self.wait(lambda: self._now(process, ProcessExited), timeout)
        assert ended, f"Timed out waiting for process '{process}' to finish"


class ProcOutput(Watched):
    """Everything the processes wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[Any] = []

    def append(self, event: Any) -> None:
        with self.changed:
            self.written.append(event)
            self.changed.notify_all()

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.written))

    def assertWaitFor(  # noqa: N802
        self, expected_output: str, process: Any = None, *, timeout: float = 10, stream: str = "stderr"
    ) -> None:
        found = self.wait(lambda: wrote(self, expected_output, process, stream), timeout)
        assert found, f"Waiting for output timed out: '{expected_output}' on {stream}"


def pytest_configure(config: Any) -> None:
    config.addinivalue_line("markers", "launch_test: a module that launches what it tests")


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> Any:
    if "mark.launch_test" in module_path.read_text(encoding="utf-8"):
        return LaunchTestModule.from_parent(parent, path=module_path)
    return None


class LaunchTestModule(pytest.File):
    """A launch test file."""

    def collect(self) -> Iterator[Any]:
        yield LaunchTestItem.from_parent(self, name=self.path.stem)


class LaunchTestError(Exception):
    """Tests of the launch failed; the message is theirs."""


class LaunchTestItem(pytest.Item):
    """One launch with all its tests."""

    def runtest(self) -> None:
        spec = importlib.util.spec_from_file_location(self.name, self.path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[self.name] = module
        spec.loader.exec_module(module)
        self.run(module)

    def run(self, module: Any) -> None:
        made = module.generate_test_description()
        description, context = made if isinstance(made, tuple) else (made, {})
        info, output = ProcInfo(), ProcOutput()
        arguments = {"proc_info": info, "proc_output": output, **context}
        service = LaunchService()
        arguments["launch_service"] = service
        ready = threading.Event()
        service.context.locals["launch_testing_ready"] = ready.set
        loader = unittest.TestLoader()
        cases = [c for c in vars(module).values() if inspect.isclass(c) and issubclass(c, unittest.TestCase)]
        results: list[unittest.TestResult] = []

        def run_cases(after: bool) -> None:
            for case in cases:
                if getattr(case, "__post_shutdown_test__", False) is after:
                    suite = loader.loadTestsFromTestCase(case)
                    for test in suite:
                        _bind(test, arguments)
                    result = unittest.TestResult()
                    suite.run(result)
                    results.append(result)

        tested = threading.Event()

        def active() -> None:
            if ready.wait(15):
                run_cases(after=False)
                tested.set()
            service.shutdown()

        service.include_launch_description(
            LaunchDescription(
                [
                    RegisterEventHandler(OnProcessStart(on_start=info.append)),
                    RegisterEventHandler(OnProcessExit(on_exit=info.append)),
                    RegisterEventHandler(OnProcessIO(on_stdout=output.append, on_stderr=output.append)),
                    description,
                ]
            )
        )
        thread = threading.Thread(target=active, daemon=True)
        thread.start()
        service.run()
        if not ready.is_set():
            raise LaunchTestError("ReadyToTest was not reached in 15 s")
        if not tested.is_set():
            raise LaunchTestError("Launch stopped before the active tests finished.")
        thread.join()
        run_cases(after=True)
        problems = [text for r in results for _, text in (*r.failures, *r.errors)]
        if not any(r.testsRun for r in results):
            problems.append("no test was run")
        if problems:
            raise LaunchTestError("\n".join(problems))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, LaunchTestError) else super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"launch test {self.name}"


def _bind(test: Any, arguments: dict[str, Any]) -> None:
    """Give the test method, and setUp, the arguments that they name."""
    for name in (test._testMethodName, "setUp", "tearDown"):
        method = getattr(test, name)
        wanted = {k: v for k, v in arguments.items() if k in inspect.signature(method).parameters}
        setattr(test, name, functools.partial(method, **wanted))
