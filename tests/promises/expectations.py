"""What each person should meet at a door, by its permission and the tables of tenants/access/permissions.py."""

from __future__ import annotations

from typing import Any

from tenants.access.permissions import LOOKING
from tests.fixtures.canary_tenant import Marked
from tests.fixtures.two_tenants import Person
from tests.promises.url_matrix import OWN_THINGS, SIGNED_IN, Door


def expected(door: Door, who: Person, place: Marked | None, thing: Marked | None, town: Any) -> str:
    """In the words of the table: in, sign-in, missing, forbidden; for a method that the door has."""
    if who.user is None:
        return "sign-in"
    if door.reading_room:
        return _of_reading_room(door, who, thing, town)
    if door.name in SIGNED_IN or door.name in OWN_THINGS:
        return "in" if door.name in SIGNED_IN else "missing"
    if door.of_client:
        return _of_client(door, who, place, thing, town)
    if who.staff is None:
        return "missing"
    if not who.may(door.permission):
        return "forbidden"
    if not who.sees_all and "<slug:slug>" in door.route and (place is None or not who.may_read(town.name_of(place))):
        return "missing"
    named = ("<slug:slug>" in door.route and place is None) or (door.about and thing is None)
    astray = "<slug:slug>" in door.route and door.about and place is not thing
    if named or astray:
        return "missing"
    return "in" if door.row.owned is None or who.may(door.row.owned) else "forbidden"


def _of_reading_room(door: Door, who: Person, thing: Marked | None, town: Any) -> str:
    if not who.reads:
        return "forbidden"
    granted = {"all": list(town.houses.values()), "home": [town.houses.get(who.home)], "none": []}[who.reads]
    return "missing" if door.about and thing not in granted else "in"


def _of_client(door: Door, who: Person, place: Marked | None, thing: Marked | None, town: Any) -> str:
    mine = place is not None and place is town.houses.get(who.home)
    if who.role is None and who.staff is None:
        return "missing"
    if who.staff and not mine:
        return "missing" if place is None or not who.may_read(town.name_of(place)) else "forbidden"
    if not mine:
        return "missing"
    if door.permission and not (who.may(door.permission) and (not who.looks or door.permission in LOOKING)):
        return "forbidden"
    if door.row.staff_only and who.staff is None:
        return "forbidden"
    return "missing" if door.about and thing is not place else "in"
