"""Live dictation through a virtual microphone: latency of words, cost, accuracy beside the whole file's.

    live      real recordings are played into the microphone and heard by the product's loop
    hour      an hour of speech and pauses goes through the same loop from memory, as fast as it can
    phantom   ten minutes each of silence, noises, key clicks and tones: how many words are written

A word's partial latency is from the end of its sound to when it was first shown as it stayed, its final
latency to when it was final. Needs PulseAudio and the recordings in .data/speech. KILLAH_EAR names another
encoder than ear-nano, KILLAH_HEARING another way to hear than the one that measured best.
"""

import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import psutil

from killah.audio import RATE
from killah.audio.capture.microphone import Microphone
from killah.audio.dictation.language import understand
from killah.audio.dictation.live import Dictation, Event, Final, Partial
from killah.audio.recordings import files
from killah.config import Settings
from killah.engine import Engine
from killah.engine.hearing.ear import Ear
from killah.metrics.word_errors import word_error_rate
from tools.virtual_microphone import VirtualMicrophone

SPEECH = Path(".data/speech")
DATASET, CLIPS = "kathleen", 40
PAUSE = 1.2  # seconds between clips
HOUR, MINUTES = 3600, 10

Timed = list[tuple[float, Event]]  # when each event was told, in seconds of the stream's clock


def run() -> dict[str, float | int | str]:
    """Latencies in seconds, real-time factor, word error rates, memory in MB, phantom words."""
    given = {"encoder": os.environ.get("KILLAH_EAR"), "hearing": os.environ.get("KILLAH_HEARING")}
    settings = Settings.model_validate({key: value for key, value in given.items() if value})
    with Engine(settings) as engine:
        ear = engine.ear()
        ear.settle(np.zeros(RATE, np.float32))
        return {"way": ear.way} | live(ear) | hour(ear) | phantom(ear)


def live(ear: Ear) -> dict[str, float | int | str]:
    """Recordings through the microphone."""
    clips = recordings(CLIPS)
    heard: list[str] = []
    partial: list[float] = []
    final: list[float] = []
    cost = seconds = 0.0
    with tempfile.TemporaryDirectory(prefix="killah-") as folder:
        server = VirtualMicrophone(Path(folder))
        os.environ.update(server.env)
        try:
            with Microphone() as microphone:
                for samples, _ in clips:
                    began = time.process_time()
                    events, length = played(ear, microphone, server, samples)
                    cost += time.process_time() - began
                    seconds += length
                    heard.append(words(event for _, event in events))
                    partial += latencies(events, Partial)
                    final += latencies(events, Final)
        finally:
            server.kill_server()
    texts = [text for _, text in clips]
    whole = [" ".join(word.text for word in ear.settle(samples)) for samples, _ in clips]
    streamed, offline = word_error_rate(texts, heard), word_error_rate(texts, whole)
    return {
        "clips": len(clips),
        "words_shown": len(partial),
        **{f"partial_p{q}_s": float(np.percentile(partial, q)) for q in (50, 95)},
        **{f"final_p{q}_s": float(np.percentile(final, q)) for q in (50, 95)},
        "real_time_factor": cost / seconds,
        "streaming_wer": streamed.value,
        "offline_wer": offline.value,
        "streaming_less_offline_points": 100 * (streamed.value - offline.value),
    }


def played(
    ear: Ear, microphone: Microphone, server: VirtualMicrophone, samples: np.ndarray
) -> tuple[Timed, float]:
    """Events of one recording that is played now, and how many seconds were heard."""
    dictation = Dictation(ear, understand)
    microphone.read(0)
    playing = server.play(np.concatenate([samples, np.zeros(round(PAUSE * RATE), np.float32)]))
    events: Timed = []
    began: float | None = None  # when the stream's first sample was said
    taken = 0
    while playing.poll() is None:
        block = microphone.read(0.1)
        now = time.monotonic()
        taken += len(block)
        began = min(now - taken / RATE, began or now)
        found = dictation.feed(block)
        events += [(time.monotonic() - began, event) for event in found]
    found = dictation.finish()
    assert began is not None
    return events + [(time.monotonic() - began, event) for event in found], taken / RATE


