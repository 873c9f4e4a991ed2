"""Pictures as people have them, each kind with what is right to see and to say of it."""

import io
import struct
import warnings
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from advisor import modalities, walk
from advisor.errors import NewRowsWarning, UserError
from advisor.modalities.image.decode import LONGEST_SIDE, Unreadable, as_text, decoded


def noise(seed, size=(16, 16), low=0, high=256):
    """Return a picture of noise, of any brightness from `low` to `high`."""
    return np.random.default_rng(seed).integers(low, high, (*size, 3)).astype(np.uint8)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path):
    """A folder with 15 dark pictures and 15 bright ones."""
    for seed in range(15):
        save(tmp_path / "pets" / "dark" / f"{seed}.png", noise(seed, high=100))
        save(tmp_path / "pets" / "bright" / f"{seed}.png", noise(seed, low=150))
    return tmp_path / "pets"


def told(dataset):
    return " ".join([*dataset.notes, *(finding.message for finding in dataset.findings)])


def test_a_folder_of_folders_is_classes_and_pictures(folder):
    dataset = walk.read(folder)
    assert dataset.modality == "image" and dataset.task == "binary" and dataset.target_name == "class"
    assert dataset.classes == ("bright", "dark") and np.bincount(dataset.target).tolist() == [15, 15]
    assert dataset.notes == () and dataset.findings == ()
    bright = dataset.target == dataset.classes.index("bright")
    assert min(picture.min() for picture in dataset.inputs["image"][bright]) >= 150
    assert all(picture.shape == (16, 16, 3) and picture.dtype == np.uint8 for picture in dataset.inputs["image"])


def test_names_of_folders_are_classes_whatever_they_look_like(tmp_path):
    for label in ("0", "1", "2"):
        for seed in range(8):
            save(tmp_path / label / f"{seed}.png", noise(10 * int(label) + seed))
    dataset = walk.read(tmp_path)
    assert dataset.task == "multiclass" and dataset.classes == ("0", "1", "2")
    assert walk.read(tmp_path, task="regression").target.max() == 2.0


def test_unreadable_files_are_counted_named_and_left_out(folder):
    for seed in range(4):
        file = folder / "dark" / f"{seed}.png"
        file.write_bytes(b"" if seed == 0 else file.read_bytes()[: 200 if seed == 1 else 30])
    dataset = walk.read(folder)
    (finding,) = [finding for finding in dataset.findings if finding.code == "R06"]
    assert len(dataset.target) == 26 and finding.evidence["pictures"] == 4 and finding.severity == "warning"
    assert finding.message.startswith("4 pictures cannot be read and were left out: '0.png' (0 bytes), ")
    assert "The class 'dark' lost 27 % of its pictures." in finding.message


def test_files_of_other_programs_and_loose_ones_are_no_rows(folder):
    for name in (".DS_Store", "._0.png", "Thumbs.db"):
        (folder / "dark" / name).write_bytes(b"\x00\x05\x16\x07")
    (folder / "dark" / "notes.txt").write_text("taken in May")
    save(folder / "loose.png", noise(99))
    (folder / "grey").mkdir()
    dataset = walk.read(folder)
    assert len(dataset.target) == 30 and dataset.classes == ("bright", "dark")
    said = told(dataset)
    assert "1 picture beside the folders of the classes was left out ('loose.png')." in said
    assert "Folders without any picture are no classes: 'grey'." in said
    assert "3 hidden files of other programs were left out" in said
    assert "1 file is no picture and was left out ('notes.txt')." in said


