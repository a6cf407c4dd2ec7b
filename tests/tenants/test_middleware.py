"""NULs in an address: gone before a page looks for what follows the question mark."""

import pytest
from django.test import RequestFactory

from tenants.middleware import StripNulMiddleware


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("q=a%00b&status=%00", {"q": "ab", "status": ""}),
        ("q=%0%000", {"q": ""}),  # one that comes to be when another goes
        ("q=100%25+%2500", {"q": "100% %00"}),
    ],
)
def test_a_nul_is_taken_out_and_nothing_else(asked, left):
    request = RequestFactory().get(f"/calls/?{asked}")
    assert StripNulMiddleware(lambda request: request.GET.dict())(request) == left
