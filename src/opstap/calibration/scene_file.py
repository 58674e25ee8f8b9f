"""Measured bins written into a scene file: only their position and yaw change, and the old file is kept."""

from __future__ import annotations

import difflib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from opstap.documents import Document
from opstap.scene import Bin
from opstap.scene_file import load_scene


@dataclass(frozen=True)
class Change:
    """A scene file with other bins."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """What changes, as a unified diff."""
        name = self.path.name
        now, then = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        return "".join(difflib.unified_diff(now, then, f"{name} (now)", f"{name} (measured)", n=0))

    @property
    def kept(self) -> Path:
        """Where the old file goes; beside the calibration, so that it is not taken for a scene."""
        return self.path.parent / "calibration" / f"{self.path.stem}.scene.before.yaml"

    def write(self) -> None:
        """Put it in place, whole or not at all.

        Raises:
            DocumentError: the scene would not be right: bins that overlap, or hang over the table's edge.
            OSError: it cannot be written.
        """
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new.yaml")
        draft.write_text(self.after, encoding="utf-8")
        try:
            load_scene(draft)
            self.kept.write_text(self.before, encoding="utf-8")
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)


def with_bins(path: Path, bins: Sequence[Bin]) -> Change:
    """The scene in `path` with these bins' positions and yaws; comments and everything else stay as they are.

    Raises:
        DocumentError: the file cannot be read.
    """
    before = path.read_text(encoding="utf-8")
    lines = before.splitlines(keepends=True)
    data = Document.read(path).data
    measured = {b.id: b for b in bins}
    document = Document(path, data)
    for i, entry in enumerate(data["bins"]):
        b = measured.get(entry["id"])
        if b is None:
            continue
        number = document.line(("bins", i, "position")) - 1
        end = document.line(("bins", i + 1)) - 1 if i + 1 < len(data["bins"]) else number + 1
        entry["position"] = _flow(b.position)
        if b.yaw_deg or "yaw_deg" in entry:
            entry["yaw_deg"] = b.yaw_deg
        if entry.fa.flow_style() and end == number + 1:
            # An entry on a line of its own is written anew; the file's other lines stay byte for byte.
            lines[number] = lines[number][: lines[number].index("-") + 2] + _line(entry) + "\n"
    after = "".join(lines)
    yaml = YAML(typ="safe")
    if yaml.load(after)["bins"] != yaml.load(_whole(data))["bins"]:
        after = _whole(data)  # entries over several lines: the whole file is written
    return Change(path, before, after)


def _flow(position: tuple[float, float, float]) -> object:
    from ruamel.yaml.comments import CommentedSeq

    sequence = CommentedSeq([round(v, 4) for v in position])
    sequence.fa.set_flow_style()
    return sequence


def _line(entry: object) -> str:
    return _whole(entry).strip()


def _whole(data: object) -> str:
    out = io.StringIO()
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(data, out)
    return out.getvalue()
