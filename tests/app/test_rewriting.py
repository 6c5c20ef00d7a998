"""Rephrasing, summarising, telling. If these fail, a writer loses text, or finds words they never took."""

from threading import Event

import pytest
from scripted import Job, ScriptedEngine, at_end, editor, never, screen_rows, until
from textual.document._document import Selection

from killah.app.dialogs import Ask
from killah.app.document import open_document
from killah.app.editor import Editor
from killah.app.preview import Preview
from killah.app.status import StatusBar
from killah.config import Settings
from killah.errors import KillahError

TEXT = "The quick fox ran.\n\nIt slept."


def giving(*texts):
    """A rewriting that comes out as each of these in turn, in two pieces."""
    left = list(texts)

    def rewrite(_):
        text = left.pop(0) if len(left) > 1 else left[0]
        return Job().send(text[:3], text[3:]).end()

    return rewrite


def engine(*texts, **options):
    return ScriptedEngine(never, rewrite=giving(*texts) if texts else None, **options)


def select(app, start, end):
    app.area.selection = Selection(start, end)


def shown(app):
    return str(app.screen._text.content)


def notes(app):
    return [note.message for note in app._notifications]


def label(app):
    return app.screen_stack[0].query_one(StatusBar).status.doing


async def ready(pilot, key=None):
    """Press the key of a task and wait until its text is there."""
    if key:
        await pilot.press(key)
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, Preview) and not app.screen._rewriting.running)


@pytest.mark.parametrize("selection", [((0, 4), (0, 13)), ((0, 13), (0, 4))], ids=["forwards", "backwards"])
async def test_enter_replaces_the_selection_and_one_undo_restores_text_and_selection(selection):
    app = editor(TEXT, model := engine("slow wolf"))
    async with app.run_test() as pilot:
        select(app, *selection)
        await ready(pilot, "f8")
        assert model.rewritten == [("rephrase", "quick fox", "")]
        assert app.area.text == TEXT
        assert shown(app) == "quick fox slow wolf"
        await pilot.press("enter")
        await pilot.pause()
        assert app.area.text == "The slow wolf ran.\n\nIt slept."
        assert app.area.selection == Selection.cursor((0, 13))
        await pilot.press("ctrl+z")
        assert (app.area.text, app.area.selection) == (TEXT, Selection(*selection))
        await pilot.press("ctrl+y")
        assert app.area.text == "The slow wolf ran.\n\nIt slept."
        app.filing.forget()


async def test_without_a_selection_it_is_the_paragraph_at_the_caret():
    app = editor(TEXT, model := engine("It was asleep."))
    async with app.run_test() as pilot:
        await at_end(pilot)
        await ready(pilot, "ctrl+к")  # ctrl+r on a Russian layout
        assert model.rewritten == [("rephrase", "It slept.", "")]
        await pilot.press("enter")
        assert app.area.text == "The quick fox ran.\n\nIt was asleep."
        await pilot.press("ctrl+z")
        assert (app.area.text, app.area.cursor_location) == (TEXT, (2, 9))


async def test_a_selection_over_lines_keeps_the_blanks_around_it():
    app = editor("one\ntwo\n\nthree\n", engine("1\n\n2\n"))
    async with app.run_test() as pilot:
        select(app, (0, 0), (3, 0))
        await ready(pilot, "f8")
        await pilot.press("enter")
        assert app.area.text == "1\n\n2\n\nthree\n"
        await pilot.press("ctrl+z")
        assert (app.area.text, app.area.selection) == ("one\ntwo\n\nthree\n", Selection((0, 0), (3, 0)))


async def test_wide_characters_are_replaced_where_they_are():
    app = editor("他喝红茶。\n🙂👨‍👩‍👧 end", engine("绿茶"))
    async with app.run_test(size=(20, 12)) as pilot:
        select(app, (0, 2), (0, 4))
        await ready(pilot, "f8")
        await pilot.press("enter")
        assert app.area.text == "他喝绿茶。\n🙂👨‍👩‍👧 end"


