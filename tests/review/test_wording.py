"""The sentences of features: the number, the usual number, and units as people read them."""

import pytest

from features import catalog
from review.wording import CatalogueWording, number, quantity


@pytest.mark.parametrize(
    ("value", "unit", "en", "ru"),
    [
        (40.0, "count", "40", "40"),
        (1234567.4, "local currency", "1\u202f234\u202f567", "1\u202f234\u202f567"),
        (0.256, "share", "25.6\u202f%", "25,6\u202f%"),
        (1.0, "flag", "yes", "да"),
        (2.25, "hours", "2.2\u202fh", "2,2\u202fч"),
        (0.125, "ratio", "0.125", "0,125"),
        (None, "count", "not known", "не известно"),
        (float("nan"), "count", "not known", "не известно"),
    ],
)
def test_quantities(value: float | None, unit: str, en: str, ru: str) -> None:
    """Each unit in both languages; what is not known is called so."""
    assert (quantity(value, unit, "en"), quantity(value, unit, "ru")) == (en, ru)


def test_every_feature_has_a_sentence_in_both_languages() -> None:
    """No feature can become a reason without words, and each says value and usual value."""
    for feature in catalog.FEATURES:
        item = {"feature": feature.name, "value": 40.0, "usual": None, "contribution": 1.0}
        english, russian = (CatalogueWording().feature(item, language, "src") for language in ("en", "ru"))  # type: ignore[arg-type]
        assert "not known" in english
        assert "не известно" in russian
        assert english[0].isupper() or not english[0].isalpha()


@pytest.mark.parametrize(
    ("subject_end", "en", "ru"),
    [
        ("dst", "Receiver (the subject): sum", "Получатель (субъект): сумма"),
        ("both", "Receiver (the subject): sum", "Получатель (субъект): сумма"),
        ("src", "Receiver (another account): sum", "Получатель (другой счёт): сумма"),
        ("", "Receiver (another account): sum", "Получатель (другой счёт): сумма"),
    ],
)
def test_a_sentence_says_whose_number_and_whose_median_it_is(subject_end: str, en: str, ru: str) -> None:
    """A number of an end says whether the subject is that end, and that the median is not the subject's own past."""
    item = {"feature": "asof_dst_in_sum_1d", "value": 64700.0, "usual": 9863.0, "contribution": 1.0}
    english, russian = (CatalogueWording().feature(item, language, subject_end) for language in ("en", "ru"))  # type: ignore[arg-type]
    assert english.startswith(en)
    assert russian.startswith(ru)
    assert english.endswith("(median of all transactions: 9\u202f863)")
    assert russian.endswith("(медиана по всем операциям: 9\u202f863)")


def test_a_sentence_of_no_end_says_nobody() -> None:
    """What is of the transaction or of both ends stays as it is."""
    item = {"feature": "raw_amount", "value": 5.0, "usual": 5.0, "contribution": 1.0}
    assert CatalogueWording().feature(item, "en", "src") == "Amount: 5 (median of all transactions: 5)"


def test_a_feature_that_is_gone_is_called_by_its_name() -> None:
    """An old score stays readable after a feature is dropped."""
    item = {"feature": "gone_feature", "value": 2.0, "usual": 1.0, "contribution": 1.0}
    assert CatalogueWording().feature(item, "en", "src") == "Gone_feature: 2 (1)"


def test_numbers() -> None:
    """Decimals only where the number is small."""
    assert [number(n, "en") for n in (0, 3.0, 3.14, 314.15, 0.01)] == ["0", "3", "3.1", "314", "0.010"]
