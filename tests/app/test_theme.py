"""Colours. If these fail, somebody cannot read the text: WCAG 2 asks 4.5:1, and 7:1 for long reading."""

import pytest
from textual.color import Color

from killah.app.theme import DARK, LIGHT


def luminance(colour: Color) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [c / 255 for c in colour.rgb]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    dark, light = sorted([luminance(Color.parse(one)), luminance(Color.parse(other))])
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_on_its_published_ends():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_everything_can_be_read(theme):
    assert contrast(theme.foreground, theme.background) >= 7
    assert contrast(theme.variables["ghost"], theme.background) >= 4.5
    assert contrast(theme.variables["quiet"], theme.panel) >= 4.5
    assert contrast(theme.foreground, theme.panel) >= 7
    for name in ["cursor", "selection"]:
        pair = theme.variables[f"input-{name}-foreground"], theme.variables[f"input-{name}-background"]
        assert contrast(*pair) >= 4.5
    for colour in [theme.primary, theme.error, theme.warning]:
        assert contrast(colour, theme.panel) >= 4.5


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_ghost_text_is_not_taken_for_text(theme):
    assert contrast(theme.variables["ghost"], theme.foreground) >= 1.8
