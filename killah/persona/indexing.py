"""An index run: what is new or changed is read, embedded and stored, what is gone is removed.

Reading (another process), embedding (this thread) and storing overlap. Every 64 new passages are one
transaction, and a document is entered once all its passages are there: a run that is killed loses at most
the passages in hand, and the next run finds the vectors of the others.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import Literal

import numpy as np

from killah.errors import KillahError
from killah.persona import mail, personas, style
from killah.persona.copies import VERSION as COPIES
from killah.persona.copies import Part, Recent, divide, fingerprints
from killah.persona.embedding import Embedder
from killah.persona.parsing import Document, Limits, Unavailable, read_ahead
from killah.persona.readers import Unreadable, formats
from killah.persona.report import Progress, Report
from killah.persona.scanning import File, Found, Skipped, is_under, printable, scan
from killah.persona.store import Entry, Holding, Made, Store, digest
from killah.persona.tone import whole
from killah.persona.voice import Reason

BATCH = 64  # passages a transaction; a few seconds of embedding


def index(
    roots: Iterable[str | Path],
    persona: str,
    embedder: Embedder,
    *,
    exclude: Iterable[str] = (),
    found: Found | None = None,
    limits: Limits | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Report:
    """Bring a persona up to date with everything under `roots`; calling it is the consent to read them.

    `found` is what a scan of `roots` met, where one was made just now. Raises `KillahError` where nothing can
    be read, the persona is paused, or the store cannot be written.
    """
    started = time.perf_counter()
    found = found or scan(roots, exclude)
    if not found.files:
        raise KillahError(_nothing(found), f"Killah reads {', '.join(sorted(formats()))}.")
    path = personas.path_of(persona)
    personas.refuse_blend(persona)
    with personas.lock(persona), Store.create(path) as store:
        refuse_paused(store)
        store.agree(found.roots, found.exclude)
        report = Report(persona, skipped=found.skipped, other=found.other)
        run = _Run(store, embedder, report, on_progress)
        run.follow_versions()
        run.follow_addresses(found, limits)
        run.read(run.changed(found), limits)
        run.remove_missing(found)
        if run.remeasured or report.changed or not store.setting("min_p"):
            keep_min_p(store)
    report.seconds = time.perf_counter() - started
    return report


def refuse_paused(store: Store) -> None:
    """Raise `KillahError` where the owner has paused the persona."""
    if store.setting("paused"):
        name = store.path.stem
        raise KillahError(f"The persona {name!r} is paused.", f"Go on: killah persona resume {quote(name)}")


def keep_min_p(store: Store) -> None:
    """Measure anew what the style of all passages implies, and keep it as the setting `min_p`."""
    styles = store.styles() if "style" in store.meta() else np.empty((0, 0))
    store.set_setting("min_p", f"{whole(styles).min_p:.4f}" if len(styles) else None)


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


class _Run:
    """The state of one run."""

    def __init__(
        self, store: Store, embedder: Embedder, report: Report, on_progress: Callable[[Progress], None]
    ) -> None:
        self.store = store
        self.embedder = embedder
        self.report = report
        self.on_progress = on_progress
        self.remeasured = False  # whether the styles of all passages were
        self._own: frozenset[str] = frozenset()  # addresses of the owner
        self._anew = False  # whether mail is to be read again, as they changed
        self.total = self.done = 0  # documents to read, and those stored
        self._taken = 0  # read, stored or not
        self._entries = store.entries()
        self._pending: list[Holding] = []  # documents read, their passages not all stored yet
        self._parts: dict[bytes, Part] = {}  # passages to embed
        self._recent = Recent()  # the passages of the pending documents

    def changed(self, found: Found) -> list[File]:
        """Files that are not as the store last saw them; the others are counted."""
        changed = []
        for file in found.files.values():
            entry = self._entries.get(file.path)
            if entry is None or self._differs(file, entry):
                changed.append(file)
            elif entry.problem:
                self._skip(file.path, entry.problem)
            else:
                self.report.unchanged += 1
        return changed

    def _differs(self, file: File, entry: Entry) -> bool:
        again = self._anew and file.format == mail.FORMAT
        return again or (entry.size, entry.mtime_ns) != (file.size, file.mtime_ns)

    def follow_addresses(self, found: Found, limits: Limits | None) -> None:
        """Learn which addresses are the owner's; where others were before, mail is read again."""
        messages = [file for file in found.files.values() if file.format == mail.FORMAT]
        kept = frozenset((self.store.setting(mail.SETTING) or "").split())
        self._own = kept
        new = any(f.path not in self._entries or self._differs(f, self._entries[f.path]) for f in messages)
        if not new and (kept or not messages):
            return
        self._own = mail.owners(mail.people(messages, limits)) or kept
        self._anew = self._own != kept
        if self._anew:
            self.store.set_setting(mail.SETTING, " ".join(sorted(self._own)))

    def follow_versions(self) -> None:
        """Measure all passages again where the embedder, the style vector or the look for copies changed."""
        meta = self.store.meta()
        if "embedder" not in meta:
            return
        if meta["embedder"] != self.embedder.name:
            self.store.replace_vectors(self._again(self.embedder.encode), self.embedder.name)
        if meta.get("style") != style.VERSION:
            self.store.replace_styles(self._again(_styles), style.VERSION)
            self.remeasured = True
        if meta.get("copies") != COPIES:
            self.store.find_copies()

    def _again(self, measure: Callable[[list[str]], np.ndarray]) -> Iterator[tuple[list[int], np.ndarray]]:
        passages = self.store.every_passage()
        for start in range(0, len(passages), BATCH):
            self.on_progress(Progress("again", start, len(passages)))
            numbers, texts = zip(*passages[start : start + BATCH], strict=True)
            yield list(numbers), measure(list(texts))

    def read(self, files: list[File], limits: Limits | None) -> None:
        """Read, embed and store `files`."""
        self.total = len(files)
        self._tell("found")
        if not files:
            return
        known = {
            path: entry.sha256
            for path, entry in self._entries.items()
            if not entry.problem and not (self._anew and entry.format == mail.FORMAT)
        }
        with closing(read_ahead(files, known, limits, {mail.FORMAT: self._own})) as outcomes:
            for file, outcome in outcomes:
                self._take(file, outcome)
                self._tell("reading", file.path)
                if len(self._parts) >= BATCH or len(self._pending) >= BATCH:
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
        if not document.chunks and Reason.OTHERS.value not in document.left_out:
            reason = "no text in it" if document.bytes else "empty"
            self._skip(file.path, reason)
            self._enter(file, [], document.sha256, problem=reason)
            return
        digests: list[bytes] = []
        for text in document.chunks:
            digests += [self._take_part(part, file.path) for part in self._divide(text, file.path)]
        for reason, words in document.left_out.items():
            self.report.leave_out(reason, words)
        self._enter(file, digests, document.sha256, document.words, left_out=document.left_out)
        self.report.read += 1
        self.report.formats[file.format] = self.report.formats.get(file.format, 0) + 1
        self.report.words += document.words
        self.report.bytes += document.bytes
        self.report.reading_seconds += document.seconds

    def _divide(self, text: str, path: str) -> list[Part]:
        """A passage as it is stored: whole, or without what other documents hold already."""
        if self._known(digest(text)):
            return [Part(text)]
        prints = fingerprints(text)
        parts = divide(text, [*self._recent.sharing(prints), *self.store.alike(prints, path)])
        reason = "near-duplicates" if len(parts) == 1 else "copied passages"
        self.report.leave_out(reason, sum(len(part.text.split()) for part in parts if part.original))
        return parts

    def _take_part(self, part: Part, path: str) -> bytes:
        key = digest(part.text)
        if key in self._recent or self.store.counted_elsewhere(key, path):
            if not part.original:
                self.report.leave_out("near-duplicates", len(part.text.split()))
        elif not part.original:
            self._recent.add(key, part.text)
        if not self._known(key):
            self._parts[key] = part
        return key

    def _known(self, key: bytes) -> bool:
        return key in self._parts or bool(self.store.known([key]))

    def _enter(
        self,
        file: File,
        digests: list[bytes] | None,
        sha256: str | None = None,
        words: int = 0,
        problem: str | None = None,
        left_out: dict[str, int] | None = None,
    ) -> None:
        entry = Entry(**asdict(file), sha256=sha256, words=words, problem=problem)
        self._pending.append(Holding(entry, digests, left_out or {}))

    def _flush(self) -> None:
        """Embed what waits, store it, enter its documents."""
        parts = list(self._parts.values())
        for start in range(0, len(parts), BATCH):
            self._embed(parts[start : start + BATCH])
        started = time.perf_counter()
        self.store.enter(self._pending)
        self.report.storing_seconds += time.perf_counter() - started
        self._parts.clear()
        self._pending.clear()
        self._recent.clear()
        self.done = self._taken
        self._tell("reading")

    def _embed(self, parts: list[Part]) -> None:
        if not self.report.passages:
            self._tell("loading")
        started = time.perf_counter()
        texts = [part.text for part in parts]
        vectors, styles = self.embedder.encode(texts), _styles(texts)
        embedded = time.perf_counter()
        self.store.add(parts, vectors, styles, Made(self.embedder.name, style.VERSION))
        self.report.embedding_seconds += embedded - started
        self.report.storing_seconds += time.perf_counter() - embedded
        self.report.passages += len(parts)
        self._tell("embedding")

    def _skip(self, path: str, reason: str) -> None:
        self.report.skipped.append(Skipped(path, reason))

    def _tell(self, stage: Literal["found", "reading", "loading", "embedding"], path: str = "") -> None:
        self.on_progress(Progress(stage, self.done, self.total, self.report.passages, path))


def _styles(texts: list[str]) -> np.ndarray:
    return np.stack([style.vector(text) for text in texts])
