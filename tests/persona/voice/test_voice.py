"""What is left out of plain text with which reason, and what no rule may ever touch."""

import pytest

from killah.persona.voice import own

# Prose, verse and letters that look a little like what is left out.
SURVIVES = {
    "dialogue": (
        "“Who wrote: ‘I shall come’?” asked Anne.\n\n“He did,” said Tom; “on Monday he wrote:\n\n"
        "‘Do not wait for me.’”\n\n“Thanks,” she said.\n\n“Best wishes, then.”\n\n“Cheers!”"
    ),
    "Russian dialogue": (
        "— Кто там? — спросила она.\n— Это я, — сказал он.\n— От кого: от Ивана? — Вот что он пишет:\n\n"
        "«Жди меня, и я вернусь; только очень жди».\n\nС уважением, подумала она, так не пишут.\n\nСпасибо!"
    ),
    "verse": (
        "Tyger Tyger, burning bright,\nIn the forests of the night;\nWhat immortal hand or eye,\n"
        "Could frame thy fearful symmetry?"
    ),
    "verse that ends in semicolons": (
        "Люблю тебя, Петра творенье;\nЛюблю твой строгий, стройный вид;\nНевы державное теченье;\n"
        "Береговой ее гранит;"
    ),
    "verse with a caesura": (
        "Hwæt! We Gardena     in geardagum\nþeodcyninga     þrym gefrunon,\nhu ða æþelingas     "
        "ellen fremedon."
    ),
    "indented verse": "    I wandered lonely as a cloud\n    That floats on high o'er vales and hills,\n"
    "    When all at once I saw a crowd,\n    A host, of golden daffodils;",
    "a play": "HAMLET.\tTo be, or not to be, that is the question.\nOPHELIA.\tGood my lord, how "
    "does your honour"
    " for this many a day?\nHAMLET.\tI humbly thank you; well, well, well.",
    "a letter": "Dear Bosie,\n\nI have had your letter of 3 March 1895 and read it twice.\n\nYours "
    "ever,\nOscar\n"
    "16 Tite Street",
    "a numbered list of sentences": "1. In 1914 the war began and nobody believed it.\n2. By 1916 "
    "everyone did.\n"
    "3. In 1918 (on 11 November) it ended at 11:00, and he went home.",
    "a scene break": "He closed the door.\n\n--\n\nThe next morning it rained.\n\n* * *\n\nAnd the next.",
    "justified text": "The  old  man   walked   down   the  road\nwith  his  dog   and   thought   "
    "of   nothing\n"
    "but  the  sea   and   the   boats   in   it.",
    "letters about copyright": "Copyright is a strange right. The GNU General Public License turned "
    "it on its head, "
    "and whoever reads the MIT License will see how short a licence can be.",
    "words for confidence": "What I tell you is confidential; it is intended for you and for nobody else.",
    "a heading Literature": "Литература\n\nЛитература есть искусство слова, и в 1880 году об этом "
    "знали все.\n\n"
    "Пушкин, А. и Гоголь, Н. были тому свидетели.",
    "a heading References": "References\n\nShe asked for references. None came.",
    "a heading Contents": "Contents\n\nThe contents of the box were a ring, a letter and some dust.",
    "glossary": "CDC = Centers for Disease Control\nCMS = Centers for Medicare and Medicaid\nHHS = "
    "Department of Health",
    "diary": "3 January 2020, 10:15. Rain again.\n\n4 January 2020. Wrote to Anna.\n\nFrom: "
    "nowhere, it seemed, came a bird.",
    "Markdown's signs in prose": "I like | you | and the number is #1 -- or so they say.\nA single "
    "> B holds.",
    "recipe": "200 g flour\n3 eggs\nsalt\n\nMix it well. Let it rest.",
    "sent from": "Sent from my heart, this letter will reach you in Vienna.\n\nОтправлено из "
    "Москвы, получено в Риме.",
    "the day's plan": "On 3 January 2020 the committee met and wrote:\n\nWe disagree.",
}


@pytest.mark.parametrize("text", SURVIVES.values(), ids=SURVIVES)
def test_prose_survives(text):
    prose = own(text)
    assert (prose.text, prose.left_out) == (text, {})