@pytest.mark.parametrize(
    ("data", "after"),
    [
        (b"One.\r\nTwo.\r\n", b"1.\r\n2.\r\n"),
        (b"One.\r\nTwo.\r\n\nlast", b"1.\r\n2.\r\n\nlast"),  # mixed: \r is in the text
    ],
)
async def test_line_breaks_of_the_file_stay_as_they_are(tmp_path, data, after):
    file = tmp_path / "draft.txt"
    file.write_bytes(data)
    model = engine("1.\r\n2.")
    app = Editor(open_document(file), model, Settings())
    async with app.run_test() as pilot:
        select(app, (0, 0), (2, 0))
        await ready(pilot, "f8")
        assert model.rewritten == [("rephrase", "One.\nTwo.", "")]
        await pilot.press("enter", "ctrl+s")
        await until(pilot, lambda: not app.filing.modified)
        assert file.read_bytes() == after


async def test_escape_keeps_the_old_text():
    app = editor(TEXT, engine("New."))
    async with app.run_test() as pilot:
        select(app, (0, 4), (0, 9))
        await ready(pilot, "f8")
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, Preview)
        assert (app.area.text, app.area.selection) == (TEXT, Selection((0, 4), (0, 9)))
        assert not app.filing.modified
        assert label(app) == ""


async def test_a_summary_replaces_or_goes_below():
    for key, after in [("enter", "Short.\n\nIt slept."), ("b", "The quick fox ran.\n\nShort.\n\nIt slept.")]:
        app = editor(TEXT, model := engine("Short."))
        async with app.run_test() as pilot:
            await ready(pilot, "f9")
            assert model.rewritten == [("summarise", "The quick fox ran.", "")]
            assert shown(app) == "Short."
            await pilot.press(key)
            assert app.area.text == after
            await pilot.press("ctrl+z")
            assert (app.area.text, app.area.cursor_location) == (TEXT, (0, 0))


async def test_a_story_goes_after_the_selection_as_a_paragraph():
    app = editor(TEXT, model := engine(" Once.\n\nThe end.\n"))
    async with app.run_test() as pilot:
        select(app, (0, 13), (0, 4))
        await ready(pilot, "f10")
        assert model.rewritten == [("story", "quick fox", "")]
        await pilot.press("b")  # that is for summaries
        assert isinstance(app.screen, Preview)
        await pilot.press("enter")
        assert app.area.text == "The quick fox ran.\n\nOnce.\n\nThe end.\n\nIt slept."
        await pilot.press("ctrl+z")
        assert (app.area.text, app.area.selection) == (TEXT, Selection((0, 13), (0, 4)))


async def test_it_can_be_seen_coming_and_enter_waits_for_all_of_it():
    app = editor(TEXT, model := engine())
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: model.jobs)
        assert label(app) == "rephrasing, Esc stops"
        assert not isinstance(app.screen, Preview)
        model.jobs[0].send("The slow")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await until(pilot, lambda: shown(app) == "The slow quick fox ran.")
        assert label(app) == "writing 2 words, Esc stops"
        await pilot.press("enter")
        assert isinstance(app.screen, Preview)
        model.jobs[0].send(" wolf ran.").end()
        await until(pilot, lambda: shown(app) == "The quick fox slow wolf ran.")
        await pilot.press("enter")
        assert app.area.text == "The slow wolf ran.\n\nIt slept."


async def test_escape_stops_it_before_the_first_word():
    app = editor(TEXT, model := engine())
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: model.jobs)
        await pilot.press("escape")
        assert model.jobs[0].cancelled
        model.jobs[0].send("late")
        await pilot.pause(0.05)
        assert not isinstance(app.screen, Preview)
        assert label(app) == ""


