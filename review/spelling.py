"""How names and numbers are folded so that one spelling finds the others: «Щербаков», Shcherbakov, Scherbakov.

A name's words become Latin by the passport rules (ICAO 9303), and differences between transliterations (ICAO, ISO 9,
GOST 7.79, passports of different years, Kazakh, Kyrgyz, Tajik, Uzbek, Belarusian letters) are folded away. The fold
is made to find, not to tell apart: what it finds is ranked by the exact spelling afterwards.
"""

import re
from functools import lru_cache

from pipelines.identity import canonical_number, fold_name

_LETTERS = {
    **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziiklmnoprstufye", strict=True)),
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ъ": "",
    "ь": "",
    "ю": "iu",
    "я": "ia",
    "ә": "a",
    "ғ": "g",
    "қ": "k",
    "ң": "n",
    "ө": "o",
    "ұ": "u",
    "ү": "u",
    "һ": "h",
    "і": "i",
    "ҳ": "h",
    "ҷ": "j",
    "ӯ": "u",
    "ӣ": "i",
    "ў": "u",
    "є": "ie",
    "ї": "i",
    "ґ": "g",
    "ђ": "dj",
    "ј": "j",
    "љ": "l",
    "њ": "n",
    "џ": "dzh",
    "ı": "i",
    "ß": "ss",
    "æ": "ae",
    "ø": "o",
    "ł": "l",
    "đ": "d",
}
_FORMS = {
    *("ooo", "oao", "zao", "pao", "ao", "ip", "too", "osoo", "chdmm", "mchzh", "mchj", "llc", "ltd", "limited", "inc"),
    *("gmbh", "jsc", "pjsc", "cjsc", "ojsc", "ooo", "odo", "chup", "uab", "sia", "kk", "plc", "co", "corp", "company"),
    *("ооо", "оао", "зао", "пао", "ао", "ип", "тоо", "осоо", "чдмм", "мчж", "одо", "чуп", "жшс", "ақ", "жчк"),
}
"""Legal forms: they stand in most names of companies and find nothing."""
_RULES = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"shch|sch|sc(?=[eiy])|šč|sz", "sh"),
        (r"tch|tsch|cz|č", "ch"),
        (r"dzh|dj|zh|ž|j(?=[aou])", "J"),
        (r"kh|x(?!$)", "h"),
        (r"ck|q", "k"),
        (r"tz|ts|cs|c(?![h])", "s"),
        (r"ph", "f"),
        (r"w", "v"),
        (r"x$", "ks"),
        (r"iy|yi|ii|ij|yy", "i"),
        (r"yo|jo|io|ye|je|ie", "e"),
        (r"yu|ju|iu", "u"),
        (r"ya|ja|ia", "a"),
        (r"y", "i"),
        (r"ee", "i"),
        (r"oo|ou", "u"),
        (r"gh", "g"),
        (r"h(?=$)", ""),
        (r"ei|ai", "e"),
        (r"(.)\1+", r"\1"),
    )
)
_TERM_MAX = 80
_SHORTEST = 2


@lru_cache(maxsize=65_536)
def word_key(word: str) -> str:
    """The key of one folded word: the same for its usual spellings in Latin and Cyrillic letters.

    >>> {word_key(name) for name in ("щербаков", "shcherbakov", "scherbakov")}
    {'sherbakov'}
    """
    return _fold(word) or word


def _fold(word: str) -> str:
    latin = "".join(_LETTERS.get(character, character) for character in word)
    for pattern, to in _RULES:
        latin = pattern.sub(to, latin)
    return latin.lower()


def word_keys(word: str) -> set[str]:
    """Every key of a word: a Latin j is read as ж (Jumabaev) and as й (Jurij, Jakov)."""
    return {word_key(word), word_key(word.replace("j", "y"))}


def beginning_keys(beginning: str) -> set[str]:
    """What the keys of all words begin with that begin like this; none where less than two letters of it are left.

    >>> sorted(beginning_keys("sh")), sorted(beginning_keys("zzzz"))
    (['sh'], [])
    """
    ways = (beginning, beginning.replace("j", "y"))
    # What follows is not known: with a sign behind it, nothing is folded that is folded at a word's end alone.
    keys = {_fold(way) for way in ways} | {_fold(f"{way}\0").removesuffix("\0") for way in ways}
    return {key for key in keys if len(key) >= _SHORTEST}


def name_words(name: str) -> list[str]:
    """A name's folded words without legal forms, at most twelve; all of them where nothing else is left."""
    words = fold_name(name.replace("\u02bb", "").replace("\u02bc", "").replace("'", "").replace("\u2019", "")).split()
    named = [word for word in words if word not in _FORMS]
    return (named or words)[:12]


def name_keys(name: str) -> set[str]:
    """The keys that find a name, one per word."""
    return {key[:_TERM_MAX] for word in name_words(name) if len(word) >= _SHORTEST for key in word_keys(word)}


def exact_words(name: str) -> set[str]:
    """The name's words as written, folded of case and accents alone: for a search in the exact script."""
    return {word[:_TERM_MAX] for word in name_words(name) if len(word) >= _SHORTEST}


def number_key(number: str) -> str:
    """An account number, identifier or reference as it is searched: capitals and digits, without separators."""
    return canonical_number(number).replace("/", "").replace(".", "")[:_TERM_MAX]


def tail_key(number: str) -> str:
    """A folded number from its end to its beginning: what begins like this ends like the number."""
    return number[::-1]
