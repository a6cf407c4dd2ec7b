"""The platform's own voices (voicedock-api.md §9.6). The sandbox's own choice: made-up ones, two of
which lack what need not be there."""

from ..exchange import Answer
from .context import Context, Routes

VOICES = (
    ("saar", "Saar", "nl", "Warm, unhurried", "Warm en rustig"),
    ("bram", "Bram", "nl", "Clear and businesslike", "Helder en zakelijk"),
    ("ivy", "Ivy", "en", "Friendly, British", "Vriendelijk, Brits"),
    ("owen", "Owen", "en", "Calm, American", "Kalm, Amerikaans"),
    ("lena", "Lena", "de", "Precise and kind", "Precies en vriendelijk"),
    ("remy", "Rémy", "fr", "Light and quick", "Licht en vlot"),
    ("noor", "Noor", "nl", "Young and bright", "Jong en helder"),
    ("joost", "Joost", "nl", "Deep and slow", "Laag en langzaam"),
    ("fien", "Fien", "nl", "Flemish, soft", "Vlaams, zacht"),
    ("maeve", "Maeve", "en", "Irish, lively", "Iers, levendig"),
    ("grant", "Grant", "en", "Scottish, steady", "Schots, bedaard"),
    ("june", "June", "en", "Australian, cheerful", "Australisch, opgewekt"),
    ("carla", "Carla", "es", "Warm and clear", "Warm en duidelijk"),
    ("tomas", "Tomás", "pt", "Quiet and patient", "Rustig en geduldig"),
    ("giulia", "Giulia", "it", "Expressive", "Uitgesproken"),
    ("agnes", "Agnes", "sv", "Even and friendly", "Gelijkmatig en vriendelijk"),
    ("plain", "Plain", None, None, None),
    ("lektor", "Lektor", "pl", None, None),
)


def listed(ctx: Context) -> Answer:
    shown = [
        {"id": key, "name": name}
        | ({"language": language} if language else {})
        | ({"description": {"en": en, "nl": nl}} if en else {})
        for key, name, language, en, nl in VOICES
    ]
    return Answer(body={"voices": shown})


ROUTES: Routes = [("GET", "/voices", listed)]
