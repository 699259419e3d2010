"""Each layout finds its images with their labels, texts and marks, and nothing outside its root."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core import registry
from augment.core.errors import BadInput
from augment.kinds.images.io.layouts import Entry
from augment.kinds.images.io.layouts.coco import unpacked
from augment.kinds.images.io.layouts.folders import FlatFolder
from augment.kinds.images.io.layouts.found import layout_of, layouts, recognises
from augment.kinds.images.io.layouts.yolo import in_pixels
from tests.kinds.images import pictures


def listed(source: Path, name: str) -> list[Entry]:
    layout = layout_of(str(source))
    assert layout.name == name and recognises(str(source))
    passed: list[str] = []
    return list(layout.entries(source, passed.append))


def test_class_folders_are_labelled_by_their_unescaped_names(tmp_path: Path) -> None:
    for name in ("ant", "%2Dbee", "c"):
        pictures.saved(tmp_path / name / "1.png")
    pictures.saved(tmp_path / "c" / "deep" / "2.png")
    found = listed(tmp_path, "class folders")
    assert [entry.label for entry in found] == ["-bee", "ant", "c", "c"]
    assert [entry.name for entry in found] == [
        "%2Dbee/1.png",
        "ant/1.png",
        "c/1.png",
        "c/deep/2.png",
    ]


def test_parts_of_a_data_set_are_not_classes(tmp_path: Path) -> None:
    for name in ("train/a/1.png", "test/a/1.png"):
        pictures.saved(tmp_path / name)
    with pytest.raises(BadInput, match="not classes"):
        listed(tmp_path, "class folders")


def test_a_flat_folder_passes_over_what_is_no_image_and_tells(tmp_path: Path) -> None:
    for name in ("b.png", "a\nb.png", "-rf.png", "😀.png", ".hidden.png"):
        pictures.saved(tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    passed: list[str] = []
    found = list(layout_of(str(tmp_path)).entries(tmp_path, passed.append))
    assert [entry.name for entry in found] == ["-rf.png", "a\nb.png", "b.png", "😀.png"]
    assert passed == ["notes.txt"] and all(entry.data() for entry in found)


def test_links_out_of_the_folder_and_to_folders_are_errors(tmp_path: Path) -> None:
    outside = pictures.saved(tmp_path / "outside" / "secret.png")
    root = tmp_path / "root"
    pictures.saved(root / "a.png")
    (root / "b.png").symlink_to(outside)
    (root / "c.png").symlink_to(root / "a.png")
    (root / "d").symlink_to(tmp_path / "outside")
    (root / "e.png").symlink_to(root / "nowhere.png")
    errors = {entry.name: entry.error for entry in listed(root, "flat folder")}
    assert errors["a.png"] == errors["c.png"] == ""
    assert "out of" in errors["b.png"] and "folder" in errors["d"] and "nowhere" in errors["e.png"]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_list_gives_labels_texts_and_attributes(tmp_path: Path, suffix: str) -> None:
    pictures.saved(tmp_path / "x" / "1.png")
    pictures.saved(tmp_path / "2.png")
    if suffix == "csv":
        head = "file_name,label,text,attributes\n"
        text = head + 'x/1.png,007,a boot,dark;small\n2.png,,,"{""hue"": 3}"\n'
    else:
        rows = [
            {
                "file_name": "x/1.png",
                "label": "007",
                "text": "a boot",
                "attributes": ["dark", "small"],
            },
            {"file_name": "2.png", "attributes": {"hue": 3, "flat": False}},
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / f"metadata.{suffix}").write_text(text)
    for source in (tmp_path, tmp_path / f"metadata.{suffix}"):
        first, second = listed(source, "list of files")
        assert (first.label, first.caption) == ("007", "a boot, dark, small")
        assert (second.label, second.caption) == (None, "hue 3")


def test_a_list_cannot_name_files_outside_its_folder(tmp_path: Path) -> None:
    pictures.saved(tmp_path / "secret.png")
    (tmp_path / "in").mkdir()
    rows = "file_name\n../secret.png\n/etc/x.png\nmissing.png\n"
    (tmp_path / "in" / "metadata.csv").write_text(rows)
    assert all(entry.error for entry in listed(tmp_path / "in", "list of files"))


def test_a_table_is_no_list_of_images(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("path,label\n1,2\n")
    assert not recognises(str(tmp_path / "t.csv"))
    assert not recognises("-") and not recognises(str(tmp_path / "none"))


def test_webdataset_members_are_read_where_they_lie(tmp_path: Path) -> None:
    shard = tmp_path / "s-0.tar"
    members = {
        "a/1.png": pictures.file_of(pictures.noise(1)),
        "a/1.cls": b"bee\n",
        "a/2.jpg": pictures.file_of(pictures.noise(2), "JPEG"),
        "a/2.json": b'{"label": 4, "caption": "red"}',
        "a/2.bin": b"?",
    }
    with tarfile.open(shard, "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    first, second = listed(shard, "WebDataset")
    assert (first.label, first.data()) == ("bee", members["a/1.png"])
    assert (second.label, second.caption, second.data()) == ("4", "red", members["a/2.jpg"])
    shard.write_bytes(shard.read_bytes()[:700])
    with pytest.raises(BadInput, match="archive"):
        listed(shard, "WebDataset")


def voc(root: Path, corners: tuple[int, int, int, int] = (3, 2, 9, 8), size: str = "16") -> Path:
    pictures.saved(root / "images" / "1.png")
    edges = "".join(
        f"<{name}>{value}</{name}>"
        for name, value in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    )
    text = (
        f"<annotation><size><width>{size}</width><height>12</height></size><object><name>RBC</name>"
        f"<difficult>1</difficult><bndbox>{edges}</bndbox></object></annotation>"
    )
    (root / "annotations").mkdir(parents=True, exist_ok=True)
    (root / "annotations" / "1.xml").write_text(text)
    return root


def test_voc_counts_from_one_and_includes_the_last_pixel(tmp_path: Path) -> None:
    (entry,) = listed(voc(tmp_path), "VOC")
    assert entry.annotation is not None
    (mark,) = entry.annotation.marks
    assert (mark.label, mark.box, mark.extra) == ("RBC", (2, 1, 9, 8), {"difficult": "1"})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_voc_refuses_entities_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    voc(tmp_path)
    text = '<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>'
    (tmp_path / "annotations" / "1.xml").write_text(text, encoding)
    with pytest.raises(BadInput, match="DOCTYPE"):
        listed(tmp_path, "VOC")


def test_yolo_boxes_outlines_and_keypoints(tmp_path: Path) -> None:
    pictures.saved(tmp_path / "images" / "1.png")
    (tmp_path / "labels").mkdir()
    labels = tmp_path / "labels" / "1.txt"
    labels.write_text("1 0.5 0.5 0.25 0.5\n0 0 0 0.5 0 0.5 0.5\n")
    (tmp_path / "data.yaml").write_text("names: [ant, bee]\n")
    (entry,) = listed(tmp_path, "YOLO")
    assert entry.annotation is not None
    boxed, outlined = in_pixels(entry.annotation, 16, 12).marks
    assert (boxed.label, boxed.box) == ("bee", (6, 3, 10, 9))
    assert outlined.outline == ((0, 0, 8, 0, 8, 6),)
    labels.write_text("1 0.5 0.5 0.25 0.5 0.5 0.25 2\n")
    (tmp_path / "data.yaml").write_text("names: {0: ant, 1: bee}\nkpt_shape: [1, 3]\n")
    (entry,) = listed(tmp_path, "YOLO")
    assert entry.annotation is not None
    assert in_pixels(entry.annotation, 16, 12).marks[0].points == ((8, 3, 2),)
    labels.write_text("1 0.5 nan 0.25 0.5\n")
    with pytest.raises(BadInput, match=r"1\.txt:1"):
        listed(tmp_path, "YOLO")


def test_coco_boxes_outlines_runs_and_keypoints(tmp_path: Path) -> None:
    pictures.saved(tmp_path / "images" / "1.png")
    common = {"image_id": 7, "category_id": 3, "iscrowd": 0}
    document = {
        "images": [{"id": 7, "file_name": "1.png", "width": 16, "height": 12, "license": 1}],
        "categories": [{"id": 3, "name": "bee"}],
        "annotations": [
            common | {"id": 1, "bbox": [2, 1, 7, 7], "keypoints": [4, 5, 2, 0, 0, 0]},
            common | {"id": 2, "segmentation": [[2, 1, 9, 1, 9, 8]]},
            common | {"id": 3, "segmentation": {"size": [12, 16], "counts": [13, 5, 174]}},
        ],
    }
    path = tmp_path / "annotations" / "all.json"
    path.parent.mkdir()
    path.write_text(json.dumps(document))
    (entry,) = listed(tmp_path, "COCO")
    assert entry.annotation is not None
    boxed, outlined, run = entry.annotation.marks
    assert boxed.box == (2, 1, 9, 8) and boxed.points == ((4, 5, 2), (0, 0, 0))
    assert boxed.extra == {"category_id": 3, "iscrowd": 0}
    assert outlined.outline == ((2, 1, 9, 1, 9, 8),) and run.runs == (13, 5, 174)
    document["annotations"] = [{"id": 1, "image_id": 7}]
    path.write_text(json.dumps(document))
    with pytest.raises(BadInput, match="category_id"):
        listed(tmp_path, "COCO")


def packed(counts: list[int]) -> str:
    """`rleToString` of cocoapi's maskApi.c, the other way round."""
    text = ""
    for at, count in enumerate(counts):
        value = count - (counts[at - 2] if at > 2 else 0)
        more = True
        while more:
            low, value = value & 0x1F, value >> 5
            more = value != (-1 if low & 0x10 else 0)
            text += chr((low | 0x20 if more else low) + 48)
    return text


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_unpacking_undoes_packing(counts: list[int]) -> None:
    assert unpacked(packed(counts)) == counts


