"""MkDocs hooks: what lies outside docs/ and is read with it (README, changelog, licence, labs) joins the site.

Links are written for whoever reads the files as they are; here they are turned to where the pages stand in the site.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(\]\()([^)\s]+)(\))")


def pages() -> dict[str, Path]:
    """Place in the site -> file outside docs/."""
    found = {"index.md": ROOT / "README.md", "changelog.md": ROOT / "CHANGELOG.md", "licence.txt": ROOT / "LICENSE",
             "pictures/icon.svg": ROOT / "web/core/icon.svg"}  # fmt: skip
    return found | {f"labs/{p.parent.name}.md": p for p in sorted((ROOT / "labs").glob("*/README.md"))}


def turned(text: str, file: Path, place: str) -> str:
    """The text with its links from `file` made to links from `place` in the site."""
    places = {path.resolve(): where for where, path in pages().items()}

    def turn(match: re.Match[str]) -> str:
        target, _, part = match[2].partition("#")
        if not target or re.match(r"\w+:", target):
            return match[0]
        path = (file.parent / target).resolve()
        where = places.get(path)
        if where is None and path.is_relative_to(ROOT / "docs"):
            where = path.relative_to(ROOT / "docs").as_posix()
        if where is None or path.is_dir():
            where = f"{where}/pilot.en.html" if where == "pilot" else target  # a folder has no page of its own
        up = "../" * place.count("/")
        return f"{match[1]}{up}{where}{'#' + part if part else ''}{match[3]}"

    parts = re.split(r"(^```.*?^```)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(p if p.startswith("```") else LINK.sub(turn, p) for p in parts)


def on_files(files: Files, config: Any) -> Files:
    """Add what lies outside."""
    for place, path in pages().items():
        files.append(File.generated(config, place, content=path.read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn the links."""
    place = page.file.src_uri
    return turned(markdown, pages().get(place, ROOT / "docs" / place), place)
