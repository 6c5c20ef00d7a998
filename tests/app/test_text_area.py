"""Ghost text in the text area. If these fail, it goes stale, garbles the screen, or gets into the file.

The last tests hold the parts of Textual that are private: they fail when a new version moves them.
"""

import random
from itertools import pairwise

import pytest
import textual
from textual.app import App
from textual.document._history import EditHistory
from textual.document._wrapped_document import WrappedDocument
from textual.widgets import TextArea

from killah.app.text_area import GhostTextArea
from killah.app.theme import DARK


class Host(App[None]):
    CSS = "GhostTextArea { border: none; } .text-area--suggestion { color: $ghost; }"

    def __init__(self, text=""):
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.area = GhostTextArea(text)
        self.settled = []

    def compose(self):
        yield self.area

    def on_mount(self):
        self.area.focus()
        self.area.move_cursor(self.area.document.end)

    def on_ghost_text_area_settled(self, event):
        self.settled.append((event.outcome, event.words))


def rows(area):
    """What is on screen, through every cache there is."""
    return [strip.text.rstrip() for strip in area.screen._compositor.render_strips()]


def offer(area, text):
    return area.offer(area.origin, text)


async def test_a_ghost_is_drawn_and_is_not_in_the_text():
    async with Host("It was a dark").run_test(size=(60, 5)) as pilot:
        area = pilot.app.area
        assert offer(area, " and stormy night")
        await pilot.pause()
        assert rows(area)[0].strip() == "It was a dark and stormy night"
        assert area.text == "It was a dark"


async def test_a_ghost_wraps_like_text():
    async with Host("It was a dark").run_test(size=(24, 8)) as pilot:
        area = pilot.app.area
        offer(area, " and stormy night; the rain fell in torrents")
        await pilot.pause()
        shown = [row.strip() for row in rows(area)]
        assert shown[:3] == ["It was a dark and", "stormy night; the", "rain fell in torrents"]


async def test_a_ghost_in_the_middle_of_a_line_pushes_the_rest():
    async with Host("It was dark. The end.").run_test(size=(60, 5)) as pilot:
        area = pilot.app.area
        area.move_cursor((0, 11))
        offer(area, " and stormy")
        await pilot.pause()
        assert rows(area)[0].strip() == "It was dark and stormy. The end."


async def test_a_click_behind_a_ghost_lands_where_it_is_seen():
    async with Host("It was dark. The end.").run_test(size=(60, 5)) as pilot:
        area = pilot.app.area
        area.move_cursor((0, 11))
        offer(area, " and stormy")
        await pilot.pause()
        assert rows(area)[0].index("The") == area.content_region.x + 24
        await pilot.click(area, offset=(area.content_region.x + 24, 0))
        assert area.cursor_location == (0, 13)
        assert area.suggestion == ""


async def test_typing_along_keeps_it_and_other_things_do_not():
    async with Host("One").run_test() as pilot:
        area = pilot.app.area
        offer(area, " two three")
        await pilot.press("space", "t")
        assert (area.text, area.suggestion) == ("One t", "wo three")
        await pilot.press("x")
        assert (area.text, area.suggestion) == ("One tx", "")
        for key in [
            "backspace",
            "left",
            "up",
            "home",
            "ctrl+left",
            "enter",
            "delete",
            "shift+left",
            "ctrl+z",
        ]:
            area.load_text("One two")
            area.move_cursor((0, 3))
            offer(area, " and a half")
            assert area.suggestion
            await pilot.press(key)
            assert area.suggestion == "", key


async def test_a_ghost_typed_to_its_end_is_told():
    async with Host("On").run_test() as pilot:
        offer(pilot.app.area, "ce")
        await pilot.press("c", "e")
        await pilot.pause()
        assert pilot.app.settled == [("typed", 0)]


async def test_a_ghost_goes_on_growing_while_it_is_typed_along():
    async with Host("One").run_test() as pilot:
        area = pilot.app.area
        origin = area.origin
        area.offer(origin, " two")
        await pilot.press("space", "t")
        assert area.offer(origin, " two three four")
        assert area.suggestion == "wo three four"
        assert not area.offer(origin, " six")


