"""Write `clinic.csv`: a simulated table of visits to an outpatient clinic.

Nobody in it exists. The columns depend on one another, so that a model has something to learn:
age and smoking drive blood pressure, the ward decides its building (a functional dependency),
discharge never precedes admission (an inequality), and readmission, the rare target, follows age,
length of stay and blood pressure.

    python samples/make_clinic.py [OUT.csv]
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

ROWS = 3_000
SEED = 20_240_229
WARDS = {
    "Cardiology": ("North", 0.24), "Surgery": ("South", 0.22), "Orthopaedics": ("South", 0.18),
    "Neurology": ("North", 0.12), "Paediatrics": ("East", 0.14), "Oncology": ("North", 0.10),
}  # fmt: skip
INSURERS = ("public", "private", "none", "abroad")
GIVEN = ("Ada", "Bo", "Cleo", "Dag", "Ebba", "Finn", "Gro", "Hugo", "Ida", "Jon", "Kaia", "Lars")
FAMILY = ("Adler", "Berg", "Cole", "Dahl", "Ek", "Falk", "Gren", "Holm", "Iver", "Jansen", "Krog")
REMARKS = (
    "walks without help", "asked for a second opinion", "speaks with an interpreter",
    "was late for the appointment", "prefers the morning", 'calls the knee "the old one"',
    "lives alone, third floor", "brought earlier results",
)  # fmt: skip


def column_values(rng: np.random.Generator) -> dict[str, list[str]]:
    """Every column as text, by name."""
    ward = rng.choice(list(WARDS), ROWS, p=[share for _, share in WARDS.values()])
    child = ward == "Paediatrics"
    age = np.where(child, rng.integers(0, 18, ROWS), rng.normal(58, 17, ROWS).clip(18, 97))
    age = age.astype(int)
    smoker = (rng.random(ROWS) < 0.26) & (age > 15)
    height = np.where(child, 75 + 5.6 * age, rng.normal(171, 9, ROWS)) + rng.normal(0, 3, ROWS)
    bmi = (21 + 0.07 * age.clip(0, 60) + rng.gamma(3, 1.3, ROWS) - 2).clip(13, 55)
    weight = bmi * (height / 100) ** 2
    pressure = 92 + 0.55 * age + 7 * smoker + 0.7 * (bmi - 24) + rng.normal(0, 9, ROWS)
    stay = rng.gamma(1.6, np.where(ward == "Surgery", 3.2, 1.9)).astype(int)
    stay += rng.poisson(np.where(age > 70, 2.0, 0.2))
    admitted = np.datetime64("2022-01-03") + rng.integers(0, 730, ROWS).astype("timedelta64[D]")
    discharged = admitted + stay.astype("timedelta64[D]")
    hours = rng.choice(np.arange(7, 20), ROWS, p=np.arange(13, 0, -1) / 91)
    arrival = admitted.astype("datetime64[m]") + (hours * 60).astype("timedelta64[m]")
    insurer = np.where(age > 65, "public", rng.choice(INSURERS, ROWS, p=[0.62, 0.27, 0.08, 0.03]))
    cost = (180 + 410 * stay + 900 * (ward == "Surgery")) * rng.lognormal(0, 0.25, ROWS)
    risk = -8.2 + 0.055 * age + 0.24 * stay + 0.018 * (pressure - 120) + 0.7 * smoker
    readmitted = rng.random(ROWS) < 1 / (1 + np.exp(-risk))
    given, family = rng.choice(GIVEN, ROWS), rng.choice(FAMILY, ROWS)
    serial = rng.integers(1, 1000, ROWS)
    remark = [", ".join(rng.choice(REMARKS, 2, replace=False)) for _ in range(ROWS)]
    spoken = rng.random(ROWS) < 0.4
    return {
        "patient_id": [f"P-{number:06d}" for number in range(1, ROWS + 1)],
        "e_mail": [
            f"{g}.{f}{n}@example.org".lower() for g, f, n in zip(given, family, serial, strict=True)
        ],
        "age": _whole(age),
        "smoker": ["yes" if yes else "no" for yes in smoker],
        "height_cm": _missing([f"{value:.1f}" for value in height], rng.random(ROWS) < 0.04),
        "weight_kg": _missing([f"{value:.1f}" for value in weight], rng.random(ROWS) < 0.06),
        "systolic": _missing(_whole(pressure), rng.random(ROWS) < np.where(child, 0.5, 0.05)),
        "ward": list(ward),
        "building": [WARDS[name][0] for name in ward],
        "insurer": _missing(list(insurer), rng.random(ROWS) < 0.02),
        "post_code": [f"{code:05d}" for code in rng.choice([1067, 4103, 9111, 10115, 20095], ROWS)],
        "arrival": [str(value).replace("T", " ") for value in arrival],
        "admitted": [str(value) for value in admitted],
        "discharged": _missing([str(value) for value in discharged], rng.random(ROWS) < 0.03),
        "stay_days": _whole(stay),
        "cost_eur": [f"{value:.2f}" for value in cost],
        "country": ["NA" if value == "abroad" else "DE" for value in insurer],
        "remark": [text if said else "" for text, said in zip(remark, spoken, strict=True)],
        "readmitted": ["1" if yes else "0" for yes in readmitted],
    }


def _whole(values: np.ndarray) -> list[str]:
    return [str(int(value)) for value in values]


def _missing(texts: list[str], where: np.ndarray) -> list[str]:
    return ["" if gone else text for text, gone in zip(texts, where, strict=True)]


def main(path: Path) -> None:
    columns = column_values(np.random.default_rng(SEED))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("clinic.csv"))
