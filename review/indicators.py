"""What the indicator codes of reports mean: Sluice's own list, and the FIU's in its home. Knows no report."""

import tomllib
from collections.abc import Mapping
from importlib import resources

from pipelines.home import Home, UserError

FILE = "indicators.toml"

Words = Mapping[str, Mapping[str, str]]
"""By code and language."""


def known(home: Home) -> Words:
    """The words of every known code, by code and language.

    Raises:
        UserError: the home's list can't be read.
    """
    own = tomllib.loads(resources.files("review").joinpath(FILE).read_text("utf-8"))
    path = home.root / FILE
    if not path.exists():
        return own
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path} is not TOML in UTF-8: {error}.") from None
    for code, words in given.items():
        if not isinstance(words, dict) or not all(isinstance(words.get(name), str) for name in ("en", "ru")):
            raise UserError(f'{path}: {code} needs words in both languages: {code} = {{ en = "...", ru = "..." }}.')
    return {**own, **given}