async def test_what_was_asked_for_an_older_text_or_another_place_is_refused():
    async with Host("One two").run_test() as pilot:
        area = pilot.app.area
        origin = area.origin
        await pilot.press("left")
        assert not area.offer(origin, " three")
        await pilot.press("end", "x")
        assert not area.offer(origin, " three")
        await pilot.press("backspace")
        assert not area.offer(origin, " three")  # the same letters, but another version
        assert area.suggestion == ""


async def test_tab_takes_it_all_and_one_undo_gives_it_back():
    async with Host("It was").run_test() as pilot:
        area = pilot.app.area
        await pilot.press(*" a")
        offer(area, " dark night")
        await pilot.press("tab")
        assert area.text == "It was a dark night"
        assert area.cursor_location == (0, 19)
        await pilot.press(".")
        for left in ["It was a dark night", "It was a", "It was"]:
            await pilot.press("ctrl+z")
            assert area.text == left
        await pilot.press("ctrl+y", "ctrl+y")
        assert area.text == "It was a dark night"
        assert pilot.app.settled == [("accepted", 2)]


@pytest.mark.parametrize("key", ["ctrl+right", "alt+right"])
async def test_a_word_at_a_time(key):
    async with Host("It was").run_test() as pilot:
        area = pilot.app.area
        offer(area, " a dark, night")
        for text, rest in [
            ("It was a", " dark, night"),
            ("It was a dark,", " night"),
            ("It was a dark, night", ""),
        ]:
            await pilot.press(key)
            assert (area.text, area.suggestion) == (text, rest)
        await pilot.press("ctrl+z")
        assert area.text == "It was a dark,"
        assert pilot.app.settled == [("word", 1)] * 3


async def test_a_ghost_of_one_letter_is_its_own_step():
    async with Host("").run_test() as pilot:
        area = pilot.app.area
        await pilot.press(*"abc")
        offer(area, ".")
        await pilot.press("tab", "d")
        await pilot.press("ctrl+z")
        assert area.text == "abc."
        await pilot.press("ctrl+z")
        assert area.text == "abc"


@pytest.mark.parametrize("key", ["right", "shift+right"])
async def test_moving_right_does_not_take_it(key):
    async with Host("One two").run_test() as pilot:
        area = pilot.app.area
        area.move_cursor((0, 3))
        offer(area, " and")
        await pilot.press(key)
        assert (area.text, area.suggestion) == ("One two", "")
        assert area.cursor_location == (0, 4)


async def test_escape_dismisses_it_for_good():
    async with Host("One").run_test() as pilot:
        area = pilot.app.area
        origin = area.origin
        area.offer(origin, " two")
        await pilot.press("escape")
        assert (area.text, area.suggestion) == ("One", "")
        assert not area.offer(origin, " two three")
        assert area.has_focus
        assert pilot.app.settled == [("dismissed", 0)]


async def test_tab_without_a_ghost_indents():
    async with Host("").run_test() as pilot:
        await pilot.press("tab", "a")
        assert pilot.app.area.text == "    a"


@pytest.mark.parametrize(
    ("text", "shown"), [(" two\nthree", " two"), ("\n\nx", ""), (" a\x1b[31m", " a"), ("", "")]
)
async def test_only_what_can_be_drawn_on_the_line_is_shown(text, shown):
    async with Host("One").run_test() as pilot:
        assert offer(pilot.app.area, text) is bool(shown)
        assert pilot.app.area.suggestion == shown


async def test_a_ghost_is_only_wanted_where_it_cuts_no_word():
    async with Host("One two. three").run_test() as pilot:
        area = pilot.app.area
        for column, wanted in [(0, False), (1, False), (3, True), (7, True), (8, True), (14, True)]:
            area.move_cursor((0, column))
            assert area.at_word_end is wanted, column
        area.move_cursor((0, 0))
        await pilot.press("shift+end")
        assert not area.at_word_end


