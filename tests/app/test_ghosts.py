"""When ghost text is asked for, and what becomes of answers. If these fail, it flickers, or lies, or nags."""

import threading

import pytest
from scripted import Ghost, Job, ScriptedEngine, always, at_end, editor, never, until

from killah.errors import KillahError


async def test_typing_shows_a_ghost_and_counts_it():
    engine = ScriptedEngine(always(" was", " was a night"))
    app = editor("It", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("s")
        await until(pilot, lambda: app.area.suggestion == " was a night")
        await until(pilot, lambda: app.ghosts.figures.latencies)
        assert engine.asked == [("Its", 3)]
        assert app.ghosts.figures.shown == 1
        assert app.ghosts.figures.percentile(0.5) > 0
        assert app.ghosts.state == "shown"


async def test_quick_typing_asks_once_and_an_older_question_is_cancelled():
    engine = ScriptedEngine()
    app = editor("It was", engine, debounce_ms=150)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press(*" a dark")
        await until(pilot, lambda: len(engine.asked) == 1)
        assert engine.asked[0][0].startswith("It was a")
        assert app.ghosts.state == "thinking"
        await pilot.press("x")
        assert engine.jobs[0].cancelled
        await until(pilot, lambda: engine.asked[-1][0].endswith("darkx"))
        assert not engine.jobs[-1].cancelled


async def test_the_screen_goes_on_while_the_engine_thinks():
    engine = ScriptedEngine()
    app = editor("It was", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await until(pilot, lambda: engine.jobs)
        await pilot.press(*" more")  # nothing has answered yet
        assert app.area.text == "It wasx more"
        assert threading.main_thread() is threading.current_thread()


async def test_an_answer_to_an_older_text_is_dropped():
    engine = ScriptedEngine()
    app = editor("It was", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await until(pilot, lambda: len(engine.jobs) == 1)
        await pilot.press("y")
        engine.jobs[0].send(Ghost(" too late")).end()
        await pilot.pause(0.1)
        assert app.area.suggestion == ""
        await until(pilot, lambda: len(engine.jobs) == 2)
        engine.jobs[1].send(Ghost(" in time")).end()
        await until(pilot, lambda: app.area.suggestion == " in time")


async def test_typing_along_does_not_ask_again_until_it_runs_out():
    engine = ScriptedEngine(lambda before: always(" at")(before) if before == "Noon" else never(before))
    app = editor("Noo", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("n")
        await until(pilot, lambda: app.area.suggestion)
        await pilot.press("space", "a")
        await pilot.pause(0.1)
        assert len(engine.asked) == 1
        await pilot.press("t")
        await until(pilot, lambda: len(engine.asked) == 2)
        assert app.ghosts.figures.typed == 1


async def test_taking_a_ghost_asks_for_the_next():
    engine = ScriptedEngine(always(" and so on"))
    app = editor("One", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await until(pilot, lambda: app.area.suggestion)
        await pilot.press("tab")
        await until(pilot, lambda: app.area.suggestion and len(engine.asked) == 2)
        assert app.area.text == "Onex and so on"
        figures = app.ghosts.figures
        assert (figures.accepted, figures.words_taken, figures.shown) == (1, 3, 2)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (["left", "left", "x"], "it would cut a word in two"),
        (["home", "shift+right"], "something is selected"),
        (["left"], "nothing was typed"),
        (["x", "ctrl+z"], "the change was undone"),
        (["f7", "backspace"], "there is no text"),
    ],
)
async def test_it_is_not_asked_for_where_it_is_not_wanted(keys, why):
    engine = ScriptedEngine(always(" never"))
    app = editor("Once", engine, debounce_ms=80)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press(*keys)
        await pilot.pause(0.2)
        assert engine.asked == [], why


async def test_escape_cancels_and_keeps_quiet_until_the_next_key():
    engine = ScriptedEngine()
    app = editor("One", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await until(pilot, lambda: engine.jobs)
        engine.jobs[0].send(Ghost(" two"))
        await until(pilot, lambda: app.area.suggestion)
        await pilot.press("escape")
        await until(pilot, lambda: engine.jobs[0].cancelled)
        engine.jobs[0].send(Ghost(" two three"))
        await pilot.pause(0.1)
        assert app.area.suggestion == ""
        assert len(engine.jobs) == 1
        assert app.ghosts.figures.dismissed == 1
        await pilot.press("y")
        await until(pilot, lambda: len(engine.jobs) == 2)


async def test_another_one_begins_otherwise_than_all_that_were_shown_at_this_place():
    engine = ScriptedEngine()
    app = editor("One", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await until(pilot, lambda: engine.jobs)
        engine.jobs[0].send(Ghost(" two"))
        await until(pilot, lambda: app.area.suggestion == " two")
        await pilot.press("ctrl+@")
        await until(pilot, lambda: engine.jobs[0].cancelled and len(engine.jobs) == 2)
        engine.jobs[0].send(Ghost(" two three"))
        engine.jobs[1].send(Ghost(" too")).end()
        await until(pilot, lambda: app.area.suggestion == " too")
        await pilot.press("ctrl+right_square_bracket")
        await until(pilot, lambda: len(engine.jobs) == 3)
        assert engine.beside == [None, [" two"], [" two", " too"]]
        engine.jobs[2].send(Ghost(" tomorrow")).end()
        await until(pilot, lambda: app.area.suggestion == " tomorrow")
        assert app.ghosts.figures.dismissed == 2
        await pilot.press("tab")
        assert app.area.text == "Onex tomorrow"
        await pilot.press("ctrl+space")
        await until(pilot, lambda: engine.beside[-1] == [])  # at another place nothing was shown yet


async def test_one_is_asked_for_where_none_is_shown_and_it_is_told_if_there_is_none():
    engine = ScriptedEngine(always())
    app = editor("One", engine, ghost=False)
    async with app.run_test() as pilot:
        await pilot.press("ctrl+space")  # inside the word
        assert engine.asked == []
        await at_end(pilot)
        await pilot.press("ctrl+space")
        await until(pilot, lambda: engine.beside == [[]])
        await until(pilot, lambda: any("no other words" in each.message for each in app._notifications))


async def test_f4_turns_it_off_and_on():
    engine = ScriptedEngine(always(" two"))
    app = editor("One", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("f4", "x")
        await pilot.pause(0.1)
        assert (engine.asked, app.ghosts.state) == ([], "off")
        await pilot.press("f4", "y")
        await until(pilot, lambda: app.area.suggestion == " two")


async def test_the_setting_turns_it_off():
    engine = ScriptedEngine(always(" two"))
    app = editor("One", engine, ghost=False)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await pilot.pause(0.1)
        assert engine.asked == []


async def test_a_failure_is_told_in_the_status_bar_and_not_at_every_key():
    engine = ScriptedEngine(lambda before: Job().end(KillahError("The model broke.")))
    app = editor("One", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await until(pilot, lambda: app.ghosts.state == "failed")
        await pilot.press("y")
        await pilot.pause(0.1)
        assert len(engine.asked) == 1
        assert app.area.text == "Onexy"
        await pilot.press("f4", "z")  # tries again
        await until(pilot, lambda: len(engine.asked) == 2)


async def test_a_model_that_cannot_be_loaded_leaves_an_editor():
    app = editor("One", ScriptedEngine(error=KillahError("There is no model 'x'.", "Get one.")))
    async with app.run_test() as pilot:
        await at_end(pilot)
        await until(pilot, lambda: app.ghosts.state == "failed")
        assert "There is no model 'x'. Get one." in [note.message for note in app._notifications]
        await pilot.press("x")
        assert app.area.text == "Onex"
