"""Files that lie elsewhere are read and written as files here are, and never half."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PIL import Image

from augment.core.errors import AugmentError, BadInput, UsageError
from augment.core.files import sha256
from augment.kinds.tables.io.formats import ReadOptions
from augment.kinds.tables.io.reading import read, suffix_like
from augment.sources import reachability
from augment.sources.remote.files import Remote, remote
from augment.sources.remote.publishing import Place, published
from tests.cli.in_process import augment
from tests.places import ROOT

fsspec = pytest.importorskip("fsspec", reason="the extra [cloud] is not installed")
CLINIC = ROOT / "samples" / "clinic.csv"
SECRET = "open-sesame"
FEW = ("--fit-rows", "100", "--workers", "1", "-q")


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[object]:
    """An object store that is empty, and a cache of one's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def staged(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def head(rows: int) -> bytes:
    return b"".join(CLINIC.read_bytes().splitlines(keepends=True)[: rows + 1])


def test_files_folders_and_patterns_are_read_and_called_by_their_addresses(memory: object) -> None:
    memory.pipe("/b/one.csv", head(30))
    for year in (2023, 2024):
        memory.pipe(f"/b/t/year={year}/part 0.csv", head(20))
    one = read("memory://b/one.csv", ReadOptions())
    assert (len(one.table), one.files[0]["path"]) == (30, "memory://b/one.csv")
    for source in ("memory://b/t", "memory://b/t/", "memory://b/t/*/part*.csv"):
        found = read(source, ReadOptions())
        assert sorted(set(found.table.data.column("year").to_pylist())) == [2023, 2024]
        names = [f"memory://b/t/year={year}/part 0.csv" for year in (2023, 2024)]
        assert [file["path"] for file in found.files] == names
    assert suffix_like("memory://b/t") == ".csv"
    memory.pipe("/b/bad.csv", b"a,b\n1,2\n3\n")
    with pytest.raises(BadInput) as refused:
        read("memory://b/bad.csv", ReadOptions())
    assert str(refused.value).startswith("memory://b/bad.csv:3: the row has 1 cells")
    for nothing in ("memory://b/none.csv", "memory://b/x/*.csv"):
        with pytest.raises(BadInput, match="nothing of this name"):
            read(nothing, ReadOptions())


@pytest.mark.parametrize(
    "uri",
    [
        "https://me:geheim@host/t.csv",
        "https://host/t.csv?X-Amz-Signature=geheim",
        "https://store/t.csv?sv=1&sig=geheim",
        "s3://geheim@bucket/t.csv",
    ],
)
def test_a_credential_in_an_address_is_refused_and_not_repeated(uri: str, tmp_path: Path) -> None:
    for command in (["run", uri, "-o", tmp_path / "o"], ["fit", CLINIC, "-o", uri], ["ping", uri]):
        done = augment(*command)
        assert done.returncode == 2, done.stderr
        assert b"credential" in done.stderr and b"geheim" not in done.stderr + done.stdout
    for wrong in ("https://host/out", "s3://bucket/*/out"):
        with pytest.raises(UsageError), published(wrong, force=False):
            pass


def test_a_model_and_its_samples_lie_elsewhere(memory: object, tmp_path: Path) -> None:
    memory.pipe("/b/t.csv", head(60))
    fit = ("fit", "memory://b/t.csv", "-o", "memory://b/m", "-e", "independent", "--seed", "1")
    done = augment(*fit)
    assert done.returncode == 0, done.stderr
    assert b"memory://b/m" in done.stderr and str(tmp_path).encode() not in done.stderr
    manifest = json.loads(memory.cat("/b/m/manifest.json"))
    here = {name.removeprefix("/b/m/") for name in memory.find("/b/m")}
    assert here == {*manifest["files"], "manifest.json"}
    again = augment(*fit)
    assert again.returncode == 0 and b"Up to date" in again.stderr
    assert augment(*fit[:-1], "2").returncode == 2
    checked = json.loads(augment("verify", "memory://b/m", "--json").stdout)
    assert checked["folder"] == "memory://b/m" and not checked["changed"]
    sample = ("sample", "memory://b/m", "-n", "9", "-o", "memory://b/made/s.csv")
    assert augment(*sample).returncode == 0
    assert len(memory.cat("/b/made/s.csv").splitlines()) == 10
    assert augment(*sample).returncode == 2
    assert augment(*sample, "--force").returncode == 0
    assert staged(tmp_path) == []


def folder(place: Path, **files: str) -> None:
    """A finished result."""
    place.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (place / name).write_text(text)
    sums = {name: sha256(place / name) for name in files}
    (place / "manifest.json").write_text(json.dumps(sums))


