# `make demo` runs the simulated cell, `make test` all checks; both set up what they need first.
PYTHON ?= python3
SHELL := /bin/bash
ENVIRONMENT := source ros_ws/environment.sh

.PHONY: panoramas python setup setup-tests setup-vr demo test bench docs sbom audit pictures pilot-report lock

demo: setup
	@$(ENVIRONMENT) && opstap launch cell.launch.py film:=true speed:=2 linger:=5 && opstap summary out/journal.db \
	  && echo && echo "In out/: journal.db, bench.mp4, steps/*.jpg"

# The docs' pictures and the list of messages, from the real drawing code. With a running cell: make pictures PAGE=--page=URL
pictures: setup
	@$(ENVIRONMENT) && python docs/generate.py $(PAGE)

# Set-up itself says the rest; it cannot even be read by a Python as old as this.
python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 7))' 2>/dev/null || { echo "setup: Python 3.10 to 3.13 \
	is needed, and '$(PYTHON)' is missing or too old. Install one and run: make PYTHON=python3.12" >&2; exit 1; }

setup: python
	@$(PYTHON) ros_ws/bootstrap.py $(ONLY)

setup-tests: python
	@$(PYTHON) ros_ws/bootstrap.py --tests $(ONLY)

# Two runs, each with a summary: tests of the library and the pages on two cores; then what starts nodes, by itself.
test: setup-tests
	@$(ENVIRONMENT) && ruff check src tests ros_ws labs bench && ruff format --check src tests ros_ws labs && mypy \
	  && { python -m pytest -n 2 --dist loadfile tests/unit tests/web; first=$$?; python -m pytest tests/launch tests/node \
	  && exit $$first; }

# The docs as a site, in out/site; a link that leads nowhere fails it.
docs: setup-tests
	@$(ENVIRONMENT) && NO_MKDOCS_2_WARNING=1 mkdocs build --quiet && echo "out/site/index.html"

# What the cell is made of, as CycloneDX: Python packages and what the pages use, both from the lock files.
sbom: setup-tests
	@$(ENVIRONMENT) && mkdir -p out && cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  -o out/sbom.python.cdx.json requirements.lock 2> /dev/null \
	  && (cd web && PATH="$$PATH:$(CURDIR)/.venv/bin" npm sbom --silent --package-lock-only --sbom-format cyclonedx) \
	    > out/sbom.web.cdx.json && ls out/sbom.*

# Known faults of what is pinned, asked of the advisory services; without a network: opstap audit FOLDER.
audit: setup-tests
	@$(ENVIRONMENT) && pip-audit -r requirements.lock --disable-pip --require-hashes --strict

# three.js for the orientation page, as web/package-lock.json pins it. npm is the machine's, or that of set-up for tests.
setup-vr: setup
	@cd web && PATH="$$PATH:$(CURDIR)/.venv/bin" npm ci

# Measure the cell; prints a table and keeps it in docs/performance.md. About five minutes on a quiet machine.
bench: setup-tests
	@$(ENVIRONMENT) && python -m bench

# The report of the simulated pilot that docs/ ships, and the business case and card beside it.
pilot-report: setup
	@$(ENVIRONMENT) && rm -f out/pilot_report.db* && opstap pilot packing --store out/pilot_report.db \
	  && opstap report pilot --store out/pilot_report.db --out docs/pilot \
	  && opstap business --out docs/pilot \
	  && opstap strength sim_03 --name Sam --store out/pilot_report.db --out docs/pilot/strength.nl.pdf

# The pictures all around that the shipped job shows, from the scene file.
panoramas: setup
	@$(ENVIRONMENT) && python -m opstap.orientation.panorama

# Pin again what pyproject.toml asks for, for every Python and platform at once.
lock:
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-annotate --no-header pyproject.toml \
	  --extra sim --extra display --extra pedal --extra recording --extra robot --extra evaluation --extra factory --extra authoring --extra ros --extra build -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-annotate --no-header pyproject.toml \
	  --all-extras -c requirements.lock -o requirements-test.lock
