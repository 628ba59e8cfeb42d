"""The money flow as text: hops from left to right, drawn with box characters, or listed where the screen is narrow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from review.flow import Flow, FlowEdge, FlowHop

_NAME_MAX = 22
_WIDTH_WITHOUT_TERMINAL = 140
_UNITS = {
    "en": ((Decimal(10) ** 9, " bn"), (Decimal(10) ** 6, " M"), (Decimal(10) ** 3, " k")),
    "ru": ((Decimal(10) ** 9, " млрд"), (Decimal(10) ** 6, " млн"), (Decimal(10) ** 3, " тыс")),
}
_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_BOX = dict(enumerate("  " + " │" + "─┘┐┤" + "─└┌├" + "─┴┬┼"))
"""The box character that joins these directions."""
_BOX[_UP] = _BOX[_DOWN] = "│"


def compact(amount: Decimal, lang: str) -> str:
    """An amount in at most three digits and a unit: 1.2 M, 940 k."""
    for size, unit in _UNITS[lang]:
        if amount >= size:
            scaled = amount / size
            text = f"{scaled:.1f}" if scaled < 10 else f"{scaled:.0f}"
            return (text.replace(".", ",") if lang == "ru" else text) + unit
    return f"{amount:.0f}"


@dataclass(frozen=True)
class _Line:
    """One line of a side, read from the subject outwards."""

    near_label: str
    near_name: str
    far_label: str
    far_name: str


@dataclass(frozen=True)
class FlowPicture:
    """Renders a flow: drawn where it fits the width, else listed hop by hop."""

    flow: Flow
    lang: str
    others: str
    nothing: str
    clean: Callable[[str], str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines of the picture."""
        width = options.max_width if console.is_terminal else max(options.max_width, _WIDTH_WITHOUT_TERMINAL)
        lines = self.lines()
        if max(cell_len(line) for line in lines) > width:
            lines = self.listed()
        for line in lines:
            yield Text(line, no_wrap=True, overflow="ignore")

    def lines(self) -> list[str]:
        """The picture: payers of payers, payers, the subject, receivers, their receivers."""
        left, right = self._side(-1), self._side(1)
        if not left and not right:
            return [self.nothing]
        height = max(len(left), len(right))
        middle = (height - 1) // 2
        name = self._short(next(column for column in self.flow.columns if column.hop == 0).nodes[0][1])
        arriving = _drawn(_centred(left, height), middle, is_left=True)
        leaving = _drawn(_centred(right, height), middle, is_left=False)
        subject = [f"─▶ {name} " if left else f" {name} " if row == middle else "" for row in range(height)]
        return [
            (a + set_cell_size(s if row == middle else "", cell_len(subject[middle])) + b).rstrip()
            for row, (a, s, b) in enumerate(zip(arriving, subject, leaving, strict=True))
        ]

    def listed(self) -> list[str]:
        """The same hop by hop, one pair a line."""
        lines = []
        for hop in self.flow.hops:
            for edge in hop.edges:
                names = f"{self._short(edge.src_name)} ─▶ {self._short(edge.dst_name)}"
                lines.append(f"{hop.hop:+d}  {names}  {self._label(edge)}")
            if hop.others_count:
                lines.append(f"{hop.hop:+d}  {self._others(hop)}  {compact(hop.others_amount, self.lang)}")
        return lines or [self.nothing]

    def _short(self, name: str) -> str:
        shown = self.clean(name)
        return shown if cell_len(shown) <= _NAME_MAX else set_cell_size(shown, _NAME_MAX - 1).rstrip() + "…"

    def _label(self, edge: FlowEdge) -> str:
        return f"{compact(edge.amount_local, self.lang)} ×{edge.count}"

    def _others(self, hop: FlowHop) -> str:
        return self.others.format(count=hop.others_count)

    def _side(self, side: int) -> list[_Line]:
        """The lines of one side: each near node once, beside its far nodes."""
        near = next(hop for hop in self.flow.hops if hop.hop == side)
        far = next(hop for hop in self.flow.hops if hop.hop == 2 * side)
        lines = []
        for edge in near.edges:
            turning, name = (edge.src, edge.src_name) if side < 0 else (edge.dst, edge.dst_name)
            onward = [e for e in far.edges if (e.dst if side < 0 else e.src) == turning]
            far_cells = [(self._label(e), self._short(e.src_name if side < 0 else e.dst_name)) for e in onward]
            first, *rest = far_cells or [("", "")]
            lines.append(_Line(self._label(edge), self._short(name), *first))
            lines += [_Line("", "", *cells) for cells in rest]
        if far.others_count:
            lines.append(_Line("", "", compact(far.others_amount, self.lang), self._others(far)))
        if near.others_count:
            lines.append(_Line(compact(near.others_amount, self.lang), self._others(near), "", ""))
        return lines


def _centred(lines: Sequence[_Line], height: int) -> list[_Line]:
    """The lines with empty ones above and below."""
    blank = _Line("", "", "", "")
    above = (height - len(lines)) // 2
    return [blank] * above + list(lines) + [blank] * (height - len(lines) - above)


def _drawn(lines: Sequence[_Line], middle: int, *, is_left: bool) -> list[str]:
    """One side as text: names, arrows and the spine that leads to the subject."""
    if not any(line.near_name for line in lines):
        return [""] * len(lines)
    spine = _spine([bool(line.near_name) for line in lines], middle, is_left=is_left)
    near_names, far_names = _padded([x.near_name for x in lines]), _padded([x.far_name for x in lines])
    near_arrows = _arrows([x.near_label for x in lines], is_tipped=not is_left)
    far_arrows = _arrows([x.far_label for x in lines], is_tipped=True)
    outwards = zip(spine, near_arrows, near_names, far_arrows, far_names, strict=True)
    return ["".join(reversed(parts)) if is_left else "".join(parts) for parts in outwards]


def _spine(joins: Sequence[bool], middle: int, *, is_left: bool) -> list[str]:
    """The vertical line beside the subject, joined to each near node and, in the middle row, to the subject."""
    rows = [row for row, is_joined in enumerate(joins) if is_joined]
    top, bottom = min(*rows, middle, middle), max(*rows, middle, middle)
    outward, inward = (_LEFT, _RIGHT) if is_left else (_RIGHT, _LEFT)
    drawn = []
    for row, is_joined in enumerate(joins):
        directions = (_UP if top < row <= bottom else 0) | (_DOWN if top <= row < bottom else 0)
        directions |= (outward if is_joined else 0) | (inward if row == middle else 0)
        drawn.append(_BOX[directions])
    return drawn


def _padded(names: Sequence[str]) -> list[str]:
    width = max(cell_len(name) for name in names)
    return [f" {set_cell_size(name, width)} " if width else "" for name in names]


def _arrows(labels: Sequence[str], *, is_tipped: bool) -> list[str]:
    """Labels on arrows of equal length; nothing where there is no label."""
    width = max(cell_len(label) for label in labels)
    if not width:
        return [""] * len(labels)
    tip = "▶" if is_tipped else "─"
    return [f"─ {label} {'─' * (width - cell_len(label))}─{tip}" if label else " " * (width + 5) for label in labels]
