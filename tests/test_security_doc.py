"""docs/security.md tells the truth: each test it names exists, and each chapter of the standard is answered."""

import re
import ssl
from pathlib import Path

from kombu import Connection
from redis import ConnectionPool

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text()
CHAPTERS = 17  # of OWASP ASVS 5.0


def test_every_test_that_the_page_names_exists():
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    }
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 60
    assert named - defined == set()


def test_every_path_that_the_page_names_exists():
    named = re.findall(r"`((?:tests|tenants|dashboard|docs|deploy)/[\w./-]*)`", PAGE)
    assert named and [path for path in named if not (ROOT / path).exists()] == []


def test_every_chapter_is_answered():
    answered = {
        int(number) for heading in re.findall(r"^### (.*)", PAGE, re.M) for number in re.findall(r"V(\d+)", heading)
    }
    assert answered == set(range(1, CHAPTERS + 1))


def test_tls_of_broker_and_cache_is_as_the_page_says():
    """The broker checks a certificate only when its address says so, the cache always."""
    assert Connection("rediss://broker/0").ssl["ssl_cert_reqs"] is ssl.CERT_NONE
    assert Connection("rediss://broker/0?ssl_cert_reqs=CERT_REQUIRED").ssl["ssl_cert_reqs"] is ssl.CERT_REQUIRED
    cache = ConnectionPool.from_url("rediss://cache/0")
    assert cache.connection_class(**cache.connection_kwargs).cert_reqs is ssl.CERT_REQUIRED
