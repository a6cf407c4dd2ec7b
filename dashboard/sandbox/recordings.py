"""Recordings: a sound file for each call that was talked in, made when somebody asks for it.

Two voices of syllables follow what was said, turn by turn, for as long as the call was: nothing to understand, enough
to hear who speaks when. The same call always sounds the same. WAV, 8,000 samples a second of one byte.
"""

import io
import math
import re
import wave
from functools import cache

from . import chance, conversations
from .exchange import Answer, Request
from .records import Call, World

PATH = "/recordings/"
RATE = 8000
LONGEST = 900  # seconds
PITCHES = {"assistant": (190, 205, 220, 235, 250), "user": (105, 115, 125, 135, 150)}
QUIET = b"\x80"
BETWEEN = {" ": 0.05, ",": 0.18, ".": 0.3, "?": 0.3, "!": 0.3}  # seconds of silence


def address(world: World, call: Call) -> str | None:
    """Where the call can be heard, once it is reported; None where nothing was recorded (§13)."""
    heard = call.reported and call.started_at is not None and bool(call.messages)
    if not heard or not world.switches.recordings:
        return None
    return f"{world.address}{PATH}{call.id}/{_token(world, call)}.wav"


def answer(world: World, request: Request) -> Answer:
    """The file, or the part of it that a player asks for; without a key, as the address itself is the secret."""
    call = world.calls.get(request.path.removeprefix(PATH).partition("/")[0])
    if call is None or address(world, call) != f"{world.address}{request.path}":
        return Answer(404, b"There is no recording here.", {"Content-Type": "text/plain; charset=utf-8"})
    if request.method not in ("GET", "HEAD"):
        return Answer(405, b"", {"Allow": "GET, HEAD"})
    sound = of(call)
    headers = {"Content-Type": "audio/wav", "Accept-Ranges": "bytes", "Cache-Control": "no-store"}
    if not request.range:
        return Answer(200, sound, headers)
    part = _part(request.range, len(sound))
    if part is None:
        return Answer(416, b"", headers | {"Content-Range": f"bytes */{len(sound)}"})
    first, last = part
    return Answer(206, sound[first : last + 1], headers | {"Content-Range": f"bytes {first}-{last}/{len(sound)}"})


def of(call: Call) -> bytes:
    """The whole file: what is said takes its time, and what is left of the call is silence in between."""
    length = min((call.ended_at or 0) - (call.started_at or 0), LONGEST)
    spoken = [(one["role"], one["content"], conversations.speaking_seconds(one["content"])) for one in call.messages]
    pause = max(0.1, (length - sum(seconds for *_, seconds in spoken)) / (len(spoken) + 1))
    samples = bytearray()
    for role, text, seconds in spoken:
        samples += _silence(pause)
        said = _said(role, text)[: int(seconds * RATE)]
        samples += said + _silence(seconds - len(said) / RATE)
    samples = samples[: int(length * RATE)] + _silence(length - len(samples) / RATE)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        sound.writeframes(bytes(samples))
    return file.getvalue()


def _said(role: str, text: str) -> bytes:
    voice = "assistant" if role == "assistant" else "user"
    luck, sounds = chance.about("sound", text), []
    for word, mark in re.findall(r"(\w+)|([ ,.?!])", text):
        if mark:
            sounds.append(_silence(BETWEEN[mark]))
        for _ in range(-(-len(word) // 3)):
            sounds.append(_syllable(voice, luck.choice(PITCHES[voice]), luck.choice((0.11, 0.14, 0.17))))
    return b"".join(sounds)


@cache
def _syllable(voice: str, pitch: int, seconds: float) -> bytes:
    """A tone with overtones that swells and fades; thirty of them are all that is ever computed."""
    count, overtones = int(seconds * RATE), (1, 0.6, 0.35, 0.2) if voice == "assistant" else (1, 0.3, 0.5, 0.1)
    made = bytearray()
    for at in range(count):
        swell = math.sin(math.pi * at / count) ** 0.6
        wave_of = sum(
            loud * math.sin(2 * math.pi * pitch * (n + 1) * at / RATE) for n, loud in enumerate(overtones)
        ) / sum(overtones)
        made.append(round(128 + 90 * swell * wave_of))
    return bytes(made)


def _silence(seconds: float) -> bytes:
    return QUIET * max(0, int(seconds * RATE))


def _part(wanted: str, size: int) -> tuple[int, int] | None:
    """First and last byte of `bytes=…`; one part only, None where it cannot be had."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if not found or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    begins = int(first) if first else max(0, size - int(last))
    ends = min(int(last), size - 1) if first and last else size - 1
    return (begins, ends) if begins <= ends < size else None


def _token(world: World, call: Call) -> str:
    return chance.token_of(40, world.seed, "recording", call.id)
