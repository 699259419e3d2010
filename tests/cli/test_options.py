"""What options mean together."""

from __future__ import annotations

import pytest

from augment.cli import options, requests
from augment.cli.flags import BUILT_IN
from augment.cli.reading_options import ReadingFlags
from augment.core.errors import UsageError


def parameters(fitting: options.FittingFlags) -> dict[str, str]:
    return requests.request("samples/clinic.csv", fitting, ReadingFlags(), 1, BUILT_IN).parameters


def test_a_preset_is_a_parameter() -> None:
    assert parameters(options.FittingFlags(preset="best")) == {"preset": "best"}
    both = options.FittingFlags(preset="best", param=["preset=best", "epochs=3"])
    assert parameters(both) == {"preset": "best", "epochs": "3"}


def test_a_preset_that_a_parameter_contradicts_is_refused() -> None:
    with pytest.raises(UsageError, match="--preset"):
        parameters(options.FittingFlags(preset="best", param=["preset=fast"]))


def test_a_locale_is_an_option_of_reading_so_that_images_refuse_it() -> None:
    asked = requests.request(
        "samples/clinic.csv",
        options.FittingFlags(locale="de_DE"),
        ReadingFlags(),
        1,
        BUILT_IN,
    )
    assert asked.read == {"locale": "de_DE"}
    assert (
        requests.request(
            "samples/clinic.csv", options.FittingFlags(), ReadingFlags(), 1, BUILT_IN
        ).read
        == {}
    )
