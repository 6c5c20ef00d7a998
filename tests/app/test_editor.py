"""The editor as a whole: files, questions, palette, panels. If these fail, a writer loses text."""

import os
import time
from datetime import datetime

import pytest
from scripted import ScriptedEngine, editor, screen_rows, until

from killah import config, paths
from killah.app.dialogs import Ask, AskPath, KeysHelp
from killah.app.document import Document, open_document
from killah.app.editor import Editor
from killah.app.find import FindBar
from killah.app.journal import Journal
from killah.app.plain_text import PlainText
from killah.app.status import StatusBar
from killah.config import Settings


def status(app):
    return app.query_one(StatusBar).status


async def answer(pilot, choice):
    """Wait for a question and give an answer by its words."""
    await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
    labels = list(pilot.app.screen._answers.values())
    await pilot.press(*["down"] * labels.index(choice), "enter")
    await pilot.pause()


async def name(pilot, path):
    """Wait for the file name question and type a name."""
    await until(pilot, lambda: isinstance(pilot.app.screen, AskPath))
    line = pilot.app.screen.query_one("Input")
    line.value = str(path)
    await pilot.press("enter")
    await pilot.pause()


async def test_open_type_save_quit(tmp_path):
    file = tmp_path / "draft.md"
    file.write_text("Once\n")
    app = Editor(open_document(file), ScriptedEngine(), Settings(), now=lambda: datetime(2026, 1, 2, 14, 3))
    async with app.run_test() as pilot:
        await pilot.press("ctrl+end", *"upon")
        assert (status(app).modified, status(app).words, status(app).line, status(app).column) == (
            True,
            2,
            2,
            5,
        )
        await pilot.press("ctrl+s")
        await until(pilot, lambda: status(app).saved)
        assert (status(app).saved, status(app).modified) == ("saved 14:03", False)
        assert file.read_text() == "Once\nupon"
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app.return_value)
    assert app.return_value["file"] == str(file)
    assert (app.return_value["words"], app.return_value["saved"]) == (2, True)
    assert list((paths.state_dir() / "recovery").iterdir()) == []


async def test_the_mark_goes_when_undo_brings_the_file_back():
    app = editor("One")
    async with app.run_test() as pilot:
        await pilot.press("x")
        await until(pilot, lambda: status(app).modified)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: not status(app).modified)


@pytest.mark.parametrize(
    ("choice", "left", "text"),
    [("Save", True, "xOne"), ("Don't save", True, "One"), ("Cancel", False, "One")],
)
async def test_quitting_asks_about_unsaved_changes(tmp_path, choice, left, text):
    file = tmp_path / "draft.md"
    file.write_text("One")
    app = Editor(open_document(file), ScriptedEngine(), Settings())
    async with app.run_test() as pilot:
        await pilot.press("x", "ctrl+q")
        await answer(pilot, choice)
        await pilot.pause(0.1)
        assert (app.return_value is not None) is left
        assert file.read_text() == text
        app.filing.forget()