@pytest.mark.parametrize("key", ["r", "R", "к", "tab"])
async def test_another_candidate_and_back(key):
    app = editor("Old.", model := engine("First.", "Second.", "First."))
    async with app.run_test() as pilot:
        await ready(pilot, "f8")
        await pilot.press(key)
        await ready(pilot)
        assert len(model.jobs) == 2
        assert shown(app) == "Old Second."
        assert "2 of 2" in str(app.screen._heading.content)
        await pilot.press("left")
        assert shown(app) == "Old First."
        await pilot.press(key)
        await ready(pilot)
        assert "1 of 2   the same again" in str(app.screen._heading.content)
        await pilot.press("enter")
        assert app.area.text == "First."


async def test_escape_goes_back_to_the_candidates_that_are_here():
    app = editor("Old.", model := ScriptedEngine(never))
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: model.jobs)
        model.jobs[0].send("First.").end()
        await ready(pilot)
        await pilot.press("r", "escape")
        assert model.jobs[1].cancelled
        assert shown(app) == "Old First."
        await pilot.press("enter")
        assert app.area.text == "First."


async def test_a_preview_does_not_open_under_the_fingers_of_somebody_who_writes_on():
    app = editor(TEXT, model := engine())
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: model.jobs)
        await pilot.press("ctrl+end", *" Then")
        model.jobs[0].send("The wolf ran.")
        await until(pilot, lambda: label(app) == "writing 3 words, Esc stops")
        model.jobs[0].end()
        await until(pilot, lambda: label(app) == "new text ready, F8 shows it")
        assert notes(app) == ["The new text is ready: F8 shows it."]
        await pilot.press("escape", "enter")
        assert app.area.text == TEXT + " Then\n"
        await ready(pilot, "f8")
        await pilot.press("enter")
        assert app.area.text == "The wolf ran.\n\nIt slept. Then\n"
        assert len(model.rewritten) == 1
        await pilot.press("ctrl+z")
        assert app.area.text == TEXT + " Then\n"
        app.filing.forget()


async def test_where_the_passage_is_another_now_nothing_is_replaced():
    app = editor(TEXT, model := engine())
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: model.jobs)
        await pilot.press("X")
        model.jobs[0].send("The wolf ran.").end()
        await until(pilot, lambda: label(app) == "new text ready, F8 shows it")
        await ready(pilot, "f8")
        assert app.screen._warning.display
        await pilot.press("enter", "enter")
        assert isinstance(app.screen, Preview)
        await pilot.press("c")
        assert app.clipboard == "The wolf ran."
        await pilot.press("escape")
        assert app.area.text == "X" + TEXT
        app.filing.forget()


async def test_another_text_is_not_written_into():
    app = editor(TEXT, model := engine())
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("f8")
        await until(pilot, lambda: model.jobs)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.area.text == "")
        model.jobs[0].send("It was asleep.").end()
        await until(pilot, lambda: label(app) == "new text ready, F8 shows it")
        await ready(pilot, "f8")
        await pilot.press("enter", "escape")
        assert app.area.text == ""


async def test_several_styles_are_asked_about():
    app = editor("Old.", model := engine("New.", styles=["plain", "formal"]))
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("down", "enter")
        await ready(pilot)
        assert model.rewritten == [("rephrase", "Old.", "formal")]
        assert "formal" in str(app.screen._heading.content)
        await pilot.press("escape", "f9")
        await ready(pilot)
        assert model.rewritten[1:] == [("summarise", "Old.", "")]


async def test_a_question_does_not_open_under_the_fingers_of_somebody_who_writes_on():
    app = editor("Old.", model := engine("New.", styles=["plain", "formal"]))
    async with app.run_test() as pilot:
        hold = Event()
        model.styles = lambda task: hold.wait(5) and ["plain", "formal"]
        await pilot.press("f8", "x")
        hold.set()
        await until(pilot, lambda: label(app) == "")
        assert not isinstance(app.screen, Ask)
        assert "went on writing" in notes(app)[0]
        assert (app.area.text, model.rewritten) == ("xOld.", [])
        app.filing.forget()


