"""Encrypt every stored secret again with the newest key, so that an older key can be removed.

It can run while Patchbay runs, and again after an interruption: each secret is updated by itself, and only if it is
still the one that was read.
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

PREFIX = "sealed_"  # of the names of fields with one sealed secret; tests/tenants/test_resealing.py checks it
TOKEN = "gAAAA"  # the start of every Fernet token


@dataclass
class ResealingResult:
    """`unreadable` are rows with a secret that none of our keys opens."""

    changed: int = 0
    already: int = 0
    unreadable: list[str] = field(default_factory=list)


@scope.opens_scope
def run() -> ResealingResult:
    result = ResealingResult()
    for model, name in sealed_fields():
        for pk in _keys(model):
            with scope.for_system("reseal a secret"):
                _reseal(model, name, pk, result)
    return result


def sealed_fields() -> Iterator[tuple[type[Model], str]]:
    """Every column with sealed secrets: one as text, or several within JSON."""
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            if column.name.startswith(PREFIX):
                yield model, column.name
    yield Authenticator, "data"


def _keys(model: type[Model]) -> list[Any]:
    with scope.for_system("list secrets"):
        return list(model._default_manager.order_by("pk").values_list("pk", flat=True))


def _reseal(model: type[Model], name: str, pk: Any, result: ResealingResult) -> None:
    rows = model._default_manager.filter(pk=pk)
    value = rows.values_list(name, flat=True).first()
    try:
        resealed = _resealed(value, result)
    except InvalidToken:
        result.unreadable.append(f"{model._meta.label} {pk}")
        return
    if resealed != value and rows.filter(**{name: value}).update(**{name: resealed}):
        result.changed += 1


def _resealed(value: Any, result: ResealingResult) -> Any:
    """The value with every token in it encrypted with the newest key. Raises `InvalidToken`."""
    match value:
        case dict():
            return {key: _resealed(item, result) for key, item in value.items()}
        case list():
            return [_resealed(item, result) for item in value]
        case str() if value.startswith(TOKEN):
            if _is_newest(value):
                result.already += 1
                return value
            return secrets.rotate(value)
    return value


def _is_newest(token: str) -> bool:
    try:
        Fernet(settings.FIELD_KEYS[0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True
