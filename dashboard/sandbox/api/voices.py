"""The platform's own voices (voicedock-api.md §9.6). The sandbox's own choice: six made-up ones."""

from ..exchange import Answer
from .context import Context, Routes

VOICES = (
    ("saar", "Saar", "nl", "Warm, unhurried", "Warm en rustig"),
    ("bram", "Bram", "nl", "Clear and businesslike", "Helder en zakelijk"),
    ("ivy", "Ivy", "en", "Friendly, British", "Vriendelijk, Brits"),
    ("owen", "Owen", "en", "Calm, American", "Kalm, Amerikaans"),
    ("lena", "Lena", "de", "Precise and kind", "Precies en vriendelijk"),
    ("remy", "Rémy", "fr", "Light and quick", "Licht en vlot"),
)


def listed(ctx: Context) -> Answer:
    shown = [
        {"id": key, "name": name, "language": language, "description": {"en": en, "nl": nl}}
        for key, name, language, en, nl in VOICES
    ]
    return Answer(body={"voices": shown})


ROUTES: Routes = [("GET", "/voices", listed)]
