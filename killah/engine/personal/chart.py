"""The picture of a persona's check: per cent of the base's bits that each way saves, with intervals."""

from pathlib import Path

from killah import paths
from killah.engine.personal.check import Checked
from killah.errors import KillahError

CHOSEN, OTHER = "#1a7f5a", "#8a94a6"


def check_name(path: Path) -> None:
    """Raise `KillahError` unless `path` ends as a picture does."""
    if path.suffix.lower() not in (".png", ".svg"):
        raise KillahError(f"{path} is no picture's name.", "Let it end in .png or .svg.")


def draw(found: Checked, path: Path) -> None:
    """Write a PNG or SVG, by the path's ending. Raises `KillahError`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    check_name(path)
    lines = [line for line in found.lines if line.name != "base"][::-1]
    figure = Figure(figsize=(8, 1.4 + 0.34 * len(lines)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for place, line in enumerate(lines):
        change = line.change
        colour = CHOSEN if line.way == found.chosen else OTHER
        axes.plot([change.low, change.high], [place, place], color=colour, linewidth=2)
        axes.plot(change.value, place, "o", color=colour, markersize=6)
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(range(len(lines)), [line.name for line in lines])
    for label, line in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontweight("bold" if line.way == found.chosen else "normal")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_ylim(-0.7, len(lines) - 0.3)
    axes.set_xlabel("change of bits a byte, per cent, with 95 % intervals", loc="right")
    figure.suptitle(
        f"What makes {found.model} predict {found.persona}: further left is better",
        x=0.01,
        ha="left",
        fontweight="bold",
    )
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise paths.cannot_write(path, error) from error
