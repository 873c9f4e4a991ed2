"""The wording as tables: what a document says in words, and that what it does not say is said to be missing."""

import pytest

from advisor.telling.report import details, facts, method, outlook, pictures, price
from advisor.telling.report.text import WIDTH, notebook_html, summary_text
from advisor.telling.report.wording import label, metric_words, value_text
from tests.telling.report.example import ANSWERS, TASKS, document, hostile, priced


@pytest.mark.parametrize(
    ("answer", "badge", "chance"),
    [
        ("worth_it", "Worth it", "It is virtually certain (more than 99 %) that a net alone"),
        ("not_worth_it", "Not worth it", "It is exceptionally unlikely (less than 1 %) that building with nets"),
        ("too_close_to_call", "Too close to call", "It is about as likely as not (46 %) that a net alone"),
        ("no_signal", "No signal", None),
        ("not_enough_evidence", "Not enough evidence", None),
    ],
)
def test_answer(answer, badge, chance):
    said = facts.answer(document(answer))
    assert said.badge == badge
    assert said.chance == (chance and f"{chance} cuts the error by more than 2 %.")
    assert said.question == "Is a neural network worth it for adult?"


def test_both_readings_stand_side_by_side():
    alone, company = facts.readings(document("worth_it"))
    assert (alone.carries, company.carries) == (True, False)
    assert (alone.gain, alone.interval, alone.detectable) == ("8.1 %", "4.2 % to 11.8 %", "4.8 %")
    assert alone.with_nets == "mlp; ROC AUC 0.936 ± 0.002" and alone.without.startswith("catboost; ")
    assert company.with_nets.startswith("blend: catboost 50 %, mlp 36 %, lightgbm 10 % and 1 more; ROC AUC")
    assert company.chance == "more than 99 %"
    assert facts.readings(document("not_enough_evidence")) == ()


def test_one_model_alone_has_one_reading():
    single = document("not_worth_it")
    single["readings"]["in_company"] = None
    assert [reading.title for reading in facts.readings(single)] == ["Nets alone"]
    assert pictures.gain(single) is not None


def test_a_hopeless_net_is_told_in_multiples_and_not_drawn():
    verdict = document("not_worth_it")
    verdict["readings"]["in_company"] = None
    given = verdict["readings"]["alone"]["gain"]
    given |= {"estimate": -44.5, "low": -148.5, "high": -12.9}
    (reading,) = facts.readings(verdict)
    assert (reading.gain, reading.interval) == ("none, 46 times the error", "14 to 150 times the error")
    assert pictures.gain(verdict) is None
    given |= {"estimate": -0.9, "low": -1.2, "high": -0.5}
    assert pictures.gain(verdict) is not None


def test_a_net_that_no_constraint_lets_through_rules_no_gain_out():
    barred = {**document("not_worth_it"), "p_worth": None}
    assert "can be ruled out" not in facts.answer(barred).meaning


def test_champions_and_blends_are_told_by_their_parts():
    said = dict(facts.answer(document("worth_it")).champions)
    assert said["Classical champion"] == "catboost; ROC AUC 0.930 ± 0.002"
    assert said["Blend of the classical models"].startswith("catboost 70 %, lightgbm 30 %; ROC AUC")
    assert said["Blend of all"].startswith("catboost 50 %, mlp 36 %, lightgbm 10 % and 1 more; ROC AUC")


def test_what_was_handed_over():
    said = facts.answer(document("worth_it"))
    assert said.recommended.startswith("blend of catboost 50 %, mlp 36 %, lightgbm 10 % and 1 more; ROC AUC 0.935")
    assert dict(said.handed) == {
        "Made": "some members fitted on 48,842 rows, the others means of their models of the folds, since the time did "
        "not pay for a fit on all rows",
        "Latency of the whole, p50 / p99": "3.1 / 6.2 ms",
        "Size of the whole": "4.4 MB",
        "Memory of the whole, at least": "130 MB",
        "Error given away to the best": "0.40 %",
    }
    alone = facts.answer(document("not_enough_evidence"))
    assert alone.recommended == "catboost (classical), ROC AUC 0.930 ± 0.002"
    assert dict(alone.handed)["Made"] == "fitted on 48,842 rows"
    none = document("worth_it")
    none["recommended"] |= {"learner": None, "family": None, "score": None, "reason": "no learner finished"}
    assert facts.answer(none).recommended == "nothing yet"


