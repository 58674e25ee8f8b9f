"""`opstap lab`: exercises for students, each with a text, a file to begin from, and checks that say what is missing.

A lab is a folder `labs/N_name` with `README.md`, `starter.py`, `solution.py` and `check.py`. A check is a function of
`check.py` in the order of its list `CHECKS`; it gets the student's module, its text says what should be so, and its
AssertionError what is not so yet.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from opstap.documents import nearest


@dataclass(frozen=True)
class Lab:
    """One exercise."""

    number: int
    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name.partition("_")[2]

    @property
    def title(self) -> str:
        """The first heading of its text."""
        return (self.folder / "README.md").read_text(encoding="utf-8").splitlines()[0].lstrip("# ")

    def own(self, folder: Path) -> Path:
        """The student's file."""
        return folder / f"lab_{self.number}_{self.name}.py"


@dataclass(frozen=True)
class Checked:
    """What came out of one check."""

    says: str
    """What should be so."""
    missing: str
    """What is not so yet; "" when all is well."""


def labs(folder: Path) -> dict[int, Lab]:
    """Number -> lab, of a folder of labs."""
    found = sorted(p.parent for p in folder.glob("[0-9]*_*/check.py"))
    return {int(p.name.partition("_")[0]): Lab(int(p.name.partition("_")[0]), p) for p in found}


def check(lab: Lab, work: Path) -> Iterator[Checked]:
    """Run the lab's checks on the file `work`, one after the other."""
    checks: list[Callable[[ModuleType], None]] = _module(lab.folder / "check.py").CHECKS
    try:
        module = _module(work)
    except Exception as error:
        yield Checked("the file can be read by Python", _told(error, work))
        return
    for each in checks:
        says = (each.__doc__ or each.__name__).splitlines()[0]
        try:
            each(module)
        except AssertionError as error:
            yield Checked(says, str(error) or _told(error, work))
        except Exception as error:
            yield Checked(says, _told(error, work))
        else:
            yield Checked(says, "")


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"lab_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _told(error: Exception, work: Path) -> str:
    """An error of the student's file with its line; no traceback."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename) == work]
    at = f"line {lines[-1]}: " if lines else ""
    return f"{at}{type(error).__name__}: {error}"


def add(commands: Any) -> None:
    """Add `opstap lab` to the command line."""
    parser = commands.add_parser("lab", help="exercises for students: list, start N, check N")
    parser.add_argument("do", choices=("list", "start", "check"), nargs="?", default="list")
    parser.add_argument("number", type=int, nargs="?", help="number of the lab")
    parser.add_argument("file", type=Path, nargs="?", help="file to check; not given: the one that `start` made")
    parser.add_argument("--into", type=Path, default=Path("lab_work"), help="folder of your own files")


def run(options: argparse.Namespace) -> int:
    """Do what the options say; the exit code."""
    known = labs(Path(os.environ.get("OPSTAP_ROOT", ".")) / "labs")
    if options.do == "list":
        for lab in known.values():
            begun = lab.own(options.into)
            print(f"{lab.number}  {lab.title:<50} {begun if begun.exists() else ''}")
        return 0
    if options.number not in known:
        found = "no number" if options.number is None else f"lab {options.number}"
        print(f"opstap: found {found}, allowed: {nearest('', [str(n) for n in known])}", file=sys.stderr)
        return 2
    lab = known[options.number]
    return _start(lab, options.into) if options.do == "start" else _check(lab, options.file or lab.own(options.into))


def _start(lab: Lab, into: Path) -> int:
    own = lab.own(into)
    if own.exists():
        print(f"opstap: {own} is there already; it is left as it is", file=sys.stderr)
        return 1
    try:
        into.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(lab.folder / "starter.py", own)
    except OSError as error:
        print(f"opstap: {own} cannot be written ({error.strerror})", file=sys.stderr)
        return 1
    print(f"{lab.title}\nread {lab.folder / 'README.md'}\nedit {own}\nthen opstap lab check {lab.number}")
    return 0


def _check(lab: Lab, work: Path) -> int:
    if not work.is_file():
        print(f"opstap: {work}: no such file; opstap lab start {lab.number} makes it", file=sys.stderr)
        return 1
    done = []
    for result in check(lab, work.resolve()):
        done.append(not result.missing)
        print(f"{'  done  ' if done[-1] else 'not yet '}{result.says}", flush=True)
        if result.missing:
            print(f"        {result.missing}", flush=True)
    print(f"{sum(done)} of {len(done)}" + (": well done" if all(done) else ""))
    return 0 if all(done) else 1
