# Commands for a fresh copy of soravid. `make` alone lists them.
#
# Everything is installed into .venv, once, and again only when pyproject.toml changes. Choose another
# Python with `make PYTHON=python3.13 demo`; hand arguments to pytest with `make test ARGS="-k ledger"`;
# `PARALLEL=0` runs the tests one after the other.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo lab test browser postgresql peers lint bench docs clean

PYTHON ?= python3
ARGS ?=
PARALLEL ?= 2
VENV := .venv
BIN := $(VENV)/bin
DEMO := build/demo
NOTEBOOK := 01_quickstart.ipynb

# A Python that was asked for by name is used or refused; the default may be replaced by a newer one.
ifeq ($(origin PYTHON),file)
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
else
PYTHONS := $(PYTHON)
endif

# Neither the demo nor the tests may reach a provider, so they run without any key of yours.
KEYLESS := env $(addprefix -u ,OPENAI_API_KEY OPENAI_BASE_URL AZURE_OPENAI_API_KEY AZURE_OPENAI_API_BASE \
	AZURE_OPENAI_API_VERSION AZURE_API_KEY AZURE_API_BASE AZURE_AD_TOKEN GEMINI_API_KEY RUNWAYML_API_SECRET \
	XAI_API_KEY FAL_KEY OPENROUTER_API_KEY MINIMAX_API_KEY HOSTED_VLLM_API_BASE HOSTED_VLLM_API_KEY \
	SGLANG_API_BASE SORAVID_PROXY_URL SORAVID_API_KEY SORAVID_HOME SORAVID_MEDIA_DIR SORAVID_BUDGET SORAVID_WAIT \
	GOOGLE_API_KEY GOOGLE_APPLICATION_CREDENTIALS VERTEX_AI_ACCESS_TOKEN ARK_API_KEY SORAVID_MODELS SORAVID_CONFIG \
	SORAVID_DATABASE_URL SORAVID_LOG SORAVID_MASTER_KEY)

# $(call install,EXTRA): uv where it is at hand and works, else pip.
define install
	@echo "Installing soravid[$(1)] into $(VENV). The first time takes a minute or two."
	@{ command -v uv >/dev/null 2>&1 && uv pip install --quiet --python $(BIN)/python -e '.[$(1)]'; } \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$(1)]'
endef

