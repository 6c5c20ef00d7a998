"""What ear-nano hears: real recordings by the manifest's splits, sentences of books in synthetic voices."""

import json
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import soundfile

from killah.audio import RATE
from killah.audio.commands import phrases
from killah.audio.commands.tables import Language
from tools.pretrain.corpus import books

from . import clips, voices
from .clips import Spoken
from .letters import spoken

REAL = ("so762", "kathleen", "fsdd", "wake", "misc")
LONGEST = 15.0  # seconds of a clip
WORDS = 3, 20  # of a sentence that is spoken
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZА-Я“\"‘])")
_MAYBE_SPOKEN_WRONG = re.compile(r"[\d_*—–()\[\]]|\b[A-ZА-Я]{2,}|\b(?:Mr|Mrs|Dr|St|etc|vs)\b")


def real(data: Path, split: str) -> Iterator[Spoken]:
    """Real English recordings with text of one split of the manifest."""
    for line in (data / "speech" / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["dataset"] not in REAL or row["split"] != split or row["lang"] != "en" or not row["text"]:
            continue
        try:
            text = spoken(row["text"])
        except ValueError:
            continue
        if row["seconds"] <= LONGEST:
            samples, rate = soundfile.read(data / "speech" / row["audio"], dtype="float32")
            assert rate == RATE, row["audio"]
            yield samples, text, row["speaker"]


def synthetic(
    data: Path, language: str, seconds: float, seed: int, *, unheard: bool = False
) -> Iterator[Spoken]:
    """`seconds` of sentences and phrases, each in a voice drawn at random."""
    dice = random.Random(f"{language} {seed} {unheard}")
    return _said(sentences(data, language, dice), language, seconds, dice, unheard=unheard)


def _said(
    said: Iterator[str], language: str, seconds: float, dice: random.Random, *, unheard: bool = False
) -> Iterator[Spoken]:
    total = 0.0
    while total < seconds:
        text = next(said)
        try:
            letters, voice = spoken(text), voices.draw(language, dice, unheard=unheard)
            samples = voices.say(text, voice)
        except (ValueError, subprocess.SubprocessError, soundfile.LibsndfileError):
            continue
        if 0.2 < len(samples) / RATE <= LONGEST and len(letters) < 20 * len(samples) / RATE:
            total += len(samples) / RATE
            yield samples, letters, voice.label


def commands(language: Language, seconds: float, seed: int) -> Iterator[Spoken]:
    """`seconds` of spoken commands, each in a voice drawn at random."""
    dice = random.Random(f"commands {language} {seed}")
    every = phrases(language)
    return _said(iter(lambda: dice.choice(every), ""), language, seconds, dice)


def sentences(data: Path, language: str, dice: random.Random) -> Iterator[str]:
    """Sentences of the books, now and then only a few words of one, for ever."""
    if language == "en":
        texts = [document.text for document in books(data)]
    else:
        texts = [path.read_text("utf-8") for path in sorted((data / "text-ru").rglob("*.txt"))]
    while True:
        text = dice.choice(texts)
        start = dice.randrange(max(1, len(text) - 4000))
        found = _SENTENCE.split(" ".join(text[start : start + 4000].split()))[1:-1]
        for sentence in dice.sample(found, min(3, len(found))):
            words = sentence.split()
            if dice.random() < 0.25:
                words = words[: dice.randint(1, 4)]
            elif not WORDS[0] <= len(words) <= WORDS[1]:
                continue
            if not _MAYBE_SPOKEN_WRONG.search(" ".join(words)):
                yield " ".join(words)


def write_shard(stem: Path, found: Iterator[Spoken]) -> None:
    """Write a shard once; say what it holds."""
    if stem.with_suffix(".jsonl").exists():
        return
    count = clips.write(stem, found)
    seconds = sum(clip.samples for clip in clips.listed(stem.parent, stem.name)) / RATE
    print(f"{stem.name}: {count} clips, {seconds / 3600:.2f} h", flush=True)
