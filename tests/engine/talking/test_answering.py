"""Questions about documents: the sentence that answers, its document, and nothing where it is not there."""

import numpy as np
import pytest
from engine.household import EMBEDDER, indexed

from killah.config import Settings
from killah.engine import Engine
from killah.engine.talking import answering
from killah.engine.talking.answering import Answering
from killah.engine.talking.lookup import Found, Libraries, Library, in_turn
from killah.engine.talking.phrasing import Phrasing, kept_to
from killah.engine.talking.words import asked, content, coverage, stem, stems
from killah.errors import KillahError
from killah.persona import consent, personas
from killah.persona.embedding import Embedder
from killah.persona.store import Store


@pytest.fixture(scope="module")
def household(tmp_path_factory):
    """What is asked, and the one library in it."""
    folder = tmp_path_factory.mktemp("household")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KILLAH_HOME", str(folder / "home"))
        indexed(folder / "documents")
        yield Libraries.open("default", EMBEDDER), Library(personas.path_of("default"), Embedder(EMBEDDER))


@pytest.fixture(scope="module")
def answers(household):
    return Answering(household[0])


@pytest.mark.parametrize(
    ("question", "sentence", "title"),
    [
        ("where did I leave the car keys", "I left the car keys with Marta on Sunday", "household notes"),
        ("When was the boiler serviced?", "The boiler was serviced on 14 March 2024", "household notes"),
        ("who met us at the airport?", "Ines met us at the airport", "trip to lisbon"),
        ("what did Jonas lose on the tram", "Jonas lost his umbrella", "trip to lisbon"),
        ("где лежат ключи от дачи?", "Ключи от дачи лежат в жестяной коробке", "письмо маме"),
    ],
)
def test_the_sentence_that_answers_is_quoted_with_its_document(answers, question, sentence, title):
    best = answers.ask(question)[0]
    assert best.known
    assert best.quote.startswith(sentence)
    assert best.quote in " ".join(best.passage.split())
    assert best.title == title


@pytest.mark.parametrize(
    "question",
    [
        "When does my passport expire?",
        "What is the capital of Mongolia?",
        "who won the football match on Saturday",
        "Когда у Андрея день рождения?",
    ],
)
def test_what_is_in_no_document_is_not_answered(answers, question):
    assert not any(answer.known for answer in answers.ask(question))


def test_a_sentence_that_leans_on_another_brings_it_along(answers):
    best = answers.ask("how long will the pump of the boiler last")[0]
    before = "The boiler was serviced on 14 March 2024 by Mr. Hollis."
    assert best.quote == f"{before} He said that the pump will last another two winters."


def test_a_question_without_content_finds_nothing(answers):
    assert answers.ask("what is it about?") == []
    assert answers.ask("  ") == []


def test_what_was_forgotten_is_not_said_any_more(home, tmp_path):
    indexed(tmp_path / "documents")
    answers = Answering(Libraries.open("default", EMBEDDER))
    with Store.create(personas.path_of("default")) as store:
        notes = next(path for path in store.entries() if "household" in path)
        store.remove([notes])
    found = answers.ask("when was the boiler serviced?")
    assert found and not any("boiler" in answer.passage for answer in found)


def test_without_documents_one_line_says_what_to_do(home, tmp_path):
    with pytest.raises(KillahError, match=r"no documents to answer from.*killah index ~/Documents"):
        Libraries.open("default", EMBEDDER)
    with Store.create(personas.path_of("default")):
        pass
    with pytest.raises(KillahError, match="no documents to answer from"):
        Libraries.open("default", EMBEDDER)
    consent.set_paused("default", True)
    with pytest.raises(KillahError, match="is paused"):
        Libraries.open("default", EMBEDDER)


def test_words_of_a_question_find_passages_and_are_no_query(household):
    _, library = household
    assert "Jonas" in library.by_words(content("Who is Jonas?"))[0].text
    assert library.by_words(content('Jonas" OR NEAR(x) * ^ -')) == library.by_words(content("Jonas near x"))


def test_the_best_of_each_way_is_looked_at_first():
    one, two, three = (Found(text, "/a.txt") for text in "abc")
    assert in_turn([[one, two], [three, one], []]) == [one, three, two]


def test_words_are_compared_without_their_endings():
    assert stem("left") == stem("leaving") == stem("leave") == "leav"
    assert stem("libraries") == stem("library") and stem("stopped") == stem("stop")
    assert stem("ключами") == stem("ключ") and stem("оставила") == stem("оставил")
    assert stems("The 28 trams, well-known") == {"28", "tram", "well-known"}
    assert coverage(content("where are the keys of Marta"), stems("Marta has my key")) == 1.0
    assert coverage(content("where are the keys of Olga"), stems("Marta has my key")) < 0.7


def test_what_only_asks_is_no_part_of_the_question():
    assert (
        asked("Hey Killah, can you tell me when the boiler was serviced?") == "when the boiler was serviced?"
    )
    assert asked("what did I write about Lisbon") == "Lisbon"
    assert asked("напомни мне, когда поезд") == "мне, когда поезд"
    assert asked("tell me") == "tell me"


def test_a_phrasing_says_nothing_that_is_not_in_the_passage():
    passage = "The boiler was serviced on 14 March 2024 by Mr. Hollis. When was the boiler serviced?"
    assert kept_to("It was serviced on 14 March 2024.", passage)
    assert not kept_to("It was serviced on 15 March 2024.", passage)
    assert not kept_to("It was serviced by Mr. Harker.", passage)
    assert not kept_to("The cat sat quietly beside a warm stove and dreamed.", passage)
    assert not kept_to("", passage)


def test_a_probability_rises_with_what_there_is_in_common():
    nothing, much = np.zeros(len(answering.FEATURES)), np.zeros(len(answering.FEATURES))
    much[[answering.FEATURES.index(name) for name in ("meaning", "words", "passage_words")]] = 1.0
    for language in ("en", "ru"):
        below, above = (answering.probability(each, language) for each in (nothing, much))
        assert below < answering.THRESHOLD < above


def test_the_shipped_base_is_not_asked_and_what_any_base_says_is_checked(answers):
    """The small base goes in circles; asked all the same, it can bring nothing of its own into an answer."""
    question = "where did I leave the car keys"
    best = answers.ask(question)[0]
    with Engine(Settings(persona="none")) as engine:
        assert not Phrasing(engine).able
        assert Phrasing(engine).phrase(question, best) is None
        forced = Phrasing(engine, least=0)
        said = forced.phrase(question, best)
    assert forced.able
    assert said is None or kept_to(said, f"{best.passage} {question}")
