"""Does a web process answer? For `up`, and for a container's health check: python -m dashboard.running.pulse URL"""

import os
import sys
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


if __name__ == "__main__":
    sys.exit(0 if answers(sys.argv[1], os.environ.get("PATCHBAY_HOSTS", "").split(",")[0]) else 1)