help:  ## Show this list
	@echo "usage: make TARGET"; echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.all  ## Run the quick start top to bottom, without a key, and leave a clip to play
	@mkdir -p $(DEMO)/home
	@cp notebooks/$(NOTEBOOK) $(DEMO)/$(NOTEBOOK)
	@echo "Running notebooks/$(NOTEBOOK)."
	@$(KEYLESS) SORAVID_WAIT=1 SORAVID_HOME="$(CURDIR)/$(DEMO)/home" \
		$(BIN)/jupyter execute --inplace --kernel_name=python3 --NbClientApp.log_level=WARN $(DEMO)/$(NOTEBOOK)
	@clip=$$(ls -t $(DEMO)/soravid_media/*.mp4 2>/dev/null | head -n 1); \
	if [ -z "$$clip" ]; then echo "The notebook ran but left no clip in $(DEMO)/soravid_media." >&2; exit 1; fi; \
	echo "Clip:     $$clip"; \
	echo "Notebook: $(DEMO)/$(NOTEBOOK)"; \
	echo "'make lab' opens it in JupyterLab."

lab: $(VENV)/.all  ## Open JupyterLab on the demo's notebook, or on notebooks/ before the first demo
	@if [ -e $(DEMO)/$(NOTEBOOK) ]; then \
		SORAVID_HOME="$(CURDIR)/$(DEMO)/home" $(BIN)/jupyter lab --notebook-dir=$(DEMO) $(DEMO)/$(NOTEBOOK); \
	else \
		$(BIN)/jupyter lab --notebook-dir=notebooks; \
	fi

# A fault found by lint must not hide what the tests say, so both run and pytest has the last word.
test: $(VENV)/.dev browser postgresql peers  ## Check style and types, then run every test (ARGS="..." goes to pytest)
	@$(MAKE) --no-print-directory lint; lint=$$?; \
	$(KEYLESS) PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(PARALLEL) --dist loadfile $(ARGS) || exit $$?; \
	if [ $$lint -ne 0 ]; then echo "The tests pass; the style or type check above does not." >&2; exit 1; fi

lint: $(VENV)/.dev  ## Check style (ruff) and types (mypy)
	@status=0; \
	$(BIN)/ruff check || status=1; \
	$(BIN)/ruff format --check || status=1; \
	$(BIN)/mypy || status=1; \
	exit $$status

# The order is the tests' own: SORAVID_CHROMIUM, the system's browser, the one Playwright downloads.
browser: $(VENV)/.dev  ## Make sure there is a Chromium for the browser tests
	@root=; if [ "$$(id -u)" != 0 ]; then root=$$(command -v sudo || echo none); fi; \
	if [ -n "$${SORAVID_CHROMIUM:-}" ]; then \
		[ -x "$$SORAVID_CHROMIUM" ] || { echo "SORAVID_CHROMIUM names no program: $$SORAVID_CHROMIUM" >&2; exit 1; }; \
	elif [ -x /usr/bin/chromium ]; then \
		:; \
	elif [ "$$root" != none ] && command -v apt-get >/dev/null 2>&1 && apt-cache show chromium >/dev/null 2>&1; then \
		echo "Installing the system's chromium."; \
		$$root apt-get update -qq && \
		$$root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium >/dev/null; \
	else \
		$(BIN)/playwright install chromium; \
	fi

# The ledger's tests start a PostgreSQL of their own, from the system's programs.
postgresql:
	@root=; if [ "$$(id -u)" != 0 ]; then root=$$(command -v sudo || echo none); fi; \
	if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1; then \
		:; \
	elif [ "$$root" != none ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing the system's postgresql."; \
		$$root apt-get update -qq && \
		$$root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends postgresql >/dev/null; \
	else \
		echo "Install PostgreSQL: its programs initdb and postgres are needed by the tests." >&2; exit 1; \
	fi

# Some providers' tests compare our requests with those of clients that are no Python.
peers: $(VENV)/.dev
	@$(BIN)/python -m tests.peers

bench: $(VENV)/.dev  ## Run the benchmarks (a few minutes)
	@$(KEYLESS) $(BIN)/python -m benchmarks $(ARGS)

# The tutorials are run first, each in a home of its own, so that their clips play on the site.
TUTORIALS := $(patsubst notebooks/%,build/tutorials/%,$(wildcard notebooks/*.ipynb))

docs: $(VENV)/.docs $(TUTORIALS)  ## Build the documentation into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Site: build/site/index.html"; \
	echo "With search: $(BIN)/python -m http.server --directory build/site"

build/tutorials/%.ipynb: notebooks/%.ipynb | $(VENV)/.docs
	@mkdir -p build/tutorials && rm -rf build/tutorials/home/$* && cp $< $@
	@echo "Running $<."
	@$(KEYLESS) SORAVID_WAIT=1 SORAVID_HOME="$(CURDIR)/build/tutorials/home/$*" PATH="$(CURDIR)/$(BIN):$$PATH" \
		$(BIN)/jupyter execute --inplace --kernel_name=python3 --NbClientApp.log_level=WARN $@

clean:  ## Remove .venv, build/ (with the demo's clip) and caches; clips beside your notebooks stay
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find soravid tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps live inside .venv, so that a new .venv is filled anew. `dev` includes `all` and `docs`.
$(VENV)/.all: pyproject.toml | $(BIN)/python
	$(call install,all)
	@touch $@

$(VENV)/.docs: pyproject.toml | $(VENV)/.all
	$(call install,docs)
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(call install,dev)
	@touch $(VENV)/.all $(VENV)/.docs $@

$(BIN)/python:
	@for python in $(PYTHONS); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
		echo "soravid needs Python 3.11 or newer; none of these is: $(PYTHONS)." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version)."; \
	if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --clear --seed --python "$$found" $(VENV); \
	elif "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
		"$$found" -m venv --clear $(VENV); \
	else \
		echo "This Python cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi
