"""The Russian catalogue: complete, of the right forms, with the same placeholders, and compiled as it stands."""

import re

import pytest
from babel.messages.catalog import Message
from django.utils import translation
from django.utils.translation import ngettext

from review import text
from review.console import catalogue, labels
from review.console.catalogue import ROOT, Said, is_translated, said
from review.console.templatetags.show import day, money, number

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%")
_CYRILLIC = re.compile("[А-Яа-яЁё]")


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return [message for message in catalogue.catalogue() if message.id]


def test_everything_said_has_russian_words_and_nothing_else_stands_there(messages: list[Message]) -> None:
    wanted = {(item.context, item.key) for item in said()}
    known = {(message.context or "", message.id) for message in messages}
    assert known == wanted, "renew the catalogue: python -m review.console.catalogue"
    assert [message.id for message in messages if not is_translated(message)] == []


def test_russian_words_are_russian(messages: list[Message]) -> None:
    """A translation that repeats the English is a word nobody has translated; names of things are few."""
    same = {message.id for message in messages if message.id == message.string}
    assert same <= {"SHA-256", "IBAN", "№", "UTC"}, same


def test_placeholders_are_the_same_in_both_languages(messages: list[Message]) -> None:
    for message in messages:
        one = message.id[0] if isinstance(message.id, tuple) else message.id
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for string in strings:
            assert sorted(_PLACEHOLDER.findall(string)) == sorted(_PLACEHOLDER.findall(one)), message.id


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    compiled = catalogue.compiled(catalogue.catalogue())
    assert (catalogue.FOLDER / "django.mo").read_bytes() == compiled, "python -m review.console.catalogue"


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 день"), (2, "2 дня"), (5, "5 дней"), (11, "11 дней"), (21, "21 день"), (104, "104 дня")]
)
def test_plural_forms_follow_the_number(count: int, words: str) -> None:
    with translation.override("ru"):
        assert ngettext("%(n)s day", "%(n)s days", count) % {"n": count} == words


def test_scripts_say_nothing_themselves() -> None:
    """Words in scripts would escape the catalogue: they come from the page, as data."""
    for file in (ROOT / "static" / "console").glob("*.js"):
        code = re.sub(r"//.*|/\*.*?\*/", "", file.read_text("utf-8"))
        assert not _CYRILLIC.search(code), file.name


def test_templates_have_no_russian_of_their_own() -> None:
    bilingual = "broken.html"  # speaks when nothing else works any more
    for file in (ROOT / "templates").rglob("*.html"):
        if file.name == bilingual:
            continue
        text = re.sub(r"Русский|«Щербаков»", "", file.read_text("utf-8"))
        assert not _CYRILLIC.search(text), file.name


def test_extraction_finds_every_way_of_saying() -> None:
    python = (
        "from django.utils import translation\n"
        "from django.utils.translation import gettext_lazy as _, ngettext, pgettext_lazy as _in\n"
        "_('a'); ngettext('one', 'many', 3); _in('fact', 'name'); translation.gettext('b')\n"
        "other('no')\n"
    )
    assert set(catalogue._in_python(python)) == {
        Said("", "a"),
        Said("", "one", "many"),
        Said("fact", "name"),
        Said("", "b"),
    }


def test_numbers_money_and_days_follow_the_language() -> None:
    from datetime import date
    from decimal import Decimal

    with translation.override("ru"):
        assert number(1234567.5, 1) == "1\u202f234\u202f567,5"
        assert money(Decimal("1234.50"), "KZT") == "1\u202f234,50\u00a0KZT"
        assert day(date(2026, 2, 3)) == "03.02.2026"
    with translation.override("en"):
        assert money(Decimal("1234.50"), "KZT") == "1\u202f234.50\u00a0KZT"
        assert day(date(2026, 2, 3)) == "2026-02-03"


def test_a_terminal_calls_themes_and_channels_as_the_console_does():
    with translation.override("ru"):
        assert {code: str(words) for code, words in labels.THEMES.items()} == text.THEMES_RU
        assert {code: str(words) for code, words in labels.CHANNELS.items()} == text.CHANNELS_RU
