"""The journal of suggestions, written by the real editor. Else training learns what nobody wrote."""

import json

from scripted import Ghost as Suggested
from scripted import Job, ScriptedEngine, always, at_end, editor, until

from killah import paths
from killah.errors import KillahError
from killah.persona import suggestions
from killah.persona.store import Store
from killah.training import writing


def journal():
    return list(suggestions.read())


async def shown(pilot, text):
    await until(pilot, lambda: pilot.app.area.suggestion == text)


async def typed_and_shown(pilot, keys, text):
    await pilot.press(*keys)
    await shown(pilot, text)


async def quit(pilot):
    await pilot.press("ctrl+q")
    await until(pilot, lambda: pilot.app._exit or len(pilot.app.screen_stack) > 1)
    if not pilot.app._exit:
        await pilot.press("down", "enter")  # Don't save
        await until(pilot, lambda: pilot.app._exit)


def once(text):
    """A ghost only where this text ends."""
    return lambda before: Job().send(*([Suggested(" red fox")] if before.endswith(text) else [])).end()


async def test_an_accepted_ghost_is_noted_with_its_context_and_what_it_became():
    app = editor("The", ScriptedEngine(once("quick")))
    async with app.run_test() as pilot:
        await at_end(pilot)
        await typed_and_shown(pilot, " quick", " red fox")
        await pilot.press("tab", *" ran")
        await quit(pilot)
    (noted,) = journal()
    assert (noted.context, noted.shown, noted.fate) == ("The quick", " red fox", "accepted")
    assert noted.written == " red fox ran"


async def test_what_the_writer_wrote_instead_is_noted():
    app = editor("The", ScriptedEngine(once("quick")))
    async with app.run_test() as pilot:
        await at_end(pilot)
        await typed_and_shown(pilot, " quick", " red fox")
        await pilot.press(*" brown")
        await quit(pilot)
    assert [(n.shown, n.fate, n.written) for n in journal()] == [(" red fox", "ignored", " brown")]


async def test_a_dismissed_ghost_and_a_word_of_one():
    app = editor("The", ScriptedEngine(once("quick")))
    async with app.run_test() as pilot:
        await at_end(pilot)
        await typed_and_shown(pilot, " quick", " red fox")
        await pilot.press("ctrl+right")
        await pilot.press("home", "end")  # leaving the place closes it
        await typed_and_shown(pilot, " quick", " red fox")
        await pilot.press("escape", *" on")
        await quit(pilot)
    assert [(n.fate, n.written) for n in journal()] == [("word", " red"), ("dismissed", " on")]


async def test_what_is_taken_back_is_not_what_was_written():
    app = editor("The", ScriptedEngine(once("quick")))
    async with app.run_test() as pilot:
        await at_end(pilot)
        await typed_and_shown(pilot, " quick", " red fox")
        await pilot.press("tab", "ctrl+z", *" hare")
        await quit(pilot)
    assert [(n.fate, n.written) for n in journal()] == [("accepted", " hare")]


async def test_a_long_text_is_noted_on_the_way_and_only_its_beginning():
    app = editor("The", ScriptedEngine(once("quick")))
    async with app.run_test() as pilot:
        await at_end(pilot)
        await typed_and_shown(pilot, " quick", " red fox")
        app.area.insert(" over" * 60)
        await until(pilot, journal)
        (noted,) = journal()
        assert noted.written == " over" * 23  # 120 characters, without a word that may be cut
        app.area.move_cursor((0, 0))
        await pilot.pause()
        assert len(journal()) == 1


async def test_it_is_private_and_can_be_switched_off():
    for on in (True, False):
        app = editor("The", ScriptedEngine(once("quick")), journal_suggestions=on)
        async with app.run_test() as pilot:
            await at_end(pilot)
            await typed_and_shown(pilot, " quick", " red fox")
            await quit(pilot)
        assert len(journal()) == 1
    assert suggestions.file().stat().st_mode & 0o077 == 0


async def test_a_full_disk_costs_the_journal_and_not_the_text(monkeypatch):
    def full(_):
        raise KillahError("Cannot write: the disk is full.")

    monkeypatch.setattr(suggestions, "add", full)
    app = editor("The", ScriptedEngine(once("quick")))
    async with app.run_test() as pilot:
        await at_end(pilot)
        await typed_and_shown(pilot, " quick", " red fox")
        await pilot.press("tab", "home", *"x")
        assert app.area.text == "xThe quick red fox"
        assert not app.noted.on


async def test_the_persona_in_use_is_noted():
    for name in ("saki", "wells"):
        with Store.create(paths.personas_dir() / f"{name}.sqlite"):
            pass
    app = editor("The", ScriptedEngine(always(" end")), persona="saki")
    async with app.run_test() as pilot:
        await at_end(pilot)
        await typed_and_shown(pilot, "x", " end")
        app.action_use_persona("wells")
        await shown(pilot, " end")
        await quit(pilot)
    assert [each.persona for each in journal()] == ["saki", "wells"]
    assert [each.persona for each in suggestions.read("wells")] == ["wells"]
    assert json.loads(suggestions.file().read_text().splitlines()[0])["shown"] == " end"


async def test_what_was_written_with_the_editor_is_what_is_trained_on():
    with Store.create(paths.personas_dir() / "saki.sqlite"):
        pass
    app = editor("The", ScriptedEngine(once("quick")), persona="saki")
    async with app.run_test() as pilot:
        await at_end(pilot)
        await typed_and_shown(pilot, " quick", " red fox")
        await pilot.press(*" brown dog")
        await pilot.press("enter", *"A")
        await typed_and_shown(pilot, " quick", " red fox")
        await pilot.press("tab")
        await quit(pilot)
    (day,) = writing.of_suggestions("saki").units
    # From where the first was shown; the second was shown inside of that, and is not learned twice.
    assert [(row["prompt"], row["completion"]) for row in day] == [
        ("The quick", " brown dog\nA quick red fox")
    ]
    assert [each.fate for each in journal()] == ["ignored", "accepted"]
