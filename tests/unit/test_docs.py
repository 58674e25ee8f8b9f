"""What the docs say of the code is what the code says."""

from __future__ import annotations

import importlib.util
import logging
import re
import runpy
import shlex
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from ruamel.yaml import YAML

from opstap.commands import GROUPS, parser
from opstap.factory.settings import Settings
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


COMMAND = re.compile(r"^(?:[A-Z_]+=\S+ )*(opstap|make|python|source) .*")


def commands() -> list[tuple[str, str]]:
    """Every command in the docs' code blocks, and opstap's in the text too: page, command."""
    found = []
    for page in [DOCS.parent / "README.md", *DOCS.rglob("*.md"), *DOCS.parent.glob("labs/*/README.md")]:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
        for block in re.findall(r"^```(?:sh|bash|console)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            lines += block.splitlines()
        lines += [" ".join(code.split()) for code in re.findall(r"`((?:opstap|make) [^`]+)`", text)]
        found += [(page.name, line) for line in lines if COMMAND.match(line)]
    return found


def test_every_command_in_the_docs_is_one(capsys):
    known, targets = parser(GROUPS), re.findall(r"^([a-z-]+):", (DOCS.parent / "Makefile").read_text(), re.MULTILINE)
    launch = {f.name: runpy.run_path(str(f))["ARGUMENTS"] for f in (DOCS.parent / "launch").glob("*.launch.py")}
    wrong, seen = [], 0
    for page, line in commands():
        for part in re.split(r" && | \| | > ", line.partition(" # ")[0]):
            words = [w for w in shlex.split(part) if not re.match(r"[A-Z_]+=", w)]
            program, given = (words[0], words[1:]) if words else ("", [])
            seen += 1
            try:
                if program == "opstap" and given[0] == "launch" and len(given) > 1:
                    arguments = {w.partition(":=")[0] for w in given[2:] if ":=" in w}
                    assert given[1] in launch, f"no launch file {given[1]}"
                    assert not (unknown := arguments - launch[given[1]].keys()), f"no argument {unknown}"
                elif program == "opstap" and len(given) > 1:
                    known.parse_args(given)
                elif program == "opstap":
                    assert given[0] in (*GROUPS, "launch") or given[0].startswith("-"), f"no command {given[0]}"
                elif program == "make":
                    assert not (unknown := {w for w in given if "=" not in w and w[0] != "-"} - {*targets}), unknown
                elif program in ("python", "source") and not given[0].startswith(("-", "lab_work")):
                    assert (DOCS.parent / given[0]).exists(), "no such file"
            except AssertionError as error:
                wrong.append(f"{page}: {line}: {error}")
            except SystemExit as ended:  # a sentence may name a command without saying what is given to it
                told = capsys.readouterr().err
                if ended.code and "the following arguments are required" not in told:
                    wrong.append(f"{page}: {line}: {told.splitlines()[-1]}")
    assert wrong == []
    assert seen > 80


def test_yaml_in_the_docs_is_read_by_the_models():
    blocks = re.findall(r"^```yaml\n(.*?)^```", (DOCS / "factory.md").read_text(), re.MULTILINE | re.DOTALL)
    read = [Settings.model_validate(YAML(typ="safe").load(block)) for block in blocks]
    assert all(read)
    assert [next(iter(r.model_fields_set)) for r in read] == ["mqtt", "rest", "opcua"]


def test_the_site_is_built_strictly_and_loads_nothing_from_elsewhere(tmp_path, caplog):
    config = load_config(str(DOCS.parent / "mkdocs.yml"), site_dir=str(tmp_path / "site"))
    assert config.strict
    with caplog.at_level(logging.WARNING, "mkdocs"):
        build(config)
    assert [r.getMessage() for r in caplog.records if r.name.startswith("mkdocs")] == []
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 30
    loaded = re.compile(r'<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)="(?:https?:)?//[^"]*"')
    assert [found for p in pages for found in loaded.findall(p.read_text(encoding="utf-8"))] == []
