"""Draws the figures as SVG text: knows shapes, axes and families, but no wording; the same input, the same bytes.

Every figure comes twice, drawn for a wide and for a narrow page, and the page's style shows one of them. Colours are
names of the page's style variables, so that one drawing serves light, dark and print.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise
from statistics import median
from typing import Any, Literal

from advisor.telling.report.svg import FAMILY_COLOURS, INK, MUTED, RULE, WASH, Caption, for_the_page

WIDTHS = {"wide": 7.2, "narrow": 3.4}
_POINTS_PER_INCH = 72
_FONT_POINTS = 9.0

_FAMILY_MARKERS = {"classical": "o", "neural": "D", "blend": "s", "dummy": "X"}
_FAMILY_LINES = {"classical": "-", "neural": (0, (5, 2)), "blend": (0, (1, 1)), "dummy": (0, (1, 3))}


@dataclass(frozen=True)
class Dot:
    """One learner's place on the axis of scores; `note` is its value in words, shown where it falls off the axis."""

    label: str
    value: float
    low: float
    high: float
    family: str
    note: str
    marked: bool = False


@dataclass(frozen=True)
class Point:
    """One learner by what it costs (above 0) and what it reached; nobody beats those on the front in both."""

    label: str
    cost: float
    value: float
    family: str
    marked: bool = False
    on_front: bool = False


@dataclass(frozen=True)
class Line:
    """A named curve; `family` chooses its colour, and its dashes too unless `style` is one of the thin ones."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    family: str
    style: Literal["bold", "thin", "dots"] = "bold"


@dataclass(frozen=True)
class Band:
    """Points of a curve with the interval around each; `family` chooses colour, marker and dashes, `label` names it."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    family: str
    label: str = ""


@dataclass(frozen=True)
class Scale:
    """A gain and its interval, as shares, under a name, and its margin; `marked` is the one that matters most."""

    label: str
    estimate: float
    low: float
    high: float
    margin: float
    marked: bool = True


def gain_scale(scales: Sequence[Scale], sides: tuple[str, str], caption: Caption) -> str:
    """Draw where the intervals of gains lie against nothing (0) and against their margins; `sides` name what lies
    below and above those."""

    def draw(figure: Any, width: float) -> None:
        axes = _axes(figure, width, 0.2, 0.2, 0.26, 0.42)
        marks = (*(end for scale in scales for end in (scale.low, scale.high, scale.estimate, scale.margin)), 0.0)
        room = 0.18 * (max(marks) - min(marks) or 0.01)
        axes.set_xlim(min(marks) - room, max(marks) + room)
        axes.set_ylim(len(scales) - 0.4, -0.9)
        axes.axvline(0, color=RULE, linewidth=1)
        colour = FAMILY_COLOURS["neural"]
        for place, scale in enumerate(scales):
            # From the middle to the scale above to the middle to the one below, so that equal margins are one line.
            ends = [place - 0.4 if place else -0.9, place + 0.6]
            axes.fill_between([scale.margin, max(marks) + room], *ends, color=WASH, linewidth=0, zorder=0)
            axes.plot([scale.margin] * 2, ends, color=INK, linewidth=1, linestyle=(0, (3, 2)))
            axes.plot([scale.low, scale.high], [place] * 2, color=colour, linewidth=4 if scale.marked else 2,
                      solid_capstyle="round")  # fmt: skip
            axes.plot([scale.estimate], [place], color=colour, **_marker("neural", scale.marked))
            axes.annotate(scale.label, (scale.estimate, place), xytext=(0, 8), textcoords="offset points", ha="center",
                          va="bottom", color=INK, fontsize=_FONT_POINTS)  # fmt: skip
        axes.set_yticks([])
        axes.xaxis.set_major_formatter(_percent_tick)
        for text, at, side in ((sides[0], 0.0, "left"), (sides[1], 1.0, "right")):
            axes.text(at, 1.04, text, transform=axes.transAxes, ha=side, va="bottom", color=MUTED, size=_FONT_POINTS)
        last = scales[-1].margin
        near_right = last > (max(marks) + min(marks)) / 2
        axes.annotate(
            "margin", (last, len(scales) - 0.42), xytext=(-4 if near_right else 4, 2), textcoords="offset points",
            ha="right" if near_right else "left", va="bottom", color=MUTED, fontsize=_FONT_POINTS,
        )  # fmt: skip
        axes.set_xlabel(caption.x_label)

    return _both("gain", 0.9 + 0.5 * len(scales), caption, draw)