@pytest.mark.parametrize(
    ("members", "changes", "words"),
    [
        (1, {"folds_because": "no_time"}, "as the mean of its models of the folds, since the time did not pay for a "
         "fit on all rows"),
        (1, {"folds_because": "nets_bagged"}, "as the mean of its models of the folds, which of a net erred less on "
         "average than one fit where both were tried"),
        (2, {"folds_because": "no_time"}, "each member the mean of its models of the folds, since the time did not pay "
         "for a fit on all rows"),
        (1, {"folds_because": "no_time", "one": True}, "as a model of one fold"),
        (2, {"fitted_on": "mixed", "one": True}, "some members fitted on 48,842 rows, the others models of one fold "
         "each"),
        (1, {"fitted_on": "mixed", "folds_because": "nets_bagged"}, "as the mean of its models of the folds, and half "
         "of it a fit on 48,842 rows, which erred less on average than either alone where both were tried"),
        (2, {"fitted_on": "mixed", "folds_because": "nets_bagged"}, "each net as the mean of its models of the folds "
         "and, where the time paid for it, half of it a fit on 48,842 rows, which erred less on average than either "
         "alone where both were tried; all others fitted on these"),
        (1, {"fitted_on": "nothing"}, "no model could be made"),
    ],
)  # fmt: skip
def test_why_a_member_is_not_fitted_on_all_rows(members, changes, words):
    verdict = document()
    shared = {name: 1 / members for name in ("catboost", "mlp")[:members]}
    verdict["recommended"] |= {"fitted_on": "folds", "members": shared, "one": False, "folds_because": "", **changes}
    assert dict(facts.handed(verdict))["Made"] == words
    # A run of before these were told has them still to come.
    old = {name: value for name, value in verdict["recommended"].items() if name not in ("one", "folds_because")}
    assert "Made" in dict(facts.handed({**verdict, "recommended": old}))


def test_a_fit_that_was_cut_short_is_told_with_the_model():
    assert not [name for name, _ in facts.handed(document()) if name.startswith("Still learning")]
    late = document()
    late["recommended"]["cut_short"] = ["catboost", "mlp"]
    assert dict(facts.handed(late))["Still learning when its time was up"] == "catboost and mlp"
    assert "still learning when its time was up: catboost and mlp" in " ".join(summary_text(late).split())


def test_who_was_cut_short_is_marked_wherever_its_figures_stand():
    verdict, clean = document(), document()
    for row in verdict["leaderboard"]:
        row["cut_short"] = row["learner"] in ("xgboost", "catboost")
    words = "still learning when its time was up on most folds"
    board = facts.board(verdict)
    assert {row.learner: row.late for row in board.rows if row.late} == {"xgboost": words, "catboost": words}
    assert board.footnote == f"† {words}" and facts.board(clean).footnote == ""
    lines = summary_text(verdict).splitlines()
    marks = {line.split()[1]: line.split()[0] for line in lines if line.startswith(("*", "†")) and len(line) > 60}
    assert {name: marks[name] for name in ("mlp", "catboost", "xgboost")} == {
        "mlp": "*", "catboost": "*†", "xgboost": "†",
    }  # fmt: skip
    assert f"† {words}" in lines and "†" not in summary_text(clean)
    for shown in (notebook_html(verdict), pictures.leaderboard(verdict), pictures.pareto(verdict)):
        assert "xgboost†" in shown and "lightgbm†" not in shown
    assert "†" not in notebook_html(clean) and "†" not in pictures.leaderboard(clean)


def test_who_did_not_learn_is_marked_wherever_its_figures_stand():
    verdict, clean = document(), document()
    for row in verdict["leaderboard"]:
        row["did_not_learn"] = row["learner"] == "mlp"
    words = "did not learn: no better than the same answer for every row"
    board = facts.board(verdict)
    assert {row.learner: row.cells[-1] for row in board.rows if row.cells[-1] == "did not learn"}.keys() == {"mlp"}
    assert board.footnote == f"‡ {words}" and "did not learn" not in str(facts.board(clean))
    for shown in (summary_text(verdict), notebook_html(verdict), pictures.leaderboard(verdict)):
        assert "‡" in shown
    assert f"‡ {words}" in summary_text(verdict).splitlines() and "‡" not in summary_text(clean)


