# Every command sets up what it needs. `make` alone lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# The SAM CLI reports its use unless told not to.
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help setup lock format template references check audit sbom vulnerabilities test proof acceptance demo chaos soak \
  bench up down invoke routes images sam-invoke sam-connect sam-stand-in

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# One stamp file: set up again only when the pinned requirements change, or what the emulator's distribution declares.
$(VENV)/ready: requirements-dev.txt emulator/pyproject.toml
	$(PYTHON) -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
	  -r requirements-dev.txt
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --no-index \
	  --no-build-isolation --editable ./emulator
	touch "$@"

# Tools whose pins differ from ours, or that few commands need, in environments of their own.
$(VENV)/template/ready $(VENV)/supply/ready: $(VENV)/%/ready: requirements-%.txt
	$(PYTHON) -m venv "$(@D)"
	"$(@D)/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
	  -r "$<"
	touch "$@"

$(VENV)/audit/ready: tests/audit/package-lock.json
	mkdir -p "$(@D)"
	cp tests/audit/package.json tests/audit/package-lock.json tests/audit/.npmrc "$(@D)"
	cd "$(@D)" && npm ci --loglevel error
	touch "$@"

setup: $(VENV)/ready ## install what the commands need into .venv

lock: setup ## pin requirements again, with hashes
	"$(BIN)/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  layers/relay/requirements.in -o layers/relay/requirements.txt
	"$(BIN)/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  requirements-dev.in emulator/pyproject.toml -o requirements-dev.txt
	"$(BIN)/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  requirements-template.in -o requirements-template.txt
	"$(BIN)/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  requirements-supply.in -o requirements-supply.txt
	if command -v npm; then cd tests/audit && npm update --loglevel error --package-lock-only; fi

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
	"$(BIN)/python" -m tests.supply.sbom

vulnerabilities: $(VENV)/supply/ready ## ask PyPI, and npm if it is here, for known vulnerabilities of what is pinned
	for file in layers/relay/requirements.txt requirements-*.txt; do echo "$$file:"; \
	  "$(VENV)/supply/bin/pip-audit" --strict --disable-pip --require-hashes --progress-spinner off -r "$$file" || exit 1; done
	if command -v npm; then cd tests/audit && npm audit --package-lock-only; fi

references: setup ## write what docs/ copies from the template and the code
	env PYTHONPATH=layers/relay "$(BIN)/python" -m tests.template.references

check: setup template $(VENV)/supply/ready ## everything that needs no local stack: format, lint, types, template, unit tests
	"$(BIN)/ruff" format --check .
	"$(BIN)/ruff" check .
	"$(BIN)/mypy" layers/relay emulator/src local tests benchmarks
	for app in functions/*/app.py examples/*/src/app.py; do "$(BIN)/mypy" "$$app" || exit 1; done
	"$(BIN)/pytest" -q --numprocesses auto --dist worksteal tests/unit tests/supply tests/protocol tests/stateful tests/faults

test: check ## all tests: check, then the endpoint's faults, integration, runtime and end to end
	"$(BIN)/pytest" -q --numprocesses auto --dist worksteal tests/endpoint_faults
	"$(BIN)/pytest" -q --numprocesses 2 --dist loadfile tests/integration
	"$(BIN)/pytest" -q -rs tests/runtime tests/e2e tests/acceptance

proof: setup ## every fault at the calls of every scenario, and pairs; takes an hour and a half
	RELAY_FAULTS=all "$(BIN)/pytest" -q --numprocesses auto --dist worksteal tests/faults tests/endpoint_faults

up: setup ## start the local stack and deploy the application; again: deploy changed code
	@exec "$(BIN)/python" -m local up

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

bench: setup ## compare cost and speed with two other implementations: N=100,1000 ROUNDS=7 ONLY=cold
	@exec env PYTHONPATH=layers/relay "$(BIN)/python" -m benchmarks $(if $(N),--requests $(N)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	  $(if $(ONLY),--only $(ONLY)) $(if $(OUTPUT),--output $(OUTPUT))

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
