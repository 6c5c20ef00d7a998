"""What a run reports: a line of JSON a step, and a picture of its losses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from killah import paths

Entry = dict[str, Any]

NAME = "log.jsonl"
CURVE = "curve.png"


class Log:
    """`log.jsonl` of a run. A run that goes on from an earlier step forgets what was logged after it."""

    def __init__(self, folder: Path, step: int) -> None:
        self.path = folder / NAME
        kept = [entry for entry in read(self.path) if entry["step"] <= step]
        paths.write_private(self.path, "".join(json.dumps(entry) + "\n" for entry in kept))

    def write(self, entry: Entry) -> None:
        """Append a step."""
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
        except OSError as error:
            raise paths.cannot_write(self.path, error) from error


def read(path: Path) -> Iterator[Entry]:
    """Entries of a log; a last line that was cut off by a kill is left out."""
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return


def draw(folder: Path, title: str) -> Path:
    """Losses in nats a token over steps, as `curve.png`."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import MaxNLocator

    entries = list(read(folder / NAME))
    figure, axes = plt.subplots(figsize=(8, 4.5), dpi=150)
    axes.plot([e["step"] for e in entries], [e["loss"] for e in entries], lw=0.6, alpha=0.5, label="training")
    looks = [e for e in entries if "valid" in e]
    axes.plot([e["step"] for e in looks], [e["valid"] for e in looks], marker="o", ms=3, label="validation")
    axes.set(title=title, xlabel="step", ylabel="nats a token")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is no step 1.5
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    path = folder / CURVE
    figure.savefig(path)
    path.chmod(0o600)
    plt.close(figure)
    return path
