"""The data of the shipped adapters: whose words are in which file decides whether a figure means anything."""

import json
from random import Random

import numpy as np
import pytest

from killah.errors import KillahError
from killah.persona import style
from killah.training.personas import Personas
from tools.adapters import coded, embedded, splits, stories
from tools.adapters.__main__ import BUILDERS, RECIPES, prepare
from tools.adapters.alignment import aligned, counted, rouge_1
from tools.adapters.codes import Registers
from tools.adapters.cutting import finished, sentence_ends
from tools.adapters.rewriting import SHARES, VERSIONS
from tools.adapters.summaries import gap_sentences
from tools.pretrain.corpus import HELD_OUT, IN_COPYRIGHT_ABROAD, MODERN, Document, straighten

TRAINED = {"saki": 2, "zane-grey": 1}  # author -> volumes
NEVER = [*sorted(HELD_OUT), sorted(IN_COPYRIGHT_ABROAD)[0]]
ENDINGS = "tern bour chard den tle lin der dow ler dge ton mil".split()
THINGS = [a + b for a in "lan har or gar ket vio lad win riv bri mor sal pel tu".split() for b in ENDINGS]
ALL = [name for name in BUILDERS if name != "persona-projector"]


def mark(author: str) -> str:
    """A name that is in every sentence of an author and in no other's."""
    return author.replace("-", "").capitalize()


def story_of(author: str, volume: object, chapters: int) -> str:
    random = Random(f"{author}{volume}")

    def sentence() -> str:
        a, b, c = random.sample(THINGS, 3)
        number = "".join(random.choices("abcdefghij", k=9))
        return f"Then {mark(author)} saw the {a} beside a {b} and the {c} of {number}."

    def paragraph() -> str:
        talk = random.random() < 0.4
        text = " ".join(sentence() for _ in range(1 if talk else random.randint(2, 4)))
        return f"“{text[:-1]},” it’s said—now." if talk else text

    return "\n\n\n".join("\n\n".join(paragraph() for _ in range(14)) for _ in range(chapters))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for author, volumes in {**TRAINED, **dict.fromkeys(NEVER, 1)}.items():
        (folder / "text-en" / author).mkdir(parents=True)
        for volume in range(volumes):
            text = story_of(author, volume, 130 if author in TRAINED else 12)
            (folder / "text-en" / author / f"{author}_{volume}.txt").write_text(text)
    _modern(folder / "text-modern-en")
    _pairs(folder / "rephrase")
    return folder


def _modern(folder):
    folder.mkdir()
    for name in MODERN:
        with (folder / name).open("w") as file:
            for i in range(80):
                text = (
                    story_of("post", i, 1)
                    + "\n\nSee more\n\n12:30 – The talk begins and everybody listens to it."
                )
                row = {
                    "path": f"{name}-{i}.md",
                    "title": f"Trends: How Post saw the letter {i}",
                    "text": text,
                }
                file.write(json.dumps(row) + "\n")
    with (folder / "taskmaster4_coffee_ccby4.jsonl").open("w") as file:
        for i in range(200):
            turns = [["user", f"Number {i}, a large one please."], ["assistant", "Right away.\\r"]] * 3
            file.write(json.dumps({"id": f"d{i}", "turns": turns}) + "\n")


def _pairs(folder):
    """Enough of each source for each part; every text says which part it is of."""

    def write(name, rows):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    folder.mkdir()
    parts = {"train": 60, "dev": 20, "test": 20}
    write(
        "bible7_aligned_pd.jsonl",
        [
            {"book": part, "chapter": 1, "verse": 2 * i, "split": part}
            | {v: f"And the {part} {word} went {i} times by way of {v.lower()} water." for v in VERSIONS}
            for part, count in parts.items()
            for i, word in enumerate(THINGS)
            if i < count
        ],
    )
    plain = [
        {"src": f"Prior to the {i}th we utilise guidance.", "tgt": f"Before {i} use it.", "path": f"{i}"}
        for i in range(80)
    ]
    write("plainlanguage_gov_cc0.jsonl", plain)
    halves = [
        {"src": f"The {p} house of {i} stands by the sea and it was built of stone.",
         "tgt": f"The {p} house of {i} stands by the sea. It was built of stone.", "split": p}
        for p in ("tune", "validation", "test") for i in range(20)
    ]  # fmt: skip
    odd = {"src": "The laptops ' s / x were good.", "tgt": "The laptops ' s. X were / good.", "split": "tune"}
    write("wikisplit_ccbysa4.jsonl", [odd, *halves])
    drafts = [
        {"src": f"Draft {chr(97 + i % 26) * (3 + i)} of the {p} story was very long indeed and it went on.",
         "tgt": f"Draft {chr(97 + i % 26) * (3 + i)} of the {p} story was long and it went on.",
         "split": p, "src_score": 3.0, "tgt_score": 6.0}
        for p in ("train", "test") for i in range(90)
    ]  # fmt: skip
    write("lamp_edit_pairs_relinked_bsd3.jsonl", drafts)
    leak = {k: drafts[-1][k] for k in ("src", "tgt")}
    write("lamp_expert_edits_bsd3.jsonl", [leak])


