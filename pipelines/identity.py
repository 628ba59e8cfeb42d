"""Node keys: the identity of an account, a person or an entity as the reports give it.

A key is built from identifiers alone, never from a placeholder, so that equal keys mean the same holder. Resolving
different spellings of one holder is a later step and does not belong here.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"([A-Z]{6}[A-Z0-9]{2})(?:[A-Z0-9]{3})?")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u00ad]+")
_PLAIN = re.compile(r"[a-z0-9 ]+")
_LONG_ENOUGH = 10  # an account number this long is taken to name one account even where no institution is given
_ABOVE_AND_BELOW = 200  # canonical combining classes of accents; vowel signs and viramas of Indic scripts lie below


@lru_cache(maxsize=65_536)
def fold_name(text: str) -> str:
    """A name without case, accents and punctuation, as it stands in keys.

    The marks of Latin, Cyrillic and Greek letters go; the vowel signs of other scripts stay, as they spell the name.

    >>> fold_name("  Артём  O'Brien-José ")
    'артем o brien jose'
    """
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    if not _PLAIN.fullmatch(decomposed):
        decomposed = "".join(map(_fold_character, unicodedata.normalize("NFKD", decomposed)))
    return " ".join(decomposed.split())


def _fold_character(character: str) -> str:
    if unicodedata.combining(character) >= _ABOVE_AND_BELOW:
        return ""
    return character if unicodedata.category(character)[0] in "LNM" else " "


def canonical_number(text: str | None) -> str:
    """An identifier in capitals without spaces and hyphens; leading zeros stay. Empty where it identifies nothing.

    >>> canonical_number("00-12 ab"), canonical_number("000"), canonical_number("-")
    ('0012AB', '', '')
    """
    number = (text or "").upper()
    if not number.isalnum():
        number = _SEPARATORS.sub("", number)
    return number if number.strip("0./_") else ""


def iban_of(*candidates: str | None) -> str | None:
    """The first candidate that looks like an IBAN, in canonical form; its check digits are not judged."""
    for candidate in candidates:
        number = canonical_number(candidate)
        if _IBAN.fullmatch(number):
            return number
    return None


def institution_key(code: str | None, swift: str | None, name: str | None) -> str:
    """The institution as it stands in account keys: its code, else its BIC without the branch, else its name."""
    if code:
        return fold_name(code)
    if swift:
        bic = _BIC.fullmatch(canonical_number(swift))
        return fold_name(bic[1] if bic else swift)
    return fold_name(name or "")


def account_key(number: str | None, iban: str | None, institution: str, report_key: str, ordinal: int) -> str:
    """The key of an account.

    An IBAN stands for itself. A number means something only at its institution: where that is not given, a number
    of fewer than ten characters is kept apart for each report, since unrelated institutions use the same ones.

    Args:
        number: the account number as delivered.
        iban: the IBAN as delivered.
        institution: the result of `institution_key`, or empty.
        report_key: the report version that names the account.
        ordinal: the account's position in that report.
    """
    found = iban_of(iban, number)
    if found:
        return f"iban:{found}"
    canonical = canonical_number(number) or canonical_number(iban)
    if not canonical:
        return f"acc:report:{report_key}:{ordinal}"
    if institution or len(canonical) >= _LONG_ENOUGH:
        return f"acc:{institution}:{canonical}"
    return f"acc:report:{report_key}:{canonical}"


def person_key(
    numbers: tuple[tuple[str, str, str | None], ...],
    name: str | None,
    birth_date: date | None,
    report_key: str,
    ordinal: int,
) -> str:
    """The key of a person: the first usable number, else name and date of birth, else one of this report alone.

    Args:
        numbers: (kind, country of issue, number), the strongest first; kinds are nid, pass, id and tax.
        name: full name as written.
        birth_date: date of birth.
        report_key: the report version that names the person.
        ordinal: the person's position in that report.
    """
    key = _numbered("per", numbers)
    if key:
        return key
    folded = _spoken(name)
    if folded and birth_date:
        return f"per:name:{folded}|{birth_date.isoformat()}"
    return f"per:report:{report_key}:{ordinal}"


def entity_key(
    numbers: tuple[tuple[str, str, str | None], ...],
    name: str | None,
    country: str | None,
    report_key: str,
    ordinal: int,
) -> str:
    """The key of an entity: the first usable number, else country and name, else one of this report alone.

    Args:
        numbers: (kind, country of registration, number), the strongest first; kinds are reg and tax.
        name: name as written.
        country: country of registration or of the address.
        report_key: the report version that names the entity.
        ordinal: the entity's position in that report.
    """
    key = _numbered("ent", numbers)
    if key:
        return key
    folded = _spoken(name)
    return f"ent:name:{(country or '').upper()}|{folded}" if folded else f"ent:report:{report_key}:{ordinal}"


def _spoken(name: str | None) -> str:
    """The folded name, or nothing where it has no letter and so names nobody."""
    folded = fold_name(name or "")
    return folded if any(map(str.isalpha, folded)) else ""


def _numbered(prefix: str, numbers: tuple[tuple[str, str, str | None], ...]) -> str | None:
    for kind, country, number in numbers:
        canonical = canonical_number(number)
        if canonical:
            return f"{prefix}:{kind}:{country.upper()}:{canonical}"
    return None