def test_who_was_cut_short_is_said_to_be_beside_readings_champions_and_the_model():
    verdict = document("worth_it")
    for given in (verdict["readings"]["alone"]["with"], verdict["champions"]["neural"], verdict["champions"]["blend"]):
        given["cut_short"] = ["mlp"]
    alone, company = facts.readings(verdict)
    assert alone.with_nets.startswith("mlp (cut short); ROC AUC") and alone.without.startswith("catboost; ")
    assert "cut short" not in company.with_nets
    said = dict(facts.champions(verdict))
    assert said["Neural net champion"].startswith("mlp (cut short); ")
    assert said["Blend of all"].startswith("catboost 50 %, mlp (cut short) 36 %, lightgbm 10 % and 1 more; ")
    assert "cut short" not in said["Classical champion"]
    verdict["recommended"] |= {"cut_short": ["mlp"], "members": {"mlp": 1.0}, "learner": "mlp", "family": "neural"}
    assert facts.recommendation(verdict).startswith("mlp (cut short) (neural net), ROC AUC")


def test_each_reading_has_its_own_margin():
    verdict = document("worth_it")
    assert [reading.margin for reading in facts.readings(verdict)] == ["2 %", "2 %"]
    verdict["readings"]["alone"]["min_gain"], verdict["readings"]["in_company"]["min_gain"] = 0.03, 0.05
    assert [reading.margin for reading in facts.readings(verdict)] == ["3 %", "5 %"]
    assert facts.answer(verdict).chance.endswith("that a net alone cuts the error by more than 3 %.")
    lines = " ".join(summary_text(verdict).split())
    assert "(4.2 % to 11.8 %); chance of more than 3 %: " in lines and "chance of more than 5 %: " in lines
    picture = pictures.gain(verdict)
    assert "the margin is 3 %; " in picture and "the margin is 5 %." in picture


def test_who_is_in_the_blend_that_was_handed_over_is_marked_by_learner():
    marks = {row.learner: row.marks for row in facts.board(document("worth_it")).rows}
    assert {name for name, own in marks.items() if "in the blend handed over" in own} == {"catboost", "mlp", "lightgbm",
                                                                                         "knn"}  # fmt: skip
    alone = facts.board(document("not_enough_evidence"))
    assert {row.learner for row in alone.rows if "recommended" in row.marks} == {"catboost"}


def test_when_the_answer_was_known_and_for_how_many_rows():
    known = "6 min 28 s after the start"
    assert facts.answered(document()) == f"{known}; after that the model that is handed over was worked on"
    nothing = f"{known}; after that nothing more was begun for the model to use"
    assert facts.answered(document("not_worth_it")) == nothing
    assert facts.answered(document("too_close_to_call")) is None
    early = document()
    early["budget"]["until"] = "answer"
    assert facts.answered(early) == "6 min 28 s after the start; no further candidate was tried"
    last = document()
    last["looks"][-1]["stage"] = "final"
    assert facts.answered(last) == "6 min 28 s after the start, by all that was measured"
    assert facts.rows_used(document()) is None
    assert facts.rows_used({**document(), "rows_used": 10_000}).startswith("10,000 of 48,842, drawn")


@pytest.mark.parametrize(("task", "greater"), [("binary", True), ("multiclass", False), ("regression", False)])
def test_direction_is_read_from_scores_and_errors(task, greater):
    assert facts.greater_is_better(document("worth_it", task)) is greater


def test_board_has_a_cell_for_every_column_and_says_what_was_not_measured():
    board = facts.board(document("not_enough_evidence"))
    by_name = {row.learner: row for row in board.rows}
    assert all(len(row.cells) == len(board.columns) for row in board.rows)
    assert by_name["mlp"].cells[0] == "not measured"
    assert by_name["mlp"].cells[6] == "3 min"
    assert by_name["mlp"].cells[-1] == "failed"
    assert by_name["catboost"].marks == ("classical champion", "recommended")
    assert by_name["forest"].marks == ()
    blended = {row.learner: row.marks for row in facts.board(document()).rows}
    assert blended["lightgbm"] == ("in the blend handed over",)