async def test_the_only_style_is_taken_and_escape_from_the_question_asks_nothing():
    app = editor("Old.", model := engine("New.", styles=["plain"]))
    async with app.run_test() as pilot:
        await ready(pilot, "f8")
        assert model.rewritten == [("rephrase", "Old.", "plain")]
    app = editor("Old.", model := engine("New.", styles=["plain", "formal"]))
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("escape")
        await until(pilot, lambda: label(app) == "")
        assert model.rewritten == []


@pytest.mark.parametrize("text", ["", "\n \n"])
async def test_no_words_is_told(text):
    app = editor(text, model := engine("New."))
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: app._notifications)
        assert "no words here" in notes(app)[0]
        assert model.rewritten == []


@pytest.mark.parametrize(
    "options",
    [
        {"styles": KillahError("No adapter.", "Get one.")},
        {"rewrite": lambda _: Job().end(KillahError("No adapter.", "Get one."))},
        {"rewrite": lambda _: Job().send("Half ").end(KillahError("No adapter.", "Get one."))},
    ],
)
async def test_a_failure_is_told_and_the_text_is_as_it_was(options):
    app = editor(TEXT, ScriptedEngine(never, **options))
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: app._notifications)
        assert notes(app) == ["No adapter. Get one."]
        await until(pilot, lambda: not isinstance(app.screen, Preview) and label(app) == "")
        assert app.area.text == TEXT


async def test_a_failure_of_another_candidate_leaves_the_first():
    jobs = [Job().send("First.").end(), Job().end(KillahError("Out of memory."))]
    app = editor("Old.", ScriptedEngine(never, rewrite=lambda _: jobs.pop(0)))
    async with app.run_test() as pilot:
        await ready(pilot, "f8")
        await pilot.press("r")
        await until(pilot, lambda: app._notifications)
        await pilot.press("enter")
        assert app.area.text == "First."


async def test_a_model_with_nothing_to_say_says_so():
    app = editor(TEXT, engine(" \n"))
    async with app.run_test() as pilot:
        await pilot.press("f9")
        await until(pilot, lambda: app._notifications)
        assert notes(app) == ["The model adds nothing here."]
        await until(pilot, lambda: label(app) == "")


async def test_the_same_words_are_called_no_change():
    app = editor("Old.", engine("Old."))
    async with app.run_test() as pilot:
        await ready(pilot, "f8")
        assert "no change" in str(app.screen._heading.content)


async def test_it_ends_a_continuation_and_asks_for_no_ghost():
    model = engine("New.")
    app = editor("Old.", model)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: model.jobs)
        await ready(pilot, "f8")
        assert model.jobs[0].cancelled
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert (app.area.text, model.asked) == ("New.", [])


async def test_control_characters_are_drawn_and_kept():
    app = editor("Old", engine("a\x0cb\tc"))
    async with app.run_test() as pilot:
        await ready(pilot, "f9")
        assert shown(app) == "a␌b\tc"
        await pilot.press("enter")
        assert app.area.text == "a\x0cb\tc"


@pytest.mark.parametrize("size", [(20, 8), (8, 3), (1, 1)])
async def test_a_tiny_window(size):
    app = editor("It was a dark and stormy night. " * 20, engine("It rained. " * 40))
    async with app.run_test(size=size) as pilot:
        await ready(pilot, "f8")
        await pilot.press("down", "pagedown", "enter")
        assert app.area.text.startswith("It rained.")
        if size[0] == 20:
            assert any("rained" in row for row in screen_rows(app))


async def test_quitting_ends_it():
    app = editor("Old.", model := engine())
    async with app.run_test() as pilot:
        await pilot.press("f8")
        await until(pilot, lambda: model.jobs)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app.return_value)
        assert model.jobs[0].cancelled