def test_a_folder_is_whole_once_its_manifest_is_there(
    memory: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    send, remove = Remote.send, Remote.remove

    def sent(self: Remote, local: Path, name: str) -> None:
        order.append(f"+{name}")
        send(self, local, name)

    def removed(self: Remote, name: str) -> None:
        order.append(f"-{name}")
        remove(self, name)

    monkeypatch.setattr(Remote, "send", sent)
    monkeypatch.setattr(Remote, "remove", removed)
    with published("memory://b/out", force=False) as place:
        folder(place.path, a="1", b="2")
        place.send()
    assert order == ["+a", "+b", "+manifest.json"]
    order.clear()
    with published("memory://b/out", force=True) as place:
        folder(place.path, b="3", c="4")
        place.send()
    assert order == ["-manifest.json", "+b", "+c", "+manifest.json", "-a"]
    with published("memory://b/out", force=False) as place:
        assert (place.path / "c").read_text() == "4"  # what is there is found here
        order.clear()
        place.send()
    assert order == []


def test_what_was_cut_short_is_found_again_and_others_results_are_kept(
    memory: object, tmp_path: Path
) -> None:
    def begin(place: Place) -> None:
        (place.path / ".partial").mkdir(parents=True)
        (place.path / ".partial" / "half").write_text("x")

    with pytest.raises(KeyboardInterrupt), published("memory://b/out", force=False) as place:
        begin(place)
        raise KeyboardInterrupt
    assert memory.find("/b") == []
    with published("memory://b/out", force=False) as place:
        assert (place.path / ".partial" / "half").read_text() == "x"
        memory.pipe("/b/out/manifest.json", b"another's")
        folder(place.path, a="1")
        with pytest.raises(UsageError, match="meanwhile"):
            place.send()
    with pytest.raises(UsageError, match="unfinished"), published("memory://b/out", force=False):
        pass
    assert memory.cat("/b/out/manifest.json") == b"another's"
    with pytest.raises(AugmentError) as refused, published("memory://b/new", force=False) as place:
        raise BadInput("bad.", where=str(place.path / "x"))
    assert refused.value.where == "memory://b/new/x"


def test_what_could_not_be_sent_is_sent_by_the_same_command(
    memory: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/b/t.csv", head(30))
    fit = ("fit", "memory://b/t.csv", "-o", "memory://b/m", "-e", "independent")
    send = Remote.send

    def sent(self: Remote, local: Path, name: str) -> None:
        if name == "manifest.json":
            raise ConnectionError("the network is gone")
        send(self, local, name)

    with monkeypatch.context() as patch:
        patch.setattr(Remote, "send", sent)
        done = augment(*fit)
        assert done.returncode == 4 and b"cannot be reached" in done.stderr
    assert memory.exists("/b/m/fit.json") and not memory.exists("/b/m/manifest.json")
    made = memory.cat("/b/m/fit.json")
    assert augment(*fit).returncode == 0
    assert memory.exists("/b/m/manifest.json") and memory.cat("/b/m/fit.json") == made
    assert staged(tmp_path) == []


def test_what_a_gate_rejects_goes_beside_and_replaces_what_it_rejected_before(
    memory: object,
) -> None:
    for text in ("1", "2"):
        with published("memory://b/out", force=False) as place:
            folder(place.path.with_name("out.rejected"), a=text)
            place.send(rejected=True)
    assert memory.find("/b") == ["/b/out.rejected/a", "/b/out.rejected/manifest.json"]
    assert memory.cat("/b/out.rejected/a") == b"2"


@pytest.mark.slow  # scores a run
@pytest.mark.usefixtures("few_trees")
def test_a_run_that_a_gate_rejects_goes_beside(memory: object) -> None:
    memory.pipe("/b/t.csv", head(60))
    done = augment("run", "memory://b/t.csv", "-o", "memory://b/o", "-e", "bootstrap", "--seed",
                   "1", "--gate", "copies < 0")  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert b"memory://b/o.rejected" in done.stderr
    assert not memory.exists("/b/o") and memory.exists("/b/o.rejected/manifest.json")


def test_ping(memory: object, tmp_path: Path) -> None:
    memory.pipe("/b/t.csv", head(3))
    memory.pipe("/b/empty.csv", b"")
    assert b"1 file\n" in augment("ping", "memory://b/t.csv").stdout
    done = augment("ping", "memory://b/out", "--write", "--json")
    assert [step["name"] for step in json.loads(done.stdout)["steps"]] == ["reached", "written"]
    assert memory.find("/b") == ["/b/empty.csv", "/b/t.csv"]
    assert augment("ping", "memory://b/empty.csv").returncode == 0
    done = augment("ping", "memory://b", "--write")  # of a bucket, inside it
    assert done.returncode == 0 and b"made in it" in done.stdout, done.stderr
    assert augment("ping", "memory://b/none").returncode == 4
    assert augment("ping", "https://host/t.csv", "--write").returncode == 2
    base = f"duckdb:///{tmp_path}/new.duckdb"
    assert augment("ping", base).returncode == 4
    assert augment("ping", base, "--write").returncode == 0
    assert list(tmp_path.glob("*.duckdb")) == []
    assert augment("ping", tmp_path, "--write").returncode == 0


def test_ping_ends_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    forever = Event()
    monkeypatch.setattr(reachability, "MAX_SECONDS", 0.01)
    monkeypatch.setattr(reachability, "_remote", lambda *_: forever.wait())
    done = augment("ping", "s3://bucket/t.csv")
    forever.set()
    assert done.returncode == 4
    assert b"there is no answer within" in done.stderr


@pytest.mark.parametrize(
    ("status", "said"), [(401, "access is refused"), (403, "access is refused"), (503, "HTTP 503")]
)
def test_what_the_web_answers_is_told(status: int, said: str) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    with pytest.raises(BadInput, match=said) as refused, remote("https://host/t.csv"):
        raise aiohttp.ClientResponseError(None, (), status=status, message=SECRET)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (type("HttpError", (Exception,), {"code": 503})(SECRET), "HTTP 503"),
        (type("HttpError", (Exception,), {"code": "403"})(SECRET), "access is refused"),
        (OSError(f"Forbidden: {SECRET}"), "access is refused"),
        (type("HttpResponseError", (Exception,), {"status_code": 403})(SECRET), "is refused"),
        (type("ReadTimeoutError", (Exception,), {})(SECRET), "there is no answer"),
    ],
    ids=str,
)
def test_what_stores_answer_is_told(error: Exception, said: str, memory: object) -> None:
    with pytest.raises(BadInput, match=said) as refused, remote("memory://b/t.csv"):
        raise error
    assert SECRET not in str(refused.value)


