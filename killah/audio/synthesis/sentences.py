"""Text that is still being written, cut into sentences as soon as each is complete."""

import re

LONGEST = 300  # letters; text without an end is cut at a pause or a space, for it would never be spoken

_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“«])(?:[A-ZА-ЯЁ]|(?:[A-Z]\.)+[A-Z]|Mr|Mrs|Ms|Messrs|Dr|Prof|Rev|Hon|Gen|Col|Capt|Lt|Sgt|St|Mt"
    r"|Jr|Sr|vs|cf|ca|approx|No|Nos|Vol|Fig|Ch|pp?|ed|e\.\s?g|i\.\s?e|viz"
    r"|т\.\s?[екдпн]|г|гг|в|вв|ул|пл|пр|д|кв|стр|рис|гл|см|ср|им|св|др|проф|акад|тыс|млн|млрд|руб|коп|напр)\.$"
)
# Possessive, and only from the first mark of a run: a million dots in a row must stay a million steps.
_END = re.compile(
    r"(?<![.!?…])(?P<mark>[.!?…]++)[\"'”’»)\]]*+(?=\s+[\"'“‘«(\[—–-]*+\s*[A-ZА-ЯЁÀ-ÖØ-Þ0-9])"
    r"|[ \t]*\n[ \t]*(?=\n)"
)
_NUMBER = re.compile(r"\d+\.")  # of an item in a list
_PAUSE = re.compile(r"[,;:—–]\s|\s")


class Sentences:
    """Feed it pieces as they are written; `finish` gives what is left."""

    def __init__(self) -> None:
        self._open = ""

    def feed(self, piece: str) -> list[str]:
        """Sentences that are complete now. A sentence is complete when what follows it can be seen."""
        self._open += piece
        found = []
        while (end := self._end()) is not None:
            found.append(self._open[:end])
            self._open = self._open[end:].lstrip()
        return [sentence for sentence in map(_one_line, found) if sentence]

    def finish(self) -> list[str]:
        """The last sentence, complete or not; the next piece begins a new text."""
        rest, self._open = _one_line(self._open), ""
        return [rest] if rest else []

    def _end(self) -> int | None:
        for end in _END.finditer(self._open):
            before = self._open[: end.end()].rstrip("\"'”’»)]")
            if end["mark"] != "." or not (_ABBREVIATION.search(before[-16:]) or _NUMBER.fullmatch(before)):
                return end.end()
        if len(self._open) <= LONGEST:
            return None
        pauses = [pause.end() for pause in _PAUSE.finditer(self._open, LONGEST // 2, LONGEST)]
        marks = [end for end in pauses if self._open[end - 2 : end - 1] in ",;:—–"]
        return (marks or pauses or [LONGEST])[-1]


def _one_line(text: str) -> str:
    return " ".join(text.split())