def test_an_empty_folder_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Give a folder"):
        layout_of(str(tmp_path))


class Labelled(FlatFolder):
    """A plugin's layout: a folder with a file of its own."""

    name = "labelled folder"
    specificity = 25

    def claims(self, source: Path) -> bool:
        return (source / "labels.odd").is_file()


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Entry points in the opposite order, and one more."""
    built_in = metadata.entry_points
    mine = metadata.EntryPoint("a_plugin", f"{__name__}:Labelled", "augment.layouts")

    def points(group: str) -> list[metadata.EntryPoint]:
        more = [mine] if group == mine.group else []
        return [*reversed([*built_in(group=group)]), *more]

    monkeypatch.setattr(metadata, "entry_points", points)
    registry._points.cache_clear()
    yield
    registry._points.cache_clear()


def test_a_plugins_layout_is_asked_by_how_specific_it_is_and_not_by_its_name(
    plugins: None, tmp_path: Path
) -> None:
    order = [layout.specificity for layout in layouts()]
    assert order == sorted(order, reverse=True) and len(set(order)) == len(order) == 9
    pictures.saved(tmp_path / "1.png")
    assert layout_of(str(tmp_path)).name == "flat folder"
    (tmp_path / "labels.odd").touch()
    assert layout_of(str(tmp_path)).name == "labelled folder"
    pictures.saved(tmp_path / "ant" / "1.png")
    assert layout_of(str(tmp_path)).name == "labelled folder"
    (tmp_path / "metadata.csv").write_text("file_name\n1.png\n")
    assert layout_of(str(tmp_path)).name == "list of files"
