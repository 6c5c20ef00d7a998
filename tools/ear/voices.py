"""Synthetic voices: espeak-ng, flite and festival as processes, and which of them are never trained on."""

import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from killah.audio import RATE

_VARIANTS = """
m1 m2 m3 m4 m5 m7 m8 f1 f2 f3 f5 Adam Alex Alicia Andrea Andy Annie aunty belinda benjamin boris
caleb david Denis Diogo ed edward Gene gustave Henrique Hugo iven Jacky john kaukovalta Lee marcelo
max Michael michel Mike miguel Nguyen pablo paul pedro quincy rob robert sandro shelby steph travis
victor Zac klatt klatt2 klatt4 grandpa grandma
""".split()
_UNHEARD_VARIANTS = "m6 f4 linda Mario anika norbert".split()
_OTHERS = [("flite", "kal16"), ("flite", "awb"), ("flite", "slt"), ("festival", "cmu_us_slt_arctic_hts")]
_UNHEARD_OTHERS = [("festival", "ked_diphone"), ("flite", "rms")]
_ENGLISH = "en-us en-us en-us en-gb en-gb-x-rp en-gb-scotland en-029 en-gb-x-gbclan en-gb-x-gbcwmd".split()


@dataclass(frozen=True)
class Voice:
    """A synthesiser, its voice and the variant of it; `speed` in words a minute and `pitch` for espeak-ng."""

    program: str
    name: str
    variant: str = ""
    speed: int = 165
    pitch: int = 50

    @property
    def label(self) -> str:
        """As a speaker's name."""
        return "-".join(filter(None, (self.program, self.name, self.variant)))


def draw(language: str, dice: random.Random, *, unheard: bool = False) -> Voice:
    """A voice at random; `unheard` ones are kept for measuring."""
    if language == "en" and dice.random() < 0.4:
        return Voice(*dice.choice(_UNHEARD_OTHERS if unheard else _OTHERS))
    if language == "ru" and unheard and dice.random() < 0.5:
        return Voice("festival", "msu_ru_nsh_clunits")
    variant = dice.choice(_UNHEARD_VARIANTS if unheard else _VARIANTS)
    name = "ru" if language == "ru" else dice.choice(_ENGLISH)
    return Voice("espeak", name, variant, round(dice.gauss(165, 25)), round(dice.gauss(50, 15)))


def say(text: str, voice: Voice) -> np.ndarray:
    """`text` spoken, (samples,) float32 at 16 kHz, silence at both ends cut to a tenth of a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        _SPEAK[voice.program](text, voice, path)
        found, rate = soundfile.read(path, dtype="float32")
    return _trimmed(soxr.resample(found, rate, RATE) if rate != RATE else found)


def _espeak(text: str, voice: Voice, path: Path) -> None:
    name = f"{voice.name}+{voice.variant}" if voice.variant else voice.name
    speed, pitch = min(max(voice.speed, 110), 240), min(max(voice.pitch, 10), 90)
    _run(["espeak-ng", "-v", name, "-s", str(speed), "-p", str(pitch), "-w", str(path), "--", text])


def _flite(text: str, voice: Voice, path: Path) -> None:
    _run(["flite", "-voice", voice.name, "-t", text, "-o", str(path)])


def _festival(text: str, voice: Voice, path: Path) -> None:
    _run(["text2wave", "-eval", f"(voice_{voice.name})", "-o", str(path)], text.encode())


_SPEAK = {"espeak": _espeak, "flite": _flite, "festival": _festival}


def _run(command: list[str], given: bytes | None = None) -> None:
    subprocess.run(command, input=given, capture_output=True, check=True, timeout=120)


def _trimmed(samples: np.ndarray) -> np.ndarray:
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    if not len(loud):
        return samples[:0]
    edge = RATE // 10
    return samples[max(0, loud[0] - edge) : loud[-1] + edge]
