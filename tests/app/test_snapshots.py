"""What the editor looks like. If one fails, look at snapshot_report.html: is the new picture right?

Then `pytest tests/app/test_snapshots.py --snapshot-update`. No clock and no latency is in the pictures.
"""

from pathlib import Path

from scripted import Job, ScriptedEngine, editor, never, until

from killah.app.dialogs import Ask
from killah.app.preview import Preview
from killah.audio.dictation.live import Partial
from killah.audio.recognition.ctc import Word

TEXT = """The Time Traveller

The Time Traveller (for so it will be convenient to speak of him) was expounding a recondite matter to us. \
His pale grey eyes shone and twinkled, and his usually pale face was flushed and animated.

The fire burnt brightly, and the soft radiance of the incandescent lights"""
GHOST = " in the lilies of silver caught the bubbles that flashed and passed in our glasses"
OTHER = """The Time Traveller (it is convenient to call him so) was explaining a difficult matter to us. His \
grey eyes shone and sparkled, and his face, which was usually pale, was flushed and lively."""
STORY = """Filby, who had said nothing, put down his glass and asked whether it had been in this room.

"In this very room," said the Time Traveller, "and some thousands of years from now.\""""


def open_text(theme="dark", text=TEXT, **answers):
    engine = ScriptedEngine(never, **answers)
    return editor(text, engine, Path("/tmp/time-machine.md"), theme=theme)


def rewritten(theme, text, ended=True):
    """The text, with a model that makes this of any part of it."""
    job = Job().send(text)
    return open_text(theme, styles=["plain"], rewrite=lambda _: job.end() if ended else job)


async def settle(pilot):
    await until(pilot, lambda: pilot.app._model == "pushkin-nano")


async def ghost(pilot):
    await settle(pilot)
    area = pilot.app.area
    area.move_cursor(area.document.end)
    area.offer(area.origin, GHOST)
    pilot.app._show_status()
    await pilot.pause()


async def said(pilot):
    await settle(pilot)
    area = pilot.app.area
    area.move_cursor(area.document.end)
    words = [Word(word, 0, 1, 0.9) for word in "in the lilies of silver comma caught the".split()]
    pilot.app.dictating.take(Partial(tuple(words), 1.0))
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


async def rewriting(pilot, key, words=""):
    await settle(pilot)
    pilot.app.area.move_cursor((2, 0))
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, Preview))
    await until(pilot, lambda: words in str(pilot.app.screen._text.content))
    await pilot.pause(0.1)


async def rephrased(pilot):
    await rewriting(pilot, "f8", "lively")


async def coming(pilot):
    await rewriting(pilot, "f8", "difficult")


async def summarised(pilot):
    await rewriting(pilot, "f9")


async def told(pilot):
    await rewriting(pilot, "f10")


async def changed(pilot):
    await rephrased(pilot)
    pilot.app.area.insert("Chapter ", (2, 0))
    pilot.app.screen.draw()
    await pilot.pause(0.1)
    pilot.app.filing.forget()


def test_ghost_text_in_the_dark(snap_compare):
    assert snap_compare(open_text(), run_before=ghost)


def test_ghost_text_in_the_light(snap_compare):
    assert snap_compare(open_text("light"), run_before=ghost)


def test_a_window_of_twenty_columns(snap_compare):
    assert snap_compare(open_text(), run_before=ghost, terminal_size=(20, 12))


def test_a_wide_window(snap_compare):
    assert snap_compare(open_text(), run_before=ghost, terminal_size=(140, 20))


def test_words_that_are_being_said(snap_compare):
    assert snap_compare(open_text(), run_before=said)


def test_the_empty_text(snap_compare):
    assert snap_compare(editor(), run_before=settle)


def test_the_palette(snap_compare):
    assert snap_compare(open_text(), run_before=palette)


def test_the_keys(snap_compare):
    assert snap_compare(open_text(), run_before=keys)


def test_a_question(snap_compare):
    assert snap_compare(open_text("light"), run_before=question)


async def replacing(pilot):
    await settle(pilot)
    await pilot.press("ctrl+backslash", *"the", "tab", *"a")
    await pilot.pause()


def test_replacing(snap_compare):
    assert snap_compare(open_text(), run_before=replacing)


def test_finding(snap_compare):
    assert snap_compare(open_text(), run_before=find)


def test_a_rephrasing_in_the_dark(snap_compare):
    assert snap_compare(rewritten("dark", OTHER), run_before=rephrased)


def test_a_rephrasing_in_the_light(snap_compare):
    assert snap_compare(rewritten("light", OTHER), run_before=rephrased)


def test_a_rephrasing_in_forty_columns(snap_compare):
    assert snap_compare(rewritten("dark", OTHER), run_before=rephrased, terminal_size=(40, 20))


def test_a_rephrasing_that_is_coming(snap_compare):
    assert snap_compare(rewritten("dark", OTHER[:94], ended=False), run_before=coming)


def test_a_rephrasing_of_what_has_changed(snap_compare):
    assert snap_compare(rewritten("light", OTHER), run_before=changed)


def test_a_summary(snap_compare):
    assert snap_compare(rewritten("dark", "A traveller explains time."), run_before=summarised)


def test_a_story(snap_compare):
    assert snap_compare(rewritten("light", STORY), run_before=told)
