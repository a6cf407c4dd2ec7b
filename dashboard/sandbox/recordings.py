"""Recordings: a sound file for each answered call, made on request.

Two voices of meaningless syllables follow the transcript turn by turn, as long as the call lasted. The same call always
sounds the same. WAV, 8,000 samples a second of one byte.
"""

import io
import math
import re
import wave
from functools import cache

from . import conversations, random_source
from .http_messages import Request, Response
from .records import Call
from .state import State

PATH = "/recordings/"
RATE = 8000
LONGEST = 900  # seconds
PITCHES = {"assistant": (190, 205, 220, 235, 250), "user": (105, 115, 125, 135, 150)}
QUIET = b"\x80"
PAUSES = {" ": 0.05, ",": 0.18, ".": 0.3, "?": 0.3, "!": 0.3}  # seconds of silence


def url(state: State, call: Call) -> str | None:
    """The URL of the recording, once the call is reported; None where nothing was recorded (§13)."""
    recorded = call.reported and call.started_at is not None and bool(call.messages)
    if not recorded or not state.options.recordings:
        return None
    return f"{state.base_url}{PATH}{call.id}/{_token(state, call)}.wav"


def respond(state: State, request: Request) -> Response:
    """The file, or the requested part of it; without a key, as the URL itself is the secret."""
    call = state.calls.get(request.path.removeprefix(PATH).partition("/")[0])
    if call is None or url(state, call) != f"{state.base_url}{request.path}":
        return Response(404, b"There is no recording here.", {"Content-Type": "text/plain; charset=utf-8"})
    if request.method not in ("GET", "HEAD"):
        return Response(405, b"", {"Allow": "GET, HEAD"})
    sound = wav(call)
    headers = {"Content-Type": "audio/wav", "Accept-Ranges": "bytes", "Cache-Control": "no-store"}
    if not request.range:
        return Response(200, sound, headers)
    part = _part(request.range, len(sound))
    if part is None:
        return Response(416, b"", headers | {"Content-Range": f"bytes */{len(sound)}"})
    first, last = part
    return Response(206, sound[first : last + 1], headers | {"Content-Range": f"bytes {first}-{last}/{len(sound)}"})


def wav(call: Call) -> bytes:
    """The whole file: the turns at speaking speed, the rest of the call as silence between them."""
    length = min((call.ended_at or 0) - (call.started_at or 0), LONGEST)
    spoken = [
        (message["role"], message["content"], conversations.speaking_seconds(message["content"]))
        for message in call.messages
    ]
    pause = max(0.1, (length - sum(seconds for *_, seconds in spoken)) / (len(spoken) + 1))
    samples = bytearray()
    for role, text, seconds in spoken:
        samples += _silence(pause)
        speech = _speech(role, text)[: int(seconds * RATE)]
        samples += speech + _silence(seconds - len(speech) / RATE)
    samples = samples[: int(length * RATE)] + _silence(length - len(samples) / RATE)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        sound.writeframes(bytes(samples))
    return file.getvalue()


def _speech(role: str, text: str) -> bytes:
    voice = "assistant" if role == "assistant" else "user"
    rng, sounds = random_source.rng_for("sound", text), []
    for word, mark in re.findall(r"(\w+)|([ ,.?!])", text):
        if mark:
            sounds.append(_silence(PAUSES[mark]))
        for _ in range(-(-len(word) // 3)):
            sounds.append(_syllable(voice, rng.choice(PITCHES[voice]), rng.choice((0.11, 0.14, 0.17))))
    return b"".join(sounds)


@cache
def _syllable(voice: str, pitch: int, seconds: float) -> bytes:
    """A tone with overtones that swells and fades; there are thirty different ones, so they are cached."""
    count, overtones = int(seconds * RATE), (1, 0.6, 0.35, 0.2) if voice == "assistant" else (1, 0.3, 0.5, 0.1)
    samples = bytearray()
    for index in range(count):
        swell = math.sin(math.pi * index / count) ** 0.6
        amplitude = sum(
            volume * math.sin(2 * math.pi * pitch * (n + 1) * index / RATE) for n, volume in enumerate(overtones)
        ) / sum(overtones)
        samples.append(round(128 + 90 * swell * amplitude))
    return bytes(samples)


def _silence(seconds: float) -> bytes:
    return QUIET * max(0, int(seconds * RATE))


def _part(wanted: str, size: int) -> tuple[int, int] | None:
    """First and last byte of `bytes=…`; one part only, None where it cannot be served."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if not found or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    begins = int(first) if first else max(0, size - int(last))
    ends = min(int(last), size - 1) if first and last else size - 1
    return (begins, ends) if begins <= ends < size else None


def _token(state: State, call: Call) -> str:
    return random_source.token_for(40, state.seed, "recording", call.id)
