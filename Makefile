# TL Studio. `make help` lists what there is.

PYTHON ?= python3
VENV_FLAGS ?=
PIP_FLAGS ?=
HOST ?= 127.0.0.1
PORT ?= 8501
FLAGS ?=
ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
# A stamp's name holds the checksum of what was installed, so that other requirements are another stamp.
RUN_DONE := $(VENV)/.run-$(firstword $(shell cat requirements.txt | cksum))
DEV_DONE := $(VENV)/.dev-$(firstword $(shell cat requirements.txt requirements-dev.txt | cksum))
# No stamp counts in an environment whose Python was removed or moved.
LOST := $(shell test -x $(PY) || echo .lost)
RUN_STAMP := $(RUN_DONE)$(LOST)
DEV_STAMP := $(DEV_DONE)$(LOST)
# Lies in the environment for as long as it is being filled: who finds it there finds half an environment.
UNFINISHED := $(VENV)/.unfinished

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup run dev services test check bench clean
.DEFAULT_GOAL := help

help:
	@echo 'make setup   make $(VENV) and install requirements.txt (once; 2 to 10 minutes, 6 GB)'
	@echo 'make run     setup, then the studio on http://$(HOST):$(PORT)'
	@echo 'make test    environment, a browser, PostgreSQL, and all tests  (ARGS="tests/zoo -x" picks some)'
	@echo 'make check   ruff, and mypy --strict on tlcore'
	@echo 'make bench   what is claimed of speed and memory, measured here     (ARGS="frozen text" picks some)'
	@echo 'make dev     setup, and what tests and checks need'
	@echo 'make clean   remove $(VENV) and all caches; datasets and runs stay'
	@echo
	@echo 'PYTHON=python3.12        the Python to make $(VENV) with, 3.11 or newer'
	@echo 'HOST=0.0.0.0 PORT=8080   where to listen; there is no login, so open it only to people you trust'
	@echo 'TLSTUDIO_HOME=/data/tl   (environment) where datasets and runs are kept'
	@echo 'FLAGS="--server.maxUploadSize 8192"   more options of streamlit run'
	@echo 'VENV_FLAGS=--system-site-packages     keep the torch that this Python already has, a CUDA build for example;'
	@echo '                                      counts when $(VENV) is made, so run "make clean" before changing it'
	@echo 'PIP_FLAGS="--index-url ..."           more options of pip install, for a mirror for example'

setup: $(RUN_STAMP)
	@echo '$(VENV) is ready. Start the studio: make run'

dev: $(DEV_STAMP)

run: $(RUN_STAMP)
	@echo 'TL Studio starts on http://$(HOST):$(PORT)  (Ctrl-C ends the server, not the trainings)'
	@mkdir -p static
	@exec $(PY) -m streamlit run server.py --server.address '$(HOST)' --server.port '$(PORT)' $(FLAGS)

services: $(DEV_STAMP)
	@$(PY) -m tests.browser.chromium
	@$(PY) -m tests.runs.postgresql

test: services
	$(PY) -m pytest -n logical --maxprocesses 8 --dist loadfile $(ARGS)

check: $(DEV_STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict tlcore

bench: dev
	$(PY) -m bench $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis static
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment that is unfinished, or whose Python is gone, is made anew, with the sight of the system's packages if it
# had that. One that was made by hand is kept.
define environment
	@flags='$(VENV_FLAGS)'; why=''; \
	if [ -e $(UNFINISHED) ]; then why='An earlier set-up did not finish'; \
	elif [ -e $(VENV) ] && [ ! -x $(PY) ]; then why='The Python of $(VENV) is gone'; fi; \
	if [ -n "$$why" ]; then \
		echo "$$why: making $(VENV) anew."; \
		if grep -qs 'include-system-site-packages = true' $(VENV)/pyvenv.cfg; then flags="$$flags --system-site-packages"; fi; \
		rm -rf $(VENV); \
	fi; \
	if [ ! -e $(VENV) ]; then \
		command -v '$(PYTHON)' >/dev/null || { \
			echo 'There is no $(PYTHON) here. Install Python 3.11 or newer, or name one: make setup PYTHON=/path/to/python3.12'; exit 1; }; \
		'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
			echo "$$('$(PYTHON)' --version) is too old: TL Studio needs 3.11 or newer. Name one: make setup PYTHON=/path/to/python3.12"; exit 1; }; \
		'$(PYTHON)' -c 'import venv, ensurepip' 2>/dev/null || { \
			echo 'This Python has no venv module. On Debian or Ubuntu: apt-get install python3-venv. Then run make again.'; exit 1; }; \
		mkdir $(VENV) && touch $(UNFINISHED) && '$(PYTHON)' -m venv $$flags $(VENV); \
	fi
	@rm -f $(VENV)/.run-* $(VENV)/.dev-*; touch $(UNFINISHED)
endef

define install
	@echo 'Installing $(1) into $(VENV). The first time this takes minutes.'
	@$(PY) -m pip install $(PIP_FLAGS) -r $(1) || { \
		echo 'The installation failed; the reason is above. When that is settled, run make again.'; exit 1; }
endef

$(RUN_STAMP):
	$(environment)
	$(call install,requirements.txt)
	@touch $(RUN_DONE) && rm -f $(UNFINISHED)

$(DEV_STAMP):
	$(environment)
	$(call install,requirements-dev.txt)
	@touch $(RUN_DONE) $(DEV_DONE) && rm -f $(UNFINISHED)
