# Hands on to make.py; options go in ARGS, as in: make test ARGS="-k video"
PYTHON ?= python3

.PHONY: demo test setup
demo test setup:
	$(PYTHON) make.py $@ $(ARGS)
