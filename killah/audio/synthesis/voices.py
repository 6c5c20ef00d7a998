"""The program that speaks on this machine: macOS `say`, elsewhere espeak-ng. Text goes in by stdin, for a
command line can be read by everybody on the machine.
"""

import re
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from killah.errors import KillahError

# Languages written in Cyrillic letters, by their codes.
CYRILLIC = frozenset("ab ba be bg ce cv kk ky mk mn os ru sah sr tg tt udm uk".split())
_CYRILLIC_LETTER = re.compile(r"[\u0400-\u04ff]")
_LATIN_LETTER = re.compile(r"[a-zA-Z\u00c0-\u024f]")
# Both programs take what stands between double brackets for commands or sounds.
_BRACKETS = re.compile(r"\[(?=\[)|\](?=\])")


@dataclass(frozen=True)
class Voice:
    """A voice by the name its program knows it by, and the code of its language."""

    name: str
    language: str


USUAL = 175  # words a minute, where the program's own rate is not known
SLOWEST, FASTEST, LOUDEST = 80, 450, 2.0
CHANGES = {"faster": (1.25, 1.0), "slower": (0.8, 1.0), "louder": (1.0, 1.4), "quieter": (1.0, 1 / 1.4)}


@dataclass(frozen=True)
class Manner:
    """How to speak: words a minute, none for the program's own; volume from 0 to 2, 1 is its own."""

    rate: int | None = None
    volume: float = 1.0

    def changed(self, request: str) -> "Manner":
        """A step of `CHANGES`: faster, slower, louder or quieter."""
        faster, louder = CHANGES[request]
        rate = self.rate if faster == 1 else round((self.rate or USUAL) * faster)
        return Manner(rate and max(SLOWEST, min(rate, FASTEST)), min(self.volume * louder, LOUDEST))


class Program(ABC):
    """A program that speaks what it reads from stdin."""

    @cached_property
    @abstractmethod
    def voices(self) -> list[Voice]:
        """All installed voices, in order of language."""

    @abstractmethod
    def command(self, voice: str | None, manner: Manner, wav: Path | None = None) -> list[str]:
        """The command that speaks; with `wav`, into a 16-bit wave file."""

    def script(self, sentence: str, manner: Manner) -> str:  # noqa: ARG002 - `say` is told the volume in its text
        """What the program is to read for `sentence`."""
        return _BRACKETS.sub(r"\g<0> ", sentence)

    @abstractmethod
    def usual(self, language: str) -> str | None:
        """The voice for `en` or `ru` that nobody chose; none for the program's own."""

    def voice(self, name: str) -> Voice:
        """The voice of that name. Raises `KillahError` where there is none."""
        found = next((voice for voice in self.voices if voice.name.lower() == name.lower()), None)
        if found is None:
            raise KillahError(f"There is no voice {name!r}.", "See `killah speak --voices`.")
        return found

    def voice_for(self, sentence: str, chosen: Voice | None = None) -> str | None:
        """The chosen voice where its language is written in the letters of `sentence`, else the usual one."""
        language = language_of(sentence)
        if chosen and (chosen.language in CYRILLIC) == (language == "ru"):
            return chosen.name
        return self.usual(language)


class Say(Program):
    """macOS. Its rate is in words a minute; its volume is a command in the text and ends at its own."""

    @cached_property
    def voices(self) -> list[Voice]:
        """As `say -v '?'` lists them: name, locale, an example."""
        lines = _output(["say", "-v", "?"]).splitlines()
        found = [re.match(r"(.+?)\s+([a-z]{2,3})[_-]\w+\s+#", line) for line in lines]
        return sorted((Voice(m[1], m[2]) for m in found if m), key=lambda voice: voice.language)

    def command(self, voice: str | None, manner: Manner, wav: Path | None = None) -> list[str]:
        """See man say."""
        file = ["-o", str(wav), "--file-format=WAVE", "--data-format=LEI16@22050"] if wav else []
        name = ["-v", voice] if voice else []
        rate = ["-r", str(manner.rate)] if manner.rate else []
        return ["say", *name, *rate, *file, "-f", "-"]

    def script(self, sentence: str, manner: Manner) -> str:
        """The sentence after its volume."""
        plain = super().script(sentence, manner)
        return plain if manner.volume >= 1 else f"[[volm {manner.volume:.2f}]] {plain}"

    def usual(self, language: str) -> str | None:
        """The voice of the system settings, but a Russian one for Russian."""
        if language == "en":
            return None
        return next((voice.name for voice in self.voices if voice.language == language), None)


class Espeak(Program):
    """espeak-ng. A voice is named by its language, en-gb or ru; it plays by PulseAudio or ALSA itself."""

    @cached_property
    def voices(self) -> list[Voice]:
        """As `espeak-ng --voices` lists them, but for those that need MBROLA."""
        rows = [line.split() for line in _output(["espeak-ng", "--voices"]).splitlines()[1:]]
        names = sorted({row[1] for row in rows if len(row) > 4 and not row[4].startswith("mb/")})
        return [Voice(name, name.split("-")[0]) for name in names]

    def command(self, voice: str | None, manner: Manner, wav: Path | None = None) -> list[str]:
        """See man espeak-ng."""
        file = ["-w", str(wav)] if wav else []
        name = ["-v", voice] if voice else []
        rate = ["-s", str(manner.rate)] if manner.rate else []
        return ["espeak-ng", "--stdin", "-b1", "-a", str(round(100 * manner.volume)), *name, *rate, *file]

    def usual(self, language: str) -> str | None:
        """American or Russian."""
        return {"en": "en-us"}.get(language, language)


def program() -> Program:
    """The speech program of this machine. Raises `KillahError` where none is installed."""
    if sys.platform == "darwin":
        return Say()
    if shutil.which("espeak-ng"):
        return Espeak()
    raise KillahError("There is no speech program.", "Install one: apt-get install espeak-ng.")


def language_of(text: str) -> str:
    """`ru` where more letters are Cyrillic than Latin, else `en`."""
    return "ru" if len(_CYRILLIC_LETTER.findall(text)) > len(_LATIN_LETTER.findall(text)) else "en"


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise KillahError(f"{command[0]} does not work: {error}.", "Try it in a shell.") from error