async def test_pasted_line_breaks_of_a_terminal_become_newlines():
    async with Host("").run_test() as pilot:
        pilot.app.post_message(textual.events.Paste("one\rtwo\r\nthree"))
        await pilot.pause()
        assert pilot.app.area.text == "one\ntwo\nthree"


async def test_keys_of_a_russian_layout():
    async with Host("").run_test() as pilot:
        area = pilot.app.area
        await pilot.press("д", "а")
        await pilot.press("ctrl+я")
        assert area.text == ""
        await pilot.press("ctrl+н")
        assert area.text == "да"


async def test_control_characters_are_shown_and_kept():
    async with Host("a\x0cb\x07").run_test() as pilot:
        await pilot.press("!")
        assert rows(pilot.app.area)[0].strip() == "a␌b␇!"
        assert pilot.app.area.text == "a\x0cb\x07!"


def random_step(rng, area):
    """One thing a writer or the model may do."""
    end = area.document.end
    place = (rng.randint(0, end[0]), 0)
    place = (place[0], rng.randint(0, len(area.document[place[0]])))
    steps = [
        lambda: offer(area, rng.choice([" word", " and a longer one that wraps around", "s.", " é漢字"])),
        lambda: offer(area, " so many words that two rows of the window are not enough for all of them"),
        lambda: area.insert(area.suggestion[:1] or "x", maintain_selection_offset=False),
        lambda: area.insert(
            rng.choice(["y", " ", "\n", " three new words", "\n\n"]), maintain_selection_offset=False
        ),
        lambda: area.insert("elsewhere ", place),
        area.action_accept_word,
        area.action_delete_left,
        area.action_delete_word_left,
        lambda: area.move_cursor(place),
        lambda: area.move_cursor(place, select=True),
        area.action_cursor_up,
        area.action_cursor_down,
        area.undo,
        area.redo,
        area.clear_ghost,
    ]
    rng.choice(steps)()


async def test_whatever_is_done_the_layout_and_the_screen_are_as_if_made_anew():
    rng = random.Random(11)
    text = "\n".join("some words of a paragraph that wraps " * n for n in (2, 0, 1, 4))
    async with Host(text).run_test(size=(31, 12)) as pilot:
        area = pilot.app.area
        for _ in range(100):
            random_step(rng, area)
            await pilot.pause()
            wrapped, ghost = area.wrapped_document, area.wrapped_document.ghost
            assert (ghost.text if ghost else "") == area.suggestion
            if ghost:
                assert (ghost.row, ghost.column) == area.cursor_location
            lines = [wrapped._shown(line) for line in range(area.document.line_count)]
            fresh = WrappedDocument(textual.document._document.Document("\n".join(lines)), area.wrap_width)
            assert wrapped._wrap_offsets == fresh._wrap_offsets
            assert wrapped._offset_to_line_info == fresh._offset_to_line_info
            assert wrapped._line_index_to_offsets == fresh._line_index_to_offsets
            assert area.virtual_size.height == wrapped.height
            on_screen = area.screen._compositor.render_strips()
            area._line_cache.clear()
            area.refresh()
            await pilot.pause()
            assert on_screen == area.screen._compositor.render_strips()


async def test_undo_that_makes_the_scroll_bar_go():
    async with Host("One").run_test(size=(30, 6)) as pilot:
        area = pilot.app.area
        area.insert("\n" * 20, maintain_selection_offset=False)
        await pilot.pause()
        assert area.show_vertical_scrollbar
        await pilot.press("ctrl+z")
        await pilot.pause()
        assert (area.text, area.show_vertical_scrollbar) == ("One", False)


async def test_a_resized_window_wraps_ghost_and_text_anew():
    async with Host("It was a dark").run_test(size=(60, 8)) as pilot:
        area = pilot.app.area
        offer(area, " and stormy night")
        await pilot.resize_terminal(22, 8)
        await pilot.pause()
        assert [row.strip() for row in rows(area)][:2] == ["It was a dark and", "stormy night"]
        offsets = area.wrapped_document._line_index_to_offsets
        assert all(b[0] == a[-1] + 1 for a, b in pairwise(offsets))


