# Every target is one line over the `mp` command; `make up` and `make test` work from a bare checkout.

.DEFAULT_GOAL := help
.PHONY: help env up down demo migrate seed test test-faults lint logs shell bench bench-edge docs screenshots lock status doctor sync

ifdef PORT_BASE
export PORT_BASE
endif

# A dozen processes start here; without cached bytecode each compiles the same thousands of modules again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
MP := .venv/bin/mp

help: ## show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

env: ## make the environment from the lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 was found; name one: make env PYTHON=/path/to/python3.12"; exit 2; }
	@$(PYTHON) cli/environment.py

up: env ## start everything and stay in the foreground
	@exec $(MP) up

down: env ## stop a house that runs elsewhere
	@$(MP) down

status: env ## what is up, and where
	@$(MP) status

doctor: env ## what is found of each part, and what to do
	@$(MP) doctor

demo: env ## seed the demo and materialise its lineage again
	@$(MP) demo

migrate: env ## bring both stores to the newest form
	@$(MP) migrate

seed: env ## give the demo tenant its history
	@$(MP) seed

sync: env ## read insights again (make sync CHANNEL=meta DAY=2026-11-01 UNTIL=2026-11-07)
	@$(MP) sync $(CHANNEL) $(if $(DAY),--day $(DAY)) $(if $(UNTIL),--until $(UNTIL))

# Two cores, three workers: one of them lives in the whole house, which mostly waits.
test: env ## the test suite
	@.venv/bin/pytest -n 3 --no-loadscope-reorder $(ARGS)

test-faults: env ## the long kill and fuzz campaigns
	@.venv/bin/pytest -m faults $(ARGS)

lint: env ## everything that is checked without running it
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/pyright
	@.venv/bin/lint-imports --no-cache
	@.venv/bin/pytest -q tests/store/test_migrations.py # alembic check, on a Postgres of its own
	@.venv/bin/sqlfluff lint --disable-progress-bar dbt_project/models
	@home=$$(mktemp -d) && echo 'telemetry: {enabled: false}' > $$home/dagster.yaml; \
		DAGSTER_HOME=$$home VIRTUAL_ENV=$(CURDIR)/.venv .venv/bin/dg check defs; status=$$?; rm -rf $$home; exit $$status

logs: env ## follow the logs (make logs PART=console)
	@$(MP) logs $(PART)

shell: env ## a Python prompt on the stores
	@$(MP) shell

bench: env ## the benchmarks (make bench NAME=edge)
	@$(MP) bench $(NAME)

bench-edge: env ## what the edge does in a second, beside its peers
	@$(MP) bench edge
	@$(MP) bench shipper
	@$(MP) bench enrichment

docs: env ## write the generated pages
	@$(MP) docs

screenshots: env ## pictures of the running demo (make screenshots ALL=folder: of every screen)
	@$(MP) screenshots $(if $(ALL),--all $(ALL))

lock: env ## resolve the dependencies anew
	@.venv/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 \
		--custom-compile-command 'make lock' --all-extras -o requirements.lock pyproject.toml
	@.venv/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 \
		--custom-compile-command 'make lock' -c requirements.lock -o requirements-production.lock pyproject.toml
