"""The order of the library's parts, as docs/architecture.md draws it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STARTERS = re.compile(r"(.*_)?command\.py")
"""Commands start things, and may use any part."""


def test_imports_go_one_way() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`[a-z]+`(?:, )?)+) \|", text.split("Imports go one way")[0], re.MULTILINE)
    order = {part: i for i, row in enumerate(rows) for part in re.findall(r"[a-z]+", row)}
    library = ROOT / "src/opstap"
    assert {f.name for f in library.iterdir() if (f / "__init__.py").exists()} <= set(order)
    against = []
    for path in library.rglob("*.py"):
        own = path.relative_to(library).parts[0].removesuffix(".py")
        if own not in order or STARTERS.fullmatch(path.name):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("opstap."):
                other = str(node.module).split(".")[1]
                if order.get(other, -1) > order[own]:
                    against.append(f"{path.relative_to(library)} imports {other}")
    assert against == []
