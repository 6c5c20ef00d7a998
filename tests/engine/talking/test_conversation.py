"""A conversation: turns by voice and in writing, requests, and a voice that is ended by whoever speaks."""

import sys
import time

import numpy as np
import pytest
from audio.speech_program import SpeechProgram, install
from engine.household import EMBEDDER, indexed

from killah.audio.commands import Command
from killah.audio.dictation.live import Final, Partial, Said, Silence
from killah.audio.recognition.ctc import Word
from killah.engine.talking.answering import Answering
from killah.engine.talking.conversation import Asked, Heard, Interrupted, Listening, Noticing, Reply, Talk
from killah.engine.talking.echo import likeness, own
from killah.engine.talking.lookup import Libraries
from killah.engine.talking.mouth import Mouth
from killah.engine.talking.requests import understand

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="espeak-ng is Linux's")
KEYS = "I left the car keys with Marta on Sunday, because she needed the van for the move."
QUESTION = "where did I leave the car keys"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("household")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KILLAH_HOME", str(folder / "home"))
        indexed(folder / "documents")
        yield Answering(Libraries.open("default", EMBEDDER))


@pytest.fixture
def slow(tmp_path, monkeypatch) -> SpeechProgram:
    return install(tmp_path, monkeypatch, 30)


@pytest.fixture
def quick(tmp_path, monkeypatch) -> SpeechProgram:
    return install(tmp_path, monkeypatch, 0.02)


class Conversation:
    """A talk, and what it told."""

    def __init__(self, answers, mouth=None, **options) -> None:
        self.told = []
        self.talk = Talk(answers, mouth, self.told.append, **options)

    def say(self, *turns):
        """Typed turns; the last reply."""
        for turn in turns:
            self.talk.typed(turn)
        return self.of(Reply)[-1]

    def of(self, kind):
        return [each for each in self.told if isinstance(each, kind)]


def words(text):
    return tuple(Word(word, i / 2, i / 2 + 0.4, 0.9) for i, word in enumerate(text.split()))


def test_a_question_is_answered_with_its_document(answers):
    reply = Conversation(answers).say(QUESTION)
    assert reply.known
    assert reply.text == f"From household notes: {KEYS}"
    assert reply.answer.quote == KEYS
    reply = Conversation(answers).say("где лежат ключи от дачи")
    assert reply.text.startswith("Из документа «письмо маме»: Ключи от дачи")


def test_what_is_not_in_the_documents_is_said_to_be_missing(answers):
    reply = Conversation(answers).say("when does my passport expire")
    assert (reply.text, reply.answer, reply.known) == ("I don't find that in your documents.", None, False)
    assert Conversation(answers).say("когда день рождения Андрея").text == "В ваших документах этого нет."


def test_the_passage_the_document_and_the_next_one(answers):
    conversation = Conversation(answers)
    assert conversation.say("next one").text == "Ask me something first."
    assert conversation.say("read that passage").text == "Ask me something first."
    conversation.say(QUESTION)
    assert "spare keys are in the blue bowl" in conversation.say("read that passage").text
    assert conversation.say("where is that from").text == "That is from household notes."
    assert conversation.say("next one").answer.path != conversation.of(Reply)[2].answer.path
    assert conversation.say(*["next one"] * 9).text == "There is nothing more."
    assert conversation.say("repeat").answer is not None


def test_the_nearest_is_offered_but_not_as_an_answer(answers):
    reply = Conversation(answers).say("when does my passport expire", "what else")
    assert reply.text.startswith("The nearest I have is from ")
    assert not reply.known


def test_goodbye_ends_the_conversation(answers):
    conversation = Conversation(answers)
    assert conversation.say("goodbye").text == "Goodbye."
    assert conversation.talk.over
    assert Conversation(answers).say("до свидания").text == "До свидания."


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Stop.", "stop"),
        ("please repeat that", "repeat"),
        ("say it again please", "repeat"),
        ("louder", "louder"),
        ("a bit slower", "slower"),
        ("read that pasage", "passage"),
        ("next one", "next"),
        ("stop listening", "stop_listening"),
        ("goodby", "goodbye"),
        ("громче", "louder"),
        ("повтори", "repeat"),
        ("прочитай этот отрывок", "passage"),
        ("пока", "goodbye"),
        ("stop the boiler from leaking", None),
        ("who said goodbye to whom", None),
        ("new paragraph", None),
        ("undo", None),
    ],
)
def test_requests_are_whole_utterances(said, name):
    found = understand(said)
    assert (found and found.name) == name


def test_an_answer_is_said_a_sentence_at_a_time(answers, quick):
    with Mouth() as mouth:
        Conversation(answers, mouth).say("how many winters will the pump last")
        mouth.wait()
    assert [text for _, text in quick.spoken] == [
        "From household notes: The boiler was serviced on 14 March 2024 by Mr. Hollis.",
        "He said that the pump will last another two winters.",
    ]


def test_a_key_ends_the_voice_at_once(answers, slow):
    with Mouth() as mouth:
        conversation = Conversation(answers, mouth)
        conversation.say(QUESTION)
        slow.until(1)
        conversation.talk.key()
        (stopped,) = conversation.of(Interrupted)
        mouth.wait()
        conversation.talk.key()  # nothing is said any more
    assert stopped.by == "key"
    assert stopped.seconds < 0.5  # 2 to 5 ms on a machine with nothing else to do
    assert slow.silent()
    assert len(conversation.of(Interrupted)) == 1


