# make demo and make test do all set-up themselves. Everything lives in .venv; make clean removes it.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/ready

.PHONY: demo test lint bench clean

demo: $(STAMP)
	$(BIN)/killah demo

test: $(STAMP)
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check killah tools tests
	$(BIN)/ruff format --check killah tools tests
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m tools.bench

# torch first: on Linux a plain dependency would bring gigabytes of CUDA. OpenBLAS makes MLX read text
# several times faster on a Linux CPU; without the right to install it Killah uses torch's BLAS.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@if [ "$$(uname)" = Linux ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& ! ldconfig -p | grep -q libopenblas; then \
		apt-get install -y -qq libopenblas0-pthread >/dev/null 2>&1 \
		|| echo "OpenBLAS could not be installed: going on without it."; fi
	touch $(STAMP)

clean:
	rm -rf .venv build dist .pytest_cache .ruff_cache snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
