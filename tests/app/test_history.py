"""Undo of streamed text. If these fail, Ctrl+Z takes back one word of a continuation, or garbles it."""

from textual.app import App

from killah.app.prose import ProseArea


class Host(App[None]):
    def compose(self):
        yield ProseArea("Start.", placeholder="")


async def test_a_stream_is_one_step_and_leaves_the_layout_right():
    async with Host().run_test(size=(30, 12)) as pilot:
        area = pilot.app.query_one(ProseArea)
        area.load_text("First.\nlast line")
        area.move_cursor((0, 6))
        area.insert(" typed")
        for piece in [" a", " piece\n", "of text that is long enough to wrap,\n\n", "and more"]:
            area.add_piece(piece)
        streamed = area.text
        assert area.cursor_location == (3, 8)
        area.undo()
        assert area.text == "First. typed\nlast line"
        assert area.cursor_location == (0, 12)
        area.redo()
        assert area.text == streamed
        assert area.cursor_location == (3, 8)
        area.undo()
        area.undo()
        assert area.text == "First.\nlast line"
        layout = area.wrapped_document._wrap_offsets, area.wrapped_document._line_index_to_offsets
        area.wrapped_document.wrap(area.wrap_width)
        assert layout == (area.wrapped_document._wrap_offsets, area.wrapped_document._line_index_to_offsets)


async def test_what_is_typed_after_a_stream_is_its_own_step():
    async with Host().run_test() as pilot:
        area = pilot.app.query_one(ProseArea)
        area.move_cursor(area.document.end)
        area.add_piece(" one")
        area.insert("!")
        area.add_piece(" two")
        for left in ["Start. one!", "Start. one", "Start."]:
            area.undo()
            assert area.text == left


async def test_a_piece_after_an_undo_does_not_revive_what_was_undone():
    async with Host().run_test() as pilot:
        area = pilot.app.query_one(ProseArea)
        area.add_piece("One")
        area.undo()
        area.move_cursor((0, 3))  # where that stream ended
        area.add_piece("Two")
        assert area.text == "StaTwort."
        area.undo()
        assert area.text == "Start."
