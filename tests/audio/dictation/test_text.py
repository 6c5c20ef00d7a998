"""Dictated text: punctuation that was spoken must be there, and words that only sound like it must stay."""

import pytest

from killah.audio.dictation.text import Marked, Written, plain, written
from killah.audio.recognition.ctc import Word

ENGLISH = {
    "hello comma how are you question mark": "Hello, how are you?",
    "i think i'm late full stop she isn't period": "I think I'm late. She isn't.",
    "he said comma open quote go home full stop close quote she went": "He said, “Go home.” She went",
    "is it true question mark yes exclamation mark": "Is it true? Yes!",
    "three things colon bread semicolon milk semicolon tea": "Three things: bread; milk; tea",
    "open bracket see above close bracket": "(See above)",
    "a well hyphen known man": "A well-known man",
    "he left dash at last": "He left—at last",
    "wait ellipsis what": "Wait… what",
    "dear ann comma new line thank you period new paragraph yours": "Dear ann,\nThank you.\n\nYours",
    "and slash or": "And/or",
    "she said quote to be or not to be unquote and left": "She said “to be or not to be” and left",
    "the dogs apostrophe bowls and the dog apostrophe s bowl": "The dogs’ bowls and the dog’s bowl",
    # Words that sound like marks.
    "the period of time": "The period of time",
    "during that period we slept": "During that period we slept",
    "for a long period nothing came": "For a long period nothing came",
    "a dash of salt": "A dash of salt",
    "they had to dash out": "They had to dash out",
    "the colon is long and colon cancer is rare": "The colon is long and colon cancer is rare",
    "a question mark hung over it": "A question mark hung over it",
    "it came to a full stop": "It came to a full stop",
    "comma separated values": "Comma separated values",
    "a new line of products": "A new line of products",
    "i quote the bible": "I quote the bible",
    "he wore a cap": "He wore a cap",
    "period drama": "Period drama",
    # Both.
    "i like that period": "I like that.",
    "it was a long period of waiting period then he came": "It was a long period of waiting. Then he came",
    "close the door period": "Close the door.",
    "literal comma is a word comma too": "Comma is a word, too",
    # Capitals.
    "cap hello world": "Hello world",
    "all caps warning comma do not touch": "WARNING, do not touch",
    "caps on the old man caps off is good": "The Old Man is good",
    "": "",
}

RUSSIAN = {
    "привет запятая как дела вопросительный знак": "Привет, как дела?",
    "он сказал двоеточие открыть кавычки иди домой закрыть кавычки точка": "Он сказал: «Иди домой».",
    "москва тире столица точка с запятой": "Москва — столица;",
    "это моя точка зрения": "Это моя точка зрения",
    "отправная точка пути": "Отправная точка пути",
    "он ушел точка с новой строки стало тихо": "Он ушел.\nСтало тихо",
    "новый абзац здравствуйте восклицательный знак": "\n\nЗдравствуйте!",
    "поставь запятая": "Поставь запятая",
}


@pytest.mark.parametrize(("said", "text"), ENGLISH.items())
def test_english(said, text):
    assert written(said).text == text


@pytest.mark.parametrize(("said", "text"), RUSSIAN.items())
def test_russian(said, text):
    assert written(said, language="ru").text == text


def timed(said, pauses):
    """Words of 0.3 s, 0.05 s apart, and half a second before those whose places are in `pauses`."""
    words, now = [], 0.0
    for place, text in enumerate(said.split()):
        now += 0.5 if place in pauses else 0.05
        words.append(Word(text, now, now + 0.3, 1.0))
        now += 0.3
    return words


def test_pauses_decide_where_words_do_not():
    said = "we need a bold new line it comes today"
    assert written(timed(said, {4})).text == "We need a bold\nIt comes today"
    assert written(timed(said, set())).text == "We need a bold new line it comes today"
    said = "it took a long period of thinking"
    assert written(timed(said, {4, 5})).text == "It took a long. Of thinking"
    assert written(timed(said, set())).text == "It took a long period of thinking"


@pytest.mark.parametrize(
    ("said", "before", "after", "text"),
    [
        ("continues here", "The end of", "", " continues here"),
        ("continues here", "The end of ", "", "continues here"),
        ("it begins", "The end.", "", " It begins"),
        ("it begins", "The end.\n\n", "", "It begins"),
        ("said she", "“Really?”", "", " said she"),
        ("brown came", "Then Mr.", "", " brown came"),
        ("comma and", "The end", "", ", and"),
        ("very", "It is ", "good.", "very "),
        ("very", "It is ", ", good.", "very"),
        ("of time", "in that period", "", " of time"),
        ("period of time", "in that", "", " period of time"),
        ("open quote yes close quote", 'He said "no" and', "", ' "yes"'),
        ("question mark", "x" * 1000, "", "?"),
    ],
)
def test_an_utterance_fits_what_stands_around_it(said, before, after, text):
    assert written(said, before, after).text == text


def test_capitals_last_until_they_are_taken_back():
    first = written("caps on the old man")
    assert first == Written("The Old Man", "title")
    second = written("and the sea caps off is good", first.text, capitals=first.capitals)
    assert second == Written(" And The Sea is good", "off")
    assert written("hello there", "Say", capitals="next") == Written(" Hello there", "off")


def test_names_are_spelled_as_their_owner_spells_them():
    names = {"qokka": "Qokka", "mac donald": "MacDonald", "zoe": "Zoë"}
    assert written("i met zoe mac donald and qokka", names=names).text == "I met Zoë MacDonald and Qokka"


def test_writing_of_other_recognisers_stays():
    assert written("Hello, world. It's me.").text == "Hello, world. It's me."


def test_a_models_marks_and_capitals_are_laid_out():
    pairs = [("we", ""), ("saw", ""), ("Ann", ","), ("i", ""), ("Did", "."), ("", "?")]
    marked = [Marked(*pair) for pair in pairs]
    assert written("", "It was late.", marked=marked).text == " We saw, Ann I. Did?"
    assert written("", "we went", " home", marked=[Marked("and", ","), Marked("")]).text == ", and"


def test_marks_that_are_said_are_for_no_model():
    assert plain("we went home") == ["we", "went", "home"]
    assert plain("we went comma home") == []
    assert plain("saw mac donald", names={"mac donald": "MacDonald"}) == ["saw", "MacDonald"]