async def test_a_narrower_window_keeps_the_caret_in_sight():
    async with Host("\n\n".join(["word " * 60] * 30)).run_test(size=(80, 20)) as pilot:
        area = pilot.app.area
        await pilot.press("ctrl+end")
        await pilot.resize_terminal(30, 8)
        await pilot.pause()
        row = area.wrapped_document.location_to_offset(area.cursor_location).y
        assert 0 <= row - area.scroll_offset.y < area.scrollable_content_region.height


async def test_the_caret_is_in_sight_when_a_word_goes_to_a_new_row_below_the_window():
    async with Host("one two\n" * 20).run_test(size=(30, 8)) as pilot:
        area = pilot.app.area
        height = area.scrollable_content_region.height
        for key in [*"abcd", "space"] * 12:
            await pilot.press(key)
            await pilot.pause()
            row = area.wrapped_document.location_to_offset(area.cursor_location).y
            assert 0 <= row - area.scroll_offset.y < height, area.text[-20:]


async def test_words_that_are_being_said_are_shown_in_an_empty_text():
    async with Host("").run_test(size=(30, 6)) as pilot:
        area = pilot.app.area
        area.placeholder = "Start writing, or say what you think; F1 shows the keys"
        assert rows(area)[1].strip()  # two rows of it
        assert area.show_said("it was a long way")
        await pilot.pause()
        assert [row.strip() for row in rows(area)] == ["it was a long way", *[""] * 5]
        area.show_said("")
        await pilot.pause()
        assert rows(area)[0].strip().startswith("Start writing")


async def test_a_double_click_selects_a_word_and_a_third_the_line():
    async with Host("It was Pushkin's wall-clock, he said.").run_test(size=(60, 6)) as pilot:
        area = pilot.app.area
        await pilot.double_click(area, offset=(10, 0))
        assert area.selected_text == "Pushkin's"
        await pilot.triple_click(area, offset=(20, 0))
        assert area.selected_text == "It was Pushkin's wall-clock, he said."
        await pilot.press("x")
        assert area.text == "x"


async def test_a_key_in_a_long_document_draws_only_what_it_changes(monkeypatch):
    async with Host("\n\n".join(["word " * 100] * 400)).run_test(size=(80, 40)) as pilot:
        area = pilot.app.area
        await pilot.pause()
        drawn = []
        render = TextArea._render_line
        monkeypatch.setattr(TextArea, "_render_line", lambda self, y: drawn.append(y) or render(self, y))
        monkeypatch.setattr(
            type(area.document), "text", property(lambda self: pytest.fail("joined the text"))
        )
        await pilot.press("x")
        await pilot.pause()
        assert len(drawn) <= 2
        offer(area, " yes")
        await pilot.pause()
        assert len(drawn) <= 4


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (
            TextArea,
            "_render_line _refresh_size _watch_selection _set_document _build_highlight_map _draw_cursor "
            "_rewrap_and_refresh_virtual_size _replace_via_keyboard _find_columns_to_next_tab_stop _on_key "
            "_on_paste _scroll_update scroll_cursor_visible find_matching_bracket get_line",
        ),
        (WrappedDocument, "wrap wrap_range get_sections location_to_offset offset_to_location height"),
        (EditHistory, "record checkpoint _pop_undo _pop_redo"),
    ],
)
def test_the_private_parts_that_are_built_on_are_there(owner, names):
    for name in names.split():
        assert hasattr(owner, name), f"{owner.__name__}.{name} is gone: read its new source before going on"


async def test_the_private_state_that_is_built_on_is_there():
    async with Host("one two").run_test() as pilot:
        area = pilot.app.area
        for name in ["_cursor_offset", "_line_cache", "_highlights", "_size"]:
            assert hasattr(area, name)
        for name in ["_wrap_offsets", "_offset_to_line_info", "_line_index_to_offsets", "_width"]:
            assert hasattr(area.wrapped_document, name)
        await pilot.press("x")
        [edit] = area.history._undo_stack[-1]
        assert edit._edit_result.end_location == (0, 8)
        assert edit._updated_selection.end == (0, 8)


def test_textual_is_the_version_these_tests_were_written_for():
    assert textual.__version__ == "8.2.8"
