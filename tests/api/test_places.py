"""Functions write on this machine: an address would be taken for a folder of that name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import augment


def test_an_address_is_no_place_to_write_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"x": range(300), "y": ["a", "b", "c"] * 100})
    model = augment.fit(frame, "independent", seed=1)
    made = model.sample(5, seed=1)
    for write in (
        lambda: made.write("s3://me:secret@bucket/x.csv"),
        lambda: model.save("gs://me:secret@bucket/m"),
        lambda: augment.run(frame, "postgresql://me:secret@host/out", engine="independent"),
    ):
        with pytest.raises(augment.UsageError, match="begins with") as caught:
            write()
        assert "secret" not in str(caught.value)
    assert not [*tmp_path.iterdir()]
