"""The groundedness figures: questions that their sentence answers, counted as it is said."""

import random

import numpy as np
import pytest

from killah.engine.talking.answering import FEATURES, Candidate
from killah.engine.talking.lookup import Found
from tools.evaluate import answers
from tools.evaluate.asking import OTHER, OWN, SAME, Asked, Collection
from tools.evaluate.questions import Asker, asked_by_author, some


@pytest.fixture
def asker(tmp_path):
    path = tmp_path / "wordnet.tsv"
    path.write_text("synset\tpos\tdomain\tmembers\tdefinition\n1-n\tn\tx\ttown; borough\ta place\n")
    return Asker(path)


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        (
            "In 2014, the new library was opened by Mary Cole.",
            "When was the new library opened by Mary Cole?",
        ),
        ("The old mill was sold to a brewer in May 1921.", "When was the old mill sold to a brewer?"),
        (
            "The old library has twelve branches in Kent.",
            "How many branches in Kent does the old library have?",
        ),
        ("The ferry was late because of the autumn fog.", None),  # two words that carry meaning are too few
        ("The evening ferry was late because the fog was thick.", "Why was the evening ferry late?"),
        (
            "Harriet Vane borrowed the silver spoons of the vicar.",
            "Who borrowed the silver spoons of the vicar?",
        ),
        ("Town hall clerks counted the ballots twice.", None),
        ("She borrowed the silver candlesticks from the vicar.", None),
        ("Анна Петровна купила новую швейную машину на рынке.", "Кто купила новую швейную машину на рынке?"),
    ],
)
def test_a_sentence_becomes_a_question_that_it_answers(asker, sentence, question):
    found = list(asker.ask(sentence))
    assert [each.text for each in found] == ([question] if question else [])
    assert all(each.answers == (sentence,) for each in found)


def test_other_words_keep_names_and_numbers(asker):
    said = {
        asker.say("When did the town elect Mary Cole in 1921?", random.Random(seed)) for seed in range(40)
    }
    assert len(said) > 3
    assert all(each.startswith("When did the ") and "Mary Cole in 1921?" in each for each in said)
    assert any("borough" in each for each in said)


def test_what_authors_ask_is_taken_out_of_the_text_with_its_answer():
    text = (
        "A guide.\n\nHow do I submit a mobile app? Send us a link. We test it.\n\nHow does that work? Well."
    )
    rest, (question,) = asked_by_author(text)
    assert question.text == "How do I submit a mobile app?"
    assert question.answers == ("Send us a link.", "We test it.", "How does that work?")
    assert rest == "A guide.\n\nSend us a link. We test it.\n\nHow does that work? Well."


def test_no_sentence_is_asked_about_twice(asker):
    question = next(asker.ask("Harriet Vane borrowed the silver candlesticks from the vicar."))
    assert some([question, question], 5, random.Random(0)) == [question]


def asked(form, answer, *scored):
    """A question whose candidates (sentence, passage, words) score by words alone."""
    features = lambda words: np.eye(len(FEATURES))[FEATURES.index("words")] * words  # noqa: E731
    candidates = [Candidate(s, "", Found(passage, "/a.txt"), features(w), w) for s, passage, w in scored]
    return Asked(form, "?", (answer,), dict.fromkeys(answers.WAYS, candidates))


def test_recall_answers_and_false_answers_are_counted():
    inside = [
        asked(
            SAME,
            "Ann sang.",
            ("Ann sang.", "Ann sang. Bob sat.", 0.9),
            ("Bob sat.", "Ann sang. Bob sat.", 0.2),
            ("Cal ran.", "Cal ran.", 0.5),
        ),
        asked(
            SAME,
            "Bob sat.",
            ("Ann sang.", "Ann sang. Bob sat.", 0.9),
            ("Bob sat.", "Ann sang. Bob sat.", 0.2),
            ("Cal ran.", "Cal ran.", 0.5),
        ),
        asked(SAME, "Cal ran.", ("Ann sang.", "Ann sang. Bob sat.", 0.4), ("Cal ran.", "Cal ran.", 0.3)),
        asked(SAME, "Dee hid.", ("Ann sang.", "Ann sang. Bob sat.", 0.4), ("Cal ran.", "Cal ran.", 0.3)),
    ]
    outside = [asked(SAME, "Eve won.", ("Ann sang.", "Ann sang.", score)) for score in (0.1, 0.2, 0.3, 0.8)]
    found = answers._measured(inside, outside, "full_text", 0.6)
    assert {name: estimate.value for name, estimate in found.items()} == {
        "recall_at_1": 0.25,
        "recall_at_3": 0.5,
        "passage_recall_at_1": 0.5,
        "passage_recall_at_3": 0.75,
        "answered_rightly": 0.25,
        "answered_with_another_sentence": 0.25,
        "false_answers": 0.25,
    }
    assert answers.threshold(Collection("x", inside, outside), "full_text", 0.0) == pytest.approx(0.8)


def test_forms_with_few_questions_have_no_figures():
    many = [asked(SAME, "Ann sang.", ("Ann sang.", "Ann sang.", 0.9))] * answers.FEWEST
    few = [asked(form, "Ann sang.", ("Ann sang.", "Ann sang.", 0.9)) for form in (OTHER, OWN)]
    found = answers._figures(Collection("x", many + few, many + few), dict.fromkeys(answers.WAYS, 0.5))
    assert SAME in found and OTHER not in found and OWN not in found