def test_train_and_test_are_no_classes(folder, tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    folder.rename(whole / "train")
    for label in ("dark", "bright"):
        save(whole / "test" / label / "more.png", noise(77, low=0 if label == "dark" else 150))
    dataset = walk.read(whole)
    assert dataset.classes == ("bright", "dark") and len(dataset.target) == 32
    assert "The folders test and train were taken together" in told(dataset)
    assert "to keep test apart, name 'train' alone" in told(dataset)
    assert len(walk.read(whole / "train").target) == 30
    save(whole / "samples" / "x.png", noise(78))
    assert walk.read(whole).classes == ("bright", "dark"), "nor is what lies beside them"
    assert "Pictures in samples, beside these folders, were left out." in told(walk.read(whole))
    for name in ("train", "test"):
        (whole / name).rename(whole / f"seg_{name}1")
    assert walk.read(whole).classes == ("bright", "dark")


def test_classes_that_are_called_as_parts_are_called_are_classes(tmp_path):
    for place, name in enumerate(("test_tube", "flask")):
        for seed in range(15):
            save(tmp_path / name / f"{seed}.png", noise(seed, low=150 * place, high=100 + 150 * place))
    assert walk.read(tmp_path).classes == ("flask", "test_tube")


def test_folders_around_and_inside_of_classes_are_looked_through(folder, tmp_path):
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    folder.rename(tmp_path / "outer" / "inner" / "pets")
    save(tmp_path / "outer" / "inner" / "pets" / "dark" / "old" / "x.png", noise(50, high=100))
    dataset = walk.read(tmp_path / "outer")
    assert dataset.classes == ("bright", "dark") and len(dataset.target) == 31
    assert "Pictures in folders inside of 'dark' count for these classes." in told(dataset)


def test_a_class_of_which_nothing_can_be_read_is_named(folder, tmp_path):
    for file in (folder / "dark").iterdir():
        file.write_bytes(b"")
    with pytest.raises(UserError, match=r"15 pictures cannot be read \(0 bytes\), all of 'dark' among them"):
        walk.read(folder)


def test_a_class_of_a_table_that_loses_many_is_named(folder, tmp_path):
    files = sorted(folder.rglob("*.png"))
    for file in [each for each in files if each.parent.name == "dark"][:8]:
        file.write_bytes(b"")
    table = pd.DataFrame({"file": list(map(str, files)), "kind": [file.parent.name for file in files]})
    table.to_csv(tmp_path / "table.csv", index=False)
    (finding,) = [
        each for each in walk.read(tmp_path / "table.csv", "kind", image="file").findings if each.code == "R06"
    ]
    assert finding.severity == "warning" and "The class 'dark' lost 53 % of its pictures." in finding.message


@pytest.mark.parametrize(("learnt", "asked"), [(255.0, 1.0), (1.0, 255.0)])
def test_new_arrays_of_another_scale_are_read_by_their_own_and_told(learnt, asked):
    pictures = np.stack([noise(seed, low=100 * (seed % 2), high=140 + 100 * (seed % 2)) for seed in range(30)]) / 255.0
    typer = modalities.find("image").typed(walk.read(pictures * learnt, pd.Series(["dark", "bright"] * 15)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = typer.transform(list(pictures * learnt))["image"]
        typer.transform(list(pictures[:1] * learnt * 0.003))  # dark, and of the same scale
    with pytest.warns(NewRowsWarning, match=rf"30 arrays have values up to {asked:g}, where those of training went up"):
        other = typer.transform(list(pictures * asked))["image"]
    for one, two in zip(same, other, strict=True):
        np.testing.assert_allclose(one.astype(int), two.astype(int), atol=1)


def test_new_pictures_in_forms_that_are_not_read_are_told(folder):
    dataset = walk.read(folder)
    new = folder / "dark"
    for name in ("IMG_1.heic", "b.svg", "notes.txt"):
        (new / name).write_bytes(b"x")
    with pytest.warns(
        NewRowsWarning, match=r"2 files are of a form that is not read and left out: 'IMG_1.heic' and 'b.svg'"
    ):
        assert len(modalities.find("image").typed(dataset).rows(new)) == 15


def test_a_picture_in_two_classes_is_found(folder):
    for seed in range(3):
        save(folder / "dark" / f"same{seed}.png", noise(500 + seed))
        save(folder / "bright" / f"same{seed}.png", noise(500 + seed))
    found = {finding.code: finding for finding in walk.profile(folder).findings}
    assert found["D02"].evidence["rows"] == 6
    assert found["D10"].evidence["rows"] == 6 and found["D10"].severity == "warning"


def test_a_copy_that_was_saved_again_is_nearly_equal(folder):
    ramp = np.add.outer(np.arange(64), np.arange(64))
    picture = np.stack([ramp, ramp[::-1], 2 * ramp[:, ::-1]], axis=2).clip(0, 255).astype(np.uint8)
    save(folder / "dark" / "a.png", picture)
    save(folder / "dark" / "b.jpg", picture, quality=85)
    save(folder / "dark" / "c.png", np.asarray(Image.fromarray(picture).resize((50, 50))))
    found = {finding.code: finding for finding in walk.profile(folder).findings}
    assert found["D09"].evidence["rows"] == 3 and "D10" not in found


def test_the_form_of_files_that_tells_the_class_is_a_leak(tmp_path):
    for seed in range(30):
        save(tmp_path / "cat" / f"{seed}.jpg", noise(seed))
        save(tmp_path / "dog" / f"{seed}.png", noise(100 + seed))
    (finding,) = [finding for finding in walk.profile(tmp_path).findings if finding.code == "L06"]
    assert "format" in finding.evidence["facts"] and finding.evidence["skill"]["format"] == pytest.approx(1.0)


RED = (204, 51, 51)


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA", "CMYK"])
def test_colours_are_those_that_a_person_sees_in_any_mode(tmp_path, mode):
    image = Image.new("RGB", (10, 6), RED).convert(mode)
    path = tmp_path / ("x.tif" if mode == "CMYK" else "x.png")
    image.save(path)
    pixels = decoded(path).pixels
    assert pixels.shape == (6, 10, 3)
    np.testing.assert_allclose(pixels[3, 5], RED, atol=6)


def test_what_is_transparent_is_white(tmp_path):
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.putpixel((2, 3), (0, 0, 255, 255))
    image.save(tmp_path / "x.png")
    pixels = decoded(tmp_path / "x.png").pixels
    assert pixels[0, 0].tolist() == [255, 255, 255] and pixels[3, 2].tolist() == [0, 0, 255]
    image.quantize().save(tmp_path / "x.gif", transparency=image.quantize().getpixel((0, 0)))
    assert decoded(tmp_path / "x.gif").pixels[0, 0].tolist() == [255, 255, 255]


def test_sixteen_bits_and_one_bit_are_grey_levels(tmp_path):
    levels = np.array([[0, 32768, 65535]], dtype=np.uint16)
    Image.fromarray(levels).save(tmp_path / "x.png")
    assert decoded(tmp_path / "x.png").pixels[0].tolist() == [[0] * 3, [128] * 3, [255] * 3]
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "y.png")
    assert decoded(tmp_path / "y.png").pixels[0].tolist() == [[255] * 3, [0] * 3]


def test_a_photograph_is_turned_as_its_camera_says_in_training_and_prediction(folder):
    upright = noise(1, (20, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter to the right
    file = folder / "dark" / "turned.png"
    save(file, np.rot90(upright).copy(), exif=exif)
    np.testing.assert_array_equal(decoded(file).pixels, upright)
    model = modalities.find("image").typed(walk.read(folder))
    np.testing.assert_array_equal(model.transform([str(file)])["image"][0], upright)


def test_an_ending_says_nothing_of_what_is_in_a_file(folder):
    save(folder / "dark" / "x.png", noise(3))
    (folder / "dark" / "x.png").rename(folder / "dark" / "wrong.jpg")
    save(folder / "dark" / "y.png", noise(4))
    (folder / "dark" / "y.png").rename(folder / "dark" / "without")
    assert len(walk.read(folder).target) == 32


def test_a_bomb_is_refused_by_its_size_before_it_is_read(tmp_path):
    def part(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 50_000, 40_000, 8, 2, 0, 0, 0)
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", b""))
    with pytest.raises(Unreadable, match="more than 120,000,000 pixels, which no picture needs"):
        decoded(tmp_path / "x.png")
    header = struct.pack(">IIBBBBB", 13_000, 10_000, 8, 2, 0, 0, 0)
    (tmp_path / "y.png").write_bytes(b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", b""))
    with pytest.raises(Unreadable, match="13,000 by 10,000 pixels"):
        decoded(tmp_path / "y.png")


def test_sizes_that_differ_a_hundredfold_are_scaled_down_once(tmp_path):
    assert decoded(save(tmp_path / "x.png", noise(0, (1600, 800)))).pixels.shape == (LONGEST_SIDE, LONGEST_SIDE // 2, 3)
    assert decoded(save(tmp_path / "y.png", noise(0, (16, 8)))).pixels.shape == (16, 8, 3)
    assert decoded(save(tmp_path / "z.png", noise(0, (1, 1000)))).pixels.shape == (1, LONGEST_SIDE, 3)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"%!PS-Adobe", b"<svg/>", "none.png", "", "\0", 3, None])
def test_what_is_no_picture_is_told_and_nothing_more(content):
    with pytest.raises(Unreadable):
        decoded(content)


def test_what_is_in_no_known_format_is_said_to_be_so(tmp_path):
    (tmp_path / "x.jpg").write_bytes(b"<svg/>" * 100)
    with pytest.raises(Unreadable, match="no picture of a known format"):
        decoded(tmp_path / "x.jpg")


def test_arrays_of_any_kind_have_the_same_brightness():
    whole = noise(0, (5, 5))
    for same in (whole, whole / 255, (whole.astype(np.uint16) * 257), np.moveaxis(whole, 2, 0)):
        white = 1.0 if same.dtype == float else None
        np.testing.assert_array_equal(decoded(same, white).pixels, whole)
    grey = decoded(np.array([[0.0, 16.0]]), 16.0).pixels
    assert grey[0].tolist() == [[0] * 3, [255] * 3]


def test_a_file_of_arrays_is_read_by_its_header(tmp_path):
    pictures = np.stack([noise(seed) for seed in range(30)])
    target = np.repeat(["a", "b"], 15)
    np.savez(tmp_path / "x.npz", X=pictures, y=target)
    dataset = walk.read(tmp_path / "x.npz")
    assert dataset.modality == "image" and dataset.classes == ("a", "b") and dataset.target_name == "y"
    np.testing.assert_array_equal(dataset.inputs["image"][3], pictures[3])
    np.savez(tmp_path / "grey.npz", images=pictures[..., 0] / 255.0, labels=target, other=np.arange(30))
    assert walk.read(tmp_path / "grey.npz").target_name == "labels"
    assert walk.read(tmp_path / "grey.npz", "other").task == "regression"
    np.savez(tmp_path / "none.npz", X=pictures)
    with pytest.raises(UserError, match="has no targets"):
        walk.read(tmp_path / "none.npz")


def test_arrays_and_pictures_of_python_need_a_target():
    pictures = [Image.fromarray(noise(seed)) for seed in range(30)]
    target = pd.Series(np.arange(30) % 2, name="kind")
    for given in (pictures, np.stack([np.asarray(picture) for picture in pictures])):
        dataset = walk.read(given, target)
        assert dataset.modality == "image" and dataset.target_name == "kind" and len(dataset.target) == 30
    with pytest.raises(UserError, match="Give the targets of these pictures"):
        walk.read(pictures)


def test_a_table_of_paths_is_pictures_when_its_column_is_named(folder, tmp_path):
    files = [f"pets/{label}/{seed}.png" for label in ("dark", "bright") for seed in range(15)]
    table = pd.DataFrame({"file": files, "weight": np.arange(30) / 7, "who": np.arange(30) // 3, "note": "x"})
    table.loc[29, "file"] = "pets/absent.png"
    table.to_csv(tmp_path / "list.csv", index=False)
    dataset = walk.read(tmp_path / "list.csv", "weight", image="file", group="who")
    assert dataset.modality == "image" and dataset.task == "regression" and len(dataset.target) == 29
    assert dataset.group_name == "who" and len(np.unique(dataset.groups)) == 10
    assert "Pictures alone are learnt from: 'note' of the table was left out." in told(dataset)
    assert "'absent.png' (no such file)" in told(dataset)
    new = modalities.find("image").typed(dataset)
    assert new.transform(new.rows(tmp_path / "list.csv").head(3))["image"][0].shape == (16, 16, 3)
    for wrong, sentence in (
        ({"image": "files"}, "Did you mean 'file'"),
        ({"image": "weight"}, "cannot be the pictures"),
    ):
        with pytest.raises(UserError, match=sentence):
            walk.read(tmp_path / "list.csv", "weight", **wrong)


def test_what_cannot_be_learnt_from_is_refused_in_a_sentence(folder, tmp_path):
    with pytest.raises(UserError, match="leave --target out"):
        walk.read(folder, "kind")
    with pytest.raises(UserError, match="--group is for tables"):
        walk.read(folder, group="who")
    with pytest.raises(UserError, match="holds the pictures of 'dark' alone"):
        walk.read(_only(folder, tmp_path))
    save(tmp_path / "flat" / "x.png", noise(0))
    with pytest.raises(UserError, match="holds 1 picture and no folders of classes"):
        walk.read(tmp_path / "flat")
    with pytest.raises(UserError, match="is one picture"):
        walk.read(tmp_path / "flat" / "x.png")


def _only(folder, tmp_path):
    (tmp_path / "one").mkdir()
    (folder / "dark").rename(tmp_path / "one" / "dark")
    (tmp_path / "one" / "empty").mkdir()
    return tmp_path / "one"


def test_new_pictures_come_in_any_form_and_what_is_strange_is_told(folder):
    dataset = walk.read(folder)
    model = modalities.find("image").typed(dataset)
    path = folder / "dark" / "3.png"
    file = io.BytesIO(path.read_bytes())
    forms = [str(path), path, file.getvalue(), Image.open(path), noise(3, high=100), as_text(noise(3, high=100))]
    for pixels in model.transform(forms)["image"]:
        np.testing.assert_array_equal(pixels, noise(3, high=100))
    with pytest.warns(
        NewRowsWarning, match=r"2 pictures cannot be read and are answered as white ones: .*no such file"
    ):
        answered = model.transform(pd.DataFrame({"image": [str(path), "gone.png", None]}))
    assert answered["image"][1].min() == 255
    rows = model.rows(folder)
    assert rows.index.name == "file" and len(rows) == 30 and rows.index[0] == "bright/0.png"
    with pytest.raises(UserError, match="no column 'image'"):
        model.transform(pd.DataFrame({"picture": []}))


def test_colours_are_new_where_all_of_training_was_grey(tmp_path):
    grey = [np.repeat(noise(seed)[..., :1], 3, axis=2) for seed in range(30)]
    dataset = walk.read([Image.fromarray(each) for each in grey], np.arange(30) % 2)
    model = modalities.find("image").typed(dataset)
    with pytest.warns(NewRowsWarning, match=r"1 picture of 2 has colours, where all of training were grey\."):
        model.transform([grey[0], noise(0)])


def test_the_example_can_be_predicted_from_anywhere(folder):
    dataset = walk.read(folder)
    assert all(isinstance(cell, str) and cell.startswith("data:image/png;base64,") for cell in dataset.example["image"])
    typed = modalities.find("image").typed(dataset).transform(dataset.example)
    for place in range(5):
        np.testing.assert_array_equal(typed["image"][place], dataset.inputs["image"][place])
