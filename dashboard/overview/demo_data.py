"""Who and what there is in the demo: a reseller, its people, six clients. Lines go by the sandbox's business names."""

from __future__ import annotations

from typing import NamedTuple

from tenants.access.permissions import Role, StaffRole

PASSWORD = "patchbay-demo"
CONNECTIONS = {"Kabelhuis": "sandbox-agency", "Bloom Dental": "sandbox-bloom"}
KEPT_FREE = {"Spare line"}  # so that there is something to dedicate in a client's own connection
DAYS_AGO = 60  # since when the clients have what is theirs: before the first call of the sandbox's past


class Person(NamedTuple):
    email: str
    name: str


class House(NamedTuple):
    """A client. Numbers without a country code are read as in `country`; `hue` and `chroma` are its colour, `at_once`
    and `per_day` its limits."""

    slug: str
    name: str
    city: str
    timezone: str
    country: str
    connection: str
    hue: int
    chroma: str
    at_once: int
    per_day: int
    people: tuple[tuple[Person, Role], ...] = ()
    phrases: tuple[str, ...] = ()


STAFF = {
    Person("admin@patchbay.test", "Idris Cole"): StaffRole.ADMIN,
    Person("support@patchbay.test", "Mara Jansen"): StaffRole.SUPPORT,
}
AUDITOR = Person("auditor@patchbay.test", "Anouk Vermeer")

HOUSES = [
    House(
        "bloom-dental", "Bloom Dental", "Amsterdam", "Europe/Amsterdam", "NL", "Bloom Dental", 186, "0.078", 6, 400,
        (
            (Person("owner@bloom.test", "Dora Bloom"), Role.OWNER),
            (Person("operator@bloom.test", "Sanne Visser"), Role.OPERATOR),
            (Person("viewer@bloom.test", "Els Ruiter"), Role.VIEWER),
        ),
        (
            "The practice is closed today.",
            "Offer Thursday morning instead.",
            "The first check-up costs nothing.",
            "A colleague will call back within the hour.",
        ),
    ),
    House(
        "harbor-logistics", "Harbor Logistics", "Rotterdam", "Europe/Amsterdam", "NL", "Kabelhuis", 240, "0.1", 4, 250,
        ((Person("owner@harbor.test", "Joost de Boer"), Role.OWNER),),
        ("The driver is fifteen minutes away.", "The slot can move to the afternoon."),
    ),
    House("noord-energie", "Noord Energie", "Groningen", "Europe/Amsterdam", "NL", "Kabelhuis", 300, "0.13", 8, 1000),
    House(
        "alder-finch-estate", "Alder & Finch Estate", "London", "Europe/London", "GB",
        "Kabelhuis", 140, "0.09", 3, 120,
    ),
    House("casa-lindo", "Casa Lindo", "Utrecht", "Europe/Amsterdam", "NL", "Kabelhuis", 32, "0.12", 2, 60),
    House(
        "veldkamp-makelaars", "Veldkamp Makelaars", "Den Haag", "Europe/Amsterdam", "NL",
        "Kabelhuis", 350, "0.12", 3, 120,
    ),
]  # fmt: skip
