"""What lies outside `.partial/` is complete, whoever is killed when."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from augment.core.errors import BadInput, Locked, UsageError
from augment.core.files import TEMPORARY, write_json
from augment.work import store as module
from augment.work.manifest import verify
from augment.work.store import Attempt, Store

RUN = '{"schema": "augment.run/1"}'
FILES = {"a.txt": "one", "deep/b.txt": "two", "c.txt": "three"}


class Killed(BaseException):
    """Stands for the process ending at a step."""


def build(folder: Store, files: dict[str, str], attempt: Attempt | None = None) -> None:
    folder.begin(attempt or Attempt("key", 1))
    for name, text in files.items():
        path = folder.partial / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def content(folder: Path) -> dict[str, str]:
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "manifest.json"]
    return {p.relative_to(folder).as_posix(): p.read_text() for p in files}


@contextmanager
def killed_at(step: int) -> Iterator[None]:
    """End the process, as it were, at the step-th move or removal of a file."""
    left = [step]

    def counted(real: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return real(*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((os, "replace"), (os, "unlink"), (Path, "unlink")):
            patch.setattr(owner, name, counted(getattr(owner, name)))
        patch.setattr(shutil, "rmtree", counted(shutil.rmtree))
        yield


def test_publishing_leaves_the_files_and_their_manifest(tmp_path: Path) -> None:
    folder = Store(tmp_path / "out")
    build(folder, FILES)
    assert folder.publish() == folder.path
    assert content(folder.path) == FILES
    assert verify(folder.path).whole == tuple(sorted(FILES))


def test_killed_at_any_step_of_publishing_the_next_attempt_finishes_it(tmp_path: Path) -> None:
    old = {"a.txt": "old", "gone/x.txt": "old", "kept.txt": "old", "run.json": RUN}
    new = FILES | {"kept.txt": "new", "run.json": RUN}
    seen_complete = 0
    for step in range(40):
        folder = Store(tmp_path / str(step))
        build(folder, old)
        folder.publish()
        build(folder, new, Attempt("other", 2))
        try:
            with killed_at(step):
                folder.publish()
        except Killed:
            if folder.complete():
                seen_complete += 1
                whole = verify(folder.path)
                assert not whole.changed + whole.missing
            folder.recover()
            if not (folder.partial / "plan.json").exists():
                assert content(folder.path) == new, step
                continue
            assert content(folder.path).items() >= old.items(), step  # nothing was decided yet
            continue
        assert content(folder.path) == new
        assert seen_complete
        return
    pytest.fail("publishing takes more steps than were tried")


def test_an_attempt_is_taken_up_by_its_own_plan_only(tmp_path: Path) -> None:
    folder = Store(tmp_path / "out")
    assert not folder.begin(Attempt("key", 1))
    (folder.partial / "stage").write_text("done")
    (folder.partial / ".augment-killed.tmp").write_text("half")
    assert folder.begin(Attempt("key", 1))
    assert (folder.partial / "stage").exists()
    assert not (folder.partial / ".augment-killed.tmp").exists()
    assert not folder.begin(Attempt("key", 2))
    assert not (folder.partial / "stage").exists()


@pytest.mark.parametrize("text", ["", "{}", '{"key": 1, "seed": "x"}', "[]"])
def test_a_damaged_plan_is_no_plan(tmp_path: Path, text: str) -> None:
    folder = Store(tmp_path)
    folder.partial.mkdir()
    (folder.partial / "plan.json").write_text(text)
    (folder.partial / "publish.json").write_text(text)
    assert folder.planned() is None
    assert folder.recover() is None


def test_the_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "a web page", "files": {"app.js": {}}}')
    (tmp_path / "app.js").write_text("mine")
    with pytest.raises(UsageError, match="other files"):
        Store(tmp_path).require_free(force=True)
    with pytest.raises(UsageError, match="is a file"):
        Store(tmp_path / "app.js").require_ours()


def test_a_run_is_not_overwritten_by_another_command(tmp_path: Path) -> None:
    folder = Store(tmp_path / "out")
    build(folder, {**FILES, "run.json": RUN})
    folder.publish()
    write_json(folder.path / "report.json", {"schema": "augment.report/2"})
    for document in ("report.json", "fit.json"):
        with pytest.raises(UsageError, match="holds a run"):
            Store(folder.path, document, "augment.report/").require_free(force=True)
    with pytest.raises(UsageError, match="other files"):  # of the same name, by another command
        Store(folder.path, "run.json", "augment.transform/").require_free(force=True)


@pytest.mark.parametrize("name", ["../victim", "/victim", "link/victim"])
def test_names_that_lead_out_of_the_folder_remove_nothing(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = Store(tmp_path / "out")
    build(folder, {"a.txt": "1"})
    folder.publish()
    (folder.path / "link").symlink_to(tmp_path)
    listed = {name if name[0] != "/" else str(victim): {"sha256": "0"}}
    write_json(folder.path / "manifest.json", {"schema": "augment.manifest/1", "files": listed})
    build(folder, {"a.txt": "2"})
    folder.publish()
    assert victim.read_text() == "mine"


def test_verify_tells_changed_missing_and_unknown_files(tmp_path: Path) -> None:
    folder = Store(tmp_path / "out")
    build(folder, FILES)
    folder.publish()
    (folder.path / "a.txt").write_text("two")
    (folder.path / "c.txt").unlink()
    (folder.path / ".partial-notes").write_text("mine")
    found = verify(folder.path)
    assert (found.whole, found.changed) == (("deep/b.txt",), ("a.txt",))
    assert (found.missing, found.unknown) == (("c.txt",), (".partial-notes",))


@pytest.mark.parametrize(
    ("old", "new"), [("augment.manifest/1", "aufment"), ('"bytes": 3', '"bytes": 7')]
)
def test_what_a_manifest_says_besides_digests_is_checked_too(
    old: str, new: str, tmp_path: Path
) -> None:
    folder = Store(tmp_path / "out")
    build(folder, FILES)
    folder.publish()
    listed = folder.path / "manifest.json"
    assert old in listed.read_text()
    listed.write_text(listed.read_text().replace(old, new, 1))
    try:
        assert verify(folder.path).changed == ("a.txt",)
    except BadInput as error:
        assert "no manifest" in str(error)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"files": 3}', '{"files": {"a": 1}}', '{"files": {"../a": {"sha256": ""}}}'],
)
def test_a_manifest_that_is_none_is_bad_input(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(BadInput):
        verify(tmp_path)


def test_another_file_system_is_copied_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace

    def across(source: Any, to: Any) -> None:
        if module.PARTIAL in Path(source).parts and module.PARTIAL not in Path(to).parts:
            raise OSError(18, "Invalid cross-device link")
        real(source, to)

    monkeypatch.setattr(os, "replace", across)
    folder = Store(tmp_path / "out")
    build(folder, FILES)
    assert folder.publish(rejected=True) == tmp_path / "out.rejected"
    assert content(tmp_path / "out.rejected") == FILES


def test_folders_of_results_are_private_whether_rejected_or_not(tmp_path: Path) -> None:
    folder = Store(tmp_path / "new" / "out")
    for rejected in (True, False):
        build(folder, FILES)
        assert folder.partial.stat().st_mode & 0o077 == 0
        place = folder.publish(rejected)
        for path in (place, place / "deep"):
            assert path.stat().st_mode & 0o777 == 0o700


def test_what_a_killed_writer_left_is_no_file_of_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / f"{TEMPORARY}x.tmp").write_text("half")
    Store(tmp_path / "out").require_ours()


def test_tasks_that_are_done_are_found_done_by_the_next_attempt(tmp_path: Path) -> None:
    folder = Store(tmp_path / "out")
    folder.begin(Attempt("key", 1))
    for name in ("one", "two"):
        (folder.partial / name).write_text(name)
        folder.commit(name, [name], length=len(name))
    folder.commit("three")
    assert folder.begin(Attempt("key", 1))
    assert folder.done() == {"one", "two", "three"}
    assert [record.result for record in folder.records()] == [{"length": 3}, {"length": 3}, {}]
    (folder.partial / "one").unlink()
    assert folder.done() == {"two", "three"}
    folder.publish()
    assert content(folder.path) == {"two": "two"}


@pytest.mark.parametrize("kept", [0, 1, 7, -1])
def test_a_line_that_a_kill_tore_is_passed_over_and_no_harm(tmp_path: Path, kept: int) -> None:
    folder = Store(tmp_path / "out")
    folder.begin(Attempt("key", 1))
    folder.commit("one")
    journal = folder.partial / module.DONE
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole.replace(b"one", b"two")[:kept])
    assert folder.done() == {"one"}
    folder.commit("three")
    assert folder.done() == {"one", "three"}


def test_a_second_holder_is_refused_and_an_earlier_publication_is_finished(tmp_path: Path) -> None:
    folder = Store(tmp_path / "out")
    build(folder, FILES)
    with pytest.raises(Killed), killed_at(4):
        folder.publish()
    with folder.held():
        assert content(folder.path).items() >= FILES.items()
        with pytest.raises(Locked), folder.held():
            pass


def test_what_a_kill_leaves_beside_a_finished_result_is_cleared_by_a_refusal(
    tmp_path: Path,
) -> None:
    folder = Store(tmp_path / "out")
    build(folder, {**FILES, "run.json": RUN})
    folder.publish()
    finished = content(folder.path)
    folder.partial.mkdir()
    write_json(folder.partial / module.PLAN, {})
    write_json(folder.partial / module.PUBLISH, {"rejected": False, "files": [], "gone": []})
    with pytest.raises(UsageError, match="already"):
        folder.require_free(force=False)
    assert not folder.partial.exists() and content(folder.path) == finished
