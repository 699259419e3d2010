"""Google's and Azure's stores by their own libraries, against servers on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import ROOT

CLINIC = ROOT / "samples" / "clinic.csv"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
AT_ONCE = (  # what libraries ask for again, they ask for without a pause
    "import asyncio, runpy; real = asyncio.sleep; asyncio.sleep = lambda *_: real(0); "
    "runpy.run_module('tests.sources.remote.s3_client', run_name='__main__')"
)


class Cloud:
    """A store that a server on loopback is, and what it was asked."""

    def __init__(self, scheme: str, address: str, notes: Path) -> None:
        self.scheme, self.notes = scheme, notes
        azure = (
            f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={KEY};"
            f"BlobEndpoint={address}/devstoreaccount1;"
        )
        settings = {
            "gs": {"STORAGE_EMULATOR_HOST": address},
            "az": {"AZURE_STORAGE_CONNECTION_STRING": azure},
        }
        self.environment = {**os.environ, **settings[scheme]}

    def run(self, folder: Path, *commands: list[str]) -> list[tuple[int, str, str]]:
        """Exit code, output and messages of each; in this process nothing may be connected to."""
        environment = {**self.environment, "XDG_CACHE_HOME": str(folder / "cache")}
        client = subprocess.run(
            [sys.executable, "-c", AT_ONCE],
            input=json.dumps(commands),
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert KEY not in client.stdout + client.stderr
        return [(code, out, said) for code, out, said in json.loads(client.stdout)]


@pytest.fixture(scope="module", params=["gs", "az"])
def cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    library, module = {"gs": ("gcsfs", "gcs_server"), "az": ("adlfs", "azure_server")}[
        request.param
    ]
    pytest.importorskip(library, reason=f"{library} (the extra [cloud]) is not installed")
    notes = tmp_path_factory.mktemp(request.param) / "asked"
    server = subprocess.Popen(
        [sys.executable, "-m", f"tests.sources.remote.{module}", str(notes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert server.stdin is not None and server.stdout is not None
    try:
        yield Cloud(request.param, server.stdout.readline().strip(), notes)
    finally:
        server.stdin.close()
        server.wait(30)
        server.stdout.close()


def test_models_and_rows_go_there_and_back(cloud: Cloud, tmp_path: Path) -> None:
    root = f"{cloud.scheme}://data"
    done = cloud.run(
        tmp_path,
        ["fit", str(CLINIC), "-o", f"{root}/m", "-e", "independent", "-q"],
        ["sample", f"{root}/m", "-n", "140", "-o", f"{root}/made/s.csv"],
        ["inspect", f"{root}/made/*.csv", "--json", "-q"],
        ["verify", f"{root}/m"],
        ["ping", f"{root}/made/", "--write"],
        ["ping", root, "--write"],
        ["sample", f"{root}/m", "-n", "9", "-o", f"{root}/made/s.csv"],
        ["fit", str(CLINIC), "-o", f"{root}/m", "-e", "independent"],
        ["inspect", f"{cloud.scheme}://nobucket/t.csv"],
        ["inspect", f"{root}/none.csv"],
        ["inspect", f"{cloud.scheme}://closed/t.csv"],
    )
    assert [code for code, _, _ in done] == [0, 0, 0, 0, 0, 0, 2, 0, 4, 4, 4], done
    assert json.loads(done[2][1])["data"]["rows"] == 140
    assert "Up to date" in done[7][2] + done[7][1]
    assert all("nothing of this name" in said for _, _, said in done[8:10])
    assert "access is refused" in done[10][2]
    asked = cloud.notes.read_text()
    if cloud.scheme == "az":  # whose requests name what is sent
        sent = [
            line for line in asked.splitlines() if line.startswith("PUT") and "/data/m/" in line
        ]
        assert "manifest.json" in sent[-1] and len(sent) >= 4
    assert [each for each in (tmp_path / "cache").rglob("*") if each.is_file()] == []


def test_nothing_is_seen_of_an_upload_that_is_cut_off(cloud: Cloud, tmp_path: Path) -> None:
    place = f"{cloud.scheme}://data/cut.csv"
    rows = "40000"  # some 6 MB, which gcsfs sends in parts
    done = cloud.run(
        tmp_path,
        ["fit", str(CLINIC), "-o", str(tmp_path / "m"), "-e", "independent", "-q"],
        ["sample", str(tmp_path / "m"), "-n", rows, "-o", place, "--workers", "1"],
        ["inspect", place],
    )
    assert [code for code, _, _ in done] == [0, 4, 4], done
    assert "it cannot be reached" in done[1][2]
    assert "nothing of this name" in done[2][2]
    assert "cut" in cloud.notes.read_text()