def test_with_headphones_any_speech_ends_the_voice_before_a_word_is_known(answers, slow):
    with Mouth() as mouth:
        conversation = Conversation(answers, mouth, headphones=True)
        conversation.say(QUESTION)
        slow.until(1)
        conversation.talk.began()
        assert conversation.of(Interrupted)[0].by == "speech"
        mouth.wait()
        assert slow.silent()
        # What is said then is a question, even one in the words of the answer.
        conversation.talk.hear(Final(words("I left the car keys with Marta"), 2.0))
        assert len(conversation.of(Reply)) == 2


def test_without_headphones_our_own_words_neither_end_the_voice_nor_are_questions(answers, slow):
    with Mouth() as mouth:
        conversation = Conversation(answers, mouth)
        conversation.say(QUESTION)
        slow.until(1)
        conversation.talk.began()
        conversation.talk.hear(Partial(words("i lef the car kes with mata"), 1.0))
        conversation.talk.hear(Final(words("i left te car ceys with martha on sunday"), 2.0))
        assert mouth.speaking
        assert len(conversation.of(Asked)) == 1 and not conversation.of(Heard)
        conversation.talk.began()
        conversation.talk.hear(Partial(words("when did the boiler break"), 3.0))
        assert conversation.of(Interrupted)[0].by == "speech"
        mouth.wait()
        assert slow.silent()
        conversation.talk.hear(Final(words("when was the boiler serviced"), 4.0))
        assert "14 March 2024" in conversation.of(Reply)[-1].text


def test_silence_and_noise_end_nothing_and_ask_nothing(answers, slow):
    with Mouth() as mouth:
        conversation = Conversation(answers, mouth)
        conversation.say(QUESTION)
        slow.until(1)
        conversation.talk.began()
        for event in (Partial((), 1.0), Final((), 1.5), Silence(1.0, 2.5)):
            conversation.talk.hear(event)
        assert mouth.speaking
    assert len(conversation.of(Asked)) == 1


def test_louder_goes_on_from_the_sentence_that_was_ended(answers, slow):
    with Mouth() as mouth:
        conversation = Conversation(answers, mouth)
        conversation.say("how many winters will the pump last")
        slow.until(1)
        conversation.talk.hear(Said(Command("louder"), words("louder"), 1.0))
        slow.until(2)
        first, second = slow.spoken
        conversation.talk.hear(Said(Command("stop"), words("stop"), 2.0))
        mouth.wait()
        conversation.say("slower")
        slow.until(3)
    assert second[1] == first[1]
    assert "-a 100" in first[0] and "-a 140" in second[0] and "-s 140" in slow.spoken[2][0]
    assert slow.silent()


def test_go_on_takes_up_what_was_interrupted(answers, slow):
    with Mouth() as mouth:
        conversation = Conversation(answers, mouth)
        conversation.say("how many winters will the pump last")
        slow.until(1)
        conversation.talk.key()
        assert not mouth.speaking and mouth.rest == mouth.text
        conversation.talk.typed("go on")
        slow.until(2)
    assert slow.spoken[0][1] == slow.spoken[1][1]
    assert len(conversation.of(Reply)) == 1


def test_nothing_is_left_of_what_was_said_to_its_end(quick):
    with Mouth() as mouth:
        mouth.say("One. Two.")
        mouth.wait()
        assert mouth.rest == ""


def test_stop_listening_is_told(answers):
    conversation = Conversation(answers)
    conversation.talk.typed("stop listening")
    conversation.talk.typed("start listening")
    assert conversation.of(Listening) == [Listening(False), Listening(True)]


def test_a_larger_base_may_say_it_in_other_words(answers):
    def phrase(question, answer):
        return "Marta has the car keys." if "Marta" in answer.quote else None

    conversation = Conversation(answers, phrase=phrase)
    reply = conversation.say(QUESTION)
    assert reply.text == "Marta has the car keys. That is from household notes."
    assert reply.answer.quote == KEYS
    assert conversation.say("when was the boiler serviced").text.startswith(
        "From household notes: The boiler"
    )


def test_an_echo_is_told_from_other_speech_by_its_letters():
    said = f"From household notes: {KEYS}"
    assert own("i left the car keys", said) and own("hous old nots i lef te ca kes", said)
    assert not own("when was the boiler serviced", said) and not own("tell me about lisbon", said)
    assert likeness("", said) == 0.0 and likeness("keys", "") == 0.0
    assert likeness("xyz", "xyz") == 1.0
    assert likeness("kitten", "sitting") == pytest.approx(1 - 2 / 6)  # sitten against "sittin"


def test_whoever_begins_to_speak_is_noticed_before_anything_is_heard():
    from audio.sounds import loud, silence, spoken

    began = []
    utterances = Noticing(lambda: began.append(time.monotonic()))
    utterances.feed(silence(1))
    assert not began
    speech = loud(spoken("when was the boiler serviced"), -25)
    for start in range(0, len(speech), 320):
        utterances.feed(speech[start : start + 320])
        if began:
            break
    assert start / 16_000 < 0.5  # a fifth of a second of sure speech
    utterances.feed(np.concatenate([speech[start + 320 :], silence(1)]))
    assert len(began) == 1
