"""What is said in a conversation that is no question: repeat, next one, read that passage, goodbye, and such.

The whole utterance must be one, as with every voice command; small misspellings of the ear are forgiven.
"""

from functools import cache

from killah.audio.commands import Command, parse
from killah.audio.commands.grammar import lowered, tokens
from killah.audio.commands.matching import Near
from killah.audio.commands.tables import Language, table
from killah.audio.dictation.language import language_of

# Commands of dictation that mean something here too; all others would be questions.
SHARED = frozenset("stop next louder quieter faster slower stop_listening start_listening continue".split())
OWN: dict[Language, dict[str, str]] = {
    "en": {
        "repeat": """
            repeat, repeat that, repeat it, say that again, say it again, again, once more, one more time,
            what did you say, what was that, pardon, come again, i didn't hear that
        """,
        "passage": """
            read that passage, read the passage, read this passage, read me that passage, read me the passage,
            read the whole passage, read it all, read more, read that, the whole passage, what does it say
        """,
        "next": """
            next one, the next one, next answer, next passage, what else, anything else, another one,
            something else, not that one, another passage, another answer
        """,
        "source": """
            where is that from, where does it say that, where does that come from, which document,
            which document is that, what is the source, what's the source, who says that, says who
        """,
        "goodbye": """
            goodbye, good bye, bye, bye bye, that's all, that is all, that will be all, see you, good night,
            end the conversation, thank you goodbye, thanks bye
        """,
        "thanks": "thanks, thank you, thank you very much, great, great thanks",
        "stop": "be quiet, quiet, hush, shut up, enough, that's enough, silence, wait",
    },
    "ru": {
        "repeat": """
            повтори, повтори еще раз, еще раз, скажи еще раз, что ты сказал, что ты сказала, не расслышал,
            не расслышала, повтори это, повторите
        """,
        "passage": """
            прочитай этот отрывок, прочитай отрывок, прочитай весь отрывок, прочитай абзац, прочитай целиком,
            прочти отрывок, прочти этот отрывок, прочти целиком, весь отрывок
        """,
        "next": """
            следующий, следующее, дальше, другой, другое, что еще, еще что-нибудь, другой ответ,
            другой отрывок, следующий отрывок, следующий ответ, не то
        """,
        "source": "откуда это, где это написано, в каком документе, какой это документ, кто это сказал",
        "goodbye": "до свидания, пока, прощай, это все, всего доброго, спокойной ночи, конец разговора",
        "thanks": "спасибо, большое спасибо",
        "stop": "тихо, хватит, довольно, молчи, помолчи, подожди, достаточно",
    },
}
COURTESY = frozenset("please killah hey ok okay um uh now пожалуйста ну".split())


def understand(utterance: str) -> Command | None:
    """What an utterance asks for as a whole; None for a question."""
    spoken = language_of(utterance)
    words = [word for word in lowered(tokens(utterance)) if word not in COURTESY]
    own, near = _table(spoken)
    if name := own.get(" ".join(words)):
        return Command(name)
    shared = parse(utterance, spoken)
    if shared and shared.name in SHARED:
        return shared
    meant = {own[phrase] for phrase in near.best(" ".join(words))} if words else set()
    return Command(meant.pop()) if len(meant) == 1 else None


@cache
def _table(spoken: Language) -> tuple[dict[str, str], Near]:
    own = {
        " ".join(phrase.split()): name
        for name, phrases in OWN[spoken].items()
        for phrase in phrases.split(",")
    }
    return own, Near(list(own), table(spoken).ordinary)
