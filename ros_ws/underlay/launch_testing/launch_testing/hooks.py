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

from launch import LaunchDescription, LaunchService


class Watched:
    """Waits for something that other threads report."""

    def __init__(self) -> None:
        self.changed = threading.Condition()

    def wait(self, predicate: Any, timeout: float) -> bool:
        with self.changed:
            return bool(self.changed.wait_for(predicate, timeout))

    def tell(self) -> None:
        with self.changed:
            self.changed.notify_all()


class ProcInfo(Watched):
    """The end of every process, in order; iterable, and found by its action or a part of its name."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[Any] = []
        self.ended: list[Any] = []

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.ended))

    def _of(self, events: list[Any], process: Any) -> list[Any]:
        return [e for e in events if e.action is process or (isinstance(process, str) and process in e.process_name)]

    def __getitem__(self, process: Any) -> Any:
        found = self._of(self.ended, process)
        if not found:
            raise KeyError(process)
        return found[-1]

    def assertWaitForStartup(self, process: Any, timeout: float = 10) -> None:  # noqa: N802
        assert self.wait(lambda: self._of(self.started, process), timeout), f"{process} did not start"

    def assertWaitForShutdown(self, process: Any, timeout: float = 10) -> None:  # noqa: N802
        assert self.wait(lambda: self._of(self.ended, process), timeout), f"{process} did not end"


class ProcOutput(Watched):
    """Everything the processes wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Any] = []

    def wrote(self, text: str, process: Any = None) -> bool:
        return text in "".join(
            e.text.decode(errors="replace")
            for e in list(self.lines)
            if process is None or e.action is process or (isinstance(process, str) and process in e.process_name)
        )

    def assertWaitFor(self, expected_output: str, process: Any = None, timeout: float = 10) -> None:  # noqa: N802
        assert self.wait(lambda: self.wrote(expected_output, process), timeout), f"'{expected_output}' was not written"


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

        def kept(store: list[Any], watched: Watched) -> Any:
            def keep(event: Any, context: Any) -> None:
                store.append(event)
                watched.tell()

            return keep

        def wrote(event: Any) -> None:
            output.lines.append(event)
            output.tell()

        def run_cases(after: bool) -> None:
            for case in cases:
                if getattr(case, "__post_shutdown_test__", False) is after:
                    suite = loader.loadTestsFromTestCase(case)
                    for test in suite:
                        _bind(test, arguments)
                    result = unittest.TestResult()
                    suite.run(result)
                    results.append(result)

        def active() -> None:
            if ready.wait(60):
                run_cases(after=False)
            service.shutdown()

        service.include_launch_description(
            LaunchDescription(
                [
                    RegisterEventHandler(OnProcessStart(on_start=kept(info.started, info))),
                    RegisterEventHandler(OnProcessExit(on_exit=kept(info.ended, info))),
                    RegisterEventHandler(OnProcessIO(on_stdout=wrote, on_stderr=wrote)),
                    description,
                ]
            )
        )
        thread = threading.Thread(target=active, daemon=True)
        thread.start()
        service.run(shutdown_when_idle=False)
        thread.join(60)
        run_cases(after=True)
        problems = [text for r in results for _, text in (*r.failures, *r.errors)]
        if not ready.is_set():
            problems.append("ReadyToTest was never reached")
        elif not any(r.testsRun for r in results):
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