def test_remarks_are_on_those_that_reached_something():
    verdict = document("not_enough_evidence")
    verdict["leaderboard"][0] |= {"status": "partly", "message": "the budget ran out on fold 5"}
    board = facts.board(verdict)
    assert board.remarks == {"catboost": "the budget ran out on fold 5"}
    assert board.rows[0].cells[-1] == "finished in part"


def test_an_interval_of_its_own_counts_more_than_the_standard_error():
    verdict = document()
    assert facts.half_width(verdict, {"se": 0.01}) == pytest.approx(0.01645, rel=1e-3)
    assert facts.half_width(verdict, {"se": 0.01, "low": 0.9, "high": 0.94}) == pytest.approx(0.02)
    assert facts.half_width(verdict, {"se": None}) is None


def test_severe_findings_come_first_and_are_not_told_twice():
    verdict = document()
    severe = verdict["findings"][1]
    verdict["reasons"].append(f"{severe['message']} {severe['advice']}")
    assert [finding.severity for finding in details.findings(verdict)] == ["severe", "info"]
    assert len(details.reasons(verdict)) == len(verdict["reasons"]) - 1


def test_what_would_change_the_answer():
    changes = {change.heading: change.sentence for change in details.would_change(document("too_close_to_call"))}
    assert list(changes) == ["More rows", "A GPU", "A larger budget", "A smaller margin", "Pre-trained weights"]
    assert "the gain would be 3.3 % (\N{MINUS SIGN}1.7 % to 8.3 %)" in changes["More rows"]
    assert "with four times the rows the gain would be 4.4 %" in changes["More rows"]
    assert "at about 61,000 rows (49,000 to more than four times as many)" in changes["More rows"]
    assert changes["A GPU"] == "No net was held back by time."
    assert changes["A smaller margin"] == "With a margin below 0.40 % the net would be worth it."
    assert "the net 1.20 % (0.40 % to 2.20 %)" in changes["A larger budget"] and "tabm" in changes["A larger budget"]
    assert changes["Pre-trained weights"].startswith("Tabicl: needs pre-trained weights")
    silence = details.would_change({"would_change": "there was no time to ask"})
    assert silence == (details.ChangeFacts("", "There was no time to ask.", ()),)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": "no time was left"}, "No time was left."),
        (
            {"direction": "neural", "reason": "with fewer than 500 rows a curve is too rough"},
            "More rows favour the net, but no figure can be given: with fewer than 500 rows a curve is too rough.",
        ),
        (
            {"direction": None, "reason": "the gain does not move", "detectable_2n": 0.1, "detectable_4n": 0.07},
            "The gain does not move. The gain that would show four times out of five, if nothing else changed: 10 % "
            "with twice the rows and 7.0 % with four times the rows.",
        ),
    ],
)
def test_more_rows_without_a_figure(change, sentence):
    assert outlook.more_rows(change) == sentence


def test_a_gpu_and_pre_trained_nets_in_words():
    told = outlook.gpu({"brought_in": ["tabm"], "still_too_slow": ["ft"], "cut_short": [], "assumed_speed": 5.0})
    assert told.startswith("It would bring in tabm, if it trains at least 5.0 times as fast as one core, half of what")
    assert told.endswith("Too slow even so: ft.")
    gain = {"estimate": -0.03, "low": -0.08, "high": 0.02}
    took_part = {"prior_fitted": {"champion": False, "gain": gain}}
    told = outlook.pretrained({"lacking": {}, "took_part": took_part})
    assert "was \N{MINUS SIGN}3.0 % (" in told and told.endswith("; it is not the nets' champion.")


def _curve(start, learner, errors, seconds, **more):
    points = [
        {"train_rows": rows, "error": error, "low": 0.9 * error, "high": 1.1 * error, "seconds": seconds}
        for rows, error in zip((100, 800), errors, strict=True)
    ]
    return {"start": start, "learner": learner, "points": points, **more}


