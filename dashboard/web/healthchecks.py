"""Health checks for `up` and for containers.

python -m dashboard.web.healthchecks URL      does the web process answer?
python -m dashboard.web.healthchecks alive    has the worker or beat renewed PATCHBAY_ALIVE_FILE?
"""

import os
import sys
import time
import urllib.error
import urllib.request


def answers(url: str, host: str = "") -> bool:
    """True for a 200. `host` is the name we ask for when it is not the address: only known hosts are served."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def alive(path: str, within: float = 60.0) -> bool:
    """Whether the file was renewed in the last `within` seconds."""
    try:
        return time.time() - os.stat(path).st_mtime < within
    except OSError:
        return False


if __name__ == "__main__":
    what = sys.argv[1]
    host = os.environ.get("PATCHBAY_HOSTS", "").split(",")[0]
    well = alive(os.environ.get("PATCHBAY_ALIVE_FILE", "")) if what == "alive" else answers(what, host)
    sys.exit(0 if well else 1)
