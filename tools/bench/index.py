"""Indexing 1,000 mixed documents with real embeddings, a second run over them, and `kill -9` in the middle.

Documents are made from sentences of the samples in all five formats, 1 to 2.5 kB of text each, no two alike.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from killah import paths
from killah.persona import personas
from killah.persona.embedding import Embedder
from killah.persona.indexing import index
from killah.persona.parsing import Parser
from killah.persona.scanning import scan
from killah.persona.sentences import sentences
from killah.persona.store import Store
from tools.documents import FORMATS, write_document

PERSONA = "bench"
_SMALLEST, _LARGEST = 1_000, 2_500  # characters of text


def run(documents: int = 1_000, kills: int = 20) -> dict[str, float | int | str]:
    """Every figure, by name. Takes minutes: embedding is real."""
    with TemporaryDirectory() as home:
        os.environ["KILLAH_HOME"] = str(Path(home, "home"))
        corpus = Corpus(Path(home, "documents"))
        corpus.grow(documents)
        figures = speed(corpus.folder)
        figures |= kill_loop(Path(home), kills)
    return figures


class Corpus:
    """A folder of documents that can grow; the same documents for the same seed."""

    def __init__(self, folder: Path, seed: int = 7) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._random = random.Random(seed)
        self._sentences = _sample_sentences()
        self._count = 0

    def grow(self, documents: int) -> None:
        """Add so many documents, the formats in turn."""
        for number in range(self._count, self._count + documents):
            ending = list(FORMATS)[number % len(FORMATS)]
            write_document(self.folder / f"{number:04}.{ending}", f"Piece {number}", self._paragraphs())
        self._count += documents

    def _paragraphs(self) -> list[str]:
        paragraphs: list[str] = []
        wanted = self._random.randint(_SMALLEST, _LARGEST)
        while sum(map(len, paragraphs)) < wanted:
            paragraphs.append(" ".join(self._random.choices(self._sentences, k=self._random.randint(2, 6))))
        return paragraphs


def _sample_sentences() -> list[str]:
    with Parser() as parser:
        read = [
            parser.read(file.path, file.format) for file in scan([paths.shipped("samples")]).files.values()
        ]
    return [
        sentence
        for document in read
        if document
        for chunk in document.chunks
        for paragraph in chunk.split("\n\n")
        for sentence in sentences(paragraph)
        if 30 < len(sentence) < 300 and "\n" not in sentence
    ]


def speed(folder: Path) -> dict[str, float | int | str]:
    """First run and second run, in this process and as the command."""
    embedder = Embedder("all-MiniLM-L6-v2")
    started = time.perf_counter()
    embedder.encode(["Loading is not indexing."])
    loading = time.perf_counter() - started
    first = index([folder], PERSONA, embedder)
    second = index([folder], PERSONA, embedder)
    started = time.perf_counter()
    whole = _command(folder).wait()
    process_seconds = time.perf_counter() - started
    assert (whole, second.read, second.unchanged) == (0, 0, first.read)
    return {
        "documents": first.read,
        "documents_skipped": len(first.skipped),
        "megabytes": round(first.bytes / 1e6, 2),
        "words": first.words,
        "passages": first.passages,
        "index_seconds": round(first.seconds, 2),
        "documents_per_second": round(first.read / first.seconds, 2),
        "megabytes_per_second": round(first.bytes / 1e6 / first.seconds, 4),
        "passages_per_second": round(first.passages / first.seconds, 2),
        "reading_seconds": round(first.reading_seconds, 2),
        "embedding_seconds": round(first.embedding_seconds, 2),
        "storing_seconds": round(first.storing_seconds, 2),
        "loading_the_embedder_seconds": round(loading, 2),
        "second_run_seconds": round(second.seconds, 3),
        "second_run_as_a_command_seconds": round(process_seconds, 2),
        "load_average": round(os.getloadavg()[0], 1),
        "processor_cores": os.cpu_count() or 0,
    }


def kill_loop(home: Path, kills: int) -> dict[str, float | int | str]:
    """`kill -9` at a random moment of a run over a folder that has grown; a run to the end; a check."""
    os.environ["KILLAH_HOME"] = str(home / "killed")
    corpus = Corpus(home / "growing", seed=11)
    chance = random.Random(3)
    tally = Counter[str]()
    durations: list[float] = []
    while tally["kills"] < kills:
        corpus.grow(25)
        known = _stored()[1]
        if durations and not _killed(corpus.folder, chance.uniform(0.3, 1.0) * median(durations)):
            continue  # done before its time was up: not a kill
        sound, after = _stored()
        started = time.perf_counter()
        code = _command(corpus.folder).wait()
        if not durations:  # the first run only measures how long one takes
            durations.append(time.perf_counter() - started)
            continue
        durations.append(time.perf_counter() - started)
        tally["kills"] += 1
        tally["kills_with_sound_store"] += sound
        tally["kills_with_part_stored"] += known < after
        sound, stored = _stored()
        tally["completed_after_kill"] += sound and code == 0 and stored == _all_there(corpus.folder)
    names = ("kills", "kills_with_part_stored", "kills_with_sound_store", "completed_after_kill")
    counts: dict[str, float | int | str] = {name: tally[name] for name in names}
    return counts | {"kill_run_seconds_median": round(median(durations), 1)}


def _command(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "killah", "index", str(folder), "--yes", "--persona", PERSONA, "--json"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def _killed(folder: Path, delay: float) -> bool:
    """Whether a run was still going after `delay` seconds, when it was killed."""
    process = _command(folder)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() != 0


def _stored() -> tuple[bool, int]:
    """Whether the store is sound, and how much is in it: documents and passages, entered or not yet."""
    path = personas.path_of(PERSONA)
    if not path.is_file() or not path.stat().st_size:
        return True, 0
    with Store.create(path) as store:
        count = store.rows("SELECT (SELECT count(*) FROM documents) + (SELECT count(*) FROM chunks)")[0][0]
        return store.integrity() == "ok", count


def _all_there(folder: Path) -> int:
    """What a complete store holds: every document, every passage it should have, and nothing else."""
    with Parser() as parser:
        read = [parser.read(file.path, file.format) for file in scan([folder]).files.values()]
    return len(read) + len({chunk for document in read if document for chunk in document.chunks})


if __name__ == "__main__":
    print(json.dumps(run(*map(int, sys.argv[1:])), indent=2))
