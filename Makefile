# Every command sets up what it needs. `make` alone lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# The SAM CLI reports its use unless told not to.
export SAM_CLI_TELEMETRY := 0
# Without byte code, each of the many processes of a command compiles what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup lock format lint types workflows hooks template references docs screenshots check audit sbom release \
  vulnerabilities test proof acceptance demo chaos soak upgrade bench bench-emulator clients examples parity cost up down invoke routes \
  images sam-invoke sam-connect sam-stand-in

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# One stamp file: set up again only when the pinned requirements change, or what the distributions declare.
$(VENV)/ready: requirements-dev.txt pyproject.toml emulator/pyproject.toml
	$(PYTHON) -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
	  -r requirements-dev.txt
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --no-index \
	  --no-build-isolation --editable . --editable ./emulator
	touch "$@"

# Tools whose pins differ from ours, or that few commands need, in environments of their own.
$(VENV)/template/ready $(VENV)/supply/ready $(VENV)/clients-v2/ready $(VENV)/clients-core/ready \
  $(VENV)/examples/ready $(VENV)/docs/ready: \
  $(VENV)/%/ready: requirements-%.txt
	$(PYTHON) -m venv "$(@D)"
	"$(@D)/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
	  -r "$<"
	touch "$@"

$(VENV)/audit/ready: tests/audit/package-lock.json
	mkdir -p "$(@D)"
	cp tests/audit/package.json tests/audit/package-lock.json tests/audit/.npmrc "$(@D)"
	cd "$(@D)" && npm ci --loglevel error
	touch "$@"

$(VENV)/clients-js/ready: tests/clients/package-lock.json tests/clients/life.mjs
	mkdir -p "$(@D)"
	cp tests/clients/package.json tests/clients/package-lock.json tests/clients/.npmrc tests/clients/life.mjs "$(@D)"
	cd "$(@D)" && npm ci --loglevel error
	touch "$@"

setup: $(VENV)/ready ## install what the commands need into .venv

LOCK = "$(BIN)/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock: setup ## pin requirements again, with hashes
	$(LOCK) layers/relay/requirements.in -o layers/relay/requirements.txt
	$(LOCK) requirements-dev.in pyproject.toml emulator/pyproject.toml -o requirements-dev.txt
	$(LOCK) requirements-examples.in emulator/pyproject.toml --extra test -o requirements-examples.txt
	for each in template supply docs clients-v2 clients-core; do \
	  $(LOCK) requirements-$$each.in -o requirements-$$each.txt || exit 1; done
	if command -v npm; then for each in audit clients; do \
	  (cd tests/$$each && npm update --loglevel error --package-lock-only) || exit 1; done; fi

format: setup ## format the code
	"$(BIN)/ruff" format .
	"$(BIN)/ruff" check --fix .

template: setup $(VENV)/template/ready ## the templates alone: what AWS and independent tools refuse
	"$(BIN)/pytest" -q --numprocesses auto --dist worksteal tests/template

audit: setup ## cdk-nag's AwsSolutions rules over the templates; needs node
	@command -v npm >/dev/null || { echo "make audit runs cdk-nag, which needs node and npm; they are not here" >&2; exit 1; }
	@$(MAKE) --no-print-directory "$(VENV)/audit/ready"
	"$(BIN)/pytest" -q tests/audit

sbom: setup $(VENV)/supply/ready ## list what is deployed, with versions, hashes and licenses: dist/sbom.json
	"$(BIN)/python" -m release.sbom

release: setup $(VENV)/supply/ready ## build the release of this commit into dist/: AUTHOR=… SOURCE_URL=…
	@"$(BIN)/python" -m release $(if $(AUTHOR),--author "$(AUTHOR)") $(if $(SOURCE_URL),--source-url "$(SOURCE_URL)")

vulnerabilities: $(VENV)/supply/ready ## ask PyPI, and npm if it is here, for known vulnerabilities of what is pinned
	for file in layers/relay/requirements.txt requirements-*.txt; do echo "$$file:"; \
	  "$(VENV)/supply/bin/pip-audit" --strict --disable-pip --require-hashes --progress-spinner off -r "$$file" || exit 1; done
	if command -v npm; then cd tests/audit && npm audit --package-lock-only; fi

docs: setup $(VENV)/docs/ready ## build the documentation as a site, dist/docs: REPOSITORY=https://git.example.com/relay/blob/main
	@exec "$(BIN)/python" -m local.site $(if $(REPOSITORY),--repository "$(REPOSITORY)")

screenshots: setup ## take the pictures of docs/how-to/console.md again, with Chromium
	env PYTHONPATH=layers/relay "$(BIN)/python" -m tests.support.console.screenshots

