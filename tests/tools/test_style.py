"""The reference population: whoever is in it weighs alike, and nobody who must not be."""

import json

import numpy as np
import pytest

from killah.errors import KillahError
from killah.persona import style
from tools.pretrain.corpus import HELD_OUT, IN_COPYRIGHT_ABROAD
from tools.style import __main__ as command
from tools.style import separation
from tools.style.population import MODERN, passages, texts

SHORT = "The cat sat; the dog ran. It was cold. A man came, and he went.\n\n"
LONG = (
    "When the evening had come and the lamps were lit along the quay, nobody who had walked there in the "
    "morning would have known the place, so quiet had it become in the few hours between.\n\n"
)
RUSSIAN = "Он вышел из дома и пошёл по улице. Было холодно, и снег ещё лежал на крышах.\n\n"


@pytest.fixture
def data(tmp_path):
    writers = {"brief": SHORT, "wordy": LONG, min(HELD_OUT): SHORT, min(IN_COPYRIGHT_ABROAD): SHORT}
    folders = {f"text-en/{name}": text for name, text in writers.items()}
    folders |= {"text-ru/gogol": RUSSIAN, "text-ru/chekhov": RUSSIAN.replace("и", "но")}
    for name, text in folders.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "book.txt").write_text(text * 100, "utf-8")
    (tmp_path / "text-modern-en").mkdir()
    for name in MODERN.values():
        (tmp_path / "text-modern-en" / name).write_text(json.dumps({"text": SHORT * 100}) + "\n")
    return tmp_path


def test_no_held_out_author_and_nobody_in_copyright_is_read(data):
    assert [author for author, _ in texts(data, "en")] == ["brief", "wordy", *MODERN]
    assert [author for author, _ in texts(data, "ru")] == ["chekhov", "gogol"]


def test_passages_are_whole_and_do_not_overlap():
    text = "\n\n".join(
        f"This is sentence {number} of a long book that somebody wrote." for number in range(900)
    )
    found = passages(text, 5)
    assert len(found) == 5
    assert all(each.startswith("This") and each.endswith("wrote.") for each in found)
    assert all(80 <= len(each.split()) <= 160 for each in found)
    numbers = [word for each in found for word in each.split() if word.isdigit()]
    assert len(numbers) == len(set(numbers))


def test_the_file_has_means_of_authors_and_shares_of_sentence_lengths(data, tmp_path):
    assert command.main(["--data", str(data), "--out", str(tmp_path)]) == 0
    built = json.loads((tmp_path / "reference.json").read_text("utf-8"))
    assert (built["version"], len(built["features"])) == (style.VERSION, style.WIDTH)
    length = style.PLACES["sentence length"]
    means = {author: values[length] for author, values in built["en"]["authors"].items()}
    # 6, 3 and 6 words a sentence.
    assert means["wordy"] == pytest.approx(np.log(len(LONG.split())), abs=0.01)
    assert means["brief"] == pytest.approx(np.log(5), abs=0.02)
    assert built["en"]["mean"][length] == pytest.approx(np.mean(list(means.values())), abs=0.01)
    assert sum(built["en"]["sentence_lengths"]) == pytest.approx(1, abs=0.01)
    assert built["en"]["mean"][style.PLACES["ru и"]] is None
    assert built["ru"]["mean"][style.PLACES["ru и"]] > 0
    with np.load(tmp_path / "likeness.npz", allow_pickle=False) as spaces:
        assert spaces["ru_projection"].shape == (style.WIDTH, *spaces["ru_between"].shape)


def test_the_space_has_unit_scatter_within_authors_and_the_given_one_between():
    """Two features, the first of which tells authors apart; shrinkage leaves a few percent of error."""
    random = np.random.default_rng(0)
    scatter = np.array([[1.0, 0.6], [0.6, 1.0]])
    authors = random.normal(size=(200, 1)) * [2.0, 0.0]
    styles = [mean + random.multivariate_normal([5, 5], scatter, size=400) for mean in authors]
    space = {name: value.astype(float) for name, value in separation.fit(styles).items()}
    projected = [(each - space["centre"]) @ space["projection"] for each in styles]
    within = np.mean([np.cov(each.T).reshape(len(space["between"]), -1) for each in projected], axis=0)
    assert np.diag(within) == pytest.approx(1, abs=0.15)
    between = np.var([each.mean(axis=0) for each in projected], axis=0)
    assert between == pytest.approx(space["between"], rel=0.1)
    # Along one feature alone the authors' variance is 4; what the other one explains makes it 4 / (1 - 0.36).
    assert between.max() == pytest.approx(4 / (1 - 0.36), rel=0.3)


def test_without_data_it_says_what_to_unpack(tmp_path, capsys):
    with pytest.raises(KillahError):
        next(texts(tmp_path, "en"))
    assert command.main(["--data", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "Unpack" in capsys.readouterr().err
