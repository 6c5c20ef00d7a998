"""A persona's style as one picture, PNG or SVG: where it stands among authors, its rhythm, its words.

It has a paper-coloured ground of its own, so that it is legible on a light page and on a dark one.
"""

from itertools import groupby
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from killah import paths
from killah.errors import KillahError
from killah.persona import personas
from killah.persona.population import Population
from killah.persona.profile import Measured, Profile
from killah.persona.rhythm import BINS, STEP
from killah.persona.tone import LEAST, MOST

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg")
PAPER, INK, QUIET, LINE, BAND, OWN = "#faf6ee", "#2c2825", "#6f675c", "#d9cfbd", "#efe7d8", "#a8480f"
FUNCTION_WORDS = 9  # of those used more than others use them, and of those used less
FAR = 30  # percent from the median, from which a dot is filled


def check(path: Path) -> None:
    """Raise `KillahError` unless a picture can be made under this name."""
    if path.suffix.lower() not in FORMATS:
        raise KillahError(f"{path.name} is no name for a picture.", "End it in .png or .svg.")
    if not path.absolute().parent.is_dir():
        raise KillahError(f"There is no folder {path.parent}.", "Make it first, or name another.")


def draw(profile: Profile, name: str, path: Path) -> Path:
    """Draw a profile into `path`, readable by its owner only.

    Raises `KillahError` where it cannot be written, and where there is no text that could be drawn.
    """
    check(path)
    if not profile.features:
        raise personas.without_text(name)
    import matplotlib as mpl

    mpl.use("agg")
    look: dict[Any, Any] = {
        "font.family": "DejaVu Sans", "font.size": 9, "text.color": INK, "axes.edgecolor": LINE,
        "axes.labelcolor": QUIET, "xtick.color": QUIET, "ytick.color": INK, "svg.fonttype": "none",
    }  # fmt: skip
    with mpl.rc_context(look):
        figure = _figure(profile, name)
        try:
            path.touch(0o600)
            path.chmod(0o600)
            figure.savefig(path, facecolor=PAPER)
        except OSError as error:
            raise paths.cannot_write(path, error) from error
    return path


def _figure(profile: Profile, name: str) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 10), dpi=110)
    left = figure.add_axes((0.15, 0.055, 0.31, 0.85))
    _features(left, [each for each in profile.features if each.group != "function words"])
    _rhythm(figure.add_axes((0.585, 0.66, 0.38, 0.22)), profile)
    _function_words(figure.add_axes((0.585, 0.395, 0.38, 0.20)), profile.features)
    _min_p(figure.add_axes((0.585, 0.275, 0.38, 0.02)), profile)
    figure.text(0.02, 0.955, name, size=22, weight="bold")
    counts = f"{profile.words:,} words in {profile.documents:,} documents"
    figure.text(0.02, 0.93, f"{counts}, beside {profile.reference_authors} authors", color=QUIET, size=10)
    _words(figure, profile)
    return figure


def _features(axes: "Axes", features: list[Measured]) -> None:
    """One line a feature, from the lowest author to the highest; the middle half of authors is the band."""
    axes.axvspan(25, 75, color=BAND, zorder=0)
    axes.axvline(50, color=LINE, zorder=1)
    places: list[float] = []
    for group, found in groupby(features, lambda each: each.group):
        top = places[-1] + 2.4 if places else 1.0
        axes.text(-3, top - 1, group.upper(), va="center", ha="right", size=7, color=QUIET, weight="bold")
        for line, each in enumerate(found):
            places.append(top + line)
            _feature(axes, each, top + line)
    axes.set(xlim=(0, 100), ylim=(places[-1] + 0.8, -0.6), yticks=places, xticks=[0, 25, 50, 75, 100])
    axes.set_yticklabels([each.name for each in features], size=8.3)
    axes.tick_params(axis="y", pad=7)
    axes.set_xlabel("percent of authors with less of it")
    _bare(axes)


def _feature(axes: "Axes", each: Measured, y: float) -> None:
    far = abs(each.percentile - 50) >= FAR
    axes.plot([50, each.percentile], [y, y], color=OWN if far else LINE, lw=1.4, zorder=2)
    face = OWN if far else PAPER
    axes.plot(each.percentile, y, "o", ms=6.5, color=OWN, mfc=face, zorder=3, clip_on=False)
    axes.text(104, y, each.shown[0], va="center", size=7.5, color=QUIET)


def _rhythm(axes: "Axes", profile: Profile) -> None:
    """Shares of sentence lengths: bars the owner's, the line the authors'."""
    others = Population.of(profile.language).sentence_lengths
    axes.bar(range(BINS), [100 * share for share in profile.sentence_lengths], 0.78, color=OWN, alpha=0.8)
    axes.plot(
        range(BINS), 100 * others, color=INK, lw=1.5, marker="o", ms=3.5, label="the authors", clip_on=False
    )
    labels = [f"{STEP * i + 1}–{STEP * (i + 1)}" for i in range(BINS - 1)] + [f"{STEP * (BINS - 1) + 1}+"]
    axes.set_xticks(range(BINS), labels, size=7.5)
    axes.set_title("Rhythm: words a sentence, percent of sentences", loc="left", size=11, weight="bold")
    axes.legend(frameon=False, loc="upper right", labelcolor=QUIET)
    _bare(axes)


def _function_words(axes: "Axes", features: list[Measured]) -> None:
    """The function words that are furthest from the median, above it and below."""
    words = sorted(
        (each for each in features if each.group == "function words"), key=lambda each: each.percentile
    )
    chosen = [*words[-FUNCTION_WORDS:][::-1], *words[:FUNCTION_WORDS][::-1]]
    axes.axhspan(25, 75, color=BAND, zorder=0)
    axes.axhline(50, color=LINE, zorder=1)
    axes.vlines(range(len(chosen)), 50, [each.percentile for each in chosen], color=OWN, lw=1.4)
    axes.plot(range(len(chosen)), [each.percentile for each in chosen], "o", ms=6.5, color=OWN, clip_on=False)
    axes.set_xticks(range(len(chosen)), [each.name for each in chosen], rotation=45, ha="right", size=9)
    axes.set(ylim=(0, 100), yticks=[0, 50, 100], xlim=(-0.6, len(chosen) - 0.4))
    axes.set_title("Small words used more, and less, than others do", loc="left", size=11, weight="bold")
    axes.tick_params(axis="x", labelcolor=INK)
    _bare(axes)


def _min_p(axes: "Axes", profile: Profile) -> None:
    """The scale from experimental to formal, and where the persona is."""
    axes.axhspan(0, 1, color=BAND)
    axes.plot([profile.min_p], [0.5], "o", ms=9, color=OWN, clip_on=False)
    axes.set(xlim=(LEAST, MOST), ylim=(0, 1), yticks=[], xticks=[LEAST, 0.08, 0.1, 0.12, MOST])
    title = fill(f"min-p {profile.min_p:.3f}, {profile.min_p_reason}", 66)
    axes.set_title(title, loc="left", size=9, linespacing=1.4)
    _bare(axes)


def _words(figure: "Figure", profile: Profile) -> None:
    lists = [("Words", profile.characteristic_words), ("Phrases", profile.characteristic_phrases)]
    top = 0.225
    for title, found in lists:
        if not found:
            continue
        text = fill(", ".join(found), 68)
        figure.text(0.585, top, title, size=11, weight="bold", va="top")
        figure.text(0.585, top - 0.022, text, size=9.5, va="top", linespacing=1.5)
        top -= 0.046 + 0.0205 * (text.count("\n") + 1)


def _bare(axes: "Axes") -> None:
    axes.set_facecolor("none")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