async def test_escape_goes_back_from_a_question():
    app = editor("One")
    async with app.run_test() as pilot:
        await pilot.press("x", "ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("escape")
        await pilot.pause()
        assert app.return_value is None
        await pilot.press("y")
        assert app.area.text == "xyOne"
        app.filing.forget()


async def test_a_new_text_is_saved_under_the_name_one_gives(tmp_path):
    app = editor()
    async with app.run_test() as pilot:
        await pilot.press(*"abc", "ctrl+s")
        await name(pilot, tmp_path / "new.md")
        await until(pilot, lambda: status(app).name == "new.md")
        assert (tmp_path / "new.md").read_text() == "abc"
        assert not status(app).modified


async def test_save_as_asks_before_it_writes_over_another_file(tmp_path):
    other = tmp_path / "other.md"
    other.write_text("precious")
    app = editor("mine", path=tmp_path / "mine.md")
    async with app.run_test() as pilot:
        await pilot.press("f12")
        await name(pilot, other)
        await answer(pilot, "No")
        assert other.read_text() == "precious"
        assert status(app).name == "mine.md"
        await until(pilot, lambda: isinstance(app.screen, AskPath))
        assert app.screen.query_one("Input").value == str(other)
        await name(pilot, tmp_path / "nowhere" / "mine.md")
        await until(pilot, lambda: app._notifications)
        assert "There is no folder" in next(iter(app._notifications)).message
        await name(pilot, other)
        await answer(pilot, "Yes, write over it")
        await until(pilot, lambda: status(app).name == "other.md")
        assert other.read_text() == "mine"


async def test_another_program_s_change_is_asked_about(tmp_path):
    file = tmp_path / "draft.md"
    file.write_text("One")
    app = Editor(open_document(file), ScriptedEngine(), Settings())
    async with app.run_test() as pilot:
        file.write_text("Theirs, longer")
        await pilot.press("x", "ctrl+s")
        await answer(pilot, "No")
        assert file.read_text() == "Theirs, longer"
        assert app.area.text == "xOne"
        app.filing.forget()


async def test_both_texts_are_kept_by_saving_under_another_name(tmp_path):
    file = tmp_path / "draft.md"
    file.write_text("One")
    app = Editor(open_document(file), ScriptedEngine(), Settings())
    async with app.run_test() as pilot:
        file.write_text("Theirs, longer")
        await pilot.press("x", "ctrl+s")
        await answer(pilot, "Save under another name")
        await name(pilot, tmp_path / "mine.md")
        await until(pilot, lambda: status(app).name == "mine.md")
        assert file.read_text() == "Theirs, longer"
        assert (tmp_path / "mine.md").read_text() == "xOne"


async def test_what_another_program_writes_is_shown_and_the_caret_stays(tmp_path):
    file = tmp_path / "draft.md"
    file.write_text("One\ntwo three")
    app = Editor(open_document(file), ScriptedEngine(), Settings())
    async with app.run_test() as pilot:
        app.area.move_cursor((1, 4))
        file.write_text("One\nand a half\ntwo three")
        app.filing.keep()
        await until(pilot, lambda: app.area.text == "One\nand a half\ntwo three")
        assert app.area.cursor_location == (2, 4)
        assert not status(app).modified
        await pilot.press("ctrl+s")
        await until(pilot, lambda: status(app).saved)
        await pilot.press("ctrl+z")
        assert app.area.text == "One\ntwo three"
        await until(pilot, lambda: status(app).modified)
        app.filing.forget()


async def test_unsaved_text_is_not_changed_by_another_program_s_and_the_writer_knows(tmp_path):
    file = tmp_path / "draft.md"
    file.write_text("One")
    app = Editor(open_document(file), ScriptedEngine(), Settings())
    async with app.run_test() as pilot:
        await pilot.press("x")
        file.write_text("Theirs, longer")
        app.filing.keep()
        app.filing.keep()
        await pilot.pause()
        assert app.area.text == "xOne"
        [note] = app._notifications
        assert note.message.startswith("draft.md was changed by another program.")
        app.filing.forget()


async def test_the_text_of_a_file_that_was_removed_is_not_lost_by_quitting(tmp_path):
    file = tmp_path / "draft.md"
    file.write_text("One")
    app = Editor(open_document(file), ScriptedEngine(), Settings())
    async with app.run_test() as pilot:
        file.unlink()
        app.filing.keep()
        await pilot.press("ctrl+q")
        await answer(pilot, "Save")
        await until(pilot, lambda: app.return_value)
    assert file.read_text() == "One"


async def test_a_disk_that_cannot_be_written_keeps_the_text_here_and_in_the_journal():
    app = editor("One")
    async with app.run_test() as pilot:
        await pilot.press("x", "f12")
        await name(pilot, "/proc/draft.md")
        await until(pilot, lambda: app._notifications)
        [note] = app._notifications
        assert note.message.startswith("Cannot write /proc/draft.md")
        assert "Your text is still here" in note.message
        assert app.area.text == "xOne"
        assert status(app).modified
        [journal] = (paths.state_dir() / "recovery").iterdir()
        assert "x" in journal.read_text()
        app.filing.forget()


async def test_opening_another_file(tmp_path):
    other = tmp_path / "other.md"
    other.write_text("Other\ntext")
    app = editor("One")
    async with app.run_test() as pilot:
        await pilot.press("x", "ctrl+o")
        await name(pilot, other)
        await answer(pilot, "Don't save")
        await until(pilot, lambda: status(app).name == "other.md")
        assert app.area.text == "Other\ntext"
        assert not status(app).modified
        await pilot.press("ctrl+z")
        assert app.area.text == "Other\ntext"


@pytest.mark.parametrize("data", [b"\x00\x01", b"x" * 200_000, None])
async def test_a_file_that_cannot_be_opened_leaves_the_text_alone(tmp_path, data):
    other = tmp_path / "other"
    other.write_bytes(data) if data is not None else other.mkdir()
    app = editor("One")
    async with app.run_test() as pilot:
        await pilot.press("x", "ctrl+o")
        await name(pilot, other)
        await until(pilot, lambda: app._notifications)
        assert app.area.text == "xOne"
        app.filing.forget()


async def test_a_new_text():
    app = editor("One")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+n")
        await until(pilot, lambda: status(app).name == "untitled")
        assert app.area.text == ""


def leave_behind(text, path=None):
    """An editor dies with this text unsaved."""
    document = PlainText("")
    journal = Journal(paths.state_dir() / "recovery", path)
    document.before_change = journal.record
    document.replace_range((0, 0), (0, 0), text)
    os.close(journal._descriptor)


@pytest.mark.parametrize(
    ("choice", "text"),
    [("Restore that text (undo takes it back)", "What was lost"), ("Throw it away", "One")],
)
async def test_what_a_killed_editor_left_is_asked_about(tmp_path, choice, text):
    file = tmp_path / "draft.md"
    file.write_text("One")
    leave_behind("What was lost", file)
    app = Editor(open_document(file), ScriptedEngine(), Settings())
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert "3 words" in app.screen._question
        assert "changed since" not in app.screen._question
        await answer(pilot, choice)
        await until(pilot, lambda: app.area.text == text)
        assert file.read_text() == "One"
        await pilot.press("ctrl+z")
        assert app.area.text == "One"
        app.filing.forget()
    assert list((paths.state_dir() / "recovery").iterdir()) == []


async def test_a_file_that_was_changed_since_is_not_replaced_unawares(tmp_path):
    file = tmp_path / "draft.md"
    leave_behind("What was lost", file)
    file.write_text("Newer")
    os.utime(file, (later := time.time() + 60, later))
    app = Editor(open_document(file), ScriptedEngine(), Settings())
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert app.screen._question.endswith("The file was changed since.")


async def test_deciding_later_about_it_keeps_it():
    leave_behind("What was lost")
    app = editor()
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("escape")
        await pilot.pause()
    assert len(list((paths.state_dir() / "recovery").iterdir())) == 1


async def test_a_journal_that_cannot_be_written_is_told_once(tmp_path):
    (tmp_path / "file").write_text("")
    app = Editor(Document(), ScriptedEngine(), Settings(), recovery=tmp_path / "file" / "recovery")
    async with app.run_test() as pilot:
        await pilot.press(*"abc")
        await pilot.pause()
        notes = [note.message for note in app._notifications]
        assert len(notes) == 1
        assert notes[0].startswith("Unsaved text is not being kept: Cannot write")
        assert app.area.text == "abc"


async def test_the_colours_are_kept_for_the_next_time():
    app = editor("One")
    async with app.run_test() as pilot:
        dark = app.area.render_line(0)
        await pilot.press("f2")
        await pilot.pause()
        assert app.theme == "killah-light"
        assert app.area.render_line(0) != dark
        assert config.load().theme == "light"


async def test_the_palette_runs_commands_and_picks_personas():
    paths.personas_dir().mkdir(parents=True)
    (paths.personas_dir() / "wells.sqlite").touch()
    engine = ScriptedEngine()
    app = editor("One", engine)
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"persona: we")
        await until(
            pilot,
            lambda: app.screen.query("CommandList") and app.screen.query_one("CommandList").option_count == 1,
        )
        await pilot.press("enter")
        await until(pilot, lambda: engine.persona == "wells")
        assert status(app).persona == "wells"