def test_no_file_of_the_web_is_too_long_but_silence_is() -> None:
    pytest.importorskip("aiohttp")
    with remote("https://host/t.csv") as found:
        limit = found.system.client_kwargs["timeout"]
    assert limit.total is None  # aiohttp's own: five minutes for all of a file
    assert limit.sock_connect == limit.sock_read == 30


def test_a_library_that_is_missing_is_told_with_the_install_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    done = augment("inspect", "gs://bucket/t.csv")
    assert done.returncode == 5
    assert b"pip install 'augment-synth[cloud]'" in done.stderr


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which the server notes what it is asked."""
    return tmp_path_factory.mktemp("s3") / "asked"


@pytest.fixture(scope="module")
def s3(asked: Path) -> Iterator[dict[str, str]]:
    """The environment in which a server on loopback is the object store."""
    pytest.importorskip("moto.server", reason="moto is not installed")
    pytest.importorskip("s3fs", reason="the extra [cloud] is not installed")
    keys = {"AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": SECRET}
    script = str(Path(__file__).with_name("s3_server.py"))
    server = subprocess.Popen(
        [sys.executable, script, str(asked)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **keys},
    )
    assert server.stdin is not None and server.stdout is not None
    try:
        address = server.stdout.readline().strip()
        assert address.startswith("http"), "the server did not start"
        yield {**os.environ, **keys, "AWS_ENDPOINT_URL": address}
    finally:
        server.stdin.close()
        server.wait(30)
        server.stdout.close()


def test_a_server_that_speaks_s3(s3: dict[str, str], asked: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(head(60))
    (tmp_path / "fetched").mkdir()
    commands = [
        ["fit", str(tmp_path / "t.csv"), "-o", "s3://data/m", "-e", "independent"],
        ["sample", "s3://data/m", "-n", "140", "-o", "s3://data/made/s.csv"],
        ["inspect", "s3://data/made/*.csv", "--json", "-q"],
        ["evaluate", "s3://data/made/s.csv", str(tmp_path / "t.csv"), *FEW],
        ["ping", "s3://data/made/", "--write"],
        ["ping", "s3://data", "--write"],
        ["inspect", "s3://nobucket/t.csv"],
    ]
    client = subprocess.run(  # in this process nothing may be connected to
        [sys.executable, "-m", "tests.sources.remote.s3_client"],
        input=json.dumps(commands),
        env={**s3, "XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path / "fetched")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    done = json.loads(client.stdout)
    assert [code for code, _, _ in done] == [0, 0, 0, 0, 0, 0, 4], done
    assert json.loads(done[2][1])["data"]["rows"] == 140
    fetched = asked.read_text().count('"GET /data/made/s.csv')
    assert fetched == 2  # by `inspect`, and by `evaluate`, which reads it twice
    assert staged(tmp_path) == [] == list((tmp_path / "fetched").iterdir())
    assert SECRET not in client.stdout + client.stderr


def test_what_a_library_logs_is_not_shown_and_a_hosts_loggers_stay_as_they_were(
    memory: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("gcsfs")

    def failing(*_: object, **__: object) -> bool:
        logger.error("a request to https://%s@host failed", SECRET)
        raise ConnectionError

    monkeypatch.setattr(type(memory), "info", failing)
    before = logger.level
    with pytest.raises(BadInput, match="cannot be reached"):
        read("memory://b/one.csv", ReadOptions())
    assert SECRET not in caplog.text and logger.level == before


def test_an_account_that_is_not_named_is_refused_with_where_credentials_come_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unnamed(uri: str, **options: object) -> tuple[object, str]:
        raise ValueError("no account")

    monkeypatch.setattr(fsspec.core, "url_to_fs", unnamed)
    with pytest.raises(BadInput, match="AZURE_STORAGE_CONNECTION_STRING"):
        read("az://c/one.csv", ReadOptions())


@pytest.mark.parametrize(
    ("uri", "words", "said"),
    [
        ("s3://b/t.csv", "Invalid endpoint: not-a-url", "AWS_ENDPOINT_URL"),
        ("s3://", "Cannot traverse all of S3", "s3://BUCKET/PATH"),
        (
            "az://c/t.csv",
            "Must provide either a connection_string or account_name with credentials!!",
            "no account is known",
        ),
    ],
)
def test_a_wrong_endpoint_address_and_account_are_told_apart(
    memory: object, monkeypatch: pytest.MonkeyPatch, uri: str, words: str, said: str
) -> None:
    def wrong(*_: object, **__: object) -> bool:
        raise ValueError(words)

    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda uri, **options: (memory, "/b/t.csv"))
    monkeypatch.setattr(type(memory), "info", wrong)
    with pytest.raises(BadInput, match=said) as refused:
        read(uri, ReadOptions())
    assert words not in str(refused.value) and "access is refused" not in str(refused.value)


def test_a_folder_is_listed_once_by_a_command_and_anew_by_the_next(
    memory: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    memory.pipe("/b/t/1.csv", head(40))
    asked: list[str] = []
    find = type(memory).find
    monkeypatch.setattr(
        type(memory),
        "find",
        lambda self, path, **more: asked.append(path) or find(self, path, **more),
    )
    run = ("run", "memory://b/t", "-e", "independent", "--seed", "1", "--gate", "none", "-o")
    assert augment(*run, tmp_path / "one").returncode == 0
    assert len(asked) == 1
    memory.pipe("/b/t/2.csv", head(40))
    assert augment(*run, tmp_path / "two").returncode == 0
    assert len(asked) == 2
    files = json.loads((tmp_path / "two" / "run.json").read_text("utf-8"))["files"]
    assert [file["path"] for file in files] == ["memory://b/t/1.csv", "memory://b/t/2.csv"]


def test_images_that_lie_elsewhere_are_transformed_and_edited(
    memory: object, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    here = tmp_path / "here"
    for label in ("a", "b"):
        (here / label).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(0, 255, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(here / label / f"{number:02}.png")
            memory.pipe(
                f"/b/i/{label}/{number:02}.png", (here / label / f"{number:02}.png").read_bytes()
            )
    fit = (
        "fit",
        here,
        "-e",
        "cvae",
        "-p",
        "steps=2",
        "-p",
        "width=8",
        "--canvas",
        "8",
        "--seed",
        "1",
        "--device",
        "cpu",
    )
    assert augment(*fit, "-o", tmp_path / "m").returncode == 0
    for command in (("transform",), ("edit", tmp_path / "m")):
        made = []
        for source in (here, "memory://b/i"):
            out = tmp_path / f"{command[0]}-{len(made)}"
            done = augment(*command, source, "-o", out, "--seed", "2", "--json")
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["source"] == str(source)
            made.append({p.relative_to(out): sha256(p) for p in sorted(out.rglob("*.png"))})
            for path in out.rglob("*.json*"):
                assert "augment-" not in path.read_text("utf-8").replace("augment-synth", "")
        assert made[0] == made[1] and made[0]
