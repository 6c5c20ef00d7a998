"""The word diff. If these fail, the preview shows a change that is not the one Enter makes."""

import random

import pytest

from killah.app.difference import Span, difference, readable


def marked(old, new, **options):
    """In git's words: [-old-] {+new+} and (rest)."""
    marks = {"same": "{}", "old": "[-{}-]", "new": "{{+{}+}}", "rest": "({})"}
    return "".join(marks[span.kind].format(span.text) for span in difference(old, new, **options))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("the quick fox", "the slow fox", "the [-quick-]{+slow+} fox"),
        ("the fox", "the red fox", "the {+red +}fox"),
        ("the red fox", "the fox", "the [-red -]fox"),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("", "", ""),
        ("same", "same", "same"),
        ("don't go", "do not go", "[-don't-]{+do not+} go"),
        ("a well-known man", "a known man", "a [-well-known-]{+known+} man"),
        ("Hello, world", "Hello world", "Hello[-,-] world"),
    ],
)
def test_words_are_compared_not_letters(old, new, shown):
    assert marked(old, new) == shown


def test_a_new_phrase_stands_after_the_old_one_and_is_not_mixed_into_it():
    """Six words share only their spaces: taken as equal, they would be shown old, new, old, new."""
    assert marked("one two three", "red green blue") == "[-one two three-]{+red green blue+}"
    assert marked("one, two", "red, green") == "[-one, two-]{+red, green+}"


def test_a_paragraph_is_not_mixed_with_the_next():
    assert marked("one\n\ntwo", "red\n\ngreen") == "[-one-]{+red+}\n\n[-two-]{+green+}"


def test_chinese_is_compared_by_the_character():
    assert marked("我喜欢红茶", "我喜欢绿茶") == "我喜欢[-红-]{+绿+}茶"


def test_an_accent_stays_with_its_letter():
    assert marked("мо\u0438\u0306 дом", "мои дом") == "[-мо\u0438\u0306-]{+мои+} дом"


def test_what_the_new_text_has_not_reached_yet_is_not_struck_out():
    old = "the quick fox jumps over the dog"
    assert marked(old, "the slow fox", partial=True) == "the [-quick-]{+slow+} fox( jumps over the dog)"
    assert marked(old, "", partial=True) == f"({old})"
    assert marked("the fox", "the fox runs", partial=True) == "the fox{+ runs+}"


def test_lines_are_compared_with_lines():
    assert marked("a b\nb c\nc d", "b a\nb x", partial=True) == "{+b +}a[- b-]\nb {+x+}(c\nc d)"
    assert marked("one\ntwo\n", "one\n", partial=True) == "one\n(two\n)"
    assert marked("one two", "one\ntwo") == "one[- -]{+\n+}two"


@pytest.mark.timeout(60)
def test_a_long_text_is_compared_while_one_waits():
    """Two thousand words, a third of them new: minutes where spaces or common words are compared too."""
    rng = random.Random(1)
    common = rng.choices(["the", "of", "and", "a", "to", *(f"w{n}" for n in range(500))], k=2000)
    new = [word if rng.random() < 0.66 else f"new-{word}" for word in common]
    assert len(difference(" ".join(common), " ".join(new))) > 500


def test_the_spans_join_to_both_texts():
    words = ["the", "a", " ", " ", "\n\n", ", ", ".", "fox", "don't", "界", "\t", "🙂", "\r", "\x0c", "-"]
    rng = random.Random(1)
    for _ in range(300):
        old, new = ("".join(rng.choices(words, k=rng.randrange(20))) for _ in range(2))
        for partial in (False, True):
            spans = difference(old, new, partial=partial)
            assert "".join(s.text for s in spans if s.kind != "new") == old
            assert "".join(s.text for s in spans if s.kind in ("same", "new")) == new


def test_words_do_not_touch_where_they_are_shown():
    assert list(readable(difference("the fox ran", "the wolf ran"))) == [
        Span("same", "the "),
        Span("old", "fox"),
        Span("same", " "),
        Span("new", "wolf"),
        Span("same", " ran"),
    ]
    assert list(readable(difference("so.", "so!"))) == difference("so.", "so!")
    assert list(readable([])) == []
