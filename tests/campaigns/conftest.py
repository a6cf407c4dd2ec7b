"""A person who manages the campaigns of Bloom Dental."""

import pytest

from tenants.access.permissions import Role


@pytest.fixture
def manager(bloom, member, sign_in):
    return sign_in(member(bloom, Role.MANAGER))
