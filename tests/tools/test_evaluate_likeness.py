"""The figure for "how much like you" counts what it says, and reads unseen text only."""

import json

import numpy as np
import pytest

from tools.evaluate.__main__ import main
from tools.evaluate.likeness import auc

SHORT = "The cat sat; the dog ran! Was it cold? A man came, and he went. I saw him.\n\n"
LONG = (
    "When the evening had come and the lamps were lit along the quay, nobody who had walked there in the "
    "morning would have known the place, so quiet had it become in the few hours between.\n\n"
)


def test_auc_counts_pairs_and_half_of_ties():
    # Of nine pairs 3 > 1, 3 > 2, 2 > 1, 5 > 1, 5 > 2, 5 > 4 are above, 2 = 2 is level.
    assert auc(np.array([3.0, 2, 5]), np.array([1.0, 2, 4])) == pytest.approx(6.5 / 9)


def test_writers_unlike_each_other_are_told_apart(tmp_path, capsys):
    for name, text in (("brief", SHORT), ("wordy", LONG)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "book.txt").write_text(text * 600)
    asked = ["likeness", "--data", str(tmp_path), "--texts", "5", "--passages", "12", "--json"]
    assert main(asked) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["authors"] == 2
    assert found["texts_of_300_words"]["auc_score"]["value"] == 1
    assert found["texts_of_100_words"]["own_texts"] == 10


def test_what_cannot_be_measured_is_one_line(tmp_path, capsys):
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "a.txt").write_text(SHORT)
    for more, words in (([], "Give two"), (["--authors", "nobody"], "no author 'nobody'")):
        assert main(["likeness", "--data", str(tmp_path), *more]) == 1
        assert words in capsys.readouterr().err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text(SHORT)
    assert main(["likeness", "--data", str(tmp_path)]) == 1
    assert "too little text" in capsys.readouterr().err
