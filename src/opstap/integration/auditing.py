"""`opstap audit`: are there known faults in the packages that the lock file pins? Works without a network.

It reads a copy of an advisory database in the OSV form (https://ossf.github.io/osv-schema/): the folder of YAML files
of the Python Packaging Advisory Database, or a folder of OSV's JSON files. It tells how old the copy is: an old
one knows nothing of new faults. For who is online `make audit` asks the services, with pip-audit.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


class AuditError(Exception):
    """It cannot be looked; the message says why and what to do."""


@dataclass(frozen=True)
class Fault:
    """A known fault of one pinned package."""

    package: str
    version: str
    id: str
    aliases: tuple[str, ...]
    fixed: tuple[str, ...]
    """Versions without it."""
    summary: str


@dataclass(frozen=True)
class Report:
    """What was found, and in what."""

    packages: int
    advisories: int
    """Of these packages."""
    newest: str
    """Day of the newest advisory that was read; "" where there was none."""
    faults: tuple[Fault, ...]


def locked(path: Path) -> list[tuple[str, str]]:
    """Name and version of every package that a lock file pins; one name can come twice, for different Pythons.

    Raises:
        AuditError: it is no lock file.
    """
    try:
        found = PINNED.findall(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"{path}: cannot be read ({error})") from error
    if not found:
        raise AuditError(f"{path}: found no 'package==version', allowed: a lock file such as requirements.lock")
    return [(str(canonicalize_name(name)), version) for name, version in found]


def advisories(folder: Path, names: set[str]) -> Iterator[dict[str, Any]]:
    """The advisories in `folder` that may be about packages of these names.

    Raises:
        AuditError: there are none at all, or one cannot be read.
    """
    yaml = YAML(typ="safe")
    files = [p for p in folder.rglob("*.yaml") if canonicalize_name(p.parent.name) in names]
    others = list(folder.rglob("*.json"))
    if not others and next(folder.rglob("*.yaml"), None) is None:
        raise AuditError(f"{folder}: found no advisory, allowed: a folder with YAML or JSON files in the OSV form")
    for path in [*files, *others]:
        try:
            text = path.read_text(encoding="utf-8")
            read = json.loads(text) if path.suffix == ".json" else yaml.load(text)
        except (OSError, ValueError, YAMLError) as error:
            raise AuditError(f"{path}: cannot be read ({error})") from error
        if isinstance(read, dict) and "id" in read and not read.get("withdrawn"):
            yield read


def is_in(version: Version, affected: dict[str, Any]) -> bool:
    """Whether `affected`, as OSV has it, holds the version."""
    if any(_version(v) == version for v in affected.get("versions", ())):
        return True
    for span in affected.get("ranges", ()):
        if span.get("type") != "ECOSYSTEM":
            continue
        inside = False
        events = [(_version(moment), kind) for e in span.get("events", ()) for kind, moment in e.items()]
        for moment, kind in sorted((e for e in events if e[0] is not None), key=lambda e: e[0] or version):
            assert moment is not None
            if kind == "introduced" and version >= moment:
                inside = True
            elif (kind == "fixed" and version >= moment) or (kind == "last_affected" and version > moment):
                inside = False
        if inside:
            return True
    return False


def audit(lock: Path, folder: Path) -> Report:
    """Known faults of what `lock` pins.

    Raises:
        AuditError: a file cannot be read.
    """
    pinned = locked(lock)
    faults, seen, newest = [], 0, ""
    for advisory in advisories(folder, {name for name, _ in pinned}):
        about = [a for a in advisory.get("affected", ()) if a.get("package", {}).get("ecosystem") == "PyPI"]
        named = {str(canonicalize_name(a["package"].get("name", ""))): a for a in about}
        hit = [(name, version, named[name]) for name, version in pinned if name in named]
        seen += bool(hit)
        newest = max(newest, str(advisory.get("modified", ""))[:10]) if hit else newest
        for name, version, affected in hit:
            parsed = _version(version)
            if parsed is not None and is_in(parsed, affected):
                spans = (s for s in affected.get("ranges", ()) if s.get("type") == "ECOSYSTEM")
                fixed = tuple(str(e["fixed"]) for s in spans for e in s.get("events", ()) if "fixed" in e)
                summary = " ".join(str(advisory.get("summary") or advisory.get("details", "")).split())[:160]
                aliases = tuple(str(a) for a in advisory.get("aliases", ()))
                faults.append(Fault(name, version, str(advisory["id"]), aliases, fixed, summary))
    return Report(len(pinned), seen, newest, tuple(sorted(faults, key=lambda f: (f.package, f.id))))


def _version(text: Any) -> Version | None:
    try:
        return Version(str(text))
    except InvalidVersion:
        return None


def add(commands: Any) -> None:
    """The command's arguments."""
    own = commands.add_parser("audit", help="known faults in the pinned packages, from a copy of an advisory database")
    own.add_argument("advisories", type=Path, help="folder with advisories in the OSV form")
    own.add_argument("--lock", type=Path, default=Path("requirements.lock"), help="the lock file")
    own.add_argument("--json", action="store_true", help="for scripts")


def run(options: argparse.Namespace) -> int:
    """Exit code 0: no known fault; 1: some; 2: it could not be looked."""
    try:
        report = audit(options.lock, options.advisories)
    except AuditError as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(asdict(report), indent=1))
        return int(bool(report.faults))
    for f in report.faults:
        also = f" ({', '.join(f.aliases)})" if f.aliases else ""
        print(f"{f.package} {f.version}: {f.id}{also}, fixed in {', '.join(f.fixed) or 'no version'}\n    {f.summary}")
    print(f"{len(report.faults)} known faults in {report.packages} pinned packages; {report.advisories} advisories are "
          f"about them, the newest of {report.newest or 'no day'}. What is newer is not known here.")  # fmt: skip
    return int(bool(report.faults))
