"""Private interfaces of django-allauth that Patchbay uses.

A version of allauth that changes one of them fails tests/test_private_interfaces.py.
`Adapter._get_login_attempts_cache_key` in adapter.py overrides a private method besides.
"""

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core.internal import ratelimit

__all__ = ("get_authentication_records", "ratelimit", "record_authentication")