async def test_the_persona_of_the_settings_is_used_if_there_is_one():
    app = editor("One", engine := ScriptedEngine(), persona="nobody")
    async with app.run_test():
        assert engine.persona is None
        assert status(app).persona == ""


async def test_f1_shows_the_keys_and_closes_again():
    app = editor("One")
    async with app.run_test() as pilot:
        await pilot.press("f1")
        assert isinstance(app.screen, KeysHelp)
        await pilot.press("escape")
        assert not isinstance(app.screen, KeysHelp)


async def test_find_goes_round_and_selects():
    app = editor("The cat\nand the dog\nand THE end")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+f", *"the")
        await pilot.pause()
        places = [app.area.selection.start]
        for key in ["enter", "down", "enter", "up"]:
            await pilot.press(key)
            await pilot.pause()
            places.append(app.area.selection.start)
        assert places == [(0, 0), (1, 4), (2, 4), (0, 0), (2, 4)]
        assert app.area.selected_text == "THE"
        await pilot.press("escape", "x")
        assert app.area.text == "The cat\nand the dog\nand x end"
        assert not app.query_one(FindBar).display
        app.filing.forget()


async def test_find_says_which_of_them_it_is_at_and_takes_one_letter_for_another():
    app = editor("Ещё раз, еще раз; don’t")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+f", *"еще")
        await pilot.pause()
        assert str(app.query_one("#count").content) == "1 of 2"
        await pilot.press("enter")
        assert str(app.query_one("#count").content) == "2 of 2"
        await pilot.press("ctrl+a", *"don't")
        await pilot.pause()
        assert app.area.selected_text == "don’t"


