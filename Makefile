# Everything one does with this repository. Only make and Python 3.11 or newer are assumed.

.DEFAULT_GOAL := help
.PHONY: help demo demo-again test check photos spark wheel bench screenshots reference lock clean
MAKEFLAGS += --no-print-directory
NAMES ?= tests/names/pairs.tsv
WORKERS ?= 2

RUN := .venv/bin/python
INSTALLED := .venv/.installed
PHOTOS := .venv/.photos
SPARK := .venv/.spark
ASSETS := src/qianbao/web/static/vendor/.installed

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(INSTALLED) $(ASSETS) ## Run the wallet, its sandbox banks and a cast of people on this machine
	@$(RUN) -m qianbao demo

demo-again: $(INSTALLED) $(ASSETS) ## Delete what the demo made in .qianbao, after asking, and start it over
	@$(RUN) -m qianbao demo --fresh

test: check $(ASSETS) $(PHOTOS) $(SPARK) ## Check the code, then run every test, the browser ones included
	@browser=$$($(RUN) tools/browser.py) && QIANBAO_BROWSER="$$browser" $(RUN) -m pytest \
		--ignore tests/house --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(INSTALLED) ## Format, lint, types and house rules
	@$(RUN) tools/check.py

photos: $(PHOTOS) ## Install what reads photos of documents (350 MB on disk)

spark: $(SPARK) ## Install Spark (550 MB on disk; it needs a Java 17 or newer)

wheel: $(INSTALLED) $(ASSETS) ## Build the wheel to install elsewhere (docs/hosting.md)
	@rm -rf dist && $(RUN) -m pip wheel --quiet --no-deps --wheel-dir dist .

bench: $(INSTALLED) ## Measure names (NAMES=file: other pairs), the ledger, clearing and the API
	@$(RUN) -m qianbao bench names $(NAMES)
	@$(RUN) -m qianbao bench ledger --batch 8000 --transfers 160000
	@$(RUN) -m qianbao bench payments
	@$(RUN) -m qianbao bench http

screenshots: $(INSTALLED) $(ASSETS) ## Take the pictures in docs/ again
	@browser=$$($(RUN) tools/browser.py) && QIANBAO_BROWSER="$$browser" \
		QIANBAO_PICTURES=docs/pictures $(RUN) -m pytest tests/stories/test_article_browser.py

reference: $(INSTALLED) ## Write the pages of docs/ that are printed from the code
	@for page in settings errors facts; do $(RUN) -m qianbao $$page > docs/$$page.md || exit; done

lock: ## Compile the lock files again (needs uv and npm)
	@sh tools/lock.sh

clean: ## Remove what was installed or built here; the demo's data in .qianbao stays
	rm -rf .venv .cache dist node_modules tools/chromium/node_modules test-results \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis src/qianbao/web/static/vendor

$(INSTALLED): requirements.lock tools/environment.py tools/python.sh
	@sh tools/python.sh tools/environment.py

$(PHOTOS): $(INSTALLED) tools/photos.lock
	@echo "Installing what reads photos of documents (350 MB)" >&2
	@$(RUN) -m pip install --quiet --require-hashes --no-deps --no-input \
		--disable-pip-version-check -r tools/photos.lock
	@touch $@

$(SPARK): $(INSTALLED) tools/spark.lock
	@echo "Installing Spark (550 MB)" >&2
	@$(RUN) -m pip install --quiet --require-hashes --no-deps --no-input \
		--disable-pip-version-check -r tools/spark.lock
	@touch $@

$(ASSETS): $(INSTALLED) package.json package-lock.json tools/assets.py tools/node.py tools/node.lock
	@$(RUN) tools/assets.py
