"""The report as Markdown, for a pull request or a terminal."""

from __future__ import annotations

import html
import re

from augment.core.types import Json
from augment.report import privacy, summary

HEAD = "| Measure | Synthetic | Limit | Fresh real | Independent | |"
RULE = "|---|--:|--:|--:|--:|---|"


def render(document: Json) -> str:
    """The verdict's sentences and one table of the main numbers."""
    sentences = [f"- {escaped(text)}" for text in document["verdict"].get("sentences", [])]
    sentences += [f"- {escaped(text)}" for text in summary.gates(document)]
    sentences += [f"- {escaped(text)}" for text in summary.appended(document)]
    spent = privacy.sentences(document["about"].get("privacy"))
    sentences += [f"- {escaped(text)}" for text in spent]
    sentences += [f"- Not kept: {escaped(text)}" for text in summary.caveats(document)]
    rows = [
        f"| {escaped(line.name)} | {line.value} | {line.limit} | {line.best} "
        f"| {line.independent} | {line.mark} |"
        for line in summary.lines(document)
    ]
    return "\n".join([*sentences, "", HEAD, RULE, *rows, ""])


def escaped(text: str) -> str:
    """Text that Markdown, its HTML and a terminal show as it is."""
    flat = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in text.replace("\n", " ")
    )
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", html.escape(flat, quote=False))
