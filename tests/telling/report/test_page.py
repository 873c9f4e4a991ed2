"""The page as a whole: self-contained, escaped, accessible, the same twice, and whole or not at all on disk."""

import json
import os
import re
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from advisor.advice import load
from advisor.errors import UserError
from advisor.telling.report import facts, figures, pictures, render, write
from advisor.telling.report.svg import Caption
from tests.telling.report.example import document, hostile, outcomes

VOID = {"meta", "link", "br"}
NASTY = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}$\\frac$&amp;\x00\u202e"


class Page(HTMLParser):
    """Collects what a browser would see: tags with attributes, text, and whether the tags are balanced."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[dict]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def html() -> str:
    verdict = document()
    return render(verdict, outcomes(verdict))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_nothing_is_fetched_and_no_script_runs(html: str, page: Page):
    assert html.startswith("<!doctype html>")
    assert "default-src 'none'" in html
    assert not page.all("script")
    assert "@import" not in html
    assert not re.search(r"(?:src|href|url\()\s*=?\s*[\"']?(?:https?:)?//", html)
    links = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")]
    assert all(link.startswith(("#", "data:,")) for link in links)
    assert len(html) < 200_000


def test_accessible(page: Page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(page.all(landmark) for landmark in ("main", "nav", "header", "footer", "h1", "title"))
    assert page.all("html")[0]["lang"] == "en"
    assert all(attributes.get("scope") in ("row", "col") for attributes in page.all("th"))
    drawings = page.all("svg")
    assert len(drawings) == 2 * 6
    for drawing in drawings:
        assert drawing["role"] == "img"
    named = " ".join(attributes.get("aria-labelledby", "") for _, attributes in page.tags).split()
    assert set(named) <= set(ids)
    assert {link["href"][1:] for link in page.all("a")} <= set(ids)


def test_every_drawing_refers_to_its_own_shapes(html: str):
    for drawing in re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL):
        ids = set(re.findall(r' id="([^"]+)"', drawing))
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', drawing)) <= ids
        assert not re.search(r"#[0-9a-f]{6}", drawing)


def test_says_all_there_is_to_say(page: Page):
    verdict = document()
    text = page.text.replace("\u00a0", " ")
    said = [verdict["sentence"], *verdict["reasons"], *verdict["skipped"].values(), *verdict["weights"].values()]
    said += [finding["message"] for finding in verdict["findings"]] + [verdict["mlflow"]["run_id"]]
    said += [verdict["environment"]["command"]]
    said += [row["learner"] for row in verdict["leaderboard"]]
    said += ["Worth it", "0.936 ± 0.002", "Nadeau and Bengio", "more than 99 %", *verdict["recommended"]["problems"]]
    said += ["Nets alone", "Nets in company", "the answer rests on this", "6 min 28 s after the start"]
    assert [words for words in said if words not in text] == []


def test_texts_of_the_data_are_shown_as_they_are_and_never_obeyed():
    verdict = document()
    verdict["samples"] = [{"label": "mail, kind = spam", "text": "<script>alert(1)</script> & more"}]
    shown = render(verdict, outcomes(verdict))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in shown and "<script" not in shown
    assert "<h3>Samples</h3>" in shown and "<h3>Samples</h3>" not in render(document(), outcomes(document()))


def test_who_was_cut_short_is_marked_in_the_table_and_explained_beside_the_figures(page: Page):
    verdict = document()
    row = next(row for row in verdict["leaderboard"] if row["learner"] == "xgboost")
    row["cut_short"] = True
    late = Page(render(verdict, pd.DataFrame()))
    marks = [attributes for attributes in late.all("span") if attributes.get("class") == "mark late"]
    assert len(marks) == 1 and not [each for each in page.all("span") if each.get("class") == "mark late"]
    assert "xgboost" + "still learning when its time was up on most folds" in late.text
    assert late.text.count("† still learning when its time was up on most folds.") == 2 and "†" not in page.text


@pytest.mark.parametrize(
    ("answer", "task"), [("not_enough_evidence", "regression"), ("no_signal", "multiclass"), ("not_worth_it", "binary")]
)
def test_every_answer_has_a_page_even_without_outcomes(answer: str, task: str):
    verdict = document(answer, task)
    assert facts.answer(verdict).badge in Page(render(verdict, pd.DataFrame())).text


def test_a_run_in_which_nothing_finished_has_a_page():
    verdict = document("not_enough_evidence")
    verdict |= {"leaderboard": [], "reasons": [], "findings": [], "rules": [], "looks": []}
    verdict["champions"] = dict.fromkeys(verdict["champions"])
    verdict["recommended"] = dict.fromkeys(verdict["recommended"]) | {"reason": "no learner finished", "members": {}}
    verdict |= {"would_change": "there is no comparison", "mlflow": None, "skipped": {}, "failed": {}}
    page = Page(render(verdict, pd.DataFrame()))
    assert "No learner finished." in page.text
    assert not page.all("svg")


@pytest.mark.parametrize("text", [NASTY, "]]></svg></style>-->", "name\ud800 名前 \u0627"])
def test_text_stays_text(html: str, text: str):
    verdict = hostile(document(), text)
    table = outcomes(document())
    table["learner"] = text.replace("\ud800", "") + "0"
    verdict["champions"]["neural"] |= {"params": json.loads(table["params"][1])}
    verdict["champions"]["neural"]["learner"] = text.replace("\ud800", "") + "0"
    page = Page(render(verdict, table))
    known = {tag for tag, _ in Page(html).tags}
    assert {tag for tag, _ in page.tags} <= known
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "49" not in re.findall(r"alert\(1\)>(\d+)", page.text)


@pytest.mark.parametrize(
    "changed",
    [
        {"leaderboard": [{"family": []}]}, {"readings": 3}, {"budget": None}, {"gain": {"estimate": "x"}},
        {"leaderboard": "text"}, {"recommended": []}, {"champions": {"neural": []}},
    ],
)  # fmt: skip
def test_a_document_of_another_form_is_shown_or_answered_in_a_sentence(tmp_path, changed):
    (tmp_path / "verdict.json").write_text(json.dumps({**document(), **changed}))
    with suppress(UserError):
        assert write(tmp_path).is_file()
    with suppress(UserError):
        assert "<" in load(tmp_path)._repr_html_()


def test_a_leaderboard_of_another_form_is_answered_in_a_sentence(tmp_path):
    (tmp_path / "verdict.json").write_text(json.dumps({**document(), "leaderboard": [{"family": []}]}))
    for shown in (write, lambda folder: load(folder)._repr_html_()):
        with pytest.raises(UserError, match="holds something else than what a run writes"):
            shown(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 9, None])
def test_outcomes_that_cannot_be_read_are_answered_in_a_sentence(tmp_path, content):
    (tmp_path / "verdict.json").write_text(json.dumps(document()))
    if content is not None:
        (tmp_path / "outcomes.parquet").write_bytes(content)
    with pytest.raises(UserError, match=r"outcomes\.parquet' cannot be read"):
        _ = load(tmp_path).outcomes


def test_a_column_called_script_is_readable():
    verdict = document()
    verdict["findings"][1]["evidence"] = {"column": "<script>"}
    html = render(verdict, pd.DataFrame())
    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_the_same_input_gives_the_same_bytes(html: str):
    verdict = document()
    assert render(verdict, outcomes(verdict)) == html


def test_light_and_dark_colours_can_be_read():
    style = (Path(figures.__file__).parent / "style.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?--info.*?);\s", style, flags=re.DOTALL)[:2]
    for block in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
        names = set(colours) - {"paper", "card", "rule", "wash"}
        assert len(names) >= 11
        for name in names:
            for ground in ("paper", "card"):
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours as WCAG 2.2 defines it."""
    lights = []
    for colour in (one, other):
        shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def test_figures_are_small_and_take_the_page_s_colours():
    drawn = pictures.leaderboard(document())
    assert drawn is not None
    assert len(drawn) < 2 * 12_000
    assert "var(--classical)" in drawn
    assert "var(--neural)" in drawn
    assert "off the axis" in drawn


