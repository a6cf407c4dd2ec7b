"""Made-up people: names, and valid phone numbers from ranges that are not assigned to known people."""

from random import Random

from . import random_source
from .records import Campaign, Lead

FIRST = (
    "Anna", "Daan", "Eva", "Finn", "Isa", "Joost", "Lotte", "Mila", "Noor", "Pieter", "Ruben", "Sara", "Tess", "Wim",
)  # fmt: skip
LAST = ("Aarts", "Bakker", "de Wit", "Dekker", "Hendriks", "Jansen", "Kuipers", "Mulder", "Peeters", "Smit", "van Dam")


def name(rng: Random) -> str:
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def phone(rng: Random) -> str:
    """Dutch 06 1234 xxxx, or from the ranges reserved for fiction in London and in the United States."""
    kind = rng.random()
    if kind < 0.8:
        return f"+3161234{rng.randint(0, 9999):04d}"
    return f"+44207946{rng.randint(0, 999):04d}" if kind < 0.95 else f"+1202555{rng.randint(100, 199):04d}"


def leads(campaign: Campaign, size: int, rng: Random) -> list[Lead]:
    """`size` leads that have not been called yet."""
    return [
        Lead(
            id=random_source.uuid_for(campaign.id, "lead", index),
            campaign_id=campaign.id,
            phone_number=phone(rng),
            variables={"name": name(rng), "reference": str(rng.randint(10_000, 99_999))},
            created_at=campaign.created_at,
        )
        for index in range(size)
    ]
