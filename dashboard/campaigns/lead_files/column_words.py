"""The words by which the header of a file names its columns, in Dutch, German and English."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Role(StrEnum):
    """What a column is to a campaign; a variable has its name besides."""

    NUMBER = "number"
    NAME = "name"
    VARIABLE = "variable"
    CONSENT_KIND = "consent-kind"
    CONSENT_SOURCE = "consent-source"
    CONSENT_TIME = "consent-time"
    NOT_USED = ""


CONSENTS = (Role.CONSENT_KIND, Role.CONSENT_SOURCE, Role.CONSENT_TIME)
NUMBER = {
    "telefoon", "telefoonnummer", "telefoonnr", "tel", "telnr", "telnummer", "telefoonmobiel", "mobiel",
    "mobieltje", "mobielnummer", "mobielnr", "gsm", "gsmnummer", "gsmnr", "nummer", "belnummer", "phone",
    "phonenumber", "phoneno", "phonenr", "mobile", "mobilephone", "mobilenumber", "cell", "cellphone",
    "telephone", "telephonenumber", "contactnumber", "msisdn", "number", "rufnummer", "telefon",
    "telefonnummer", "telefonnr", "handy", "handynummer", "handynr", "mobil", "mobilnummer", "mobiltelefon",
    "mobilfunk", "festnetz", "tel1", "telefoon1", "telefon1", "phone1", "06nummer",
}  # fmt: skip
NAME = {
    "naam", "volledigenaam", "klantnaam", "klant", "patient", "patientnaam", "patientennaam", "contactpersoon",
    "contactnaam", "relatie", "name", "fullname", "customer", "customername", "contactname", "patientname",
    "personname", "kunde", "kundenname", "kundin", "ansprechpartner", "vollername", "patientin",
}  # fmt: skip
EXTENSION = {
    "toestel", "toestelnummer", "doorkiesnummer", "ext", "extension", "durchwahl", "dw", "nebenstelle",
}  # fmt: skip
OTHERS = {
    "voornaam", "achternaam", "tussenvoegsel", "aanhef", "titel", "adres", "straat", "postcode", "plaats",
    "woonplaats", "stad", "land", "email", "mail", "datum", "tijd", "geboortedatum", "opmerking", "notitie",
    "bedrijf", "klantnummer", "laatste", "laatstebezoek", "afspraak", "dagdeel", "firstname", "lastname",
    "surname", "salutation", "title", "address", "street", "zip", "postalcode", "city", "town", "country",
    "date", "time", "birthday", "company", "notes", "comment", "lastvisit", "appointment", "id", "vorname",
    "nachname", "anrede", "strasse", "plz", "ort", "stadt", "uhrzeit", "geburtsdatum", "bemerkung",
    "firma", "kundennummer", "termin", "letzterbesuch",
}  # fmt: skip
CONSENT = ("toestemming", "consent", "optin", "einwilligung", "zustimmung")
SOURCE = ("bron", "source", "quelle", "herkunft", "herkomst", "via")
TIME = ("datum", "date", "tijd", "time", "zeit", "moment")


def role_of(header: str) -> Role | str:
    """What a header says that its column is; `other` for a known word that is none of these, "" for an unknown one."""
    word = letters_of(header)
    if any(stem in word for stem in CONSENT):
        return _of_consent(word)
    if word in NUMBER or word in NAME:
        return Role.NUMBER if word in NUMBER else Role.NAME
    return "other" if word in OTHERS or word in EXTENSION else ""


def is_extension(header: str) -> bool:
    return letters_of(header) in EXTENSION


def letters_of(header: str) -> str:
    """Lower case, without accents, spaces and signs: `Laatste bezoek:` → `laatstebezoek`."""
    plain = unicodedata.normalize("NFKD", header.replace("ß", "ss")).casefold()
    return re.sub(r"[^a-z0-9]", "", plain)


def _of_consent(word: str) -> Role:
    rest = word
    for stem in CONSENT:
        rest = rest.replace(stem, " ")
    if any(part in rest for part in TIME):
        return Role.CONSENT_TIME
    return Role.CONSENT_SOURCE if any(part in rest for part in SOURCE) else Role.CONSENT_KIND
