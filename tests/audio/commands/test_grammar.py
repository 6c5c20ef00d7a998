"""Spoken commands: what is one, and what only looks like one and must be written down."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest

from killah.audio.commands import Command, exact, nearest, parse, phrases
from killah.audio.commands.tables import LANGUAGES

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "commands.jsonl").read_text("utf-8").splitlines()
]
COMMANDS = [row for row in ROWS if row["name"]]
LOOK_ALIKES = [row for row in ROWS if not row["name"]]


def test_there_is_enough_to_judge_by():
    assert len(COMMANDS) >= 200
    assert len(LOOK_ALIKES) >= 200
    assert min(Counter((bool(row["name"]), row["language"]) for row in ROWS).values()) >= 100


def test_commands_as_people_say_them_are_understood():
    wrong = []
    for row in COMMANDS:
        wanted = asdict(Command("")) | {key: row[key] for key in row if key not in ("say", "language")}
        found = parse(row["say"], row["language"])
        if found is None or asdict(found) != wanted:
            wrong.append((row["say"], found))
    assert not wrong


def test_what_only_looks_like_a_command_is_dictated():
    assert not [row["say"] for row in LOOK_ALIKES if parse(row["say"], row["language"])]


@pytest.mark.parametrize(
    "utterance", ["", "   ", "...", "um", "please", "um uh please", "12", "#", "word " * 1000, "\0\n"]
)
def test_nothing_and_noise_are_no_command(utterance):
    assert parse(utterance) is None


def test_writing_of_other_recognisers_is_understood():
    assert parse("Scratch that.") == parse("SCRATCH THAT") == Command("scratch")
    assert parse("Replace “John” with “Jon”.") == Command("replace", old="John", new="Jon")
    assert parse("Замени «ёлку» на «Берёзу»", "ru") == Command("replace", old="ёлку", new="Берёзу")
    assert parse("Delete the last 25 words") == Command("delete", unit="word", count=25)


def test_a_misheard_word_is_forgiven_unless_it_is_a_word():
    assert parse("skratch that") == Command("scratch")
    assert parse("delete the last santence") == Command("delete", unit="sentence")
    assert parse("scratch hat") is None
    assert parse("delete the last sentries") is None
    # Which number was meant nobody can say.
    assert parse("delete the last nien words") is None


def test_a_command_of_one_word_is_not_asked_for():
    assert parse("could you read that back") == Command("read", unit="that")
    assert parse("can you continue") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_a_command_of_its_own(language):
    said = phrases(language)
    assert len(said) == len(set(said)) > 1000
    assert not [phrase for phrase in said if parse(phrase, language) is None]
    assert not [phrase for phrase in said if "#" in phrase or "<" in phrase]


def test_a_command_word_for_word_may_have_courtesy_around_it():
    assert exact("Okay, scratch that please") == exact("scratch that") == Command("scratch")
    assert exact("delete the last fourteen words") == Command("delete", unit="word", count=14)
    assert exact("scrach that") is None and parse("scrach that") == Command("scratch")
    assert exact("replace cat with dog") is None and exact("") is None


def test_the_nearest_phrases_are_offered_for_scoring_against_sound():
    near = nearest("skratch hat", most=5)
    assert near[0] == ("scratch that", 2)
    assert [distance for _, distance in near] == sorted(distance for _, distance in near)