@pytest.fixture(scope="module")
def prepared(data, tmp_path_factory):
    """Every data set that needs no embedding model, by name and file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "Embedder", Embedding)
        patch.setattr(splits, "SECTION", 900)  # or these small books would have no part for validation
        to = tmp_path_factory.mktemp("adapters")
        return {name: _rows(prepare(name, data, to, 1)) for name in ALL}


def _rows(folder):
    return {
        path.stem: [json.loads(line) for line in path.read_text().splitlines()]
        for path in folder.glob("*.jsonl")
    }


def _text(row):
    return " ".join(str(row.get(key, "")) for key in ("text", "prompt", "completion", "input", "output"))


@pytest.mark.parametrize("name", ALL)
def test_nobody_is_trained_on_who_is_held_out_or_in_copyright(prepared, name):
    learned = " ".join(_text(row) for part in ("train", "valid") for row in prepared[name][part])
    assert not [author for author in NEVER if mark(author) in learned]
    if name != "rephrase":
        assert any(mark(author) in learned for author in TRAINED)


@pytest.mark.parametrize("name", [name for name in ALL if name != "rephrase"])
def test_figures_of_prose_are_of_all_held_out_authors_and_nobody_else(prepared, name):
    tests = [row for row in prepared[name]["test"] if "author" in row]
    assert {row["author"] for row in tests} == HELD_OUT
    assert all(mark(row["author"]) in _text(row) for row in tests)
    if name not in ("summarise", "codes"):  # some of which are of posts, divided by their own names
        assert len(tests) == len(prepared[name]["test"])


@pytest.mark.parametrize("name", ["autocomplete", "continue", "story", "summarise", "compose"])
def test_no_sentence_is_both_learned_and_validated(prepared, name):
    """Every sentence of the synthetic books ends with a word of its own."""
    learned, checked = (
        {
            word
            for row in prepared[name][part]
            for word in _learned(row).split()
            if len(word) == 10 and word[-1] == "."
        }
        for part in ("train", "valid")
    )
    assert learned
    assert checked
    assert not learned & checked


def _learned(row):
    """What is learned, or for a summary what it is made of."""
    return row.get("text") or row.get("completion") or max(row["input"], row["output"], key=len)


def test_the_same_seed_gives_the_same_files(prepared, data, tmp_path, monkeypatch):
    monkeypatch.setattr(splits, "SECTION", 900)
    assert _rows(prepare("continue", data, tmp_path, 1)) == prepared["continue"]
    assert _rows(prepare("continue", data, tmp_path, 2)) != prepared["continue"]


def test_prompt_and_completion_are_the_text_itself(prepared, data):
    books = [path.read_text() for path in (data / "text-en").glob("*/*.txt")]
    books += [straighten(text) for text in books]
    rows = [row for row in prepared["continue"]["test"] if row["author"] in HELD_OUT]
    assert all(any(row["prompt"] + row["completion"] in book for book in books) for row in rows)
    assert all(row["completion"][0].isspace() or row["prompt"].endswith("\n\n") for row in rows)
    assert {row["ends"] for row in rows} == {False}


@pytest.mark.parametrize("name", ["persona", "compose"])
def test_controls_differ_from_the_test_in_the_passages_alone(prepared, name):
    files = prepared[name]
    for right, wrong, none in zip(files["test"], files["test_wrong"], files["test_none"], strict=True):
        assert right["completion"] == wrong["completion"] == none["completion"]
        for row in (right, wrong):
            assert row["prompt"].endswith(none["prompt"])
        shown = right["prompt"].removesuffix(none["prompt"])
        control = wrong["prompt"].removesuffix(none["prompt"])
        assert shown.endswith("\n\n")
        assert mark(right["author"]) in shown
        assert mark(right["author"]) not in control
        assert any(mark(author) in control for author in HELD_OUT)
        assert 0.4 * len(shown) < len(control) <= len(shown) + 2
        assert right["completion"][:60] not in shown


def test_passages_are_of_another_volume_where_there_is_one(prepared, data):
    volumes = [straighten((data / "text-en" / "saki" / f"saki_{v}.txt").read_text()) for v in (0, 1)]
    shown = 0
    for row in prepared["persona"]["train"]:
        own = [volume for volume in volumes if straighten(row["completion"]) in volume]
        alone = own and straighten(row["prompt"] + row["completion"]) in own[0]
        if own and not alone:  # of saki, whose volumes are two, and with passages
            assert straighten(row["prompt"].split("\n\n")[0]) not in own[0]
            shown += 1
    assert shown


def test_rephrasing_keeps_to_the_parts_of_its_sources(prepared):
    rows = prepared["rephrase"]
    assert {row["instruction"] for row in rows["train"]} == {f"rephrase: {style}" for style in SHARES}
    other = {"train": ("the dev", "the test", "the validation"), "test": ("the train", "the dev", "the tune")}
    for part, words in other.items():
        assert not [row for row in rows[part] for word in words if word in row["input"]]
    assert all(row["input"] != row["output"] for row in rows["test"])
    assert not any(" ' " in row["input"] for row in rows["train"])


def test_titles_lose_the_name_of_their_series_and_lists_leave_no_scraps(prepared):
    titles = [row for row in prepared["summarise"]["train"] if row["instruction"] == "summarise: title"]
    assert titles
    assert all(row["output"].startswith("How Post") for row in titles)
    assert not any("See more" in row["input"] or "12:30" in row["input"] for row in titles)


def test_a_section_is_of_one_part_and_sections_are_the_whole_text():
    text = "\n\n\n".join("\n\n".join(f"Paragraph {c} {p} " * 150 for p in range(30)) for c in range(3))
    found = list(splits.sections(Document("a/b", "<story>", text)))
    assert "".join("".join(s.text.split()) for s in found) == "".join(text.split())
    assert sum(s.opens for s in found) == 3
    assert len({s.number for s in found}) == len(found) > 3


def test_small_authors_are_heard_and_none_is_repeated():
    groups = {"large": list(range(10_000)), "small": list(range(-100, 0)), "tiny": [20_000]}
    taken = splits.balanced(groups, 500, Random(0))
    assert len(set(taken)) == len(taken) == 500
    assert sum(item < 0 for item in taken) > 30


def test_what_was_published_twice_is_not_asked_again():
    known = {"text": "one two three four five six seven eight nine ten eleven twelve, and more"}
    again = {"output": "So: one two three four five six seven eight nine ten eleven TWELVE!", "input": "x"}
    other = {"prompt": "one two three four five six seven", "completion": " nine ten eleven twelve and more"}
    assert splits.unseen([again, other], [known]) == [other]


def test_an_empty_part_is_an_error_that_names_it(tmp_path):
    with pytest.raises(KillahError, match="no test row for story"):
        splits.write(tmp_path / "story", splits.Split(train=[{}], valid=[{}]))
    assert not (tmp_path / "story").exists()


def test_text_is_cut_where_a_sentence_ends():
    text = "Mr. Brown went in. “Was it J. Smith?” he said. It was\n\nnot."
    assert next(text[:end] for end in sentence_ends(text)) == "Mr. Brown went in."
    assert finished(text, 10, 30) == "Mr. Brown went in."
    assert finished(text, 30, 50) == "Mr. Brown went in. “Was it J. Smith?” he said."
    assert finished(text, 19, 22) == ""


def test_rouge_is_twice_what_is_shared_over_both():
    """Five and three words, two in common: 4 / 8; a repeated word counts as often as both have it."""
    assert rouge_1(counted("the cat saw the dog"), counted("a cat saw")) == pytest.approx(4 / 8)
    assert rouge_1(counted("no no"), counted("no no no")) == pytest.approx(4 / 5)


def test_the_gap_sentence_is_what_the_others_speak_of():
    sentences = [
        "Rain fell.",
        "The old sea wall broke and the town was flooded.",
        "The town was old.",
        "The wall broke.",
    ]
    assert gap_sentences(sentences, 1) == [1]
    assert gap_sentences(sentences, 2) == sorted(gap_sentences(sentences, 2))


def test_an_edit_is_found_beside_its_draft_and_new_sentences_beside_nothing():
    draft = "The moon shone very brightly. He walked to the old mill alone."
    edit = "Nobody came. The moon shone brightly. He walked alone to the mill."
    assert list(aligned(draft, edit)) == [
        ("The moon shone very brightly.", "The moon shone brightly."),
        ("He walked to the old mill alone.", "He walked alone to the mill."),
    ]


def test_a_premise_names_what_occurs_in_the_order_it_does():
    text = (
        "The keeper of the lantern, Tom Black, met Ann at the harbour. Ann had a violin, and Tom Black ran."
    )
    ordinary = ["It was so and he had it."] * 60
    rarity = stories.Rarity([*ordinary, *[f"the {thing}" for thing in THINGS] * 3, text])
    for seed in range(8):
        words = stories.premise(text, rarity, Random(seed)).split(", ")
        places = [text.find(word) for word in words]
        assert -1 not in places
        assert places == sorted(places)
        assert {"Tom Black", "Ann"} <= set(words)


class Embedding:
    """Unit vectors that tell one text from another."""

    def __init__(self, name):
        self.name = name

    def encode(self, texts):
        found = np.random.default_rng(len(texts)).normal(1, 1, (len(texts), 384)).astype(np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_a_persona_is_from_another_place_and_its_vector_is_in_the_file(data, tmp_path, monkeypatch):
    monkeypatch.setattr(splits, "SECTION", 900)
    monkeypatch.setattr(embedded, "Embedder", Embedding)
    folder = prepare("persona-projector", data, tmp_path, 1)
    personas = Personas(folder / "personas.safetensors")
    assert personas.styles.shape == (len(personas.vectors), style.WIDTH)
    np.testing.assert_allclose(np.linalg.norm(personas.vectors, axis=1), 1, atol=1e-5)
    rows = _rows(folder)
    begun = [row for row in rows["train"] if row["prompt"]]
    assert 0.2 < len(begun) / len(rows["train"]) < 0.8
    for row in (*rows["train"], *rows["valid"]):
        author, place = row["persona"].split("#")[0].split("/")
        assert row["persona"] in personas.names
        assert author in TRAINED
        text = row["prompt"] + row["completion"]
        assert mark(author) in text
        assert ("query" in row) == bool(row["prompt"])
        if author == "saki":
            volume = data / "text-en" / "saki" / f"saki_{place[-1]}.txt"
            assert straighten(text) not in straighten(volume.read_text())
    for row in rows["test"]:
        assert row["persona"].startswith(row["author"])
        assert row["wrong"] in personas.names
        assert row["wrong"].split("/")[0] in HELD_OUT - {row["author"]}


@pytest.mark.parametrize("name", BUILDERS)
def test_every_data_set_has_a_recipe_that_the_trainer_reads(name):
    from killah.training import config

    recipe = config.read(RECIPES / f"{name}.yaml")
    assert recipe.data.name == name
    assert recipe.about
    assert recipe.licence != "unknown"
    if name == "rephrase":
        assert set(recipe.styles) == set(SHARES)


FORMAL = (
    "The administration has nevertheless concluded that the institution, whose constitution upon "
    "examination exhibits considerable imperfection, requires immediate reorganisation; consequently the "
    "implementation of these recommendations is regarded with satisfaction."
)
INFORMAL = (
    "I don't know, you're just kidding. I'm not going, I've got a lot of things. You'll see, I can't get it."
)
MIDDLE = "The old man walked to the river and sat under a tree, and he looked at the boats for a long time."


def test_codes_are_earned_by_source_form_and_register():
    registers = Registers.of([FORMAL, *[MIDDLE] * 14, INFORMAL])
    assert registers.codes(FORMAL, "<essay>") == ["<essay>", "<formal>"]
    assert registers.codes(INFORMAL, "<story>") == ["<story>", "<informal>"]
    assert registers.codes(f"My dear Ann, {MIDDLE}", "<story>")[0] == "<letter>"
    assert registers.codes(f"“{INFORMAL}” he said.", "<story>")[0] == "<dialogue>"
    assert "<archaic>" in registers.codes(f"Thou knowest, and thy brother hath it. {MIDDLE}", "<story>")


def test_rows_of_the_persona_have_one_of_another_place(data, tmp_path, monkeypatch):
    monkeypatch.setattr(splits, "SECTION", 900)
    monkeypatch.setattr(embedded, "Embedder", Embedding)
    folder = prepare("persona", data, tmp_path, 1)
    personas = Personas(folder / "personas.safetensors")
    rows = _rows(folder)
    assert {row["persona"].split("/")[0] for row in rows["train"]} <= set(TRAINED)
    for row in rows["test"]:
        assert row["persona"] in personas.names
        assert row["persona"].startswith(row["author"])


def test_rows_of_codes_have_one_that_is_to_be_learned_and_tests_one_they_do_not_earn(prepared):
    rows = prepared["codes"]
    for row in (*rows["train"], *rows["valid"]):
        assert set(row["codes"]) & set(coded.SOFT)
    assert any(len(row["codes"]) > 1 for row in rows["train"])
    assert any(len(row["codes"]) == 1 for row in rows["train"])
    assert all(row["codes"] == [row["code"]] != row["wrong"] for row in rows["test"])
    assert {row["code"] for row in rows["test"]} <= {*coded.SOFT, "<story>", "<essay>", "<article>"}
