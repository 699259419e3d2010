"""Reading: one canvas, nothing lost in silence, bad images by the user's choice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import BadInput, UsageError
from augment.core.kind import Origin, Part
from augment.kinds.images.data import pixels as room_of
from augment.kinds.images.io import canvas
from augment.kinds.images.io import reading as source
from augment.kinds.images.io.image_files import made_names
from augment.kinds.images.io.reading import ReadOptions, read
from augment.kinds.images.io.writing import written
from tests.kinds.images import pictures


def folders(root: Path, n: int = 3) -> Path:
    for label in ("ant", "bee"):
        for number in range(n):
            pictures.saved(root / label / f"{number}.png", number)
    return root


def test_images_of_one_small_size_are_read_exactly(tmp_path: Path) -> None:
    images = read(str(folders(tmp_path)), ReadOptions()).data
    assert images.pixels.shape == (6, 12, 16, 3) and images.schema.classes == ("ant", "bee")
    assert images.label_codes.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.array_equal(images.pixels[4], pictures.noise(1))


def test_the_same_files_give_the_same_digests_on_disk_or_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(str(folders(tmp_path)), ReadOptions())
    monkeypatch.setattr(room_of, "IN_MEMORY_BYTES", 10)
    second = read(str(tmp_path), ReadOptions())
    assert isinstance(second.data.pixels, np.memmap)
    assert first.data.digest() == second.data.digest() and first.files == second.files


@pytest.mark.parametrize("name", pictures.BAD)
def test_a_bad_image_fails_with_its_name_or_is_skipped_or_set_aside(
    tmp_path: Path, name: str
) -> None:
    root = folders(tmp_path / "in")
    (root / "bee" / f"{name}\n.png").write_bytes(pictures.BAD[name][0]())
    with pytest.raises(BadInput, match=rf"bee/{name}\\n"):
        read(str(root), ReadOptions())
    skipped = read(str(root), ReadOptions(on_error="skip"))
    assert (len(skipped.data), skipped.rejected) == (6, 1)
    assert "6 images" in skipped.notes[0]
    assert any("left out" in note and name in note for note in skipped.notes)
    aside = tmp_path / "aside"
    read(str(root), ReadOptions(on_error="quarantine", quarantine=aside))
    line = json.loads((aside / "quarantine.jsonl").read_text())
    assert (aside / line["kept"]).read_bytes() == pictures.BAD[name][0]()
    assert (root / "bee" / f"{name}\n.png").exists()


def test_a_wrong_suffix_does_not_matter_and_a_foreign_one_is_named(tmp_path: Path) -> None:
    root = folders(tmp_path)
    (root / "ant" / "jpeg.png").write_bytes(pictures.file_of(pictures.noise(1), "JPEG"))
    assert len(read(str(root), ReadOptions()).data) == 7
    (root / "ant" / "photo.heic").write_bytes(b"\0" * 50)
    with pytest.raises(BadInput, match=r"photo\.heic.*save it as PNG"):
        read(str(root), ReadOptions())


def test_mixed_modes_become_rgb_and_gray_ones_stay_gray(tmp_path: Path) -> None:
    pictures.saved(tmp_path / "a.png", channels=1)
    assert read(str(tmp_path), ReadOptions()).data.schema.mode == "gray"
    pictures.saved(tmp_path / "b.png")
    assert read(str(tmp_path), ReadOptions()).data.schema.mode == "rgb"
    gray = read(str(tmp_path), ReadOptions(channels="gray"))
    assert any("1 images: colours turned into gray" in note for note in gray.notes)


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_every_fit_fills_the_canvas_and_keeps_a_plain_colour(fit: canvas.Fit) -> None:
    plain = np.full((12, 30, 3), 77, np.uint8)
    placed = canvas.placed(plain, 20, 24, "rgb", fit)
    assert placed.shape == (24, 20, 3) and (placed == 77).all()


def test_the_canvas_is_asked_for_or_inferred(tmp_path: Path) -> None:
    asked = read(str(folders(tmp_path)), ReadOptions(canvas="24x20"))
    assert asked.data.schema.shape == (20, 24, 3)
    assert any("resized" in note for note in asked.notes)
    assert canvas.inferred(Counter({(640, 480): 9}))[:2] == (64, 48)
    assert canvas.inferred(Counter({(100, 60): 9}))[:2] == (100, 60)
    assert canvas.inferred(Counter({(30, 20): 9, (20, 28): 3}))[:2] == (30, 30)
    for text in ("7", "x", "32x", "129", "8x200"):
        with pytest.raises(UsageError, match="canvas"):
            read(str(tmp_path), ReadOptions(canvas=text))


def test_a_schema_file_gives_canvas_mode_and_the_order_of_classes(tmp_path: Path) -> None:
    schema = source.ImageSchema(16, 24, "gray", ("wasp", "bee", "ant"))
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(schema.to_json()))
    loaded = read(str(folders(tmp_path / "in")), ReadOptions(schema=file))
    assert loaded.data.schema == schema and loaded.data.labels()[0] == "ant"
    file.write_text(json.dumps({**schema.to_json(), "width": 200}))
    with pytest.raises(UsageError, match="canvas"):
        read(str(tmp_path / "in"), ReadOptions(schema=file))
    with pytest.raises(UsageError, match="leave out --canvas"):
        ReadOptions(schema=file, canvas="32")


def test_memory_does_not_grow_with_the_images(tmp_path: Path) -> None:
    """The bytes of what is held per image, at a canvas of 3 kB: only its name and code."""
    import tracemalloc

    pictures.saved(tmp_path / "0" / "0.png")
    blob = (tmp_path / "0" / "0.png").read_bytes()

    def peak(images: int) -> int:
        for row in range(images):
            (tmp_path / "0" / f"{row}.png").write_bytes(blob)
        tracemalloc.start()
        try:
            read(str(tmp_path), ReadOptions(canvas="32"))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room_of, "IN_MEMORY_BYTES", 100_000)
        patch.setattr(room_of, "CHUNK_BYTES", 100_000)
        peak(50)  # what is loaded once
        few, many = peak(200), peak(1000)
    assert many - few < 800 * 500


def test_a_list_outside_its_images_and_links_need_a_root(tmp_path: Path) -> None:
    pictures.saved(tmp_path / "store" / "a.png")
    lists, linked = tmp_path / "lists", tmp_path / "linked"
    lists.mkdir()
    linked.mkdir()
    (lists / "set.csv").write_text("file_name,kind,hue,tone\na.png,ant,red,dark\n")
    (linked / "b.png").symlink_to(tmp_path / "store" / "a.png")
    for place in (lists / "set.csv", linked):
        with pytest.raises(BadInput):
            read(str(place), ReadOptions())
    columns = {"label_column": "kind", "caption_columns": ("hue", "tone")}
    found = read(str(lists / "set.csv"), ReadOptions(root=tmp_path / "store", **columns)).data
    assert found.labels() == ["ant"] and found.captions == ("red, dark",)
    assert len(read(str(linked), ReadOptions(root=tmp_path)).data) == 1
    with pytest.raises(UsageError, match=r"--label-column hues.*Did you mean 'hue'"):
        read(str(lists / "set.csv"), ReadOptions(root=tmp_path / "store", label_column="hues"))


def test_unknown_options_and_choices_are_refused() -> None:
    with pytest.raises(UsageError, match="--delimiter"):
        source.read_options({"delimiter": ","})
    with pytest.raises(UsageError, match="--fit"):
        source.read_options({"fit": "padd"})
    with pytest.raises(UsageError, match=r"--column is .*--label-column"):
        source.read_options({"columns": {}})
    with pytest.raises(UsageError, match="go together"):
        read(".", source.read_options({"on_error": "quarantine"}))


def test_reading_undoes_writing_whatever_the_classes_are_called(tmp_path: Path) -> None:
    names = ("../up", "a/b", "con", "x" * 300, "é\n😀")
    rows = np.arange(10) % 5
    schema = source.ImageSchema(12, 16, "rgb", tuple(sorted(names)))
    stack = np.stack([pictures.noise(seed) for seed in range(10)])
    sources = made_names("my/set", "cvae", 20, 10)
    images = source.Images.of_arrays(stack, rows, schema, sources=sources)
    out, origin = tmp_path / "deep" / "out", Origin("cvae", "digest", 1, {})
    lines = written(Part(0, images), out, origin)
    assert len(lines) == 10
    # as the store writes it: names that are too long for a folder are whole there
    (out / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    back = source.read_like(str(out), schema).data
    assert back.digest() == images.digest()
    assert len(list(tmp_path.rglob("*.png"))) == len(list(out.rglob("*.png"))) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


def test_an_unknown_class_is_refused_when_reading_like(tmp_path: Path) -> None:
    schema = source.ImageSchema(12, 16, "rgb", ("ant", "wasp"))
    with pytest.raises(BadInput, match="not among"):
        source.read_like(str(folders(tmp_path)), schema)


def test_real_images(shared: Path) -> None:
    images = read(str(shared / "data" / "images" / "mnist" / "test"), ReadOptions()).data
    assert images.pixels.shape == (1000, 28, 28, 1)
    assert images.schema.classes == tuple("0123456789")
