"""The status bar. If these fail, it hides the file's name, or breaks in a narrow window."""

from dataclasses import replace

from rich.cells import cell_len

from killah.app.status import Status, compose_line

FULL = Status(
    "draft.md",
    True,
    "saved 14:03",
    1234,
    12,
    40,
    "default",
    "as letter, formal",
    "78 % like you",
    "pushkin-nano",
    "● ghost 42 ms",
)


def test_a_wide_window_shows_everything():
    left, right = compose_line(FULL, 130)
    assert left == "draft.md •"
    for part in [
        "saved 14:03",
        "1,234 words",
        "12:40",
        "default",
        "as letter, formal",
        "78 % like you",
        "pushkin-nano",
        "● ghost 42 ms",
    ]:
        assert part in right


def test_it_never_is_wider_than_the_window():
    for width in range(121):
        left, right = compose_line(FULL, width)
        assert cell_len(left) + cell_len(right) <= width


def test_twenty_columns_keep_the_name_the_mark_and_the_place():
    left, right = compose_line(FULL, 18)
    assert (left, right) == ("draft.md •", "12:40")


def test_a_long_name_is_shortened_not_the_mark():
    left, _ = compose_line(Status("a-very-long-name-for-a-chapter.md", True), 18)
    assert left.endswith("… •")
    assert left.startswith("a-ver")


def test_one_word_is_not_words():
    assert compose_line(Status(words=1), 80)[1].startswith("1 word ")


def test_what_the_model_writes_is_told_before_everything_else():
    busy = replace(FULL, doing="writing 12 words, Esc stops")
    left, right = compose_line(busy, 120)
    assert (left, right.endswith("pushkin-nano   writing 12 words, Esc stops")) == ("draft.md •", True)
    assert "ghost" not in right
    assert compose_line(busy, 40) == ("draft.md •", "writing 12 words, Esc stops")


def test_that_somebody_listens_is_told_in_the_narrowest_window():
    heard = replace(FULL, hearing="● listening")
    assert "● listening   ● ghost 42 ms" in compose_line(heard, 140)[1]
    assert compose_line(heard, 24) == ("draft.md •", "● listening")