def test_a_champion_far_behind_is_still_drawn():
    points = [figures.Point(name, 10.0, 0.99 - place / 1000, "classical") for place, name in enumerate("abcd")]
    net = figures.Point("the net", 20.0, 0.6, "neural", marked=True)
    drawn = figures.score_against_cost([*points, net], {10.0: "10 s"}, True, Caption("", "", ""))
    assert ">the net<" in drawn
    assert ">the net<" not in figures.score_against_cost(
        [*points, figures.Point("the net", 20.0, 0.6, "neural")], {10.0: "10 s"}, True, Caption("", "", "")
    )


def test_no_curve_is_lost_above_the_axis():
    steady = figures.Line("steady", tuple(range(1, 40)), (0.01,) * 39, "classical")
    drawn = figures.curves("search", [steady, figures.Line("single", (2.0,), (0.4,), "neural")], Caption("", "", ""))
    assert "var(--neural)" in drawn
    assert ">0.4<" in drawn or ">0.40<" in drawn


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5], [1e-9, 2e-9], [1e12, 3e12, 9e13], [-3.0, 0.0, 4.0]])
def test_any_scores_can_be_drawn(values: list[float]):
    dots = [figures.Dot(f"learner {value}", value, value, value, "classical", str(value)) for value in values]
    assert figures.dots(dots, True, Caption("", "", "")).count("<svg") == 2


def finished_run(folder: Path) -> Path:
    verdict = document()
    (folder / "verdict.json").write_text(json.dumps(verdict), encoding="utf-8")
    outcomes(verdict).to_parquet(folder / "outcomes.parquet")
    return folder


def test_write_reads_a_run_and_leaves_one_file(tmp_path: Path, html: str):
    written = write(finished_run(tmp_path))
    assert written == tmp_path / "report.html"
    assert written.read_text(encoding="utf-8") == html
    assert sorted(os.listdir(tmp_path)) == ["outcomes.parquet", "report.html", "verdict.json"]


def test_a_report_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    finished_run(tmp_path)
    (tmp_path / "report.html").write_text("old")
    monkeypatch.setattr("advisor.telling.report.render", lambda *_: 1 / 0)
    with pytest.raises(UserError, match=r"something else than what a run writes \(ZeroDivisionError"):
        write(tmp_path)
    assert (tmp_path / "report.html").read_text() == "old"
    assert len(os.listdir(tmp_path)) == 3


def test_write_tells_what_is_wrong(tmp_path: Path):
    with pytest.raises(UserError, match="no finished run"):
        write(tmp_path)
    for text, said in (
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"schema": 1, "answer": 2, "sentence": 3}', "else"),
    ):
        (tmp_path / "verdict.json").write_text(text)
        with pytest.raises(UserError, match=said):
            write(tmp_path)
    finished_run(tmp_path)
    (tmp_path / "outcomes.parquet").write_text("no parquet")
    with pytest.raises(UserError, match=r"outcomes\.parquet' cannot be read"):
        write(tmp_path)
