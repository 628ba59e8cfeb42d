"""What indicator codes mean: Sluice's list, the FIU's own, and what is said of a list that can't be read."""

from pathlib import Path

import pytest

from pipelines.home import Home, Settings, UserError
from review import indicators
from synthetic.goaml_writer import INDICATORS as WRITTEN
from synthetic.suspicions import INDICATORS as TOLD


def test_the_demos_codes_have_words(tmp_path: Path) -> None:
    known = indicators.known(Home(Settings(home=tmp_path)))
    for code in {*TOLD, *(code for codes in WRITTEN.values() for code in codes)}:
        assert {"en", "ru"} == set(known[code])


def test_an_fius_own_list_comes_first(tmp_path: Path) -> None:
    own = 'NEPROFIL = { en = "own words", ru = "свои слова" }\n1101 = { en = "cash", ru = "наличные" }\n'
    (tmp_path / indicators.FILE).write_text(own, "utf-8")
    known = indicators.known(Home(Settings(home=tmp_path)))
    assert known["NEPROFIL"]["ru"] == "свои слова"
    assert known["1101"]["en"] == "cash"
    assert "OBOROT" in known


@pytest.mark.parametrize(
    ("text", "told"),
    [("A = {", "is not TOML"), ('A = { en = "a" }', "A needs words in both languages"), ("A = 1", "A needs")],
)
def test_a_list_that_cannot_be_read_is_refused_with_what_to_do(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / indicators.FILE).write_text(text, "utf-8")
    with pytest.raises(UserError, match=told):
        indicators.known(Home(Settings(home=tmp_path)))
