"""An index run: what is new or changed is read, embedded and stored, what is gone is removed.

Reading (another process), embedding (this thread) and storing overlap. Every 64 new passages are one
transaction, and a document is entered once all its passages are there: a run that is killed loses at most
the passages in hand, and the next run finds the vectors of the others.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from killah.errors import KillahError
from killah.persona import personas
from killah.persona.embedding import Embedder
from killah.persona.parsing import Document, Limits, Unavailable, read_ahead
from killah.persona.readers import Unreadable, formats
from killah.persona.report import Progress, Report
from killah.persona.scanning import File, Found, Skipped, is_under, printable, scan
from killah.persona.store import Entry, Store, digest

BATCH = 64  # passages a transaction; a few seconds of embedding


def index(
    roots: Iterable[str | Path],
    persona: str,
    embedder: Embedder,
    *,
    exclude: Iterable[str] = (),
    limits: Limits | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Report:
    """Bring a persona up to date with everything under `roots`.

    Raises `KillahError` where nothing can be read, or the store not written.
    """
    started = time.perf_counter()
    found = scan(roots, exclude)
    if not found.files:
        raise KillahError(_nothing(found), f"Killah reads {', '.join(sorted(formats()))}.")
    path = personas.path_of(persona)
    with personas.lock(persona), Store.create(path) as store:
        report = Report(persona, skipped=found.skipped, other=found.other)
        run = _Run(store, embedder, report, on_progress)
        run.follow_embedder()
        run.read(run.changed(found), limits)
        run.remove_missing(found)
    report.seconds = time.perf_counter() - started
    return report


def _nothing(found: Found) -> str:
    """One sentence for a run with nothing to do, naming the first reasons."""
    reasons = list(map(str, found.skipped))
    reasons += [
        f"{printable(root)}: nothing to read in it"
        for root in found.roots
        if not any(is_under(each.path, [root]) for each in found.skipped)
    ]
    more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return f"Nothing was read: {'; '.join(reasons[:3])}{more}."


@dataclass
class _Pending:
    """A document read, its passages not all stored yet."""

    entry: Entry
    digests: list[bytes] | None


class _Run:
    """The state of one run."""

    def __init__(
        self, store: Store, embedder: Embedder, report: Report, on_progress: Callable[[Progress], None]
    ) -> None:
        self.store = store
        self.embedder = embedder
        self.report = report
        self.on_progress = on_progress
        self.total = self.done = 0  # documents to read, and those stored
        self._taken = 0  # read, stored or not
        self._entries = store.entries()
        self._pending: list[_Pending] = []
        self._texts: dict[bytes, str] = {}  # passages to embed

    def changed(self, found: Found) -> list[File]:
        """Files that are not as the store last saw them; the others are counted."""
        changed = []
        for file in found.files.values():
            entry = self._entries.get(file.path)
            if entry is None or (entry.size, entry.mtime_ns) != (file.size, file.mtime_ns):
                changed.append(file)
            elif entry.problem:
                self._skip(file.path, entry.problem)
            else:
                self.report.unchanged += 1
        return changed

    def follow_embedder(self) -> None:
        """Give all passages new vectors where the settings name another embedder than the one used so far."""
        before = self.store.meta().get("embedder")
        if before in (None, self.embedder.name):
            return
        self.store.remove([])
        texts = [text for text, _ in self.store.texts()]
        self.store.replace_vectors(self._vectors_again(texts), self.embedder.name)

    def _vectors_again(self, texts: list[str]) -> Iterator[tuple[str, np.ndarray]]:
        for start in range(0, len(texts), BATCH):
            self.on_progress(Progress("again", start, len(texts)))
            batch = texts[start : start + BATCH]
            yield from zip(batch, self.embedder.encode(batch), strict=True)

    def read(self, files: list[File], limits: Limits | None) -> None:
        """Read, embed and store `files`."""
        self.total = len(files)
        self._tell("found")
        if not files:
            return
        known = {path: entry.sha256 for path, entry in self._entries.items() if not entry.problem}
        with closing(read_ahead(files, known, limits)) as outcomes:
            for file, outcome in outcomes:
                self._take(file, outcome)
                self._tell("reading", file.path)
                if len(self._texts) >= BATCH or len(self._pending) >= BATCH:
                    self._flush()
        self._flush()

    def remove_missing(self, found: Found) -> None:
        """Forget documents under the roots that the scan did not meet, but not those it could not see."""
        gone = [
            path
            for path in self._entries
            if path not in found.files and is_under(path, found.roots) and not is_under(path, found.unseen)
        ]
        self.report.removed = self.store.remove(gone)

    def _take(self, file: File, outcome: Document | Unreadable | None) -> None:
        before = self._entries.get(file.path)
        if isinstance(outcome, Document):
            self._take_document(file, outcome)
        elif outcome is None:  # touched, or copied over itself: the same content
            assert before is not None
            self.report.unchanged += 1
            self._enter(file, None, before.sha256, before.words)
        else:
            reason = f"{outcome} (its earlier text is kept)" if before and before.words else str(outcome)
            self._skip(file.path, reason)
            if not isinstance(outcome, Unavailable):
                self._enter(file, None, problem=reason)
        self._taken += 1

    def _take_document(self, file: File, document: Document) -> None:
        if not document.chunks:
            reason = "no text in it" if document.bytes else "empty"
            self._skip(file.path, reason)
            self._enter(file, [], document.sha256, problem=reason)
            return
        digests = [digest(text) for text in document.chunks]
        texts = dict(zip(digests, document.chunks, strict=True))
        for known in self.store.known(texts):
            del texts[known]
        self._texts |= texts
        self._enter(file, digests, document.sha256, document.words)
        self.report.read += 1
        self.report.formats[file.format] = self.report.formats.get(file.format, 0) + 1
        self.report.words += document.words
        self.report.bytes += document.bytes
        self.report.reading_seconds += document.seconds

    def _enter(
        self,
        file: File,
        digests: list[bytes] | None,
        sha256: str | None = None,
        words: int = 0,
        problem: str | None = None,
    ) -> None:
        self._pending.append(
            _Pending(Entry(**asdict(file), sha256=sha256, words=words, problem=problem), digests)
        )

    def _flush(self) -> None:
        """Embed what waits, store it, enter its documents."""
        texts = list(self._texts.values())
        for start in range(0, len(texts), BATCH):
            self._embed(texts[start : start + BATCH])
        started = time.perf_counter()
        self.store.enter((each.entry, each.digests) for each in self._pending)
        self.report.storing_seconds += time.perf_counter() - started
        self._texts.clear()
        self._pending.clear()
        self.done = self._taken
        self._tell("reading")

    def _embed(self, texts: list[str]) -> None:
        if not self.report.passages:
            self._tell("loading")
        started = time.perf_counter()
        vectors = self.embedder.encode(texts)
        embedded = time.perf_counter()
        self.store.add_vectors(texts, vectors, self.embedder.name)
        self.report.embedding_seconds += embedded - started
        self.report.storing_seconds += time.perf_counter() - embedded
        self.report.passages += len(texts)
        self._tell("embedding")

    def _skip(self, path: str, reason: str) -> None:
        self.report.skipped.append(Skipped(path, reason))

    def _tell(self, stage: Literal["found", "reading", "loading", "embedding"], path: str = "") -> None:
        self.on_progress(Progress(stage, self.done, self.total, self.report.passages, path))
