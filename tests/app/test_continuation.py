"""The model writing on at the caret. If these fail, it blocks the writer, or cannot be undone."""

import pytest
from scripted import Job, ScriptedEngine, always, at_end, editor, until

from killah.errors import KillahError


async def test_it_streams_into_the_text_and_one_undo_takes_it_away():
    engine = ScriptedEngine(always(" ghost"))
    app = editor("Once upon", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: engine.jobs)
        engine.jobs[0].send(" a time", "\n\nthere")
        await until(pilot, lambda: app.area.text == "Once upon a time\n\nthere")
        assert app.continuation.running
        engine.jobs[0].send(" was a king.").end()
        await until(pilot, lambda: not app.continuation.running)
        assert app.area.cursor_location == (2, 17)
        assert engine.asked == []
        await pilot.press("ctrl+z")
        assert app.area.text == "Once upon"
        await pilot.press("ctrl+y")
        assert app.area.text == "Once upon a time\n\nthere was a king."


async def test_only_what_is_before_the_caret_is_gone_on_from():
    seen = []
    engine = ScriptedEngine(continuation=lambda text: seen.append(text) or Job().send("X").end())
    app = editor("before after", engine)
    async with app.run_test() as pilot:
        app.area.move_cursor((0, 6))
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.area.text == "beforeX after")
        assert seen == ["before"]


async def test_escape_stops_it_and_keeps_what_came():
    engine = ScriptedEngine()
    app = editor("Once", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: engine.jobs)
        engine.jobs[0].send(" upon")
        await until(pilot, lambda: app.area.text == "Once upon")
        await pilot.press("escape")
        assert engine.jobs[0].cancelled
        engine.jobs[0].send(" a time")
        await pilot.pause(0.1)
        assert (app.area.text, app.continuation.running) == ("Once upon", False)


@pytest.mark.parametrize(("key", "text"), [("x", "Once uponx"), ("left", "Once upon"), ("ctrl+z", "Once")])
async def test_any_key_of_the_writer_s_stops_it(key, text):
    engine = ScriptedEngine()
    app = editor("Once", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: engine.jobs)
        engine.jobs[0].send(" upon")
        await until(pilot, lambda: app.area.text == "Once upon")
        await pilot.press(key)
        engine.jobs[0].send(" a time")
        await until(pilot, lambda: not app.continuation.running)
        await pilot.pause(0.05)
        assert app.area.text == text


async def test_a_piece_on_its_way_is_dropped_when_the_writer_types():
    engine = ScriptedEngine()
    app = editor("Once", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        app.action_continue()
        app.area.insert("!")
        app.continuation._arrived(engine.jobs[0], " upon")
        assert (app.area.text, engine.jobs[0].cancelled) == ("Once!", True)


async def test_beginning_again_ends_the_first():
    engine = ScriptedEngine()
    app = editor("Once", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("f5", "f5")
        await until(pilot, lambda: len(engine.jobs) == 2)
        assert engine.jobs[0].cancelled
        engine.jobs[1].send(" more").end()
        await until(pilot, lambda: app.area.text == "Once more")


async def test_a_failure_is_told():
    engine = ScriptedEngine(continuation=lambda text: Job().end(KillahError("There is no persona 'x'.")))
    app = editor("Once", engine)
    async with app.run_test() as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: app._notifications)
        assert "There is no persona 'x'." in [note.message for note in app._notifications]
        assert app.area.text == "Once"


async def test_a_model_with_nothing_to_say_says_so():
    app = editor("Once", ScriptedEngine(continuation=lambda text: Job().end()))
    async with app.run_test() as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: app._notifications)
        assert not app.filing.modified