def latencies(events: Timed, kind: type[Partial] | type[Final]) -> list[float]:
    """For each final word that was first shown by such an event: seconds since its sound ended."""
    shown: dict[tuple[str, int], float] = {}
    final = [word for _, event in events if isinstance(event, Final) for word in event.words]
    for at, event in events:
        if isinstance(event, kind):
            for word in event.words:
                for place, other in enumerate(final):
                    if word.text == other.text and abs(word.start - other.start) < 0.3:
                        shown.setdefault((other.text, place), at - other.end)
    return list(shown.values())


def words(events: Iterable[Event]) -> str:
    """The final words, in one line."""
    return " ".join(word.text for event in events if isinstance(event, Final) for word in event.words)


def hour(ear: Ear) -> dict[str, float | int | str]:
    """An hour of it: memory after five minutes and at the end, and the time it takes."""
    process, early = psutil.Process(), 0.0
    dictation, done, began = Dictation(ear, understand), 0.0, time.monotonic()
    for block in talk(HOUR):
        dictation.feed(block)
        done += len(block) / RATE
        if not early and done > HOUR / 12:
            early = process.memory_info().rss / 1e6
    dictation.finish()
    return {
        "hour_memory_after_5_minutes_mb": early,
        "hour_memory_at_the_end_mb": process.memory_info().rss / 1e6,
        "hour_peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        "hour_times_real_time": done / (time.monotonic() - began),
    }


def talk(seconds: float) -> Iterator[np.ndarray]:
    """Recordings with pauses between them, in blocks of half a second."""
    clips, done = [samples for samples, _ in recordings(CLIPS)], 0.0
    while done < seconds:
        for samples in clips:
            whole = np.concatenate([samples, np.zeros(round(PAUSE * RATE), np.float32)])
            done += len(whole) / RATE
            yield from (whole[start : start + RATE // 2] for start in range(0, len(whole), RATE // 2))


def phantom(ear: Ear) -> dict[str, float | int | str]:
    """Words that are written where nobody speaks."""
    counts: dict[str, float | int | str] = {}
    for name, sound in noises().items():
        dictation = Dictation(ear, understand)
        events: list[Event] = []
        for start in range(0, len(sound), RATE // 2):
            events += dictation.feed(sound[start : start + RATE // 2])
        counts[f"phantom_words_{name}"] = len(words(events + dictation.finish()).split())
    return counts


def noises() -> dict[str, np.ndarray]:
    """Ten minutes of each, (samples,) float32."""
    chance = np.random.default_rng(0)
    count = MINUTES * 60 * RATE
    white = chance.normal(0, 1, count)
    spectrum, frequency = np.fft.rfft(white), np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20)
    clicks = np.zeros(count)
    for place in np.cumsum(chance.exponential(0.18 * RATE, int(MINUTES * 60 / 0.18))).astype(int):
        length = min(400, max(0, count - place))
        clicks[place : place + length] += chance.normal(0, 1, length) * np.exp(-np.arange(length) / 60)
    notes = 220 * 2 ** (np.repeat(chance.integers(0, 25, MINUTES * 60 * 3), RATE // 3)[:count] / 12)
    phase = 2 * np.pi * np.cumsum(np.resize(notes, count)) / RATE
    found = {
        "white": white,
        "pink": np.fft.irfft(spectrum / np.sqrt(frequency), count),
        "brown": np.fft.irfft(spectrum / frequency, count),
        "clicks": clicks,
        "tones": np.sin(phase) + np.sin(2 * phase) / 2 + np.sin(3 * phase) / 4,
    }
    loud = {name: (0.1 * each / np.sqrt((each**2).mean())).astype(np.float32) for name, each in found.items()}
    return {"silence": np.zeros(count, np.float32)} | loud


def recordings(count: int) -> list[tuple[np.ndarray, str]]:
    """Samples and text of test clips, the same each time."""
    rows = map(json.loads, (SPEECH / "manifest.jsonl").read_text("utf-8").splitlines())
    test = [row for row in rows if row["dataset"] == DATASET and row["split"] == "test"]
    return [
        (files.read(SPEECH / row["audio"]), row["text"])
        for row in random.Random(0).sample(test, min(count, len(test)))
    ]
