"""A person who manages the campaigns of Bloom Dental."""

import pytest

from tenants.access.permissions import Role


@pytest.fixture
def manager(bloom, make_member, sign_in):
    return sign_in(make_member(bloom, Role.MANAGER))
