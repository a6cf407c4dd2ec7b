"""The cache: Valkey, whose trouble never becomes a page's trouble. Values are JSON.

While it does not answer, reads find nothing and writes are dropped; `add`, on which limits rest, answers False, so what
is limited stays closed. After a failure nobody asks it for two seconds: a frozen server costs one short wait, not one
for each use.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger()

TIMEOUT = 0.5  # seconds, for connecting and for each answer
REST = 2.0  # seconds after a failure


class JsonSerializer:
    """Nothing that comes back from the cache is ever run."""

    def dumps(self, value: Any) -> Any:
        return value if type(value) is int else json.dumps(value)  # plain integers can be counted up

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


_resting_until: dict[str, float] = {}  # by server, for the whole process: Django has one cache object per thread


class OptionalCache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {
            "serializer": JsonSerializer,
            "socket_timeout": TIMEOUT,
            "socket_connect_timeout": TIMEOUT,
            "retry": None,
            **params.get("OPTIONS", {}),
        }
        super().__init__(server, {**params, "OPTIONS": options})
        self._server = server

    def answers(self) -> bool:
        """Whether it can be used now; asks it."""
        return bool(self._or(False, lambda: self._cache.get_client().ping()))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._or(default, lambda: super(OptionalCache, self).get(key, default, version))

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        found: dict[Any, Any] = self._or({}, lambda: super(OptionalCache, self).get_many(keys, version))
        return found

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return bool(self._or(False, lambda: super(OptionalCache, self).has_key(key, version)))

    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._or(False, lambda: super(OptionalCache, self).add(key, *args, **kwargs)))

    def set(self, key: Any, *args: Any, **kwargs: Any) -> None:
        self._or(None, lambda: super(OptionalCache, self).set(key, *args, **kwargs))

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        self._or(None, lambda: super(OptionalCache, self).set_many(data, *args, **kwargs))
        return []

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._or(False, lambda: super(OptionalCache, self).touch(key, *args, **kwargs)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._or(False, lambda: super(OptionalCache, self).delete(key, version)))

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._or(None, lambda: super(OptionalCache, self).delete_many(keys, version))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """As for a key that is not there, it raises ValueError."""
        found = self._or(None, lambda: super(OptionalCache, self).incr(key, delta, version))
        if found is None:
            raise ValueError(f"{key!r} is not in the cache")
        return int(found)

    def run_script(self, script: str, keys: list[str], *arguments: str | int) -> Any:
        """The answer of a Lua script, one step for the server; None while it does not answer."""
        names = [self.make_and_validate_key(key) for key in keys]
        client = self._cache.get_client(write=True)
        return self._or(None, lambda: client.eval(script, len(names), *names, *arguments))

    def run_script_for_each(self, script: str, calls: Iterable[tuple[list[str], tuple[str | int, ...]]]) -> Any:
        """The answers of a Lua script for each of these keys and arguments, asked for together."""
        pipeline = self._cache.get_client(write=True).pipeline(transaction=False)
        for keys, arguments in calls:
            names = [self.make_and_validate_key(key) for key in keys]
            pipeline.eval(script, len(names), *names, *arguments)
        return self._or(None, pipeline.execute)

    def clear(self) -> None:
        self._or(None, lambda: super(OptionalCache, self).clear())

    def _or(self, otherwise: Any, ask: Callable[[], Any]) -> Any:
        if monotonic() < _resting_until.get(self._server, 0.0):
            return otherwise
        try:
            return ask()
        except (RedisError, OSError) as error:
            _resting_until[self._server] = monotonic() + REST
            log.warning("cache_silent", error=type(error).__name__)
        except ValueError:  # what another version wrote there, or a key to count up that is not there
            pass
        return otherwise
