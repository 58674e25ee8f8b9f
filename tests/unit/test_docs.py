"""What the docs say of the code is what the code says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from opstap.workflow.asking import Meaning

DOCS = Path(__file__).parents[2] / "docs"
spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


def test_interfaces_are_fresh():
    fresh = generate.interfaces()
    assert (DOCS / "interfaces.md").read_text(encoding="utf-8") == fresh, "run: python docs/generate.py --texts"


def test_schemas_are_fresh_and_accept_what_is_shipped():
    for name, fresh in generate.schemas().items():
        path = DOCS.parent / f"config/schemas/{name}.json"
        assert path.read_text(encoding="utf-8") == fresh, "run: python docs/generate.py --texts"
    for folder, name in (("tasks", "task"), ("cells", "scene")):
        for path in (DOCS.parent / "config" / folder).glob("*.yaml"):
            first = path.read_text(encoding="utf-8").splitlines()[0]
            assert first == f"# yaml-language-server: $schema=../schemas/{name}.json", path


def test_nodes_and_arguments_are_fresh():
    fresh = generate.nodes()
    assert (DOCS / "nodes.md").read_text(encoding="utf-8") == fresh, "run: python docs/generate.py --texts"


def test_every_number_says_its_unit_or_range():
    silent = []
    for path in [*generate.INTERFACES.glob("*/*.msg"), *generate.INTERFACES.glob("*/*.action")]:
        for kind, name, meaning in generate.rows(path.read_text(encoding="utf-8").replace("\n---\n", "\n")):
            constant = "=" in name
            if not constant and not meaning and re.match(r"u?int|float|string|geometry_msgs", kind):
                silent.append(f"{path.stem}.{name}")
    assert silent == []


def test_every_meaning_is_explained_with_a_picture():
    text = (DOCS / "light.md").read_text(encoding="utf-8")
    for meaning in Meaning:
        assert f"pictures/light_{meaning.value}.jpg" in text
    for name in re.findall(r"pictures/(\w+\.jpg)", text + (DOCS.parent / "README.md").read_text(encoding="utf-8")):
        assert (DOCS / "pictures" / name).stat().st_size < 200_000, name


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_every_link_leads_somewhere():
    broken = []
    for page in [DOCS.parent / "README.md", *DOCS.rglob("*.md")]:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"\w+:", target):
                continue
            name, _, part = target.partition("#")
            to = page.parent / name if name else page
            found = to.exists()
            if found and part and to.suffix == ".md":
                found = part in {
                    slug(h) for h in re.findall(r"^#+ (.*)$", to.read_text(encoding="utf-8"), re.MULTILINE)
                }
            if not found:
                broken.append(f"{page.relative_to(DOCS.parent)}: {target}")
    assert broken == []


def test_every_page_that_code_and_settings_name_is_there():
    root, missing = DOCS.parent, []
    for folder in ("src", "ros_ws/src", "ros_ws/underlay", "config", "launch", "bench", "tests", "web"):
        for file in (root / folder).rglob("*"):
            if file.suffix in (".py", ".yaml", ".xml", ".js", ".html", ".msg", ".action") and file.is_file():
                for name in re.findall(r"docs/[\w/.-]+\.md", file.read_text(encoding="utf-8")):
                    if not (root / name).exists():
                        missing.append(f"{file.relative_to(root)}: {name}")
    for file in (root / "ros_ws/bootstrap.py", root / "ros_ws/environment.sh", root / "Makefile"):
        missing += [n for n in re.findall(r"docs/[\w/.-]+\.md", file.read_text()) if not (root / n).exists()]
    assert missing == []


def test_every_page_is_reached_from_the_readme():
    reached, ahead = set(), [DOCS.parent / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page in reached or not page.exists():
            continue
        reached.add(page)
        links = re.findall(r"\]\(([^)\s#]+\.md)[^)]*\)", page.read_text(encoding="utf-8"))
        ahead += [page.parent / link for link in links if not re.match(r"\w+:", link)]
    pages = {p.resolve() for p in DOCS.rglob("*.md")}
    assert sorted(str(p.relative_to(DOCS.resolve())) for p in pages - reached) == []
