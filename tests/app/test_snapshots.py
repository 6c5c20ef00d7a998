"""What the editor looks like. If one fails, look at snapshot_report.html: is the new picture right?

Then `pytest tests/app/test_snapshots.py --snapshot-update`. No clock and no latency is in the pictures.
"""

from pathlib import Path

from scripted import ScriptedEngine, editor, never, until

from killah.app.dialogs import Ask

TEXT = """The Time Traveller

The Time Traveller (for so it will be convenient to speak of him) was expounding a recondite matter to us. \
His pale grey eyes shone and twinkled, and his usually pale face was flushed and animated.

The fire burnt brightly, and the soft radiance of the incandescent lights"""
GHOST = " in the lilies of silver caught the bubbles that flashed and passed in our glasses"


def open_text(theme="dark", text=TEXT):
    return editor(text, ScriptedEngine(never), Path("/tmp/time-machine.md"), theme=theme)


async def settle(pilot):
    await until(pilot, lambda: pilot.app._model == "pushkin-nano")


async def ghost(pilot):
    await settle(pilot)
    area = pilot.app.area
    area.move_cursor(area.document.end)
    area.offer(area.origin, GHOST)
    pilot.app._show_status()
    await pilot.pause()


async def palette(pilot):
    await settle(pilot)
    await pilot.press("ctrl+p")
    await until(pilot, lambda: pilot.app.screen.query("CommandList.--visible"))
    await pilot.pause(0.3)


async def keys(pilot):
    await settle(pilot)
    await pilot.press("f1")


async def question(pilot):
    await settle(pilot)
    await pilot.press("ctrl+end", "x", "ctrl+q")
    await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
    pilot.app.filing.forget()


async def find(pilot):
    await settle(pilot)
    await pilot.press("ctrl+f", *"the")


def test_ghost_text_in_the_dark(snap_compare):
    assert snap_compare(open_text(), run_before=ghost)


def test_ghost_text_in_the_light(snap_compare):
    assert snap_compare(open_text("light"), run_before=ghost)


def test_a_window_of_twenty_columns(snap_compare):
    assert snap_compare(open_text(), run_before=ghost, terminal_size=(20, 12))


def test_a_wide_window(snap_compare):
    assert snap_compare(open_text(), run_before=ghost, terminal_size=(140, 20))


def test_the_empty_text(snap_compare):
    assert snap_compare(editor(), run_before=settle)


def test_the_palette(snap_compare):
    assert snap_compare(open_text(), run_before=palette)


def test_the_keys(snap_compare):
    assert snap_compare(open_text(), run_before=keys)


def test_a_question(snap_compare):
    assert snap_compare(open_text("light"), run_before=question)


def test_finding(snap_compare):
    assert snap_compare(open_text(), run_before=find)
