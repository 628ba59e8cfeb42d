"""The picture of a trial: how many hits each value of a parameter gives, as text bars and as SVG. Reads no table."""

from collections.abc import Sequence
from html import escape

from features.typology import Trial

BAR = 40
_WIDTH, _ROW, _TOP, _LEFT, _RIGHT = 760, 30, 74, 120, 170
_INK, _SOFT, _HITS, _CONFIRMED = "#1b1f24", "#59636e", "#7aa5d8", "#b5432e"


def bars(trials: Sequence[Trial], width: int = BAR) -> list[str]:
    """One bar of characters per trial: full blocks for hits on confirmed subjects, half-tone for the others."""
    most = max((trial.hits for trial in trials), default=0)
    drawn = []
    for trial in trials:
        length = _scaled(trial.hits, most, width)
        right = min(length, _scaled(trial.confirmed_hits, most, width))
        drawn.append("\N{FULL BLOCK}" * right + "\N{MEDIUM SHADE}" * (length - right))
    return drawn


def _scaled(count: int, most: int, width: int) -> int:
    """The length of a bar; something where there is something."""
    return max(1, round(count * width / most)) if count else 0


def svg(title: str, subtitle: str, trials: Sequence[Trial]) -> str:
    """A bar chart of the trials as an SVG document that loads nothing; the value in force is marked."""
    most = max((trial.hits for trial in trials), default=0)
    height = _TOP + _ROW * len(trials) + 46
    room = _WIDTH - _LEFT - _RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="img" font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(20, 28, title, size=16, weight="bold"),
        _text(20, 50, subtitle, colour=_SOFT),
    ]
    for place, trial in enumerate(trials):
        top = _TOP + _ROW * place
        parts.append(_text(_LEFT - 12, top + 16, _number(trial.value), anchor="end"))
        for count, colour in ((trial.hits, _HITS), (trial.confirmed_hits, _CONFIRMED)):
            if count:
                parts.append(
                    f'<rect x="{_LEFT}" y="{top}" width="{max(1.0, room * count / most):.1f}" '
                    f'height="{_ROW - 8}" fill="{colour}"/>'
                )
        label = f"{trial.hits} hits, {trial.subjects} subjects"
        end = _LEFT + (room * trial.hits / most if most else 0)
        parts.append(_text(end + 8, top + 16, label, colour=_SOFT))
        if trial.is_in_force:
            parts.append(
                f'<rect x="{_LEFT - 100}" y="{top - 3}" width="{_WIDTH - 2 * (_LEFT - 100)}" height="{_ROW - 2}" '
                f'fill="none" stroke="{_INK}" stroke-dasharray="4 3"/>'
            )
    foot = height - 16
    parts.append(_text(20, foot, "dashed: the value in force", colour=_SOFT))
    parts.append(f'<rect x="230" y="{foot - 11}" width="12" height="12" fill="{_HITS}"/>')
    parts.append(_text(248, foot, "hits", colour=_SOFT))
    parts.append(f'<rect x="300" y="{foot - 11}" width="12" height="12" fill="{_CONFIRMED}"/>')
    parts.append(_text(318, foot, "of them on subjects that analysts confirmed", colour=_SOFT))
    return "\n".join([*parts, "</svg>", ""])


def _text(
    x: float, y: float, words: str, *, size: int = 13, weight: str = "normal", colour: str = _INK, anchor: str = "start"
) -> str:
    style = f'font-size="{size}" font-weight="{weight}" fill="{colour}" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