@pytest.mark.parametrize(
    ("low", "claim"),
    [(0.1, "save data holds here"), (-0.1, "can neither be shown nor refuted here"), (-0.9, "does not hold here")],
)
def test_whether_training_beforehand_saves_data_is_said(low, claim):
    gain = {"estimate": low + 0.1, "low": low, "high": low + 0.2}
    curves = [
        _curve("scratch", "cnn", (0.5, 0.3), 20.0),
        _curve("frozen", "minilm", (0.3, 0.2), 2.0, gain=gain, gain_fewest=gain, matches_with=100),
    ]
    change = {"curves": curves, "took_part": {}, "lacking": {}}
    told = outlook.pretrained(change)
    assert claim in told and "100 rows take it as far as all take the net from scratch" in told
    assert told.endswith("and it took less time.")
    drawn = pictures.transfer({**document(), "would_change": {"pretrained": change}})
    assert "minilm (pre-trained, frozen)" in drawn and "cnn (from scratch)" in drawn


def test_a_contest_on_fewer_rows_says_what_all_of_them_would_bring():
    gain = {"estimate": 0.03, "low": 0.01, "high": 0.05}
    change = {"rows": 10_000, "rows_all": 48_842, "gain_all": gain, "p_worth_all": 0.7, "detectable_all": 0.02}
    told = outlook.more_rows(change)
    assert told.startswith("Nets alone: with all 48,842 rows the gain would be 3.0 % (1.0 % to 5.0 %)")
    assert told.endswith("if nothing else changed: 2.0 % with all 48,842 rows.")
    assert "held on 10,000 of 48,842 rows" in outlook.larger_budget({"rows": {"used": 10_000, "all": 48_842}})


def test_a_margin_that_is_not_to_blame_has_its_reason():
    change = {"reason": "the margin is not what keeps the net from being worth it", "because": ["It was too slow."]}
    assert outlook.smaller_margin(change).endswith("from being worth it. It was too slow.")


def test_both_readings_of_equal_effort():
    told = dict(outlook.rests_on(document()))
    assert (
        "36 of the net against 140 of the classical side in candidates, the gain of nets alone is 3.1 %"
        in (told["Equal effort"])
    )
    assert told["Equal effort"].endswith("The two readings name different sides.")
    assert dict(outlook.rests_on({})) == {}
    silent = {"effort": {"equal_time": None, "equal_trials": None}}
    assert dict(outlook.rests_on(silent))["Equal effort"] == "The families cannot be compared by equal effort."


def test_the_curve_is_drawn_where_there_is_one():
    drawn = pictures.growth(document())
    assert drawn is not None and drawn.count("<svg") == 2 and "156,296" in drawn
    assert pictures.growth(document("no_signal")) is None
    silent = document()
    silent["would_change"]["more_rows"] |= {"gain_2n": None, "gain_4n": None}
    drawn = pictures.growth(silent)
    assert drawn is not None and "156,296" not in drawn
    assert pictures.growth({**document(), "would_change": "no time"}) is None


def test_data_in_words():
    said = dict(details.data(document()))
    assert said["Rows"] == "48,842"
    assert said["Target"] == "income"
    assert said["Classes"] == "class 0: 76 %, class 1: 24 %"
    assert "Source" not in said
    assert dict(details.data(document(task="regression")))["Standard deviation"] == "3,990"
    assert details.columns(document())[0][1] == ("workclass", "categorical", "5.7 %", "8")


def test_costs_tell_of_a_gpu_only_where_there_was_one():
    without, given = document(), document()
    for family in ("neural", "classical"):
        without["cost"][family] |= {"gpu_memory_mb": None}
    assert "Peak GPU memory" not in {row[0] for row in price.measured(without)}
    given["cost"]["neural"] |= {"device": "cuda", "device_name": "A GPU", "gpu_memory_mb": 410.0}
    given["environment"] |= {"device": "cuda", "gpu": "A GPU"}
    rows = {row[0]: row for row in price.measured(given)}
    assert rows["Peak GPU memory"][1] == "410 MB" and rows["Device name"][1] == "A GPU"
    assert ("GPU", "A GPU") in method.environment(given) and "GPU" not in dict(method.environment(document()))


