"""The catalogue of Russian words: what the console says, found in its sources; renews django.po and compiles django.mo.

Needs no gettext programs: `python -m review.console.catalogue`. The compiled file is part of the package, so that an
installation needs nothing; a test compares it with the sources.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent
FOLDER = ROOT / "locale" / "ru" / "LC_MESSAGES"
PLURALS = 3
_HEADER = """\
# Russian words of the console's screens. Renewed and compiled with: python -m review.console.catalogue
msgid ""
msgstr ""
"Project-Id-Version: sluice\\n"
"Language: ru\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\\n"

"""
_FUNCTIONS = {"gettext": (0, 1), "ngettext": (0, 2), "pgettext": (1, 1), "npgettext": (1, 2), "_": (0, 1)}
"""By function: how many of its first arguments are contexts, and how many after that are the message."""
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""The header names a date in any case; a fixed one keeps the compiled file the same."""
_TEXT = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\b(_|n?p?gettext)\(u?({_TEXT}(?:,\s*u?{_TEXT})*)")


@dataclass(frozen=True, order=True)
class Said:
    """One thing that the console says: its context, the English words, and those for several where it counts."""

    context: str
    one: str
    many: str = ""

    @property
    def key(self) -> str | tuple[str, str]:
        """How a catalogue names it, beside its context."""
        return (self.one, self.many) if self.many else self.one


def said() -> list[Said]:
    """Everything that the console's sources say, each once, in the order of the sources."""
    from django.utils.translation.template import templatize

    found: dict[Said, None] = {}
    for file in sorted([*ROOT.rglob("*.py"), *ROOT.rglob("*.html")], key=lambda file: file.as_posix()):
        text = file.read_text("utf-8")
        calls = _in_python(text) if file.suffix == ".py" else _in_template(templatize(text, str(file)))
        found.update(dict.fromkeys(calls))
    return list(found)


def _in_python(text: str) -> Iterator[Said]:
    """What a module passes to Django's translating functions, by whatever name it imports them."""
    tree = ast.parse(text)
    names = {
        alias.asname or alias.name: alias.name.removesuffix("_lazy")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = _function(node.func, names)
            if function in _FUNCTIONS:
                yield _said(function, [arg.value for arg in node.args if isinstance(arg, ast.Constant)])


def _function(called: ast.expr, names: Mapping[str, str]) -> str:
    """Which of Django's functions is called: by a name of its import, or as `translation.gettext`."""
    if isinstance(called, ast.Name):
        return names.get(called.id, "")
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "translation":
        return called.attr.removesuffix("_lazy")
    return ""


def _in_template(calls: str) -> Iterator[Said]:
    """What a template says, from Django's rewriting of it into calls."""
    for match in _CALL.finditer(calls):
        arguments = [ast.literal_eval(text) for text in re.findall(_TEXT, match[2])]
        yield _said(match[1], arguments)


def _said(function: str, arguments: list[object]) -> Said:
    contexts, messages = _FUNCTIONS[function]
    words = [str(argument) for argument in arguments]
    if len(words) < contexts + messages:
        raise ValueError(f"{function}({words}) says something that is not written out")
    context = words[0] if contexts else ""
    one, many = (words[contexts], words[contexts + 1]) if messages > 1 else (words[contexts], "")
    return Said(context, one, many)


def catalogue() -> Catalog:
    """The catalogue as it is kept."""
    with (FOLDER / "django.po").open("rb") as handle:
        return read_po(handle, locale="ru")


def compiled(source: Catalog) -> bytes:
    """The catalogue in the form that Django reads; equal catalogues, equal bytes."""
    source.creation_date = source.revision_date = _NO_DATE
    buffer = io.BytesIO()
    write_mo(buffer, source)
    return buffer.getvalue()


def renewed(old: Catalog, wanted: list[Said]) -> Catalog:
    """A catalogue of what is wanted, in its order, with the words that are known; others are empty."""
    made = Catalog(locale="ru", fuzzy=False)
    for item in wanted:
        known = old.get(item.one, item.context or None)
        nothing: str | tuple[str, ...] = ("",) * PLURALS if item.many else ""
        has_shape = known is not None and not known.fuzzy and isinstance(known.string, tuple) == bool(item.many)
        string = known.string if known is not None and has_shape else nothing
        made.add(item.key, string, context=item.context or None, flags=["python-format"] if _is_format(item) else [])
    return made


def _is_format(item: Said) -> bool:
    return re.search(r"%\(\w+\)", item.one + item.many) is not None


def is_translated(message: Message) -> bool:
    """Has the message Russian words, in all three forms where it counts."""
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(strings) and not message.fuzzy and len(strings) == (PLURALS if message.pluralizable else 1)


def main() -> int:
    """Renew and compile; names what lacks Russian words, and fails then."""
    made = renewed(catalogue(), said())
    buffer = io.BytesIO()
    write_po(buffer, made, width=110, no_location=True, omit_header=True)
    (FOLDER / "django.po").write_text(_HEADER + buffer.getvalue().decode().lstrip("\n"), "utf-8")
    kept = catalogue()
    (FOLDER / "django.mo").write_bytes(compiled(kept))
    lacking = [message.id for message in kept if message.id and not is_translated(message)]
    for message in lacking:
        sys.stderr.write(f"no Russian words: {message}\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
