"""What is learned of each form of row, and which rows make up a step."""

import json

import numpy as np
import pytest

from killah.errors import KillahError
from killah.gemma.tokenizer import Tokenizer
from killah.training import data


@pytest.fixture
def tokenizer(tiny):
    return Tokenizer(tiny)


def learned(row, tokenizer):
    """Text that is learned, with `<eos>` as a bar."""
    ids = [i for i, mark in zip(row.ids, row.learned, strict=True) if mark]
    end = tokenizer.id("<eos>")
    return tokenizer.decode([i for i in ids if i != end]) + "|" * ids.count(end)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"text": "sea and salt"}, "sea and salt"),
        ({"prompt": "the sea ", "completion": "is grey"}, "is grey|"),
        ({"prompt": "the sea ", "completion": "is gr", "ends": False}, "is gr"),
        ({"instruction": "rephrase", "input": "the sea", "output": "water"}, "water|"),
        ({"instruction": "rephrase", "output": "water"}, "water|"),
        (
            {
                "messages": [
                    {"role": "system", "content": "short"},
                    {"role": "user", "content": "sea?"},
                    {"role": "assistant", "content": "salt"},
                    {"role": "user", "content": "wind?"},
                    {"role": "assistant", "content": "west"},
                ]
            },
            " salt\n west\n|",
        ),
    ],
)
def test_only_what_answers_is_learned(tokenizer, row, text):
    encoded = data.encode(row, tokenizer, 200)
    assert learned(encoded, tokenizer) == text
    assert encoded.ids[0] == tokenizer.bos
    assert not encoded.learned[0]
    whole = data.encode(row, tokenizer, 200, mask_prompt=False)
    assert whole.learned[1:].all()
    np.testing.assert_array_equal(whole.ids, encoded.ids)


def test_a_long_prompt_loses_its_beginning_and_a_long_answer_its_end(tokenizer):
    row = data.encode({"prompt": "abcdefgh", "completion": "xyz"}, tokenizer, 8)
    assert tokenizer.decode(row.ids) == "fghxyz"
    assert learned(row, tokenizer) == "xyz|"
    assert tokenizer.decode(data.encode({"text": "abcdefghij"}, tokenizer, 8).ids) == "abcdefg"


def test_a_line_separator_inside_a_text_does_not_end_a_row(tokenizer, tmp_path):
    """JSON leaves U+2028 and U+0085 as they are; Python's splitlines does not."""
    text = "one\u2028two\x85three\x0bfour"
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps({"text": text}, ensure_ascii=False) + "\n", "utf-8")
    (row,) = data.read(path, tokenizer, 200)
    assert tokenizer.decode(row.ids) == text


def test_a_byte_order_mark_and_windows_lines_are_read(tokenizer, tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "sea"}\r\n\r\n{"text": "wind"}\r\n')
    assert [tokenizer.decode(row.ids) for row in data.read(path, tokenizer, 200)] == ["sea", "wind"]


BROKEN = [
    "{",
    "[]",
    "3",
    '"text"',
    "{}",
    "null",
    "\\",
    '{"prompt": "a"}',
    '{"completion": "x"}',
    '{"text": 3}',
]
BROKEN += ['{"messages": [{"role": "user"}]}', '{"messages": 3}', '{"text": "a", "persona": 3}']


@pytest.mark.parametrize("line", BROKEN)
def test_the_first_broken_row_is_named_by_its_line(tokenizer, tmp_path, line):
    path = tmp_path / "train.jsonl"
    path.write_text('{"text": "sea"}\n\n' + line + "\n")
    with pytest.raises(KillahError, match=r"Line 3 of .*train\.jsonl is not a training row\. It should be"):
        data.read(path, tokenizer, 200)


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "There is no"), (b"\n", "holds nothing to learn"), (b"\xff\xfe", "Cannot read .* as UTF-8")],
)
def test_no_rows_are_one_sentence(tokenizer, tmp_path, content, says):
    path = tmp_path / "valid.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KillahError, match=says):
        data.read(path, tokenizer, 200)


def row(length):
    return data.Row(np.full(length, 5, np.int32), np.arange(length) > 0, str(length))


def test_steps_of_an_epoch_take_every_row_once_in_another_order_each_time():
    rows = [row(n) for n in range(2, 42)]
    epochs = [
        [r.persona for step in range(10) for r in data.step_rows(rows, 4, e * 10 + step, 0)] for e in (0, 1)
    ]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(r.persona for r in rows)
    assert epochs[0] != epochs[1]
    assert epochs[0] == [r.persona for step in range(10) for r in data.step_rows(rows, 4, step, 0)]
    assert epochs[0] != [r.persona for step in range(10) for r in data.step_rows(rows, 4, step, 1)]


def test_rows_of_a_step_are_of_about_the_same_length():
    rows = [row(n) for n in np.random.default_rng(0).integers(2, 200, 256)]
    spread = [np.ptp([len(r.ids) for r in data.step_rows(rows, 8, step, 0)]) for step in range(32)]
    assert np.mean(spread) < 25  # of 200; random rows would have about 150


def test_padding_is_not_learned():
    batch = data.collate([row(3), row(5)])
    assert batch.ids.tolist() == [[5, 5, 5, 0, 0], [5] * 5]
    assert batch.tokens == 2 + 4
    assert not batch.learned[0, 3:].any()
