"""An address that leads nowhere is refused; it would be taken for a folder of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.in_process import augment
from tests.places import ROOT


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sample m -n 5 -o ftp://host/x.csv", "ftp://, which is not known here"),
        ("sample m -n 5 --out=file:///tmp/x.csv", "Give the path alone"),
        ("sample m -n 5 -o s3:/data/x.csv", "one slash after s3:"),
        ("sample m -n 5 -o mysql://me:geheim@host/db?table=t", "mysql://, which is not known"),
        ("inspect HTTPS://host/t.csv", "Write https://"),
        ("ping mysql://me:geheim@host/db", "mysql://, which is not known"),
        ("fit t.csv -o sqlite:///t.db?table=m", "writes no tables of databases"),
        ("evaluate t.csv t.csv -o s3://data/scores", "writes on this machine only"),
        ("transform t -o gs://data/out", "writes on this machine only"),
        ("compare t.csv -o az://data/out", "writes on this machine only"),
    ],
)
def test_addresses_that_cannot_be_meant_are_refused_and_make_no_folder(
    words: str, said: str
) -> None:
    before = sorted(ROOT.iterdir())
    done = augment(*words.split())
    told = " ".join(done.stderr.decode().split())
    assert done.returncode == 2, told
    assert said in told and "geheim" not in told
    assert sorted(ROOT.iterdir()) == before


def test_a_name_with_a_colon_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "a:").mkdir()
    (tmp_path / "a:" / "t.csv").write_text("a,b\n" + "1,x\n2,y\n" * 30)
    assert augment("ping", tmp_path / "a:" / "t.csv").returncode == 0
