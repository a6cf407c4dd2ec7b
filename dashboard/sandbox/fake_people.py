"""Made-up people: names, and valid phone numbers from ranges that are not assigned to known people."""

from random import Random

from . import random_source
from .records import Campaign, Lead

DUTCH = (
    ("Anna", "Bram", "Daan", "Eva", "Fenna", "Finn", "Hanna", "Isa", "Jeroen", "Joost", "Lotte", "Mila", "Noor", "Olaf",
     "Pieter", "Roos", "Ruben", "Sara", "Teun", "Tess", "Willem", "Wim"),
    ("Aarts", "Bakker", "Brouwer", "de Wit", "Dekker", "Hendriks", "Jansen", "Kuipers", "Mulder", "Peeters", "Postma",
     "Schouten", "Smit", "van Dam", "van den Berg", "Verhoeven", "Wolters"),
)  # fmt: skip
ENGLISH = (
    ("Alice", "Amir", "Ben", "Chloe", "Dylan", "Emma", "George", "Grace", "Harriet", "Imran", "Jack", "Leah", "Nina",
     "Oliver", "Priya", "Tom"),
    ("Ahmed", "Bennett", "Carter", "Clarke", "Cole", "Evans", "Hughes", "Khan", "Lewis", "Morgan", "Patel", "Reed",
     "Shaw", "Turner", "Walsh", "Wright"),
)  # fmt: skip
NETHERLANDS, BRITAIN = "+31", "+44"
REGULARS = 60  # people of each business who call, and are called, again and again


def name_of(phone: str) -> str:
    """The name of whoever has this number: the same in every list and every conversation."""
    rng = random_source.rng_for("person", phone)
    first, last = DUTCH if phone.startswith(NETHERLANDS) else ENGLISH
    return f"{rng.choice(first)} {rng.choice(last)}"


def phone(rng: Random, line: str = NETHERLANDS) -> str:
    """Dutch 06 1234 xxxx, or from the ranges reserved for fiction in London and in the United States.

    Most people have a number of the country of `line`, the number that calls them or that they call.
    """
    kind = rng.random()
    if kind < (0.04 if line.startswith(BRITAIN) else 0.94):
        return f"+3161234{rng.randint(0, 9999):04d}"
    return f"+44207946{rng.randint(0, 999):04d}" if kind < 0.98 else f"+1202555{rng.randint(100, 199):04d}"


def regular(business: str | None, rng: Random, line: str) -> str:
    """The number of one of the people whom this business knows."""
    return phone(random_source.rng_for("regular", business, rng.randrange(REGULARS)), line)


def leads(campaign: Campaign, size: int, rng: Random, line: str = NETHERLANDS) -> list[Lead]:
    """`size` leads that have not been called yet, each with a number of its own."""
    numbers: dict[str, None] = {}
    while len(numbers) < size:
        numbers[phone(rng, line)] = None
    return [
        Lead(
            id=random_source.uuid_for(campaign.id, "lead", index),
            campaign_id=campaign.id,
            phone_number=number,
            variables={"name": name_of(number), "reference": str(rng.randint(10_000, 99_999))},
            created_at=campaign.created_at,
        )
        for index, number in enumerate(numbers)
    ]
