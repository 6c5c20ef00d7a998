"""The editor in a pseudo-terminal, with the shipped model: how soon ghost text and typed characters appear.

A person's typing is played to `killah write`: first at about 60 words a minute, then in bursts so fast that
nearly every key falls into the computing of the last one's ghost text. `machine_*` is the same typing to a
program that only echoes: on a busy machine that much of the editor's figures is not its own.
"""

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from tools.bench.screen import Screen

# Jane Austen, Pride and Prejudice (1813), chapter 1: the text before the caret, then what is typed.
BEFORE = """It is a truth universally acknowledged, that a single man in possession of a good fortune, must \
be in want of a wife.

However little known the feelings or views of such a man may be on his first entering a neighbourhood, this \
truth is so well fixed in the minds of the surrounding families, that he is considered as the rightful \
property of some one or other of their daughters.

"My dear Mr. Bennet," said his lady to him one day, "have you heard that Netherfield Park is let at last?"

Mr. Bennet replied that he had not.

"But it is," returned she; "for Mrs. Long has just been here, and she told me all about it."

Mr. Bennet made no answer.

"Do not you want to know who has taken it?" cried his wife impatiently.

"You want to tell me, and I have no objection to hearing it."

This was invitation enough.

"Why, my dear, you must know, Mrs. Long says that Netherfield is taken by a young man of large fortune from \
the north of England; that he came down on Monday in a chaise and four to see the place, and was so much \
delighted with it that he agreed with Mr. Morris immediately; that he is to take possession before \
Michaelmas, and some of his servants are to be in the house by the end of next week."

"What is his name?"

"Bingley."

"Is he married or single?"

"Oh! single, my dear, to be sure! A single man of large fortune; four or five thousand a year. What a fine \
thing for our girls!"

"How so? how can it affect them?"

"My dear Mr. Bennet," replied his wife, "how can you be so tiresome! You must know that I am thinking of his \
marrying one of them."

"Is that his design in settling here?"

"""
TYPED = (
    "Design! nonsense, how can you talk so! But it is very likely that he may fall in love with one of them, "
    "and therefore you must visit him as soon as he comes. I see no occasion for that. You and the girls may "
    "go, or you may send them by themselves, which perhaps will be still better."
)
CALM = 150  # characters typed at leisure; the rest in bursts

ECHO = """
import os, tty
tty.setraw(0)
os.write(2, b"ready")
for number in range(1, 1000):
    os.read(0, 1)
    os.write(2, b"1:%d " % (number + 1))
"""


def run() -> dict[str, float | int | str]:
    """Latencies in milliseconds. `ghost_*` count from the end of the debounce, `character_*` from the key."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "draft.txt"
        file.write_text(BEFORE, "utf-8")
        environment = {**os.environ, "KILLAH_HOME": folder}
        with Screen([sys.executable, "-m", "killah", "write", str(file), "--json"], environment) as screen:
            screen.wait_for("pushkin-nano   ○", timeout=60)
            screen.press(b"\x1b[1;5F")  # Ctrl+End
            time.sleep(1)
            delays, memory = _type(screen, BEFORE.count("\n") + 1), screen.memory()
            _leave(screen)
            summary = json.loads(screen.end())
    return {
        "text_bytes": len(BEFORE.encode()),
        "characters_typed": len(TYPED),
        "ghosts_asked": summary["ghosts_asked"],
        "ghosts_shown": summary["ghosts_shown"],
        "ghost_p50_ms": summary["ghost_p50_ms"],
        "ghost_p95_ms": summary["ghost_p95_ms"],
        **_quantiles("character", delays[:CALM]),
        **_quantiles("character_in_bursts", delays[CALM:]),
        **_quantiles("machine", _echo()),
        "memory_mb": round(memory / 1e6),
    }


def _echo() -> list[float]:
    with Screen([sys.executable, "-c", ECHO], os.environ) as screen:
        screen.wait_for("ready", timeout=30)
        return _type(screen, 1)


def _type(screen: Screen, line: int) -> list[float]:
    """Type; the milliseconds each character took until the status bar said so.

    Of characters that came in one frame only the last one's place is drawn: all of them were seen then.
    """
    rng = random.Random(7)
    marks = []
    for number, character in enumerate(TYPED, 1):
        marks.append((screen.press(character.encode()), f"{line}:{number + 1} "))
        median = 0.15 if number <= CALM else 0.06
        time.sleep(min(1.0, median * rng.lognormvariate(0, 0.35)))
    time.sleep(1)
    found: list[float] = []
    for number, (mark, _) in enumerate(marks):
        delays = (screen.delay(mark, text) for _, text in marks[number:])
        found.append(1000 * next(delay for delay in delays if delay is not None))
    return found


def _leave(screen: Screen) -> None:
    mark, _ = screen.press(b"\x13")  # Ctrl+S
    screen.wait_for("saved ", timeout=10, start=mark)
    screen.press(b"\x11")  # Ctrl+Q


def _quantiles(name: str, values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        f"{name}_p50_ms": round(ordered[len(ordered) // 2], 1),
        f"{name}_p95_ms": round(ordered[int(0.95 * len(ordered))], 1),
        f"{name}_longest_ms": round(ordered[-1], 1),
    }
