# Truegap: `make run` starts everything, `make test` tests everything; Python 3.11 to 3.13 is all it needs.
PYTHON ?= python3
PIP = .venv/bin/pip --disable-pip-version-check install --quiet --require-hashes

.PHONY: help run embeddings test journey evaluate bench storm webhooks walk fuzz schema lint types lock clean
help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1	\2/' | expand -t 16

run: .venv/.local ## start PostgreSQL, Valkey, web, worker and beat
	@exec .venv/bin/python manage.py local

embeddings: .venv/.local ## let messages be read with sentence embeddings, too
	@$(PIP) -r requirements-embeddings.lock

test: .venv/.dev ## run the whole test suite on embedded servers
	.venv/bin/python -m pytest --numprocesses 2 --dist loadgroup

journey: .venv/.dev ## only the tests that drive the whole house
	.venv/bin/python -m pytest -m journey

evaluate: .venv/.dev ## how right the judgement is, on labelled sets
	.venv/bin/python manage.py evaluate_assessments --check

bench: .venv/.dev ## the measurements of docs/performance.md
	.venv/bin/python -m bench.judgement
	.venv/bin/python -m bench.submissions
	.venv/bin/python -m bench.slots
	.venv/bin/python -m bench.mail

storm: .venv/.dev ## 10,000 mails while the workers are killed, counted by Message-ID (some minutes)
	.venv/bin/python -m bench.storm

webhooks: .venv/.dev ## 2,000 events to consumers that are well, hang, refuse, and come back (twenty minutes)
	.venv/bin/python -m bench.webhooks

walk: .venv/.dev ## two years of free slots in six zones against a walk over every minute
	.venv/bin/python -m bench.walk

fuzz: .venv/.dev ## 50,000 drawn calls by the schema of the API, every check (an hour)
	.venv/bin/python -m bench.fuzz --cases 50000

schema: .venv/.dev ## write docs/openapi.yaml anew
	@SECRET_KEY=lint DATABASE_URL=postgres://nobody@127.0.0.1:1/none \
	  .venv/bin/python -W ignore manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

lint: .venv/.dev ## ruff, the import contracts, and models without a migration
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	@SECRET_KEY=lint DATABASE_URL=postgres://nobody@127.0.0.1:1/none \
	  .venv/bin/python -W ignore manage.py makemigrations --check --dry-run

types: .venv/.dev ## mypy
	.venv/bin/mypy .

lock: ## make the lock files anew (needs uv)
	uv pip compile $(LOCK) pyproject.toml -o requirements.lock
	uv pip compile $(LOCK) --extra local -c requirements.lock pyproject.toml -o requirements-local.lock
	uv pip compile $(LOCK) --extra embeddings -c requirements-local.lock pyproject.toml -o requirements-embeddings.lock
	uv pip compile $(LOCK) --extra dev -c requirements-local.lock pyproject.toml -o requirements-dev.lock
LOCK = --universal --generate-hashes --python-version 3.11 --no-annotate --quiet --custom-compile-command "make lock"

clean: ## remove the environment and the local data
	rm -rf .venv .data

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Truegap needs Python 3.11 to 3.13; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making the environment in .venv (a minute on a slow line) …"
	@$(PYTHON) -m venv .venv

.venv/.local: .venv/bin/python requirements-local.lock
	@$(PIP) -r requirements-local.lock
	@touch $@

.venv/.dev: .venv/.local requirements-dev.lock
	@echo "Adding what the tests need …"
	@$(PIP) -r requirements-dev.lock
	@touch $@
