"""The page of a report: its order, its size, its safety, and how it reads in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from augment.report import html
from augment.report.gauges import gauges
from augment.report.headline import look_first
from tests.report import chromium
from tests.report.documents import HOSTILE, document

SECTIONS = (
    "samples", "checks", "worst", "columns", "associations", "projection", "detection", "utility",
    "privacy", "training", "relations", "rows", "provenance",
)  # fmt: skip
MOST_BYTES = 3_000_000
PAIRS = [  # ink, ground, and the contrast that WCAG 2 AA asks of them: 4.5 of text, 3 of drawings
    *((ink, ground, 4.5) for ink in ("ink", "soft", "link", "pass", "fail", "unshown")
      for ground in ("page", "card")),
    ("pass", "pass-fill", 4.5), ("fail", "fail-fill", 4.5), ("unshown", "unshown-fill", 4.5),
    *((ink, "card", 3.0) for ink in ("real", "made", "both", "floor")), ("made", "track", 3.0),
]  # fmt: skip


def test_the_sections_stand_in_order_and_are_led_to() -> None:
    page = html.render(document())
    places = [page.index(f'<h2 id="{name}"') for name in SECTIONS]
    assert places == sorted(places)
    assert page.index('class="lead"') < page.index('class="gauges"') < places[0]
    anchors = set(re.findall(r'href="#([^"]+)"', page))
    assert anchors <= set(re.findall(r'id="([^"]+)"', page))


def test_what_html_cannot_hold_is_shown_as_a_picture_of_it() -> None:
    strange = "a\x1b[2J\x00\x7f\x9b\u202eb\ud800<i>"
    page = html.render(document(names=(strange,)))
    assert "a\u241b[2J\u2400\u2421\ufffd\ufffdb\ufffd&lt;i&gt;" in page
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800]", page)


def test_the_verdict_is_a_sentence_and_failures_come_first() -> None:
    page = html.render(document())
    assert "Fidelity fails; privacy passes; utility is not shown." in page
    first = page[page.index('class="first"') :]
    assert first.index("Shapes: shapes: 0.9") < first.index("For lack of time")
    assert first.index("Utility is not shown: there are too few to tell.") < first.index("Worst")
    assert page.index("✗ fails") < page.index("✓ passes")


def test_a_failed_gate_comes_before_all_and_a_passed_one_last() -> None:
    gates = {
        "fail": [{"gate": "privacy", "state": "fail", "reason": ""},
                 {"gate": "utility", "state": "pass", "reason": ""}],
        "warn": [{"gate": "detection <= 0.1", "state": "fail", "reason": ""}],
        "chance": 0.002,
    }  # fmt: skip
    items = look_first({**document(), "gates": gates})
    assert [item.state for item in items[:3]] == ["fail", "not-shown", "fail"]
    assert items[0].text.startswith("Gate privacy fails")
    texts = [item.text for item in items]
    passed = next(k for k, text in enumerate(texts) if text.startswith("Gate utility"))
    assert passed > next(k for k, text in enumerate(texts) if text.startswith("Worst"))


def test_a_page_is_closed_to_the_world() -> None:
    page = html.render(document())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert not re.search(r"https?:|//\w|@import|url\(|<script|<link|<iframe|<form", page)


def test_three_hundred_columns_stay_small_and_are_all_drawn() -> None:
    page = html.render(document(300))
    assert len(page.encode()) <= MOST_BYTES
    assert page.count("<figure>\n<details>") == 300


def test_hostile_names_are_text() -> None:
    page = html.render(document(len(HOSTILE) + 2, HOSTILE))
    plain = html.render(document(len(HOSTILE) + 2))
    assert "<script" not in page and "<b>" not in page.split("</style>")[1].split("<main")[0]
    tags = [re.sub(r'="[^"]*"', "", tag) for tag in re.findall(r"<[^>]*>", page)]
    assert {re.split(r"[\s>]", tag)[0] for tag in tags} == {
        re.split(r"[\s>]", re.sub(r'="[^"]*"', "", tag))[0] for tag in re.findall(r"<[^>]*>", plain)
    }
    assert not any(re.search(r"\son\w+", tag) for tag in tags)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "{{ 7 * 7 }}" in page


def test_a_gauge_runs_from_independent_to_fresh_real() -> None:
    def placed(value: float) -> float | None:
        told = document()
        told["verdict"]["checks"] = [{**told["verdict"]["checks"][2], "value": value}]
        gauge = next(each for each in gauges(told) if each.group == "fidelity")
        assert gauge.limit_place is not None and 0 < gauge.limit_place < 100
        return gauge.place

    assert placed(0.99) == 0 and placed(0.5) == 100 and placed(0.745) == 50
    assert placed(0.3) == 100, "better than fresh real rows is not farther"


def test_what_is_drawn_is_said_to_who_cannot_see() -> None:
    page = html.render(document())
    for svg in re.findall(r"<svg[^>]*>", page):
        assert 'role="img" aria-label="' in svg or 'aria-hidden="true"' in svg
    assert all('alt="' in image for image in re.findall(r"<img[^>]*>", page))
    assert page.count("<h1") == 1 and "<main" in page and "<nav aria-label" in page


def test_rounds_are_told_with_why_there_were_no_more() -> None:
    page = html.render(document())
    assert "The goal, detection &lt;= 0.6, is met." in page and "2 (kept)" in page
    assert "Round 2 is kept. No more: the goal is met." in page and "Fidelity by round" in page


def test_what_a_round_did_not_show_stands_where_the_goal_stands() -> None:
    told = document()
    told["about"]["rounds"]["history"][1]["unshown"] = ["detection <= 0.2"]
    assert "not shown: detection &lt;= 0.2" in html.render(told)


def test_a_document_of_an_earlier_version_is_drawn() -> None:
    told = document()
    for column in told["columns"]:
        del column["apart"], column["scale"]
    for measure in told["measures"]:
        del measure["gain"]
    del told["charts"], told["about"]["training"]
    page = html.render(told)
    assert "column_0" in page and 'id="associations"' not in page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_colours_are_told_apart(ink: str, ground: str, least: float, scheme: str) -> None:
    colours = _colours()[scheme]
    assert _contrast(colours[ink], colours[ground]) >= least


def _colours() -> dict[str, dict[str, str]]:
    """The colours of the stylesheet, by scheme."""
    css = (Path(html.__file__).parent / "page.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    )
    assert set(light) == set(dark)
    return {"light": light, "dark": dark}


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.skipif(not chromium.EXECUTABLE.exists(), reason="Chromium is not installed")
def test_in_a_browser_it_fits_and_asks_for_nothing(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(html.render(document(12, HOSTILE)), encoding="utf-8")
    with chromium.browser(tmp_path / "profile") as browser:
        for width in (1280, 768, 390):
            for scheme in ("light", "dark"):
                browser.media(prefers_color_scheme=scheme)
                browser.open(page, width)
                browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
                assert browser.evaluate("document.documentElement.scrollWidth") <= width
                assert browser.evaluate("getComputedStyle(document.body).color") != ""
                assert browser.complaints() == []
                assert browser.requests() == [page.as_uri()]
        assert browser.evaluate(REACHED) == "", "a link that the keyboard does not reach"
        browser.media("print")
        browser.open(page, 680)  # about A4, less its margins
        assert browser.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
        ground = browser.evaluate(GROUND)
        assert ground.strip() == "#ffffff", "paper is white"
        browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)")
        assert browser.evaluate(UNPRINTED) == "", "outlines of columns without a height"
        assert browser.evaluate(CUT) == "", "tables wider than the paper"


GROUND = "getComputedStyle(document.documentElement).getPropertyValue('--card')"
UNPRINTED = """
[...document.querySelectorAll('.outlines svg')]
  .filter(e => !e.getBoundingClientRect().height).map(e => e.ariaLabel).join()
"""
CUT = """
[...document.querySelectorAll('.scroll')]
  .filter(e => e.scrollWidth > e.clientWidth).map(e => e.ariaLabel).join()
"""
REACHED = """
[...document.querySelectorAll('a, summary')].filter(e => e.tabIndex < 0)
  .map(e => e.textContent).join()
"""


@pytest.mark.parametrize(("noise", "told"), [(0.00004, False), (0.0006, True)])
def test_noise_that_no_figure_shows_is_not_told_of(noise: float, told: bool) -> None:
    found = document()
    for check in found["verdict"]["checks"]:
        check["noise"] = noise
    assert ("of the limit is for sampling noise" in html.render(found)) == told


def test_the_worst_places_say_by_what_they_were_compared() -> None:
    page = html.render(document())
    assert "<p>Column shapes. The bar is" in page and "<p>Pair trends. The bar is" in page