def dots(rows: Sequence[Dot], greater_is_better: bool, caption: Caption) -> str:
    """Draw one row a learner, best first: a marker at its score and a line over its interval."""
    height = 0.62 + 0.27 * len(rows)

    def draw(figure: Any, width: float) -> None:
        label_inches = min(max(map(len, (row.label for row in rows)), default=0) * 0.075 + 0.2, width * 0.42)
        axes = _axes(figure, width, label_inches, 0.15, 0.08, 0.5)
        low, high = _view(
            [row.value for row in rows if row.family != "dummy"] or [row.value for row in rows],
            [edge for row in rows if row.marked for edge in (row.low, row.high)],
            greater_is_better,
        )
        axes.set_xlim(low, high)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(axis="x", color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        for place, row in enumerate(rows):
            colour = FAMILY_COLOURS.get(row.family, INK)
            if low <= row.value <= high:
                axes.hlines(place, max(row.low, low), min(row.high, high), color=colour, linewidth=1.8)
                axes.plot([row.value], [place], color=colour, **_marker(row.family, row.marked))
            else:
                _off_the_axis(axes, row, place, row.value < low, colour)
        axes.tick_params(axis="y", pad=8)
        axes.set_yticks(range(len(rows)), [_shortened(row.label, label_inches) for row in rows])
        _few_ticks(axes.xaxis, width)
        axes.set_xlabel(caption.x_label)

    return _both("dots", height, caption, draw)


def _off_the_axis(axes: Any, row: Dot, place: int, on_the_left: bool, colour: str) -> None:
    edge = axes.get_xlim()[0 if on_the_left else 1]
    axes.plot([edge], [place], marker="<" if on_the_left else ">", color=colour, markersize=6, clip_on=False)
    axes.annotate(
        row.note, (edge, place), xytext=(8 if on_the_left else -8, 0), textcoords="offset points",
        ha="left" if on_the_left else "right", va="center_baseline", color=MUTED, fontsize=_FONT_POINTS,
    )  # fmt: skip


def score_against_cost(
    points: Sequence[Point], ticks: Mapping[float, str], greater_is_better: bool, caption: Caption
) -> str:
    """Draw what each learner reached against what it costs, on a logarithmic axis with these tick labels, and steps
    along the front."""

    def draw(figure: Any, width: float) -> None:
        axes = _axes(figure, width, 0.72, 0.15, 0.15, 0.5)
        shown = [point for point in points if point.family != "dummy"] or list(points)
        champions = [point.value for point in shown if point.marked]
        low, high = _view([point.value for point in shown], champions, greater_is_better)
        shown = [point for point in shown if low <= point.value <= high]
        costs = [point.cost for point in shown]
        axes.set_xscale("log")
        axes.set_xlim(min(costs) / 2, max(max(costs) * 3, min(costs) * 12))
        axes.set_ylim(low, high)
        _named_ticks(axes, ticks, width)
        _few_ticks(axes.yaxis, width)
        axes.grid(color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        front = sorted((point.cost, point.value) for point in shown if point.on_front)
        if len(front) > 1:
            axes.step(
                *zip(*front, strict=True), where="post", color=MUTED, linewidth=1, linestyle=(0, (3, 2)), zorder=1
            )
        for point in shown:
            colour = FAMILY_COLOURS.get(point.family, INK)
            axes.plot([point.cost], [point.value], color=colour, **_marker(point.family, point.marked))
        _label_points(axes, shown)
        axes.set_xlabel(caption.x_label)
        axes.set_ylabel(caption.y_label)

    return _both("pareto", 3.2, caption, draw)


def _label_points(axes: Any, points: Sequence[Point]) -> None:
    """Write each name beside its point, on the first of four sides where it covers no other name, no point and, if it
    can be had, no step of the front."""
    centres = [tuple(axes.transData.transform((point.cost, point.value))) for point in points]
    front = sorted(centre for point, centre in zip(points, centres, strict=True) if point.on_front)
    steps = [
        box
        for (x, y), (to_x, to_y) in pairwise(front)
        for box in ((x, y - 1, to_x, y + 1), (to_x - 1, min(y, to_y), to_x + 1, max(y, to_y)))
    ]
    scale = axes.figure.dpi / _POINTS_PER_INCH
    left, _, right, _ = axes.bbox.extents
    taken = [(x - 4 * scale, y - 4 * scale, x + 4 * scale, y + 4 * scale) for x, y in centres]
    for point, (x, y) in zip(points, centres, strict=True):
        wide, tall = 0.58 * _FONT_POINTS * len(point.label) * scale, _FONT_POINTS * scale
        gap = 7 * scale
        places = {
            (7, 0, "left"): (x + gap, y - tall / 2, x + gap + wide, y + tall / 2),
            (-7, 0, "right"): (x - gap - wide, y - tall / 2, x - gap, y + tall / 2),
            (0, 10, "center"): (x - wide / 2, y + gap, x + wide / 2, y + gap + tall),
            (0, -10, "center"): (x - wide / 2, y - gap - tall, x + wide / 2, y - gap),
        }
        tries = [(place, box, others) for others in ([*taken, *steps], taken) for place, box in places.items()]
        for (dx, dy, align), box, others in tries:
            inside = left <= box[0] and box[2] <= right
            if inside and not any(_overlap(box, other) for other in others):
                axes.annotate(point.label, (point.cost, point.value), xytext=(dx, dy), textcoords="offset points",
                              ha=align, va="center", color=INK, fontsize=_FONT_POINTS)  # fmt: skip
                taken.append(box)
                break


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def curves(name: str, lines: Sequence[Line], caption: Caption, ticks: Mapping[float, str] | None = None) -> str:
    """Draw named curves; with `ticks` (seconds to label) the horizontal axis is logarithmic time."""

    def draw(figure: Any, width: float) -> None:
        axes = _axes(figure, width, 0.72, 0.15, 0.15, 0.5)
        axes.grid(color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        for line in lines:
            bold = line.style == "bold"
            dashes = _FAMILY_LINES.get(line.family, "-") if bold else {"thin": "-", "dots": (0, (1, 2))}[line.style]
            colour = FAMILY_COLOURS.get(line.family, INK)
            axes.plot(line.x, line.y, color=colour, linestyle=dashes, linewidth=1.8 if bold else 1.0)
            if bold:
                axes.plot(line.x[-1:], line.y[-1:], color=colour, **_marker(line.family, True))
        if ticks is not None:
            axes.set_xscale("log")
            _named_ticks(axes, ticks, width)
        else:
            _few_ticks(axes.xaxis, width)
        # The first values of a curve tower over all later ones: the axis is cut where nine tenths of them fit, but no
        # curve is lost altogether.
        values = sorted(value for line in lines for value in line.y)
        low, high = values[0], values[-1]
        top = max(values[int(0.9 * (len(values) - 1))], *(min(line.y) for line in lines))
        axes.set_ylim(low - 0.08 * (top - low or 1), min(high, top + 0.6 * (top - low)) + 0.08 * (top - low or 1))
        _few_ticks(axes.yaxis, width)
        axes.set_xlabel(caption.x_label)
        axes.set_ylabel(caption.y_label)

    return _both(name, 2.8, caption, draw)


def bands(name: str, drawn: Sequence[Band], ticks: Mapping[float, str], margin: float | None, caption: Caption) -> str:
    """Draw curves with the interval around each, over rows on a logarithmic axis: of gains, with the margin across, or
    where that is None of errors."""

    def draw(figure: Any, width: float) -> None:
        axes = _axes(figure, width, 0.72, 0.25, 0.15, 0.5)
        axes.grid(color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        if margin is not None:
            axes.axhline(0, color=RULE, linewidth=1)
            axes.axhline(margin, color=INK, linewidth=1, linestyle=(0, (3, 2)))
        for band in drawn:
            colour = FAMILY_COLOURS.get(band.family, INK)
            axes.fill_between(band.x, band.low, band.high, color=colour, alpha=0.15, linewidth=0)
            axes.plot(
                band.x, band.y, color=colour, linewidth=1.8, marker=_FAMILY_MARKERS.get(band.family, "o"), markersize=5,
                linestyle=_FAMILY_LINES.get(band.family, "-"), label=band.label or None,
            )  # fmt: skip
        if any(band.label for band in drawn):
            axes.legend(frameon=False, fontsize=_FONT_POINTS, labelcolor=INK, handlelength=3.5)
        axes.set_xscale("log")
        _named_ticks(axes, ticks, width)
        _few_ticks(axes.yaxis, width)
        if margin is not None:
            axes.yaxis.set_major_formatter(_percent_tick)
        axes.set_xlabel(caption.x_label)
        axes.set_ylabel(caption.y_label)

    return _both(name, 2.4, caption, draw)


def _percent_tick(share: float, _: Any) -> str:
    return f"{100 * share:.4g} %".replace("-", "\N{MINUS SIGN}")


def _axes(figure: Any, width: float, left: float, right: float, top: float, bottom: float) -> Any:
    """Add bare axes with these margins in inches."""
    height = figure.get_figheight()
    axes = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )
    axes.patch.set_visible(False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(RULE)
    axes.tick_params(colors=MUTED, labelcolor=INK, length=0, which="both", labelsize=_FONT_POINTS)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_color(MUTED)
        axis.label.set_size(_FONT_POINTS)
    return axes


def _marker(family: str, marked: bool) -> dict[str, Any]:
    return {
        "marker": _FAMILY_MARKERS.get(family, "o"),
        "markersize": 8 if marked else 6,
        "markeredgewidth": 1.2,
        "linestyle": "none",
        "fillstyle": "full" if marked else "none",
    }


def _view(values: Sequence[float], edges: Sequence[float], greater_is_better: bool) -> tuple[float, float]:
    """Choose limits that show the contenders: whoever lags more than five times the median may fall off."""
    worse = -1.0 if greater_is_better else 1.0
    best = min(values, key=lambda value: worse * value)
    lags = sorted(worse * (value - best) for value in values)
    reach = max((lag for lag in lags if lag <= 5 * median(lags)), default=0.0)
    ends = [best, best + worse * reach, *edges]
    room = 0.08 * (max(ends) - min(ends)) or 0.05 * abs(best) or 0.05
    return min(ends) - room, max(ends) + room


def _few_ticks(axis: Any, width: float) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=6 if width > 5 else 4))


def _named_ticks(axes: Any, ticks: Mapping[float, str], width: float) -> None:
    low, high = axes.get_xlim()
    inside = [place for place in sorted(ticks) if low <= place <= high]
    if len(inside) < 2:
        # An axis without two labels has no scale: it is drawn out to the nearest on either side.
        low = max((place for place in ticks if place <= low), default=low)
        high = min((place for place in ticks if place >= high), default=high)
        axes.set_xlim(low, high)
        inside = [place for place in sorted(ticks) if low <= place <= high]
    step = -(-len(inside) // (8 if width > 5 else 4)) or 1
    axes.set_xticks(inside[::step], [ticks[place] for place in inside[::step]])
    axes.minorticks_off()


def _shortened(label: str, inches: float) -> str:
    letters = max(int((inches - 0.15) / 0.07), 6)
    return label if len(label) <= letters else label[: letters - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _both(name: str, height: float, caption: Caption, draw: Callable[[Any, float], None]) -> str:
    """Draw a figure for both widths of page and return the two SVG elements, each under its class."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # Names are no formulas, and whoever reads the page has the glyphs that Matplotlib's own font lacks.
    settings: Any = {"svg.fonttype": "none", "text.parse_math": False, "axes.formatter.useoffset": False}
    parts = []
    for form, width in WIDTHS.items():
        with rc_context(settings | {"svg.hashsalt": f"{name}-{form}"}), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure = Figure(figsize=(width, height), dpi=_POINTS_PER_INCH)
            figure.patch.set_visible(False)
            draw(figure, width)
            drawn = StringIO()
            nothing = dict.fromkeys(("Date", "Creator", "Type", "Format"))
            figure.savefig(drawn, format="svg", metadata=nothing)
        parts.append(for_the_page(drawn.getvalue(), f"{name}-{form}", form, caption))
    return "".join(parts)
