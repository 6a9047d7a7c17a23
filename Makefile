# make adds the environment; the work is in `aigc-lab ...`, which needs no make (Windows, conda).
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TORCH := 2.13.0

.PHONY: lab run test notebooks lint bench checkpoints lock

lab: $(READY)  ## copy the lessons to work/ and open JupyterLab there
	@$(BIN)/aigc-lab lab

run: $(READY)  ## execute the whole course; report in build/report.json
	@$(BIN)/aigc-lab run

test: $(READY)  ## all tests, then all notebooks through nbval
	@$(BIN)/aigc-lab test

notebooks: $(READY)  ## build the notebooks whose lesson, modules or data changed
	@$(BIN)/aigc-lab notebooks

lint: $(READY)
	$(BIN)/ruff check . data/build
	$(BIN)/ruff format --check . data/build

bench: $(READY)  ## time to quality, throughput, import time
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

checkpoints: $(READY)  ## train again what the lessons load ready-made
	@set -e; for script in data/build/checkpoint_*.py; do echo "== $$script"; $(BIN)/python $$script; done

# What finds a Python that is new enough; `make PYTHON=/path/to/python lab` names one.
FIND_PYTHON = for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "The course needs Python 3.11 or newer, and found none: install one (python.org/downloads, or your package manager)," >&2; \
	  echo "or name it: make PYTHON=/path/to/python3.12 lab" >&2; exit 1; \
	fi

# Redone only when the requirements change, so that the second call starts at once.
$(READY): pyproject.toml requirements.lock
	@set -e; python=""; \
	if ! $(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  $(FIND_PYTHON); \
	  echo "Making the environment $(VENV) with $$("$$python" --version). Once, and the only step that needs internet."; \
	  "$$python" -m venv --clear $(VENV) || { echo "Python's venv module failed; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
	fi
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps -e .
	@touch $@

lock:  ## write requirements.lock anew from the newest versions that pyproject.toml admits
	@set -e; python=""; $(FIND_PYTHON); "$$python" -m venv --clear build/lock
	build/lock/bin/python -m pip install --disable-pip-version-check "torch==$(TORCH)" -e ".[lab,test,dev]"
	@# local build suffixes and Linux's CUDA libraries stay out: the file serves every platform
	build/lock/bin/python -m pip freeze --exclude-editable | sed 's/^torch==\([^+]*\)+.*/torch==\1/' \
	  | grep -viE '^(nvidia|cuda|triton)' > build/requirements.lock
	mv build/requirements.lock requirements.lock
	rm -rf build/lock
