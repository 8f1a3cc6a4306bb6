# make lab         opens the course in JupyterLab
# make test        lint, unit tests, and every lesson re-executed and compared with its outputs
# make quick       lint and the fast unit tests: no lessons, no browser; about a minute
# make notebooks   executes the lessons in place (one of them: make notebooks LESSON=07)
# make site        the lessons as a website, in build/site
# make slides      the lessons as slides, in build/slides (one of them: make slides LESSON=07)
# make lint        the first part of make test
#
# The environment in .venv is made when it is missing or older than pyproject.toml or
# constraints.txt. To make it with another Python: make lab PYTHON=python3.12

PYTHON = python3
PY = $(if $(filter Windows_NT,$(OS)),.venv/Scripts/python,.venv/bin/python)

# Jupyter refuses to run as root, who one is in a container, unless it is told to.
LAB_OPTIONS = $(if $(filter 0,$(shell id -u)),--allow-root)
# On a machine without a screen the address is printed and no (text) browser is started.
ifeq ($(shell uname -s)$(DISPLAY)$(WAYLAND_DISPLAY),Linux)
LAB_OPTIONS += --no-browser
endif

# On Linux, torch's threads wait for each other in a busy loop. Where other programs (a browser, say)
# want the same two cores, that makes training two to ten times slower. Waiting passively costs about
# a fifth of the speed on idle cores.
export OMP_WAIT_POLICY = PASSIVE
# Set in images for batch work, it would make the figures of a notebook invisible.
unexport MPLBACKEND

.PHONY: lab test quick lint notebooks site slides

lab: .venv/lab-installed
	$(PY) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(LAB_OPTIONS)

test: lint
	$(PY) -m pytest

quick: lint
	$(PY) -m pytest poolkit tools tests --ignore=tests/browser -m "not slow"

lint: .venv/test-installed
	$(PY) -m ruff check
	$(PY) -m ruff format --check

notebooks: .venv/test-installed
	$(PY) -m tools.lessons $(LESSON)

site: .venv/test-installed
	$(PY) -m sphinx -q -W -E -a -c tools -d build/doctrees . build/site

slides: .venv/test-installed
	$(PY) -m tools.slides $(LESSON)

.venv/lab-installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "poolkit needs Python 3.11 or newer; to name one: make lab PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(PY) -m pip install -e . -c constraints.txt
	touch $@

.venv/test-installed: .venv/lab-installed
	$(PY) -m pip install -e '.[test]' -c constraints.txt
	touch $@