references: setup ## write what docs/ copies from the template and the code
	env PYTHONPATH=layers/relay "$(BIN)/python" -m tests.template.references

lint: setup ## format and lint, without changes
	"$(BIN)/ruff" format --check .
	"$(BIN)/ruff" check .

types: setup ## mypy, strict
	"$(BIN)/mypy" layers/relay relayctl emulator/src local tests benchmarks release \
	  functions/*/app.py examples/*/src/app.py examples/*/readers/*.py examples/sentiment/*.py

workflows: setup $(VENV)/supply/ready ## the files in .github/ and .pre-commit-config.yaml: form, weaknesses, commands
	"$(BIN)/pytest" -q tests/supply/test_workflows.py tests/supply/test_forms.py tests/supply/test_same_commands.py

hooks: $(VENV)/supply/ready ## check before each commit what is quick: .pre-commit-config.yaml
	"$(VENV)/supply/bin/python" -m pre_commit install

# One run for all, so that no core waits for the end of another run.
UNSTACKED := tests/template tests/unit tests/supply tests/docs tests/protocol tests/stateful tests/faults tests/upgrade

check: setup lint types $(VENV)/template/ready $(VENV)/supply/ready ## what needs no local stack: format, lint, types, tests
	"$(BIN)/pytest" -q --numprocesses auto --dist worksteal -m "not exhaustive" $(UNSTACKED)

test: check $(VENV)/docs/ready ## all tests: check, then all parts of explorations, integration, release, runtime, end to end and acceptance
	"$(BIN)/pytest" -q --numprocesses auto --dist worksteal -m exhaustive $(UNSTACKED)
	"$(BIN)/pytest" -q --numprocesses auto --dist worksteal tests/endpoint_faults tests/doctor_faults
	"$(BIN)/pytest" -q --numprocesses 2 --dist loadfile tests/integration
	"$(BIN)/pytest" -q tests/release
	"$(BIN)/pytest" -q -rs --numprocesses 2 --dist loadfile tests/runtime tests/e2e tests/acceptance

proof: setup ## every fault at the calls of every scenario, and pairs; takes an hour and a half
	RELAY_FAULTS=all "$(BIN)/pytest" -q --numprocesses auto --dist worksteal tests/faults tests/endpoint_faults

# A command of several words, with quotes of its own, as one word of the shell.
quoted = '$(subst ','\'',$(1))'

up: setup ## start the local stack and deploy; again: deploy changed code. Your model: MODEL=… SERVER=… CONTENT_TYPE=…
	@exec "$(BIN)/python" -m local up $(if $(MODEL),--model $(call quoted,$(MODEL))) \
	  $(if $(SERVER),--server $(call quoted,$(SERVER))) $(if $(DIRECTORY),--directory $(call quoted,$(DIRECTORY))) \
	  $(if $(CONTENT_TYPE),--content-type $(call quoted,$(CONTENT_TYPE)))

down: setup ## stop the local stack
	@exec "$(BIN)/python" -m local down

demo: setup ## run the whole pipeline once, beside a stack that is up, and check every result
	@exec "$(BIN)/python" -m local demo

acceptance: setup ## the whole pipeline as a black box, here or on an account: TARGET=aws PROFILE=… REGION=… YES=1
	@exec "$(BIN)/python" -m tests.acceptance $(if $(TARGET),--target $(TARGET)) \
	  $(if $(PROFILE),--profile "$(PROFILE)") $(if $(REGION),--region $(REGION)) \
	  $(if $(filter 1,$(YES)),--yes) \
	  $(if $(filter 0,$(SCALING)),--no-scaling) $(if $(ONLY),--only "$(ONLY)") \
	  $(if $(INSTANCE_TYPE),--instance-type $(INSTANCE_TYPE)) \
	  $(if $(INSTANCE_PRICE),--instance-price $(INSTANCE_PRICE)) \
	  $(if $(KMS_KEY_ARN),--kms-key-arn $(KMS_KEY_ARN)) $(if $(REMOVE),--remove $(REMOVE))

chaos: setup ## 2,000 uploads with injected faults, each to end in one result: N=… SEED=…
	@exec "$(BIN)/python" -m local.chaos $(if $(N),--uploads $(N)) $(if $(SEED),--seed $(SEED))

soak: setup ## 10,000 uploads in one run; reports throughput and memory: N=…
	@exec "$(BIN)/python" -m local.soak $(if $(N),--uploads $(N))

upgrade: setup ## deploy the last release, upgrade it with requests at every stage; also cut off and repeated
	RELAY_UPGRADES=all "$(BIN)/pytest" -q tests/upgrade tests/e2e/upgrade/test_upgrade.py

bench: setup ## compare cost and speed with two other implementations: N=100,1000 ROUNDS=7 ONLY=cold
	@exec env PYTHONPATH=layers/relay "$(BIN)/python" -m benchmarks $(if $(N),--requests $(N)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	  $(if $(ONLY),--only $(ONLY)) $(if $(OUTPUT),--output $(OUTPUT))

# Each variable in capitals is an option: REQUESTS=5 becomes --requests 5.
cost: setup ## what a month costs: REQUESTS=1000000 INSTANCE=ml.m5.large HOURS=730; docs/explanation/cost.md has the others
	@exec "$(BIN)/python" -m benchmarks.calculator $(if $(REQUESTS),--requests "$(REQUESTS)") \
	  $(if $(INSTANCE),--instance "$(INSTANCE)") $(if $(HOURS),--hours "$(HOURS)") $(if $(BATCH),--batch "$(BATCH)") \
	  $(if $(INSTANCE_PRICE),--instance-price "$(INSTANCE_PRICE)") $(if $(PRICES),--prices "$(PRICES)") \
	  $(if $(INPUT_KB),--input-kb "$(INPUT_KB)") $(if $(OUTPUT_KB),--output-kb "$(OUTPUT_KB)") $(if $(DAYS),--days "$(DAYS)") \
	  $(if $(ALARMS),--alarms "$(ALARMS)") $(if $(DASHBOARD),--dashboard "$(DASHBOARD)") $(if $(SCALING),--scaling "$(SCALING)") \
	  $(if $(EXISTING_BUCKET),--existing-bucket "$(EXISTING_BUCKET)") $(if $(KMS),--kms "$(KMS)")

clients: setup $(VENV)/clients-v2/ready $(VENV)/clients-core/ready ## run clients of others against the emulator; needs node
	@command -v npm >/dev/null || { echo "make clients runs the AWS SDK for JavaScript, which needs node and npm" >&2; exit 1; }
	@$(MAKE) --no-print-directory "$(VENV)/clients-js/ready"
	"$(BIN)/python" -m tests.clients --environments "$(VENV)"
	@$(MAKE) --no-print-directory references

examples: setup $(VENV)/examples/ready ## test the emulator's wheel and its examples in an environment of their own
	"$(BIN)/pytest" -q tests/examples

parity: setup ## ask SageMaker what the emulator refuses, and record what differs; without cost: PROFILE=… REGION=… YES=1
	@exec "$(BIN)/python" -m tests.parity $(if $(PROFILE),--profile "$(PROFILE)") $(if $(REGION),--region "$(REGION)") \
	  $(if $(filter 1,$(YES)),--yes)

bench-emulator: setup ## invocations a second of the emulator with an empty model, and its memory: N=20000 RATE=200
	@exec "$(BIN)/python" -m benchmarks.emulator $(if $(N),--invocations $(N)) $(if $(RATE),--rate $(RATE))

invoke: setup ## run a built function on an event: FUNCTION=route EVENT=events/route/completed-via-sqs.json
	@exec "$(BIN)/python" -m local.functions.invoke $(FUNCTION) $(if $(EVENT),"$(EVENT)")

sam-invoke: setup ## the same by `sam local invoke`, in Docker: FUNCTION=… EVENT=… IMAGE=…
	@exec env IMAGE="$(IMAGE)" "$(BIN)/python" -m local.sam_local invoke $(FUNCTION) $(if $(EVENT),"$(EVENT)")

sam-connect: setup ## let `sam local` in another shell reach the local stack, until Ctrl-C: IMAGE=…
	@exec env IMAGE="$(IMAGE)" "$(BIN)/python" -m local.sam_local connect

sam-stand-in: setup ## make a Docker image of this machine's Python, for IMAGE where AWS's cannot be pulled
	@exec "$(BIN)/python" -m local.sam_local.stand_in

routes: setup ## check a route document and show where results would go: FILE=template.yaml RESULT=…
	@exec env PYTHONPATH=layers/relay "$(BIN)/python" -m local.routes $(FILE) $(RESULT)

images: setup ## read the addresses of SageMaker's images again, from the latest sagemaker-core
	rm -rf .local/sagemaker-core
	"$(BIN)/python" -m pip download --quiet --disable-pip-version-check --no-deps \
	  --dest .local/sagemaker-core 'sagemaker-core>=2,<3'
	"$(BIN)/python" -m local.images .local/sagemaker-core/sagemaker_core-*.whl
