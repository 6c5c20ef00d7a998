"""A folder of broken and hostile documents with healthy ones among them, read one by one and then indexed.

For each: seconds by the clock, the worker's peak memory, and what came of it. The goal: none takes more than
10 seconds or 1 GB, none stops the run, each is named in its report, and all the healthy ones are read.
"""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from killah.persona import personas
from killah.persona.embedding import Embedder
from killah.persona.indexing import index
from killah.persona.parsing import Parser
from killah.persona.readers import Unreadable
from killah.persona.scanning import printable, scan
from killah.persona.store import Store
from tools.documents import FORMATS, write_document
from tools.home import temporary
from tools.hostile.documents import write_hostile

PERSONA = "hostile"
_LOOK = 0.005  # seconds between two looks at the worker's memory
_PARAGRAPHS = [
    "The fishing boats came in at dawn, heavy with herring, and nobody on the quay spoke of the night."
] * 3


@dataclass(frozen=True)
class Outcome:
    """What reading one document cost and gave."""

    seconds: float
    megabytes: float
    said: str

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.megabytes:.0f} MB: {self.said}"


def run() -> dict[str, float | int | str]:
    """Every figure, by name; one line for each document."""
    with temporary() as place:
        folder = place / "documents"
        folder.mkdir()
        hostile = write_hostile(folder)
        healthy = [folder / f"{place}-healthy.{name}" for name in FORMATS for place in ("0", "m", "z")]
        for path in healthy:
            write_document(path, path.name, _PARAGRAPHS)
        outcomes = {path: read_alone(path, format) for path, format in _readable(folder)}
        return _summary(outcomes, healthy) | indexed(folder, hostile, healthy) | _lines(outcomes, healthy)


def _readable(folder: Path) -> list[tuple[str, str]]:
    return [(file.path, file.format) for file in scan([folder]).files.values()]


def read_alone(path: str, format: str) -> Outcome:
    """Read one document with a worker of its own; the time is the reading's, without the worker's start."""
    with Parser() as parser, _Watch(parser) as watch:
        parser.read(str(Path(__file__)), "txt")  # starts the worker
        started = time.monotonic()
        try:
            document = parser.read(path, format)
            said = f"read, {document.words:,} words" if document else ""
        except Unreadable as problem:
            said = str(problem)
        return Outcome(time.monotonic() - started, watch.peak / 1e6, said)


class _Watch:
    """Follows the memory of a parser's worker from another thread."""

    def __init__(self, parser: Parser) -> None:
        self.peak = 0  # bytes
        self._parser = parser
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(_LOOK):
            if pid := self._parser.worker_pid:
                try:
                    self.peak = max(self.peak, psutil.Process(pid).memory_info().rss)
                except psutil.Error:  # it has just ended
                    continue


def indexed(folder: Path, hostile: list[Path], healthy: list[Path]) -> dict[str, float | int | str]:
    """Index the whole folder as a user does, and say what its report and the store know of it."""
    report = index([folder], PERSONA, Embedder("all-MiniLM-L6-v2"))
    skipped = {each.path for each in report.skipped}
    with Store.open(personas.path_of(PERSONA)) as store:
        stored = {path for path, entry in store.entries().items() if not entry.problem}
        sound = store.integrity()
    return {
        "index_seconds": round(report.seconds, 1),
        "index_read": report.read,
        "index_skipped": len(report.skipped),
        "hostile_neither_named_nor_read": sum(str(path) not in skipped | stored for path in hostile),
        "healthy_read": sum(str(path) in stored for path in healthy),
        "store": sound,
        "load_average": round(os.getloadavg()[0], 1),
    }


def _summary(outcomes: dict[str, Outcome], healthy: list[Path]) -> dict[str, float | int | str]:
    costs = [outcome for path, outcome in outcomes.items() if Path(path) not in healthy]
    return {
        "documents": len(outcomes),
        "hostile_documents_opened": len(costs),
        "healthy_documents": len(healthy),
        "slowest_seconds": round(max(cost.seconds for cost in costs), 2),
        "largest_megabytes": round(max(cost.megabytes for cost in costs)),
        "slower_than_10_seconds": sum(cost.seconds > 10 for cost in costs),
        "larger_than_1_gb": sum(cost.megabytes > 1_000 for cost in costs),
    }


def _lines(outcomes: dict[str, Outcome], healthy: list[Path]) -> dict[str, float | int | str]:
    ordered = sorted(outcomes.items(), key=lambda item: (Path(item[0]).suffix, -item[1].seconds))
    names = {path: printable(Path(path).name) for path, _ in ordered}
    return {names[path]: str(outcome) for path, outcome in ordered if Path(path) not in healthy}
