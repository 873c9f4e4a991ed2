"""The pre-trained net: closed forms against brute force, what it may see, and that its training taught it something."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch
import train as pretrain

from advisor.learners.prior_fitted import LEARNER, PriorFittedClassifier, PriorFittedRegressor
from advisor.nets.prior_fitted import (
    CHECKPOINT,
    MOST_CLASSES,
    RIDGES,
    SOLVERS,
    TAGS,
    PriorFitted,
    answers,
    as_answers,
    cells,
    kernels,
    plain_mean,
    pretrained,
    read,
    scales,
    solve,
)
from advisor.records import Profile


def numbers_of(rows=40, columns=3, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(2, rows, columns)).astype(np.float32))


def cells_of(numbers, seen=30):
    return cells(numbers, scales(numbers[:, :seen]))


def test_values_beyond_those_seen_keep_within_bounds():
    numbers = numbers_of()
    numbers[:, 30:] += 100
    table = cells_of(numbers)
    assert table[..., 0].max() <= 3
    # Above all 30 seen values: the normal score of the last half of a rank.
    assert table[:, 30:, :, 1].unique().tolist() == pytest.approx([float(torch.special.ndtri(torch.tensor(29.5 / 30)))])


def test_a_missing_value_is_a_flag_and_nothing_else():
    numbers = numbers_of()
    numbers[0, 5, 1] = torch.nan
    table = cells_of(numbers)
    assert table[0, 5, 1].tolist() == [0, 0, 1]
    assert not torch.isnan(table).any()
    # The other rows of the column are ranked among those that are known.
    known = numbers[0, [*range(5), *range(6, 30)], 1]
    assert float(table[0, 6, 1, 1]) == pytest.approx(
        float(torch.special.ndtri((torch.sum(known < known[5]) + 0.5) / 29)), abs=1e-4
    )


def test_a_column_of_one_value_says_nothing():
    numbers = numbers_of()
    numbers[:, :, 2] = 7.0
    assert cells_of(numbers)[:, :, 2].abs().max() < 1e-3


def test_regressions_on_constants_say_the_mean():
    labels = torch.arange(20.0).reshape(1, 20, 1)
    numbers = torch.full((1, 21, 2), 7.0)
    numbers[0, 20] = 8.0
    table = cells_of(numbers, 20)
    regressions, _ = solve(table[:, :20], labels)
    torch.testing.assert_close(regressions.advice(table[:, 20:]), torch.full((1, 1, SOLVERS, 1), 9.5))


@pytest.mark.parametrize("noise", [0.0, 0.3, 10.0])
def test_leaving_a_row_out_in_closed_form_is_leaving_it_out_and_finds_the_best_ridge(noise):
    numbers = numbers_of()
    table = cells_of(numbers)
    labels = numbers[:, :30, :1].sin() + noise * torch.randn(2, 30, 1, generator=torch.Generator().manual_seed(1))
    regressions, told = solve(table[:, :30], labels)
    assert told.shape == (2, 30, SOLVERS, 1)
    kernel, asked = (kernels(rows, table[:, :30]).double()[2, 0] for rows in (table[:, :30], table[:, 30:]))
    wanted = (labels[0] - labels[0].mean()).double()
    by_ridge, for_asked = [], []
    for ridge in RIDGES:
        left_out = []
        for row in range(30):
            rest = [other for other in range(30) if other != row]
            lifted = kernel[rest][:, rest] + ridge * kernel.diagonal().mean() * torch.eye(29)
            left_out.append(kernel[row, rest] @ torch.linalg.solve(lifted, wanted[rest]))
        by_ridge.append(torch.stack(left_out))
        lifted = kernel + ridge * kernel.diagonal().mean() * torch.eye(30)
        for_asked.append(asked @ torch.linalg.solve(lifted, wanted))
    best = min(range(len(RIDGES)), key=lambda place: float((by_ridge[place] - wanted).square().mean()))
    centre = labels[0].double().mean()
    torch.testing.assert_close(told[0, :, 2].double(), by_ridge[best] + centre, atol=1e-3, rtol=1e-3)
    told = regressions.advice(table[:, 30:])
    assert told.shape == (2, 10, SOLVERS, 1)
    torch.testing.assert_close(told[0, :, 2].double(), for_asked[best] + centre, atol=1e-3, rtol=1e-3)


def drawn(classes, seed=0):
    rng = np.random.default_rng(seed)
    while True:
        batch = pretrain.batch(rng, 1.0)
        if batch[3] == classes:
            return batch


@pytest.mark.parametrize("classes", [0, 2, 5])
def test_an_untrained_net_says_the_mean_of_the_solvers(classes):
    numbers, labels, seen, _ = drawn(classes)
    table, net = cells_of(numbers, seen), PriorFitted()
    known, asked = table[:, :seen], table[:, seen:]
    regressions, left_out = solve(known, labels[:, :seen])
    advice = regressions.advice(asked)
    tags = torch.ones(len(table), table.shape[2], TAGS)
    with torch.no_grad():
        told = net(net.read(known, labels[:, :seen], left_out, tags, classes), asked, advice, tags, classes)
    torch.testing.assert_close(told, plain_mean(advice, classes), atol=1e-4, rtol=1e-4)


def attended(attention, queries, memory):
    """Attention in its textbook form, head by head, on the weights of one of ours."""
    width = queries.shape[-1] // attention.heads
    queries = queries @ attention.ask.weight.T * (attention.stretch[0] + attention.stretch[1] * np.log(len(memory[0])))
    keys, values = (memory @ attention.memory.weight.T).chunk(2, dim=-1)
    mixed = []
    for head in range(attention.heads):
        part = slice(head * width, (head + 1) * width)
        scores = queries[..., part] @ keys[..., part].transpose(1, 2) / np.sqrt(width)
        mixed.append(scores.softmax(dim=-1) @ values[..., part])
    return torch.cat(mixed, dim=-1) @ attention.out.weight.T


def whole_table_pass(rows, labels, asked, classes, views, seed):
    """What the net says where rows with and without labels go through all layers together, one view at a time."""
    net, seen = deepcopy(pretrained()).double(), len(rows)
    table = cells_of(torch.from_numpy(np.concatenate([rows, asked])[None]), seen)
    regressions, left_out = solve(table[:, :seen], torch.from_numpy(labels[None]))
    advice = torch.cat([left_out, regressions.advice(table[:, seen:])], dim=1)[0].double()
    tags = 2.0 * torch.randint(0, 2, (views, rows.shape[1], TAGS), generator=torch.Generator().manual_seed(seed)) - 1.0
    doors, wide = (net.classes, MOST_CLASSES) if classes else (net.value, 1)
    told = []
    for view in range(views):
        turn = view % max(1, classes)
        opinions = advice.roll(turn, 2)
        known = torch.from_numpy(labels).double().roll(turn, 1)
        known = doors.label(torch.nn.functional.pad(known, (0, wide - known.shape[1])))
        target = torch.cat([known, doors.unknown.expand(len(asked), -1)])
        target = target + doors.advice(torch.nn.functional.pad(opinions, (0, wide - opinions.shape[2])).flatten(1))
        tagged = torch.cat([table[0].double(), tags[view].double().expand(len(target), -1, -1)], dim=2)
        tokens = torch.cat([net.cell(tagged), target[:, None]], dim=1)
        for layer in net.layers:
            normed = layer.norms[0](tokens)
            tokens = tokens + attended(layer.across, normed, normed)
            normed = layer.norms[1](tokens).transpose(0, 1)
            tokens = tokens + attended(layer.down, normed, normed[:, :seen]).transpose(0, 1)
            tokens = tokens + layer.perceptron(layer.norms[2](tokens))
        last = doors.norm(tokens[seen:, -1])
        answer = (doors.trust(last)[:, :, None] * as_answers(opinions[None, seen:], classes)[0]).sum(dim=1)
        answer = answer + doors.answer(last)[:, : max(1, classes)]
        told.append(answer.roll(-turn, 1).softmax(dim=1) if classes else answer)
    return torch.stack(told).mean(dim=0).numpy()


@pytest.mark.parametrize(("rows", "columns", "classes"), [(80, 6, 0), (90, 4, 3), (25, 1, 2), (60, 30, 0)])
@torch.no_grad()
def test_what_was_read_once_answers_as_a_pass_over_the_whole_table(rows, columns, classes):
    rng = np.random.default_rng(rows)
    numbers = rng.normal(size=(rows + 12, columns)).astype(np.float32)
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    if columns > 3:
        numbers[:rows, 2] = np.nan  # a column that is empty where there are labels
    signal = np.nan_to_num(numbers[:rows, 0]) + 0.3 * rng.normal(size=rows)
    place = signal.argsort().argsort()
    labels = np.eye(classes)[place * classes // rows] if classes else ((signal - signal.mean()) / signal.std())[:, None]
    labels = labels.astype(np.float32)
    reading = read(pretrained(), numbers[:rows], labels, classes, 4, 7)
    together = answers(reading, numbers[rows:])
    alone = np.concatenate([answers(reading, row[None]) for row in numbers[rows:]])
    np.testing.assert_allclose(alone, together, atol=1e-5)
    whole = whole_table_pass(numbers[:rows], labels, numbers[rows:], classes, 4, 7)
    np.testing.assert_allclose(together, whole, atol=1e-4)


def test_views_of_many_rows_take_turns_until_all_are_read(monkeypatch):
    monkeypatch.setattr("advisor.nets.prior_fitted.ROWS_A_VIEW", 20)
    seen = []

    class Spy(PriorFitted):
        def read(self, table, *others):
            seen.append(table[0, :, 0, 0])
            return super().read(table, *others)

    rows = np.random.default_rng(0).normal(size=(50, 1)).astype(np.float32)
    reading = read(Spy(), rows, rows, 0, 3, 0)
    assert [len(part) for part in seen] == [20, 20, 20] == [view.memories[0][0].shape[2] for view in reading.views]
    assert len(torch.cat(seen[:2]).unique()) == 40
    assert len(torch.cat(seen).unique()) == 50 == reading.regressions.table.shape[1]


def test_a_saved_model_holds_rows_and_weights_but_not_what_it_read():
    inputs = np.random.default_rng(0).normal(size=(120, 10))
    model = PriorFittedRegressor().fit(inputs, inputs[:, 0])
    saved = pickle.dumps(model)
    assert len(saved) < CHECKPOINT.stat().st_size + model.rows_.nbytes + model.labels_.nbytes + 2_000
    assert b"advisor.nets.prior_fitted" in saved  # by which MLflow models come to require torch
    again = pickle.loads(saved)
    np.testing.assert_array_equal(again.predict(inputs), model.predict(inputs))
    assert again.reading_.net is model.reading_.net  # one net for all, whoever loads it


def test_the_checkpoint_is_small():
    assert CHECKPOINT.stat().st_size < 4e6
    assert sum(weight.numel() for weight in pretrained().parameters()) < 1_000_000


@pytest.mark.parametrize("kind", ["values", "classes"])
def test_training_taught_it_more_than_the_solvers_know(kind):
    rng = np.random.default_rng(987_654)  # not the seed it was trained with
    gains = []
    while len(gains) < 8:
        batch = pretrain.batch(rng, 1.0)
        if (batch[3] == 0) == (kind == "values") and batch[0].shape[1] < 300:
            with torch.no_grad():
                loss, plain = pretrain.loss_of(pretrained(), batch, 0)
            gains.append(float(plain - loss))
    assert np.mean(gains) > 0


def test_pretraining_is_the_same_again_for_a_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrain, "CELLS_A_STEP", 1000)
    for name in ("first.pt", "again.pt"):
        pretrain.pretrain(3, 0, tmp_path / name)
    first, again = (torch.load(tmp_path / name, weights_only=True) for name in ("first.pt", "again.pt"))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_it_sees_through_what_no_straight_line_explains():
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, size=(400, 4))
    crossed = (inputs[:, 0] * inputs[:, 1] > 0).astype(int)
    model = PriorFittedClassifier().fit(inputs[:300], crossed[:300])
    assert (model.predict(inputs[300:]) == crossed[300:]).mean() > 0.9
    steps = np.where(inputs[:, 0] > 0.2, 3.0, -1.0) + 0.05 * rng.normal(size=400)
    answers = PriorFittedRegressor().fit(inputs[:300], steps[:300]).predict(inputs[300:])
    assert np.sqrt(np.mean(np.square(answers - steps[300:]))) < 0.35 * steps.std()


def test_more_classes_than_it_knows_are_refused():
    inputs = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(ValueError, match="takes 2 to 10"):
        PriorFittedClassifier().fit(inputs, np.arange(60) % (MOST_CLASSES + 1))
    profile = Profile("table", "tabular", 1000, "multiclass", (), {}, 20, {"classes": [{}] * 11}, (), "")
    assert "10 classes" in (LEARNER.suits(profile) or "")


def test_large_tables_are_left_to_others():
    profile = Profile("table", "tabular", 2_501, "binary", (), {}, 20, {}, (), "")
    assert "2,500 rows" in (LEARNER.suits(profile) or "")
