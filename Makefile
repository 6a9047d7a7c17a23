# make adds the environment; the work is in `aigc-lab ...`, which needs no make (Windows, conda).
#   make PYTHON=/path/to/python3.12 lab   with that Python
#   make TORCH=cpu lab, TORCH=cuda        with that build of PyTorch; by itself the CPU's, unless there is an NVIDIA GPU
BIN := .venv/bin
MAKE_ENVIRONMENT := aigc_lab/commands/environment
CPU_INDEX := https://download.pytorch.org/whl/cpu
TORCH_VERSION := 2.13.0

.PHONY: lab run test notebooks lint bench checkpoints lock environment environment-with-tools

lab: environment  ## copy the lessons to work/ and open JupyterLab there
	@$(BIN)/aigc-lab lab

run: environment  ## execute the whole course; report in build/report.json
	@$(BIN)/aigc-lab run

test: environment-with-tools  ## all tests, then all notebooks through nbval
	@$(BIN)/aigc-lab test

notebooks: environment  ## build the notebooks whose lesson, modules or data changed
	@$(BIN)/aigc-lab notebooks

lint: environment-with-tools
	$(BIN)/ruff check . data/build
	$(BIN)/ruff format --check . data/build

bench: environment  ## time to quality, throughput, import time
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

checkpoints: environment  ## train again what the lessons load ready-made
	@set -e; for script in data/build/checkpoint_*.py; do echo "== $$script"; $(BIN)/python $$script; done

# Sets $python. First the Pythons that requirements.lock is for; a newer one does, too (README, Versions).
GOOD = 'import sys, venv, ensurepip; print(sys.version_info >= (3, 11))'
FIND_PYTHON = python=""; \
	if [ -n "$(PYTHON)" ]; then \
	  if [ "$$("$(PYTHON)" -c $(GOOD) 2>/dev/null)" = True ]; then python="$(PYTHON)"; fi; \
	  why="PYTHON=$(PYTHON) is not a Python 3.11 or newer with its venv module."; \
	else \
	  for candidate in python3.13 python3.12 python3.11 python3.14 python3 python python3.15; do \
	    if [ "$$("$$candidate" -c $(GOOD) 2>/dev/null)" = True ]; then python="$$candidate"; break; fi; \
	  done; \
	  why="The course needs Python 3.11 or newer with its venv module, and found none."; \
	fi; \
	if [ -z "$$python" ]; then \
	  echo "$$why" >&2; \
	  echo "Install one (python.org/downloads; Debian, Ubuntu: apt install python3-venv), or name it: make PYTHON=/path/to/python3.12 lab" >&2; \
	  exit 1; \
	fi

# At once where .venv is ready. Its own Python says so, unless another is named.
ASKED = --torch "$(TORCH)" $(TOOLS)
READY = [ -z "$(PYTHON)" ] && $(BIN)/python -I $(MAKE_ENVIRONMENT) --check $(ASKED) 2>/dev/null
environment-with-tools: TOOLS := --tools
environment environment-with-tools:
	@$(READY) || { $(FIND_PYTHON); \
	  "$$python" -I $(MAKE_ENVIRONMENT) --cpu-index "$(CPU_INDEX)" $(ASKED) $(if $(PYTHON),--this-python); }

# Resolved for every platform and for Python 3.11.0 on. CUDA's libraries stay out: they come with the CUDA build of torch, by itself.
RESOLVE = build/lock/bin/uv pip compile --quiet --universal --python-version 3.11.0 --fork-strategy fewest \
	--index-strategy unsafe-best-match --no-annotate --no-header --upgrade pyproject.toml
lock:  ## write the two files of pins anew from the newest versions that pyproject.toml admits
	@set -e; $(FIND_PYTHON); "$$python" -m venv --clear build/lock
	build/lock/bin/python -m pip install --disable-pip-version-check uv
	echo "torch==$(TORCH_VERSION)" > build/torch.in
	$(RESOLVE) --extra lab --extra test --extra dev --constraint build/torch.in --output-file build/all.lock
	$(RESOLVE) --extra lab --constraint build/all.lock --output-file build/lab.lock
	grep -vE '^(nvidia|cuda|triton)' build/lab.lock > requirements.lock
	{ echo "-r requirements.lock"; grep -vE '^(nvidia|cuda|triton)' build/all.lock \
	  | awk -F= 'NR == FNR { have[$$1]; next } !($$1 in have)' build/lab.lock -; } > requirements-dev.lock
	rm -rf build/lock build/all.lock build/lab.lock build/torch.in