async def test_replacing_one_by_one_and_skipping_some():
    app = editor("The cat and the dog and the end")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+backslash", *"the", "tab", *"a", "enter")
        assert app.area.text == "A cat and the dog and the end"
        await pilot.press("down", "enter")
        assert app.area.text == "A cat and the dog and a end"
        await pilot.press("escape", "ctrl+z")
        assert app.area.text == "A cat and the dog and the end"
        await pilot.press("ctrl+z")
        assert app.area.text == "The cat and the dog and the end"


async def test_replacing_all_is_one_step_and_keeps_who_wrote_what():
    app = editor("Grey sky. GREY sea, ")
    async with app.run_test() as pilot:
        app.area.move_cursor(app.area.document.end)
        app.area.add_piece("grey land.", "dictated")
        await pilot.press("ctrl+f", *"grey", "tab", *"gray", "ctrl+a")
        assert app.area.text == "Gray sky. GRAY sea, gray land."
        assert str(app.query_one("#count").content) == "3 replaced"
        (span,) = app.area.history.spans
        assert (span.source, app.area.text[span.start : span.end]) == ("dictated", "gray land.")
        await pilot.press("escape", "ctrl+z")
        assert app.area.text == "Grey sky. GREY sea, grey land."
        app.filing.forget()


async def test_a_replacement_for_a_word_with_capitals_is_written_as_it_is():
    app = editor("The USA and the usa")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+backslash", *"USA", "tab", *"America", "ctrl+a")
        assert app.area.text == "The America and the America"
        app.filing.forget()


async def test_find_says_when_there_is_nothing():
    app = editor("One")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+f", *"(x")
        await pilot.pause()
        assert str(app.query_one("#count").content) == "not found"


async def test_keys_of_a_russian_layout():
    app = editor("One")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+а")
        assert app.query_one(FindBar).display
        await pilot.press("escape", "ctrl+з")
        await until(pilot, lambda: app.screen.query("CommandList"))


@pytest.mark.parametrize("size", [(20, 8), (8, 3), (1, 1)])
async def test_a_tiny_window(size):
    app = editor("It was a dark and stormy night", ScriptedEngine())
    async with app.run_test(size=size) as pilot:
        await pilot.press("x")
        for keys in [["f1", "escape"], ["ctrl+p", "escape"], ["ctrl+f", "escape"], ["ctrl+q", "escape"]]:
            await pilot.press(*keys)
            await pilot.pause()
        if size[0] == 20:
            assert screen_rows(app)[0].strip() == "xIt was a dark"
        app.filing.forget()


async def test_the_figures_can_be_read():
    app = editor("One")
    async with app.run_test() as pilot:
        await app.run_action("figures")
        await pilot.pause()
        assert "Shown 0 of 0" in next(iter(app._notifications)).message
