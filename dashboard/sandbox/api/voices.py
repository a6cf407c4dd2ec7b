"""The platform's own voices (voicedock-api.md §9.6), with ids in its form (§17 10). The sandbox's own choice: made-up
voices, two of them without the optional fields."""

from ..http_messages import Response
from .context import Context, Routes

VOICES = (
    ("nl_NL-saar-medium", "Saar", "nl", "Warm, unhurried", "Warm en rustig"),
    ("nl_NL-bram-medium", "Bram", "nl", "Clear and businesslike", "Helder en zakelijk"),
    ("en_GB-ivy-medium", "Ivy", "en", "Friendly, British", "Vriendelijk, Brits"),
    ("en_US-owen-medium", "Owen", "en", "Calm, American", "Kalm, Amerikaans"),
    ("de_DE-lena-medium", "Lena", "de", "Precise and kind", "Precies en vriendelijk"),
    ("fr_FR-remy-medium", "Rémy", "fr", "Light and quick", "Licht en vlot"),
    ("nl_NL-noor-medium", "Noor", "nl", "Young and bright", "Jong en helder"),
    ("nl_NL-joost-medium", "Joost", "nl", "Deep and slow", "Laag en langzaam"),
    ("nl_BE-fien-medium", "Fien", "nl", "Flemish, soft", "Vlaams, zacht"),
    ("en_GB-maeve-medium", "Maeve", "en", "Irish, lively", "Iers, levendig"),
    ("en_GB-grant-medium", "Grant", "en", "Scottish, steady", "Schots, bedaard"),
    ("en_AU-june-medium", "June", "en", "Australian, cheerful", "Australisch, opgewekt"),
    ("es_ES-carla-medium", "Carla", "es", "Warm and clear", "Warm en duidelijk"),
    ("pt_PT-tomas-medium", "Tomás", "pt", "Quiet and patient", "Rustig en geduldig"),
    ("it_IT-giulia-medium", "Giulia", "it", "Expressive", "Uitgesproken"),
    ("sv_SE-agnes-medium", "Agnes", "sv", "Even and friendly", "Gelijkmatig en vriendelijk"),
    ("en_GB-plain-medium", "Plain", None, None, None),
    ("pl_PL-lektor-medium", "Lektor", "pl", None, None),
)


def listed(ctx: Context) -> Response:
    shown = [
        {"id": key, "name": name}
        | ({"language": language} if language else {})
        | ({"description": {"en": en, "nl": nl}} if en else {})
        for key, name, language, en, nl in VOICES
    ]
    return Response(body={"voices": shown})


ROUTES: Routes = [("GET", "/voices", listed)]
