# `make help` lists what can be made. Variables: PYTHON=python3.12, DATA=.data, NAME=acme, ARGS=…

PY := .venv/bin/python
DATA ?= .data
export PORTICO_DATA := $(DATA)
MAKEFLAGS += --no-print-directory
# A variable of the command line as one word of the shell; one that the environment happens to have does not count.
given = $(if $(and $(filter command,$(firstword $(origin $1))),$($1)),'$(subst ','\'',$($1))',$(error say which: $2))

.DEFAULT_GOAL := help
.PHONY: help setup up down tenant sign-on demo test lint types imports rules bench contracts schema compose-test audit release clean lock

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## Make .venv and fetch what else is needed; does nothing the second time
	@PYTHON="$(PYTHON)" tools/embedded/setup.sh

up: setup ## Start PostgreSQL, Kafka and all services; Ctrl-C stops them
	@$(PY) -m embedded up $(ARGS)

down: ## Stop what `make up` started
	@$(PY) -m embedded down

tenant: ## Make a tenant with a SCIM token on the running stack: make tenant NAME=acme
	@$(PY) -m embedded tenant $(call given,NAME,make tenant NAME=acme) $(ARGS)

sign-on: ## Make a tenant whose people can sign in to the demo app by hand: make sign-on NAME=acme
	@$(PY) -m demo sign-on $(call given,NAME,make sign-on NAME=acme) $(ARGS)

demo: setup ## Show Entra provisioning, a domain and sign-on on real parts; KEEP=1 stays up
	@$(PY) -m demo run $(ARGS)

test: setup ## Run every test, on real servers
	@$(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

lint: setup ## Check format, style, dependencies and dead code
	@.venv/bin/ruff format --check -q . && .venv/bin/ruff check -q .
	@.ci/dependencies
	@.venv/bin/vulture

types: setup ## Check types
	@.venv/bin/mypy

imports: setup ## Check which room may import which
	@.venv/bin/lint-imports --no-logo

rules: setup ## Check the house rules that need no server
	@$(PY) -m pytest -q $(wildcard tests/unit/test_rules_*.py) $(ARGS)

bench: setup ## Measure SCIM, the directory's consumer, sign-on and re-checks of domains against their budgets
	@PYTHONPATH=tests $(PY) -m bench $(ARGS); scim=$$?; \
	PYTHONPATH=tests $(PY) -m bench.drain; drain=$$?; \
	PYTHONPATH=tests $(PY) -m bench.fairness; fairness=$$?; \
	PYTHONPATH=tests $(PY) -m bench.thin; thin=$$?; \
	PYTHONPATH=tests $(PY) -m bench.signed_out; out=$$?; \
	PYTHONPATH=tests $(PY) -m bench.sign_on; sign_on=$$?; \
	PYTHONPATH=tests $(PY) -m bench.sign_on_scale; scale=$$?; \
	PYTHONPATH=tests $(PY) -m bench.domain_recheck && [ $$drain$$fairness$$thin$$out$$sign_on$$scale = 000000 ] && exit $$scim

contracts: setup ## Write schemas, docs/events.md, docs/asyncapi.yaml, docs/settings.md and docs/sign-in-errors.md from the models
	@$(PY) -m contracts.generate
	@$(PY) -m chassis.cli.settings_page
	@$(PY) -m sso.cli.errors_page

schema: setup ## Write schema.sql of each service from its migrations
	@$(PY) -m embedded.schema

compose-test: setup ## Bring the Docker stack up, provision through its gateway, compare
	@deploy/compose-test.sh

audit: setup ## Look the pinned dependencies up in the database of known weaknesses
	@$(PY) -m release.audit

release: setup ## Set the version, commit, tag, build into dist/: make release VERSION=1.2.3
	@$(PY) -m release $(call given,VERSION,make release VERSION=1.2.3)

clean: ## Stop the stack and remove its data, caches and .venv
	@if [ -x $(PY) ]; then $(PY) -m embedded down >/dev/null; fi
	@rm -rf $(DATA) .venv .cache dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -exec rm -rf {} +

LOCK := uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-annotate --no-header
lock: ## Pin dependencies anew from requirements*.in (needs uv)
	@$(LOCK) requirements-dev.in -o requirements.lock
	@$(LOCK) requirements.in -c requirements.lock -o deploy/requirements.lock
	@$(LOCK) requirements-release.in -o requirements-release.lock
