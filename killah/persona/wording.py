"""Style features in words a writer uses: a value with its unit, and what "more of it" means."""

from math import exp

from killah.persona.style import Feature, Language

_LOGARITHMS = {"sentence length", "paragraph length", "words between marks"}
_RATIOS = {"sentence variety", "variety between marks"}
_FORMS = {  # more, less
    "sentence length": ("longer sentences", "shorter sentences"),
    "sentence variety": ("sentences of more varied length", "sentences of more even length"),
    "paragraph length": ("longer paragraphs", "shorter paragraphs"),
    "short paragraphs": ("more paragraphs of one sentence", "fewer paragraphs of one sentence"),
    "words between marks": ("with less punctuation", "with more punctuation"),
    "variety between marks": ("with less regular pauses", "with more regular pauses"),
    "word length": ("longer words", "shorter words"),
    "capitals": ("more names and other capitals", "fewer names and other capitals"),
    "vocabulary": ("more varied words", "with more repeated words"),
    "past": ("more in the past tense", "less in the past tense"),
    "present": ("more in the present tense", "less in the present tense"),
    "future": ("more in the future tense", "less in the future tense"),
    "dialogue": ("more dialogue", "less dialogue"),
    "joined sentences": ("more sentences that begin with “and” or “but”", "fewer sentences that begin so"),
}

_RUSSIAN = {"contractions": "particles of talk"}  # ведь, же, вот: Russian shortens no words


def called(feature: Feature, language: Language) -> str:
    """What a feature is called where it was counted in `language`."""
    return _RUSSIAN.get(feature.name, feature.name) if language == "ru" else feature.name


def natural(feature: Feature, value: float) -> tuple[float, str]:
    """A plain value of `style.measure` as people give it: a number and its unit, "per 100" being words."""
    if feature.name in _LOGARITHMS:
        return exp(value), "words"
    if feature.name in _RATIOS:
        return value, ""
    if feature.group in ("punctuation", "function words"):
        return value, "per 100"
    if feature.name == "word length":
        return value, "letters"
    return 100 * value, "%"


def shown(number: float, unit: str) -> str:
    """A natural value in a few characters."""
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    return f"{number:.{digits}f}{'' if unit == '%' else ' '}{unit}".rstrip()


def tendency(feature: Feature, more: bool, language: Language = "en") -> str:
    """What a writer of `language` does who has more, or less, of a feature: "shorter sentences"."""
    if feature.name in _FORMS:
        return _FORMS[feature.name][not more]
    if feature.group in ("function words", "person"):
        return f"“{feature.name}” {'more' if more else 'less'} often"
    return f"{'more' if more else 'fewer'} {called(feature, language)}"
