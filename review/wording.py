"""The sentences of reasons: what a hit or a feature says in English and Russian. Holds no rule and no number."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from features import catalog, typology

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = ("en", "ru")
_THIN = "\N{NARROW NO-BREAK SPACE}"
_UNKNOWN = {"en": "not known", "ru": "не известно"}
_FLAG = {"en": ("no", "yes"), "ru": ("нет", "да")}
_WHOSE = {"en": (" (another account)", " (the subject)"), "ru": (" (другой счёт)", " (субъект)")}
_UNITS_OF_TIME = {"days": {"en": "d", "ru": "дн."}, "hours": {"en": "h", "ru": "ч"}}


class Wording(Protocol):
    """Says in words what a hit found, and what a feature of a scored transaction means."""

    def hit(self, hit: Mapping[str, Any], language: Language) -> str:
        """The sentence of a row of HITS."""
        ...

    def feature(self, item: Mapping[str, Any], language: Language, subject_end: str) -> str:
        """The sentence of one item of a score's explanation: {feature, value, usual, contribution}.

        `subject_end` is where the alert's subject stands in the transaction: src, dst, both, or empty.
        """
        ...


class CatalogueWording:
    """The sentences of the typology and feature catalogues."""

    def hit(self, hit: Mapping[str, Any], language: Language) -> str:
        """The typology's own sentence, with the numbers of the hit."""
        return typology.sentence(hit, language)

    def feature(self, item: Mapping[str, Any], language: Language, subject_end: str) -> str:
        """The feature's meaning, whose it is, its value and the usual one, in the feature's unit.

        The usual one is the median of the transactions that the model learnt from, those known to be laundering left
        out; the subject's own past has no part in it. A feature that the catalogue no longer has (an old score read by
        newer code) is called by its name.
        """
        try:
            known = catalog.feature(item["feature"])
        except KeyError:
            template, unit, whose = f"{item['feature']}: {{value}} ({{usual}})", "", ""
        else:
            whose = _WHOSE[language][subject_end in (known.end, "both")]
            template, unit = (known.reason_ru if language == "ru" else known.reason_en), known.unit
        sentence = template.format(
            whose=whose, value=quantity(item["value"], unit, language), usual=quantity(item["usual"], unit, language)
        )
        return sentence[:1].upper() + sentence[1:]


def quantity(value: float | None, unit: str, language: Language) -> str:
    """A feature's value as its unit is read: a share in percent, a flag as yes or no, a count without decimals."""
    if value is None or value != value:
        return _UNKNOWN[language]
    if unit == "flag":
        return _FLAG[language][value >= 0.5]
    if unit == "share":
        return f"{number(100 * value, language)}{_THIN}%"
    if unit in _UNITS_OF_TIME:
        return f"{number(value, language)}{_THIN}{_UNITS_OF_TIME[unit][language]}"
    return number(value, language)


def number(value: float, language: str) -> str:
    """A number with narrow spaces between thousands; decimals only where the number is small."""
    small = abs(value) < 100 and value != round(value)
    digits = 3 if small and abs(value) < 1 else 1 if small else 0
    text = f"{value:,.{digits}f}".replace(",", _THIN)
    return text.replace(".", ",") if language == "ru" else text


def account_risk(risk: float, median: float, language: Language) -> str:
    """What a calibrated account risk says where no feature explains it."""
    shown, usual = number(risk, language), number(median, language)
    if language == "ru":
        return f"Модель оценивает риск счёта в {shown}; у половины счетов этой ночи он не выше {usual}."
    return f"The model puts the risk of this account at {shown}; half of the night's accounts are at or below {usual}."


def account_anomaly(anomaly: float, language: Language) -> str:
    """What a cold-start score says where no feature explains it."""
    percent = number(round(100 * anomaly), language)
    if language == "ru":
        return f"Поведение счёта необычнее, чем у {percent}{_THIN}% счетов этой ночи."
    return f"The account behaves more unusually than {percent}{_THIN}% of the night's accounts."
