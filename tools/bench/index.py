"""Indexing 1,000 mixed documents with real embeddings and a second run over them; then kills (`kills.py`).

Documents are words of the samples in an order of chance, in all formats, no two alike. For more documents, or
smaller ones: python -m tools.bench.index --documents 10000 --characters 300 --kills 0
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from killah import paths
from killah.persona.embedding import Embedder
from killah.persona.indexing import index
from killah.persona.parsing import Parser
from killah.persona.scanning import scan
from killah.persona.sentences import words
from tools.bench.kills import run as run_kills
from tools.documents import FORMATS, write_document
from tools.home import temporary

PERSONA = "bench"
CHARACTERS = 1_750  # of text, in the middle

Figures = dict[str, float | int | str]


def run(documents: int = 1_000, kills: int = 50, characters: int = CHARACTERS) -> Figures:
    """Every figure, by name. Takes minutes: embedding is real."""
    with temporary() as place:
        folder = place / "documents"
        write_corpus(folder, documents, characters)
        figures = speed(folder)
    return figures | (run_kills(kills) if kills else {})


def write_corpus(folder: Path, documents: int, characters: int) -> None:
    """A folder of documents, the formats in turn; the same for the same numbers."""
    folder.mkdir(parents=True)
    chance = random.Random(7)
    known = _sample_words()
    for number in range(documents):
        ending = list(FORMATS)[number % len(FORMATS)]
        wanted = chance.randint(characters * 4 // 7, characters * 10 // 7)
        paragraphs: list[str] = []
        while sum(map(len, paragraphs)) < wanted:
            sentences = (_sentence(known, chance) for _ in range(chance.randint(1, 5)))
            paragraphs.append(" ".join(sentences))
        write_document(folder / f"{number:05}.{ending}", f"Piece {number}", paragraphs)


def _sentence(known: list[str], chance: random.Random) -> str:
    return " ".join(chance.choices(known, k=chance.randint(6, 24))).capitalize() + "."


def _sample_words() -> list[str]:
    """Every word of the samples as often as it stands there."""
    with Parser() as parser:
        files = scan([paths.shipped("samples")]).files.values()
        read = [parser.read(file.path, file.format) for file in files]
    return [word for document in read if document for chunk in document.chunks for word in words(chunk)]


def speed(folder: Path) -> Figures:
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


def _command(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "killah", "index", str(folder), "--yes", "--persona", PERSONA, "--json"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print every figure as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000)
    parser.add_argument("--characters", type=int, default=CHARACTERS, help="of a document, in the middle")
    parser.add_argument("--kills", type=int, default=50, help="of indexing, forgetting and upgrading each")
    options = parser.parse_args()
    print(json.dumps(run(options.documents, options.kills, options.characters), indent=2))


if __name__ == "__main__":
    main()
