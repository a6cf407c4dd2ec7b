"""The analysis of a call is shown in words, never as VoiceDock's assistants spell it."""

from zoneinfo import ZoneInfo

import pytest

from dashboard.calls import analysis_words

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("facts", "rows"),
    [
        ({"reason": "assistant_ended"}, [("Reason", "Assistant ended")]),
        ({"kind_of_caller": "new_patient"}, [("Kind of caller", "New patient")]),
        ({"language": "en"}, [("Language", "English")]),
        ({"spoken_language": "nl-NL"}, [("Spoken language", "Dutch")]),
        ({"language": "English"}, [("Language", "English")]),
        ({"code": "en"}, [("Code", "En")]),
        ({"agreed_time": "2026-11-24T09:40:00Z"}, [("Agreed time", "24 Nov 2026, 10:40")]),
        ({"agreed_time": "2026-11-24T10:40:00"}, [("Agreed time", "24 Nov 2026, 10:40")]),
        ({"until": "9999-12-31T23:59:59Z"}, [("Until", "9999-12-31T23:59:59Z")]),
        ({"since": "0001-01-01T00:00:00+14:00"}, [("Since", "0001-01-01T00:00:00+14:00")]),
        ({"at": "2026-11-24T10:40:00+99:99"}, [("At", "2026-11-24T10:40:00+99:99")]),
        ({"day": "2026-11-24"}, [("Day", "24 Nov 2026")]),
        ({"day": "2026-13-45"}, [("Day", "2026-13-45")]),
        ({"wants_it": True, "asked": False}, [("Wants it", "Yes"), ("Asked", "No")]),
        ({"with": {"doctor_name": "Dr Bloom"}}, [("With: doctor name", "Dr Bloom")]),
        ({"wishes": ["call_back", "by_mail"]}, [("Wishes", "Call back, By mail")]),
        ({"note": "She said_so herself."}, [("Note", "She said_so herself.")]),
        ({"amount": 3, "none": None}, [("Amount", "3"), ("None", "—")]),
        ("call_back", [("Result", "Call back")]),
        (None, []),
    ],
)
def test_names_and_values_are_words(facts, rows):
    assert analysis_words.rows(facts, AMSTERDAM) == rows
