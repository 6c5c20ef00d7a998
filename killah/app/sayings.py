"""What can be said while dictation is on, once: the help panel and `killah dictate --commands` show it.

Examples, not the grammar (killah/audio/commands): most can be said in many other ways too.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Saying:
    """An example of a command in English and in Russian. `editor`: only the editor does it."""

    english: str
    russian: str
    meaning: str
    editor: bool = False


SAYINGS = (
    Saying("new line", "новая строка", "Begin a line; also new paragraph, comma, full stop, open quote …"),
    Saying("scratch that", "зачеркни это", "Take back what was said last"),
    Saying("undo", "отмени", "Take back the last change; redo brings it again"),
    Saying("delete the last word", "удали последнее слово", "Or sentence, paragraph, two words, everything"),
    Saying("select the last sentence", "выдели последнее предложение", "What is said next takes its place"),
    Saying("replace cat with dog", "замени кот на пёс", "Or replace every cat with dog"),
    Saying("capitalise that", "это с большой буквы", "Or uppercase, lowercase; cap next for the next word"),
    Saying("put that in quotes", "возьми это в кавычки", "Or in brackets"),
    Saying("go to the end", "перейди в конец", "Or to the beginning"),
    Saying("continue", "продолжай", "Let the model write on; stop ends it"),
    Saying("rephrase that", "перефразируй", "Or the last sentence; also summarise that"),
    Saying("accept", "принять", "Take the ghost text; accept word takes one", editor=True),
    Saying("next one", "другой вариант", "Another suggestion; reject for none", editor=True),
    Saying("read that back", "прочитай это", "Hear it; faster, slower, louder, stop", editor=True),
    Saying("stop listening", "перестань слушать", "Until start listening is said"),
    Saying(
        "delete everything after the word house",
        "удали всё после слова дом",
        "Or say in your own words what is to be done",
    ),
)