REPLY = "I agree.\n\n{attribution}\n> We should meet.\n> Tomorrow?\n\nTomorrow is fine."
LEFT_OUT = [
    *(
        ("quoted replies", REPLY.format(attribution=attribution), "I agree.\n\n\n\n\n\nTomorrow is fine.")
        for attribution in (
            "On Mon, 3 Jan 2022 at 10:00, Ann Lee <ann@example.org> wrote:",
            "Ann wrote:",
            "Анна пишет:",
            "пн, 3 янв. 2022 г. в 10:00, Анна <anna@example.ru>:",
            "3 января 2022 г., в 10:00, Анна <anna@example.ru> написал(а):",
            "Вы писали 3 января 2022 г., 10:00:00:",
        )
    ),
    ("quoted replies", "Да.\n\nAB> Пойдём?\nAB> Завтра?\n\nПойдём.", "Да.\n\n\n\n\nПойдём."),
    (
        "quoted replies",
        "Yes.\n\nOn Mon, 3 Jan 2022 at 10:00 Ann Lee\n<ann@example.org> wrote:\n\n> Well?",
        "Yes.",
    ),
    (
        "quoted replies",
        "Yes.\n\n-----Original Message-----\nFrom: Ann\nSent: Monday\nTo: Bob\n\nWell?",
        "Yes.",
    ),
    (
        "quoted replies",
        "Да.\n\n-----Исходное сообщение-----\nОт: Анна\nКому: Борис\nТема: Встреча\n\nНу что?",
        "Да.",
    ),
    (
        "forwarded messages",
        "See below.\n\n---------- Forwarded message ---------\nFrom: Ann <a@b.org>\nDate: "
        "Mon\nSubject: Hi\n\nWords.",
        "See below.",
    ),
    (
        "forwarded messages",
        "Глянь.\n\n-------- Пересылаемое сообщение --------\nОт: Анна\nДата: пн\nТема: Привет\n\nСлова.",
        "Глянь.",
    ),
    ("forwarded messages", "From: Ann\nTo: Bob\nSubject: Hi\n\nMy own words.", "My own words."),
    (
        "signatures",
        "See you.\n\nBest regards,\nAnn Lee\nHead of Gardens\nTel: +44 20 7946 0000\nann@example.org",
        "See you.",
    ),
    ("signatures", "До встречи.\n\nС уважением,\nАнна Ли\nтел.: +7 495 123-45-67", "До встречи."),
    ("signatures", "See you.\n\n-- \nAnn Lee\nhttps://example.org", "See you."),
    ("signatures", "See you.\n\nSent from my iPhone", "See you."),
    ("signatures", "Увидимся.\n\nОтправлено с iPhone", "Увидимся."),
    (
        "disclaimers",
        "See you.\n\nThis e-mail and any attachments are confidential and intended solely for the "
        "addressee. If you "
        "are not the intended recipient, delete it.",
        "See you.",
    ),
    (
        "disclaimers",
        "Увидимся.\n\nДанное сообщение содержит конфиденциальную информацию и предназначено "
        "исключительно для "
        "адресата. Если вы не являетесь адресатом, удалите его.",
        "Увидимся.",
    ),
    (
        "licence text",
        "# Copyright 2020 Ann Lee\n# Licensed under the Apache License, Version 2.0\n\nThis is my tool.",
        "This is my tool.",
    ),
    (
        "licence text",
        "My tool.\n\nPermission is hereby granted, free of charge, to any person obtaining a copy "
        "of this software\n"
        'to use it.\n\nTHE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY.\n\nCopyright (c) 2020 Ann',
        "My tool.",
    ),
    (
        "licence text",
        "My words.\n\nApache License\nVersion 2.0, January 2004\n\nAnything at all.\n\nEND OF TERMS "
        "AND CONDITIONS",
        "My words.",
    ),
    (
        "licence text",
        "The Project Gutenberg eBook of X\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\nIt "
        "began.\n\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK X ***\n\nFull licence.",
        "It began.",
    ),
    ("code", "Look:\n\n```python\nprint(1)\n```\n\nGood.", "Look:\n\n\n\n\n\nGood."),
    (
        "code",
        "Look:\n\n    import os\n\n    def main():\n        print(os.name)\n        return 0\n\nGood.",
        None,
    ),
    ("code", 'Look:\n#include <stdio.h>\nint main() {\n  printf("hello");\n}\n\nGood.', None),
    ("code", "Look:\n\n$ cd /tmp\n$ ls -l\n$ make test\n\nGood.", None),
    ("code", '<div class="a">\n<p>text</p>\n</div>\n\nGood.', "Good."),
    ("code", '{\n  "name": "x",\n  "size": 3,\n  "deep": {"a": 1}\n}\n\nGood.', None),
    ("tables", "Prices:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nGood.", "Prices:\n\n\n\n\n\nGood."),
    ("tables", "Name\tAge\tTown\nAnn\t30\tYork\nBob\t40\tBath\n\nGood.", "Good."),
    ("tables", "Apples      3\nPears       14\nPlums       1,20\n\nGood.", "Good."),
    ("tables", "┌────┬────┐\n│ а  │ б  │\n└────┴────┘\n\nХорошо.", "Хорошо."),
    (
        "tables of contents",
        "Chapter One ........ 1\nChapter Two ........ 14\nChapter Three ...... 29\n\nIt began.",
        "It began.",
    ),
    (
        "tables of contents",
        "CONTENTS\n\nCHAPTER I. The Start\nCHAPTER II. The Rest\nIII. The End\n\nIt began.",
        "It began.",
    ),
    (
        "tables of contents",
        "Оглавление\n\nГлава 1. Начало\nГлава 2. Середина\nГлава 3. Конец\n\nБыло так.",
        "Было так.",
    ),
    (
        "references",
        "As I showed.\n\nReferences\n\n[1] Smith, J. (1999). A book. Oxford: Press.\n\n[2] Doe, A. "
        "Another. 2003, pp. 3-9.",
        "As I showed.",
    ),
    (
        "references",
        "Так и вышло.\n\nСписок литературы\n\n1. Пушкин А. С. Сочинения. — М.: Наука, 1980. — С. 15.\n"
        "2. Гоголь Н. В. Письма. — СПб.: Азбука, 1999.",
        "Так и вышло.",
    ),
]


