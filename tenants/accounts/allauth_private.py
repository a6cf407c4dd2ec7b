"""What Patchbay uses of django-allauth that is not its public interface, in one place.

A version of allauth that moves or changes one of these fails tests/test_private_interfaces.py.
`Adapter._get_login_attempts_cache_key` in adapter.py overrides a private method besides.
"""

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core.internal import ratelimit

__all__ = ("get_authentication_records", "ratelimit", "record_authentication")
