# The commands of a working day. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help install test browser-test lint simulate chaos fuzz bench bench-peer audit-static audit sbom fix demo dev deploy lock clean clients
.DELETE_ON_ERROR:

# The best interpreter there is: what Lambda runs first, then any newer than 3.12.
PYTHON ?= $(shell for candidate in python3.13 python3.14 python3.12 python3; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && \
	echo "$$candidate" && break; done)
VENV := .venv/bin

help:  ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# Each environment is rebuilt only when its lock changes.
.venv/installed: requirements/dev.txt .python-version
	@test -n "$(PYTHON)" || { echo "Seedhook needs Python 3.12 or newer (3.13 is best)."; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	# The lock names uv too, so the installer is verified like everything it installs.
	grep -A99 '^uv==' requirements/dev.txt | awk 'NR > 1 && !/^ / {exit} {print}' > .venv/uv.txt
	$(VENV)/pip install --quiet --disable-pip-version-check --require-hashes --requirement .venv/uv.txt
	$(VENV)/uv pip sync --quiet --python $(VENV)/python --require-hashes requirements/dev.txt
	printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/python" -m client "$$@"\n' "$(CURDIR)" "$(CURDIR)/$(VENV)" \
		> $(VENV)/seedhook
	chmod +x $(VENV)/seedhook
	touch $@

.venv-engine/installed: requirements/engine.txt .venv/installed
	$(VENV)/uv venv --quiet --clear --python $(VENV)/python .venv-engine
	$(VENV)/uv pip sync --quiet --python .venv-engine/bin/python --require-hashes requirements/engine.txt
	touch $@

install: .venv/installed .venv-engine/installed  ## build .venv and .venv-engine from the locks

# As many as there are processors: of a stack several processes work at once, and functions that get
# too little of a processor are ended by their timeouts. What each has to tell comes in one piece where
# make can do that: since 4.0, and macOS brings 3.81.
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
SIDE_BY_SIDE = @$(MAKE) --no-print-directory --jobs=$(JOBS) $(if $(filter output-sync,$(.FEATURES)),--output-sync)

# The longest first.
LINTERS := mypy sam cfn-lint ruff lint-imports
AUDITORS := checkov bandit
.PHONY: $(LINTERS) $(AUDITORS)

lint: install  ## format, lint, types, layers, template
	$(SIDE_BY_SIDE) $(LINTERS)

$(LINTERS): install
mypy:
	$(VENV)/mypy
sam:
	SAM_CLI_TELEMETRY=0 $(VENV)/sam validate --lint --region us-east-1
cfn-lint:
	$(VENV)/cfn-lint template.yaml
ruff:
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
lint-imports:
	$(VENV)/lint-imports

# The system's Chromium. Without one the console's tests are left out, and the run says so.
BROWSER = $(or $(CHROMIUM),$(shell for name in chromium chromium-browser google-chrome; do \
	command -v "$$name" && break; done))

# The parts that run side by side, the longest first. A test belongs to the deepest of these paths
# that it is in, so every test runs, and once. By themselves run those that start stacks of their
# own, and those that drive the browser, because an event loop runs there.
STACKS := $(patsubst %,tests/e2e/test_%.py,up day fuzz commands chaos webhooks work lambda_runtime)
PARTS := tests/e2e tests/unit tests/contract tests/clients tests/simulation tests/browser tests/docs $(STACKS) tests/fuzz tests
# These only compute, and give way to the stacks, whose functions have so long to answer.
COMPUTING := tests/unit tests/simulation tests/fuzz
COVERED := tests/unit tests/contract tests/docs
COVER := --cov --cov-report= --cov-fail-under=0
.PHONY: $(PARTS)

test: install .venv-audit/installed  ## everything CI runs
	$(SIDE_BY_SIDE) $(LINTERS) $(AUDITORS)
	@test -n "$(BROWSER)" || echo "Left out: tests/browser. They need Chromium (apt-get install chromium), or its program's name in CHROMIUM."
	@test -n "$(NODE)" || echo "Left out: the Node programs of tests/clients. They need Node 20 and npm."
	$(SIDE_BY_SIDE) --keep-going $(if $(BROWSER),$(PARTS),$(filter-out tests/browser,$(PARTS)))
	$(VENV)/coverage combine --quiet $(COVERED:tests/%=.parts/coverage-%)
	$(VENV)/coverage report
	# Of the rules and use cases every branch is taken; of all together, what pyproject.toml says.
	$(VENV)/coverage report --include='shared/domain/*,shared/usecases/*' --fail-under=100

# Each writes a log. Of one that fails all is shown, else its last line. MAKEFLAGS: a make that a test
# starts is no part of this one.
LOG = .parts/$(subst /,-,$@).log
$(PARTS): install
	@mkdir -p .parts
	@if MAKEFLAGS= COVERAGE_FILE=.parts/coverage-$(@F) $(if $(filter $@,$(COMPUTING)),nice -n 5) $(VENV)/pytest $(if $(filter $@,$(COVERED)),$(COVER)) \
		$@ $(addprefix --ignore=,$(filter $@/%,$(PARTS))) >$(LOG) 2>&1; \
	then printf '%-32s%s\n' $@ "$$(tail -n 1 $(LOG))"; else echo "FAILED: $@"; cat $(LOG); exit 1; fi

browser-test: install  ## lead a real browser through the console, and renew its pictures in docs/images
	SEEDHOOK_SCREENSHOTS=1 $(VENV)/pytest tests/browser

SEEDS ?= 100000
simulate: install  ## play SEEDS random stories, or replay one with SEED=n
	$(VENV)/python -m tests.simulation.campaign $(if $(SEED),--seed $(SEED),$(SEEDS))

N ?= 100000
fuzz: install  ## send N odd bodies, 10 N forged tokens, N/2 random steps and N/50 requests over HTTP
	$(VENV)/python -m tests.fuzz.campaign $(N) $(SEED)

chaos: install  ## kill workers and break providers under real jobs; ARGS="--jobs 200 --seed 1 --minutes 4.8"
	$(VENV)/python -m tests.chaos $(ARGS)

bench: install  ## measure against floors, at most ten minutes; writes benchmarks/results.md
	$(VENV)/python -m benchmarks

.venv-peer/installed: requirements/peer.txt .venv/installed
	$(VENV)/uv venv --quiet --clear --python $(VENV)/python .venv-peer
	$(VENV)/uv pip sync --quiet --python .venv-peer/bin/python --require-hashes requirements/peer.txt
	touch $@

# The programs that tests/clients runs. Each Python client has an environment of its own, because their
# dependencies exclude each other. tests/clients/scenarios.py decides in the same way whether Node is there.
NODE := $(shell command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' \
	2>/dev/null && command -v node)
CLIENTS := $(patsubst %,.venv-clients/%/installed,openai openai-old litellm)
NODE_CLIENTS := tests/clients/node/node_modules/.package-lock.json

$(CLIENTS): .venv-clients/%/installed: requirements/clients-%.txt .venv/installed
	$(VENV)/uv venv --quiet --clear --python $(VENV)/python .venv-clients/$*
	$(VENV)/uv pip sync --quiet --python .venv-clients/$*/bin/python --require-hashes requirements/clients-$*.txt
	touch $@

$(NODE_CLIENTS): tests/clients/node/package-lock.json
	cd tests/clients/node && npm ci --silent
	touch $@

clients: $(CLIENTS) $(if $(NODE),$(NODE_CLIENTS))  ## install the programs that tests/clients runs
tests/clients: clients

bench-peer: install .venv-peer/installed  ## measure the time we add beside LiteLLM (700 MB); writes benchmarks/peer.md
	$(VENV)/python -m benchmarks.peer

.venv-audit/installed: requirements/audit.txt .venv/installed
	$(VENV)/uv venv --quiet --clear --python $(VENV)/python .venv-audit
	$(VENV)/uv pip sync --quiet --python .venv-audit/bin/python --require-hashes requirements/audit.txt
	touch $@

# Works without a network; what it lets pass is in .bandit.yaml and .checkov.yaml, with reasons.
audit-static: .venv-audit/installed  ## look for holes in code and template, offline
	$(SIDE_BY_SIDE) $(AUDITORS)

$(AUDITORS): .venv-audit/installed
bandit:
	.venv-audit/bin/bandit --quiet --configfile .bandit.yaml --recursive functions shared local client
checkov:
	.venv-audit/bin/checkov --config-file .checkov.yaml

audit: audit-static  ## the same, and known holes in what is deployed (asks PyPI)
	.venv-audit/bin/pip-audit --strict --require-hashes --disable-pip --requirement requirements/runtime.txt

sbom: .venv-audit/installed  ## the bill of materials of what is deployed, as CycloneDX in sbom.json
	.venv-audit/bin/cyclonedx-py requirements --output-reproducible --of JSON --outfile sbom.json requirements/runtime.txt

fix: install  ## format and mend what ruff can mend
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

demo: install  ## run real jobs through the real stack on this machine
	$(VENV)/seedhook demo

dev: install  ## the same stack, left running
	$(VENV)/seedhook up

STAGE ?= dev
deploy: install  ## build and deploy a STAGE of samconfig.toml to your AWS account
	$(VENV)/sam build --config-env $(STAGE) --parameter-overrides Architecture=$(ARCHITECTURE)
	overrides=$$($(VENV)/python -m local.release $(STAGE) $(ARCHITECTURE)) && \
		$(VENV)/sam deploy --guided --config-env $(STAGE) --parameter-overrides $$overrides

COMPILE := $(VENV)/uv pip compile --quiet --universal --python-version 3.12 --upgrade \
	--generate-hashes --no-emit-index-url --no-annotate --no-header
lock: .venv/installed  ## resolve the locks anew
	$(COMPILE) pyproject.toml --group dev --output-file requirements/dev.txt
	# What is deployed is what was tested: the same versions, without the rest.
	$(COMPILE) pyproject.toml --constraint requirements/dev.txt --output-file requirements/runtime.txt
	$(COMPILE) pyproject.toml --group preview --constraint requirements/dev.txt --output-file requirements/preview.txt
	$(COMPILE) --group engine --output-file requirements/engine.txt
	$(COMPILE) --group audit --output-file requirements/audit.txt
	$(COMPILE) --group peer --output-file requirements/peer.txt
	for client in openai openai-old litellm; do \
		$(COMPILE) --group clients-$$client --output-file requirements/clients-$$client.txt || exit 1; done
	$(if $(NODE),cd tests/clients/node && npm update --package-lock-only --silent)

clean:  ## remove what was built
	rm -rf .venv .venv-engine .venv-audit .venv-peer .venv-clients tests/clients/node/node_modules .aws-sam .parts .seedhook .mypy_cache .ruff_cache .pytest_cache

# --- sam build -----------------------------------------------------------------------------
# SAM calls build-<LogicalId> once per function with ARTIFACTS_DIR set; the local stack does the
# same for its own machine. Every function gets the same package, but for those that are named below
# with requirements of their own.
# SAM does not hand its parameters to a recipe, so they are read where SAM got them: from its command
# line, else from samconfig.toml, else the template's default holds.
comma := ,
quote := "
SAM_SAYS = $(shell ps -o args= -p "$$(ps -o ppid= -p $$PPID | tr -d ' ')" 2>/dev/null; \
	grep -ohE 'Architecture=[^ ]+' samconfig.toml 2>/dev/null)
SAM_WORDS = $(subst =, ,$(subst $(comma), ,$(subst \, ,$(subst $(quote), ,$(SAM_SAYS)))))
ARCHITECTURE ?= $(firstword $(filter arm64 x86_64,$(SAM_WORDS)) arm64)
PLATFORM_arm64 := aarch64-manylinux_2_28
PLATFORM_x86_64 := x86_64-manylinux_2_28
PYTHON_VERSION ?= 3.13
UV ?= $(firstword $(wildcard $(VENV)/uv) uv)
# Byte code is of one version of Python alone, so it takes that version to make it. What no function
# imports gets none: it would be a tenth of the package.
COMPILER ?= $(firstword $(wildcard $(VENV)/python$(PYTHON_VERSION)) python$(PYTHON_VERSION))
UNUSED := /(anyio|pydantic/(v1|deprecated|experimental)|shared/adapters/memory)/|/aws_lambda_powertools/(event_handler/$\
middlewares|utilities/(auth_alpha|circuit_breaker|data_masking|feature_flags|idempotency|kafka|parameters|$\
streaming|validation))/

REQUIREMENTS := requirements/runtime.txt
build-PreviewFunction: REQUIREMENTS := requirements/preview.txt

build-%Function:
	$(UV) pip install --quiet --link-mode copy --no-installer-metadata --target "$(ARTIFACTS_DIR)" \
		--python-version $(PYTHON_VERSION) --python-platform $(PLATFORM_$(ARCHITECTURE)) --only-binary :all: \
		--require-hashes --requirement $(REQUIREMENTS)
	@test ! -e "$(ARTIFACTS_DIR)/console" -a ! -e "$(ARTIFACTS_DIR)/functions" -a ! -e "$(ARTIFACTS_DIR)/shared"  # a dependency owns our name
	cp -R console functions shared "$(ARTIFACTS_DIR)"
	find "$(ARTIFACTS_DIR)" \( -name __pycache__ -o -name .lock \) -prune -exec rm -rf {} +
	# Lambda cannot write byte code, and the times in a zip would make it stale: hence by hash, unchecked.
	@if "$(COMPILER)" -c '' 2>/dev/null; then PYTHONHASHSEED=0 "$(COMPILER)" -m compileall -q \
		--invalidation-mode unchecked-hash -s "$(ARTIFACTS_DIR)" -p /var/task -x '$(UNUSED)' "$(ARTIFACTS_DIR)"; \
	else echo "there is no python$(PYTHON_VERSION): the package has no byte code, and starts take three times as long"; fi
