"""Reports: nothing rare is shown, nothing is unescaped, nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from augment.core.seeds import Seed
from augment.core.types import Json, silent
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.kind import TABLES
from augment.kinds.tables.metrics.overlays import overlays
from augment.report import facts, html, markdown, provenance, summary
from tests.few_trees import judged_by_few_trees
from tests.kinds.tables.metrics.simulated import people, spoilt


@pytest.fixture(scope="module")
def document() -> Json:
    rows = people(1_000, 1), people(300, 2), spoilt(people(1_000, 3), 1.0, 4)
    with judged_by_few_trees():
        found = TABLES.evaluator.score(*rows, Seed(1), silent, {})
    return facts.document(found, {"source": "people.csv", "seed": 12, "notes": ["a <b> & c"]})


def test_the_page_stands_alone_and_escapes(document: Json) -> None:
    page = html.render(document)
    assert not re.search(r"https?://|@import|url\(|<script|<link|<iframe|<form|\son\w+=", page)
    assert set(re.findall(r"\bhref\s*=\s*(..)", page)) == {'"#'}
    assert set(re.findall(r"\bsrc\s*=\s*(.{6})", page)) <= {'"data:'}
    assert "a &lt;b&gt; &amp; c" in page
    assert "Fidelity: fails" in page
    for column in ("age", "city", "joined"):
        assert column in page


def test_the_same_document_gives_the_same_page(document: Json, tmp_path: Path) -> None:
    html.write(tmp_path / "report.html", document)
    assert (tmp_path / "report.html").read_text() == html.render(document)


def test_a_page_calls_rows_and_floor_what_their_kind_of_data_calls_them(document: Json) -> None:
    assert "real rows that no" in html.render(document)
    assert "columns shuffled" in html.render(document)
    words = {"rows": "images", "floor": "shuffled pixels"}
    about = {"plan": {"source": "a/photos"}}
    page = html.render({**document, "words": words, "about": about})
    assert "real images that no" in page and "independent ones (shuffled pixels)" in page
    assert "Synthetic data for photos" in page


def test_a_page_of_many_columns_draws_some_and_says_so(
    document: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = {s["where"]: s["value"] for s in document["scores"] if s["metric"] == "shapes"}
    assert "report.json has all" not in html.render(document)
    monkeypatch.setattr(html, "MOST_OVERLAYS", 1)
    monkeypatch.setattr(provenance, "MOST_FACTS", 2)
    page = html.render(document)
    assert page.count("<figure>") == 1 and "report.json has all" in page
    assert len(shapes) > 2 and "further lines stand in report.json" in page


def test_a_report_without_scores_says_why() -> None:
    bare = facts.document(None, {"source": "x.csv"})
    assert "no unseen rows" in html.render(bare)
    assert summary.lines(bare) == []


def test_the_summary_fits_a_terminal(document: Json) -> None:
    lines = summary.lines(document)
    assert {line.mark for line in lines} >= {"pass", "fail"}
    for line in lines:
        cells = (line.name, line.value, line.limit, line.best, line.independent, line.mark)
        assert sum(map(len, cells)) + 3 * (len(cells) - 1) <= 80
    assert "| Pair trends |" in markdown.render(document)


def test_a_name_cannot_move_the_cursor_by_way_of_markdown() -> None:
    assert markdown.escaped("a\x1b[2J\u202eb\nc|d") == "a\\\\x1b\\[2J\\\\u202eb c\\|d"


def test_no_rare_level_and_no_extreme_is_named() -> None:
    columns = [Column("c", "categorical", "string"), Column("x", "numeric", "float")]
    rare = ["common"] * 996 + ["secret"] * 4
    values = [*[float(i % 300) for i in range(999)], 987654.0]
    table = table_of(columns, [pa.array(rare), pa.array(values)], None)
    text = str(overlays(table, table))
    assert "common" in text
    assert "secret" not in text and "987" not in text
    assert None in overlays(table, table)[0]["real"]  # four rows: no count


def test_shares_add_up_where_all_is_shown() -> None:
    table = people(5_000, 1)
    for column in overlays(table, people(5_000, 2)):
        for side in ("real", "synthetic"):
            shares = column[side]
            assert len(shares) == len(column["labels"])
            if None not in shares:
                assert sum(shares) == pytest.approx(1, abs=1e-4)
