"""Rewriting: how a text is cut, and that nothing of its shape is lost."""

import pytest

from killah import paths
from killah.engine import rewriting
from killah.errors import KillahError
from killah.gemma.tokenizer import Tokenizer

TEXT = (
    "  Mr. Brown sat down. He was tired, and it was late; nobody had come.\n\n\nThe second paragraph. "
    + "It goes on and on about nothing. " * 20
    + "\n\tA third one, indented.  \n"
)


def test_parts_join_to_the_text_again():
    found = rewriting.parts("rephrase", TEXT)
    assert "".join(part.text for part in found).split() == TEXT.split()
    kept = [part.text for part in found if not part.rewritten]
    assert kept[0] == "  " and "\n\n\n" in kept and "\t" in kept and kept[-1] == "\n"


def test_pieces_are_whole_sentences_of_a_length_the_adapter_knows():
    pieces = [part.text for part in rewriting.parts("rephrase", TEXT) if part.rewritten]
    assert len(pieces) == 5
    assert all(piece[-1] in ".!?" and len(piece) <= rewriting.PIECE + 60 for piece in pieces)


def test_what_changes_the_order_is_not_cut():
    assert [part.text for part in rewriting.parts("summarise", TEXT)] == [TEXT.strip()]


def test_a_sentence_is_not_cut_where_only_a_long_line_ends():
    lines = (
        "It was a bright cold day in April, and the clocks",
        "were striking thirteen.",
        "",
        "- one",
        "- two",
    )
    wrapped = "\n".join([*lines, "A", "B"])
    texts = [part.text for part in rewriting.parts("rephrase", wrapped) if part.rewritten]
    assert texts[0] == "It was a bright cold day in April, and the clocks were striking thirteen."
    assert texts[1:] == ["- one", "- two", "A", "B"]


def test_an_empty_text_has_no_part_to_rewrite():
    assert not any(part.rewritten for part in rewriting.parts("rephrase", "\n\n  \n"))


def test_a_prompt_asks_as_the_adapters_were_taught():
    tokenizer = Tokenizer(paths.shipped("models") / "pushkin-nano")
    built = rewriting.build(tokenizer, "rephrase", "plain", "Go hence.", 100, [])
    names = {i: tokenizer.id(i) for i in ("<bos>", "<instruction>", "<input>", "<output>")}
    expected = [
        names["<bos>"],
        names["<instruction>"],
        *tokenizer.encode("rephrase: plain"),
        names["<input>"],
    ]
    assert built.slots == [*expected, *tokenizer.encode("Go hence."), names["<output>"]]
    assert built.required == b""
    with pytest.raises(KillahError, match="too long to summarise"):
        rewriting.build(tokenizer, "summarise", "", "word " * 200, 100, [])


def test_a_style_that_is_not_known():
    rewriting.check_style("rephrase", "", [])
    rewriting.check_style("rephrase", "plain", ["plain"])
    with pytest.raises(KillahError, match="Known: plain, formal"):
        rewriting.check_style("rephrase", "rude", ["plain", "formal"])


def test_a_rephrasing_does_not_go_in_circles_for_ever():
    tokenizer = Tokenizer(paths.shipped("models") / "pushkin-nano")
    assert rewriting.longest("rephrase", "Go hence.", tokenizer, 500) < 20
    assert rewriting.longest("rephrase", "Go hence. " * 500, tokenizer, 500) == 500
    assert rewriting.longest("story", "Go hence.", tokenizer, 500) == 500
