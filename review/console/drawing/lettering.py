"""How wide text is, roughly, and names broken to a card's width. Errs on the wide side; cards clip the rest."""

import unicodedata

_NARROW = frozenset("iljtfrI.,:;'|!()[]-«»іїј ")
_WIDE = frozenset("mwMWшщжюфыШЩЖЮФЫМДWQOОGЦ@%№")
_ELLIPSIS = "…"


def width_of(text: str, size: float) -> float:
    """The text's width in units of the picture at a font size."""
    return sum(map(_share, text)) * size


def _share(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if unicodedata.combining(character):
        return 0.0
    if character in _NARROW:
        return 0.36
    if character in _WIDE:
        return 0.86
    return 0.68 if character.isupper() else 0.58


def fitted(text: str, width: float, size: float, lines_max: int) -> tuple[str, ...]:
    """The text in at most so many lines, broken at blanks where it can be, and cut with an ellipsis."""
    words = text.split()
    lines: list[str] = []
    while words and len(lines) < lines_max:
        line = words.pop(0)
        while words and width_of(f"{line} {words[0]}", size) <= width:
            line = f"{line} {words.pop(0)}"
        is_last = len(lines) == lines_max - 1
        if is_last and words:
            line = _cut(f"{line} {words[0]}", width, size)
            words = []
        elif width_of(line, size) > width:
            if is_last:
                line = _cut(line, width, size)
            else:
                head = _head(line, width, size)
                words.insert(0, line[len(head) :])
                line = head
        lines.append(line)
    return tuple(lines)


def _head(text: str, width: float, size: float) -> str:
    """As many of the text's first characters as fit, at least one."""
    end = 1
    while end < len(text) and width_of(text[: end + 1], size) <= width:
        end += 1
    return text[:end]


def _cut(text: str, width: float, size: float) -> str:
    return _head(text, width - width_of(_ELLIPSIS, size), size).rstrip() + _ELLIPSIS
