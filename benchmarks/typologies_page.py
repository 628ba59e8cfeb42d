"""The section of `docs/performance.md` on typologies, from the last run of `make real-typologies`."""

from collections.abc import Mapping
from typing import Any

_HEAD = """Written from `benchmarks/results/real-typologies.json` by `make real-typologies`. An attempt is found by one
where a hit's evidence holds one of its laundering transactions, by half where it holds half of them. "By any" says
little on AMLworld, where broad rules of turnover (DRP-03) hit thousands of times: read it with the hits and their
shares below.
"""


def section(figures: Mapping[str, Any]) -> str:
    """The figures as a section of docs/performance.md."""
    parts = ["## Typologies on planted attempts", "", _HEAD]
    for name, title in (("amlworld", "AMLworld HI-Small, subset"), ("amlgentex", "AMLGentex exp2")):
        default, tuned = figures[name]["default"], figures[name].get("tuned")
        parts += [f"### {title}", "", f"Parameters of the catalogue, every attempt, nights {default['nights']}:", ""]
        parts += [
            "| attempts | number | its typology | found by it: one, half | found by any: one, half |",
            "|---|--:|---|--:|--:|",
        ]
        for kind, every in default["by_any_typology"].items():
            own = default["by_its_typology"].get(kind)
            by_own = f"{own['any']:.2f}, {own['half']:.2f}" if own else ""
            parts.append(
                f"| {kind} | {every['attempts']} | {own['typology'] if own else ''} | {by_own} "
                f"| {every['any']:.2f}, {every['half']:.2f} |"
            )
        parts += ["", "| typology | hits | hold laundering | are laundering by half |", "|---|--:|--:|--:|"]
        for item, got in default["per_typology"].items():
            parts.append(f"| {item} | {got['hits']} | {got['any_laundering']:.2f} | {got['half_laundering']:.2f} |")
        parts.append("")
        for kind, row in figures[name].get("held_out", {}).items():
            parts += [
                f"{row['typology']} on the half of the {kind} attempts on which its parameters were not chosen, "
                f"{row['attempts']}: found by one {row['any']:.2f}, by half {row['half']:.2f}; "
                f"{row['hits']} hits, {row.get('half_laundering', 0):.2f} laundering by half.",
                "",
            ]
        if tuned is None:
            continue
        parts += [f"Tuned before {tuned['split']}, reported from then on:", ""]
        parts += [
            "| attempts | number | default: one, half; hits, right by half | tuned: the same | parameters |",
            "|---|--:|--:|--:|---|",
        ]
        for kind, row in tuned.items():
            if kind == "split":
                continue
            chosen = ", ".join(f"{key} {value}" for key, value in row["parameters"].items())
            number = row["default"].get("attempts", 0)
            parts.append(f"| {kind} | {number} | {_short(row['default'])} | {_short(row['tuned'])} | {chosen} |")
        parts.append("")
    return "\n".join([*parts, *(f"- {caveat}" for caveat in figures["caveats"]), ""])


def _short(got: Mapping[str, Any]) -> str:
    found = f"{got.get('any', 0):.2f}, {got.get('half', 0):.2f}"
    return f"{found}; {got['hits']}, {got.get('half_laundering', 0):.2f}"