def test_measured_costs_in_words():
    rows = {row[0]: row[1:] for row in price.measured(document())}
    assert rows["Model size"] == ("1.9 MB", "0.70 MB", "2.7 \N{MULTIPLICATION SIGN}")
    assert rows["Rows a second, 1,000 at once"] == ("41,000", "590,000", "0.069 \N{MULTIPLICATION SIGN}")
    assert rows["Energy, estimated"][:2] == ("3 Wh", "1 Wh")
    told = " ".join(price.NOTES)
    assert "lower bound" in told and "estimated, not measured" in told and "Lannelongue" in told


def test_without_prices_the_account_says_what_it_lacks():
    assert price.account(document()) is None and price.sensitivity(document()) == ()
    assert price.break_even(document()) == ("No price of the machine was given (--cost-per-hour).",)
    assert price.break_even({"cost": {"break_even": {}}}) == ()


def test_the_account_in_words():
    """7.3 million predictions at 7 % errors, 8.1 % of them avoided, are worth 20,700; people cost 9,000."""
    verdict = priced(document())
    told = price.account(verdict)
    assert told.given == (
        "Over 12 months, at 0.4 for an hour of the machine, 20,000 predictions a day and 0.5 for one wrong prediction, "
        "a model with nets costs beyond one without:"
    )
    assert dict(told.items)["Engineering"] == "9,000" and dict(told.items)["Refits (12 a year)"] == "0.0037"
    assert "are worth 20,700 (16,000 to 25,300), which leaves 11,700 (7,000 to 16,300)" in told.outcome
    assert price.break_even(verdict) == (
        "The net pays from a gain of 3.5 % on.",
        "With the gain that was measured it pays from 8,700 predictions a day on.",
        "With the gain that was measured it pays where one wrong prediction avoided is worth 0.22 or more.",
    )
    scenarios = {scenario.change: scenario for scenario in price.sensitivity(verdict)}
    assert not scenarios["As given"].flips and scenarios["As given"].cells[-1] == "worth it"
    half = scenarios["Predictions a day \N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}0.5"]
    assert half.flips and half.cells[:3] == ("10,000", "9,000", "1,300")
    assert price.flips(verdict).startswith("All else equal, the account is even at 0.43 times the gain, ")
    assert price.flips(document()) == ""


def test_a_loss_is_not_called_a_benefit_and_perfection_may_not_pay():
    loss = priced(document("not_worth_it"))
    assert "its gain, a loss, is worth \N{MINUS SIGN}" in price.account(loss).outcome
    assert not [row for row in price.sensitivity(loss) if row.change.startswith("Gain")]
    assert price.flips(loss) == "None of these changes turns the answer. "
    assert "it pays at no volume and no value." in price.break_even(loss)[-1]
    dear = price.break_even(priced(document(), engineering_cost=1e9))
    assert dear[0] == "Not even a net without error would earn back what it costs."


def test_the_front_is_drawn_in_processor_time_or_in_money():
    assert "processor time of this run" in pictures.pareto(document())
    assert "cost over 12 months" in pictures.pareto(priced(document()))
    nothing = document()
    nothing["cost"].pop("pareto")
    assert pictures.pareto(nothing) is None


def test_rules_and_looks():
    assert [rule.held for rule in details.rules(document())] == ["Did not hold here", "Does not apply"]
    assert details.looks(document()) == (
        ("Default configurations", "1 min 01 s", "71 %", "40 %", "still open"),
        ("After tuning", "6 min 28 s", "more than 99 %", "40 %", "Worth it"),
    )


@pytest.mark.parametrize(
    ("splits", "part"),
    [
        ({"kind": "stratified", "folds": 5, "repeats": 1}, "5 folds, stratified"),
        ({"kind": "stratified", "folds": 10, "repeats": 3}, "10 folds, 3 times over"),
        ({"kind": "grouped", "folds": 5, "repeats": 1, "group": "patient"}, "the same patient never"),
        ({"kind": "forward", "folds": 4, "repeats": 1, "time": "day"}, "forward in time by day"),
        ({"kind": "holdout", "folds": 1, "repeats": 1}, "held out"),
        ({"kind": "holdout", "folds": 1, "repeats": 1, "trainings": 3}, "is the mean of up to 3 trainings"),
    ],
)
def test_folds_in_words(splits, part):
    told = method.splits({**document(), "splits": splits})
    assert part in told and ("trainings" in told) == ("trainings" in splits)


