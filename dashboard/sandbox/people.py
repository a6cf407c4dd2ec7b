"""People nobody knows: names, and phone numbers that are valid and belong to no one known."""

from random import Random

from . import chance
from .records import Campaign, Lead

FIRST = (
    "Anna", "Daan", "Eva", "Finn", "Isa", "Joost", "Lotte", "Mila", "Noor", "Pieter", "Ruben", "Sara", "Tess", "Wim",
)  # fmt: skip
LAST = ("Aarts", "Bakker", "de Wit", "Dekker", "Hendriks", "Jansen", "Kuipers", "Mulder", "Peeters", "Smit", "van Dam")


def name(luck: Random) -> str:
    return f"{luck.choice(FIRST)} {luck.choice(LAST)}"


def phone(luck: Random) -> str:
    """Dutch 06 1234 xxxx, or from the ranges kept for drama in London and for fiction in the United States."""
    kind = luck.random()
    if kind < 0.8:
        return f"+3161234{luck.randint(0, 9999):04d}"
    return f"+44207946{luck.randint(0, 999):04d}" if kind < 0.95 else f"+1202555{luck.randint(100, 199):04d}"


def leads(campaign: Campaign, size: int, luck: Random) -> list[Lead]:
    """A list of so many people who have not been called yet."""
    return [
        Lead(
            id=chance.uuid_of(campaign.id, "lead", at),
            campaign_id=campaign.id,
            phone_number=phone(luck),
            variables={"name": name(luck), "reference": str(luck.randint(10_000, 99_999))},
            created_at=campaign.created_at,
        )
        for at in range(size)
    ]
