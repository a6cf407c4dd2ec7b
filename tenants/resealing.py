"""Seal everything again with the newest key, so that an older one can be taken away.

Any number of times and beside a Patchbay that runs: each secret is written by itself, and only if it is still the one
that was read, so a run that was interrupted is simply started again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.db.models import Model

from tenants import secrets
from tenants.isolation import scope

PREFIX = "sealed_"  # fields that hold one sealed secret are named so; tests/tenants/test_resealing.py holds it
TOKEN = "gAAAA"  # how every Fernet token begins


@dataclass
class Resealed:
    """`unreadable` are rows with a secret that none of our keys opens."""

    changed: int = 0
    already: int = 0
    unreadable: list[str] = field(default_factory=list)


@scope.opens_scope
def run() -> Resealed:
    """Opens short scopes of its own."""
    found = Resealed()
    for model, name in sealed_fields():
        for pk in _keys(model):
            with scope.for_system("seal a secret again"):
                _reseal(model, name, pk, found)
    return found


def sealed_fields() -> Iterator[tuple[type[Model], str]]:
    """Every column that holds sealed secrets: text by itself, or JSON with sealed values in it."""
    for model in apps.get_models():
        for one in model._meta.concrete_fields:
            if one.name.startswith(PREFIX):
                yield model, one.name
    yield Authenticator, "data"


def _keys(model: type[Model]) -> list[Any]:
    with scope.for_system("which secrets there are"):
        return list(model._default_manager.order_by("pk").values_list("pk", flat=True))


def _reseal(model: type[Model], name: str, pk: Any, found: Resealed) -> None:
    rows = model._default_manager.filter(pk=pk)
    value = rows.values_list(name, flat=True).first()
    try:
        again = _sealed_again(value, found)
    except InvalidToken:
        found.unreadable.append(f"{model._meta.label} {pk}")
        return
    if again != value and rows.filter(**{name: value}).update(**{name: again}):
        found.changed += 1


def _sealed_again(value: Any, found: Resealed) -> Any:
    """The same with every token in it under the newest key. Raises `InvalidToken`."""
    match value:
        case dict():
            return {key: _sealed_again(one, found) for key, one in value.items()}
        case list():
            return [_sealed_again(one, found) for one in value]
        case str() if value.startswith(TOKEN):
            if _is_newest(value):
                found.already += 1
                return value
            return secrets.rotate(value)
    return value


def _is_newest(token: str) -> bool:
    try:
        Fernet(settings.FIELD_KEYS[0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True
