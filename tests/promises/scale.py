"""How far the walks go: `manage.py test` takes a part, `manage.py promises` the whole figure."""

import os

WHOLE = os.environ.get("PATCHBAY_PROMISES") == "whole"
REQUESTS = 100_000 if WHOLE else 1_000  # of the random walk
TRIPLES = 20_000 if WHOLE else 400  # of client, number and assistant, tried at the database
EVERY = 1 if WHOLE else 5  # of the pairs of fault and operation: each fifth, in which all of both occur
