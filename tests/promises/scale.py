"""How far the walks go: `manage.py test` takes a part, `manage.py promises` the whole figure."""

import os

WHOLE = os.environ.get("PATCHBAY_PROMISES") == "whole"
WALKS = 40 if WHOLE else 2  # without a plan, each with a seed of its own: 100,000 requests, or a twentieth of them
REQUESTS = 2_500  # of each walk
TRIPLES = 20_000 if WHOLE else 400  # of client, number and assistant, tried at the database
TRANSIENT_TRIPLES = 1_000 if WHOLE else 300  # the same of client, line and person, with one-time assistants
TRANSIENT_FORMS = 1_000 if WHOLE else 30  # of client, line, draft and person, sent as the form of such a call
ODD_EXAMPLES = 2_000 if WHOLE else 150  # of odd combinations of query parameters
PLANNED = 200 if WHOLE else 40  # calls that are planned for the same second
ROLLING = 1_000 if WHOLE else 160  # requests while two web processes are replaced
EVERY = 1 if WHOLE else 5  # of the pairs of fault and operation: each fifth, in which all of both occur
ROWS = 200_000 if WHOLE else 10_000  # calls, audit entries and the rest of what grows, for plans of queries
CAMPAIGNS = 5_000 if WHOLE else 400
LEADS = 1_000_000 if WHOLE else 40_000
LISTED = 100_000 if WHOLE else 10_000  # people of one campaign that VoiceDock sends in one answer
REMOVED = int(os.environ.get("PATCHBAY_REMOVED", 100_000 if WHOLE else 1_000))  # calls of a client that was closed
IMPORT_KILLS = 500 if WHOLE else 60  # of workers that read the file of a campaign
HOURS = 24 if WHOLE else 0.05  # for which changes at VoiceDock are followed by a clock that jumps
FOLLOWED = 1_000 if WHOLE else 30  # started campaigns meanwhile
