"""The process that opens documents, so that a hostile one can hurt nothing else.

It answers one JSON line for each JSON line it is asked, and limits itself before it opens anything: memory,
processor time for each document, and no writing to any file at all. Its parent (`killah.persona.parsing`)
watches the clock and restarts it. It starts fast: nothing here imports torch or numpy.

    {"path": ..., "format": "pdf", "sha256": what is known or null, "own": [addresses of the owner]}
    -> {"chunks": [...], "words": n, "left_out": {reason: words}, "bytes": n, "sha256": ..., "seconds": s}
    {"path": ..., "format": "eml", "people": true}
    -> {"sender": ..., "people": [...]}    by the message's headers
    -> {"same": true}                       still the file that is known
    -> {"problem": "broken PDF (...)"}      not read; with "passing": true it is worth another try, with
                                            "spent": true this process is not fit for another document
"""

import contextlib
import hashlib
import json
import math
import os
import resource
import stat
import sys
import time
from collections import Counter
from collections.abc import Collection
from typing import Any

from killah.persona.chunks import chunks
from killah.persona.readers import Unreadable, reader
from killah.persona.voice import Prose, Reason

_TOO_LARGE = {"problem": "needs too much memory to read", "spent": True}


def main() -> None:
    """Serve requests until standard input closes. Arguments: memory limit (bytes), time limit (seconds)."""
    memory, seconds = int(sys.argv[1]), float(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    _silence()
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _answer(answers, {"ready": True})
    for line in sys.stdin.buffer:
        # The parent's clock ends a document that hangs; this ends one whose parent was killed.
        spent = time.process_time()
        _limit(resource.RLIMIT_CPU, math.ceil(spent + seconds))
        answer = _handle(json.loads(line))
        try:
            _answer(answers, answer)
        except MemoryError:
            _answer(answers, _TOO_LARGE)


def _silence() -> None:
    """Libraries that print would break the protocol or the user's screen."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    # macOS does not know every limit; the parent watches memory and time too.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _answer(answers: Any, value: dict[str, Any]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def _handle(request: dict[str, Any]) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        return _read(**request) | {"seconds": time.perf_counter() - started}
    except Unreadable as error:
        return {"problem": str(error)}
    except OSError as error:
        return {"problem": f"cannot be opened: {(error.strerror or str(error)).lower()}", "passing": True}
    except MemoryError:
        return _TOO_LARGE
    except RecursionError:
        return {"problem": f"broken .{request['format']} file (nested too deep)"}
    except Exception as error:
        # This process is the wall: whatever a reader throws at a hostile file is a broken file, in one line.
        detail = " ".join(str(error).split())[:100] or type(error).__name__
        return {"problem": f"broken .{request['format']} file ({detail})"}


def _read(
    path: str, format: str, sha256: str | None = None, own: Collection[str] = (), people: bool = False
) -> dict[str, Any]:
    data = _bytes(path, reader(format).MAX_BYTES)
    if people:
        sender, everybody = reader(format).people(data)
        return {"sender": sender, "people": everybody}
    digest = hashlib.sha256(data).hexdigest()
    if digest == sha256:
        return {"same": True}
    prose = reader(format).read(data)
    if own and reader(format).people(data)[0] not in {"", *own}:  # a draft may be from nobody yet
        prose = Prose("", Counter({Reason.OTHERS.value: len(prose.text.split())}))
    passages = chunks(prose.text)
    return {
        "chunks": passages,
        "words": sum(len(passage.split()) for passage in passages),
        "left_out": dict(prose.left_out),
        "bytes": len(data),
        "sha256": digest,
    }


def _bytes(path: str, most: int) -> bytes:
    """Content of a regular file; anything put in its place since it was listed is refused, not waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("not a file")
        if status.st_size > most:
            raise Unreadable(f"too large: {status.st_size / 1e6:,.0f} MB, at most {most >> 20} MB are read")
        return file.read(most)


if __name__ == "__main__":
    main()
