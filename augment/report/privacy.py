"""What a differentially private fit spent, in sentences and in a table."""

from __future__ import annotations

from dataclasses import dataclass

from augment.core.types import Json


@dataclass(frozen=True)
class Spending:
    """One draw: what of, with how much noise, and what it cost."""

    what: str
    mechanism: str
    noise: str
    rho: str
    delta: str


def sentences(privacy: Json | None) -> list[str]:
    """What is promised, of what, and of what not; nothing where no fit was private."""
    if not privacy:
        return []
    spent = privacy["spent"]
    return [
        f"The model is differentially private with epsilon = {spent['epsilon']:.4g} and delta = "
        f"{spent['delta']:.2g} ({privacy['neighbours']}), spent by "
        f"{len(privacy['mechanisms']):,} mechanisms. Budget: epsilon = {privacy['epsilon']:g}, "
        f"delta = {privacy['delta']:g}.",
        "That holds for the model and for rows drawn from it. It does not hold for reports, "
        "run.json, logs and messages: scores, charts, digests and exact numbers of rows are "
        "computed from the real rows. Do not pass those on. Fits on the same rows add up.",
        *([privacy["public"]] if privacy.get("public") else []),
        f"Noise: {privacy['noise']}; no seed repeats it.",
    ]


def spendings(privacy: Json | None) -> list[Spending]:
    """Every mechanism with its cost, in their order."""
    return [
        Spending(
            each["what"],
            each["mechanism"],
            f"{each['scale']:.4g}",
            f"{each['rho']:.3g}",
            f"{each['delta']:.2g}" if each["delta"] else "0",
        )
        for each in (privacy or {}).get("mechanisms", [])
    ]