@pytest.mark.parametrize(("reason", "text", "kept"), LEFT_OUT)
def test_what_is_not_the_owners_is_left_out_and_counted(reason, text, kept):
    prose = own(text)
    assert set(prose.left_out) == {reason}
    if kept is not None:
        assert prose.text.strip() == kept
    assert sum(prose.left_out.values()) + len(prose.text.split()) == len(text.split())
    assert prose.text.split()


def test_in_a_mail_the_reply_below_is_quoted_to_its_end():
    text = (
        "Yes.\n\nOn Mon, 3 Jan 2022 at 10:00 Ann <ann@example.org> wrote:\n\nShall we?\n\nIt is a fine day."
    )
    assert own(text, is_mail=True).text.strip() == "Yes."
    assert "It is a fine day." in own(text).text


def test_in_a_mail_what_follows_two_dashes_is_a_signature():
    text = "Yes.\n\n--\nAnn\nGardener"
    assert own(text, is_mail=True).text.strip() == "Yes."
    assert own(text).text == text


def test_answers_between_quoted_lines_stay_in_a_mail():
    text = "On Mon, 3 Jan 2022 at 10:00 Ann <ann@example.org> wrote:\n> One?\nYes.\n> Two?\nNo."
    assert own(text, is_mail=True).text.split() == ["Yes.", "No."]


@pytest.mark.parametrize(
    "text",
    [
        "> " * 50_000,
        "|" * 100_000,
        "a\tb\n" * 20_000,
        "Contents\n" * 10_000,
        "1. \n" * 20_000,
        "x=" * 50_000,
        "((((" * 20_000,
        "....1 " * 15_000,
        "Best regards,\n" * 7_000,
        "wrote:\n" * 10_000,
        "```\n~~~\n" * 10_000,
        "-----Original Message-----\n" * 3_000,
        "From: a\nTo: b\nSubject: c\n" * 3_000,
        "[1] Smith, J. 1999. doi\n" * 3_000,
        " " * 100_000,
        "confidential recipient " * 4_000,
        ("a" * 590 + "(\n") * 100,
        ("a.b " * 140 + ":\n") * 100,
        ('"k": ' + "[" * 500 + "\n") * 100,
        ("if " + "x " * 250 + "\n") * 100,
        ("<a " + 'b="c" ' * 90 + "\n") * 100,
    ],
    ids=lambda text: repr(text[:12]),
)
@pytest.mark.timeout(60)
def test_hostile_text_takes_no_longer_than_other_text(text):
    """A tenth of a second; where a step is squared, minutes."""
    own(text, is_mail=True)
