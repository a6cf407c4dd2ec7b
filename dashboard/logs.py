"""How a log line begins: with the moment in UTC, whatever zone the screens are in."""

import logging
import time


class Utc(logging.Formatter):
    """`2026-11-19T13:03:11.042Z WARNING django.request …`"""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"