@pytest.mark.parametrize(("overrun", "part"), [(0.0, "spent, kept."), (3.25, "overrun by 3.2 %.")])
def test_budget_in_words(overrun, part):
    verdict = document()
    verdict["budget"]["overrun_pct"] = overrun
    assert part in method.budget(verdict)


def test_method_names_its_sources():
    told = " ".join(paragraph for _, paragraph in method.steps(document()))
    assert "DeLong" in told
    assert "Nadeau and Bengio 2003" in told
    assert "chosen on the rows drawn and judged on the others" in told and "at a fifth of the allowed doubt" in told
    assert "10,000 of 48,842" in " ".join(p for _, p in method.steps({**document(), "rows_used": 10_000}))
    assert "DeLong" not in " ".join(paragraph for _, paragraph in method.steps(document(task="regression")))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("fit_seconds", 200.0, "3 min 20 s"),
        ("latency_p99_ms", 2.31, "2.3 ms"),
        ("predict_ms_per_1000_rows", 1.7, "1.7 ms"),
        ("model_mb", 0.035, "35 kB"),
        ("missing_share", 0.0095, "0.95 %"),
        ("overrun_pct", 3.1, "3.1 %"),
        ("p_worth", 0.9999, "more than 99 %"),
        ("rows", 48842, "48,842"),
        ("skew", 1.6234, "1.62"),
        ("sorted", True, "yes"),
        ("anything", None, "not measured"),
        ("columns", list("abcdefghij"), "a, b, c, d, e, f, g, h and 2 more"),
        ("skill", {"a_b": 0.5}, "a b: 0.500"),
        ("note", "as it is", "as it is"),
    ],
)
def test_any_value_in_words(name, value, text):
    assert value_text(name, value) == text


def test_labels_drop_the_unit_that_the_value_carries():
    labels = {"warm_seconds": "Warm time", "model_mb": "Model size", "rows_a_level": "Rows a level"}
    assert {name: label(name) for name in labels} == labels
    assert metric_words("roc_auc")[0] == "ROC AUC"
    assert metric_words("my_metric") == ("my metric", "")


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("task", TASKS)
def test_terminal_text_is_short_and_narrow(answer, task):
    verdict = document(answer, task)
    text = summary_text(verdict, "advisor-runs/adult")
    assert facts.answer(verdict).badge.upper() in text
    assert next(iter(verdict["recommended"]["members"])) in text
    assert "advisor-runs/adult/report.html" in text
    assert len(text.splitlines()) <= 40
    assert max(map(len, text.splitlines())) <= WIDTH


def test_terminal_text_tells_what_was_handed_over_and_what_went_wrong():
    text = summary_text(document("worth_it"))
    assert "Nets in company:       gain 6.2 % (3.1 % to 9.4 %); chance of more than 2 %: more than 99 %" in text
    assert "size of the whole: 4.4" in " ".join(text.split()) and "Problem:               mlp: it was still" in text
    assert "Answer known:          6 min 28 s after the start" in text
    late = document()
    late["mlflow"]["run_id"] = None
    assert "had not answered yet" in summary_text(late)


def test_terminal_text_tells_of_money_where_there_were_prices():
    assert "In money" not in summary_text(document())
    assert "In money:              Over the same time the errors" in summary_text(priced(document()))


def test_terminal_text_obeys_no_escape_sequence():
    text = summary_text(hostile(document(), "\x1b[31mred\x9b2J\r"))
    assert not any(ord(sign) < 32 and sign != "\n" for sign in text)
    assert "\x9b" not in text


def test_notebook_card_escapes_and_answers():
    assert "Not worth it" in notebook_html(document("not_worth_it"))
    assert "Nets in company: gain 6.2 %" in notebook_html(document())
    card = notebook_html(hostile(document(), "<script>alert(1)</script>"))
    assert "<script" not in card
    assert "&lt;script&gt;" in card
