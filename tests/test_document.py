"""What a run leaves behind says where it was made and what it cost, cut by cut."""

from dataclasses import replace

import pytest

from advisor import costs
from advisor.document import environment, licences, outcomes_table
from tests.made import all_outcomes, plan

ON_GPU = {"device": "cuda", "device_name": "a GPU", "gpu_memory_mb": 300.0}


def outcomes_on(where):
    return [
        replace(
            o, cost=replace(o.cost, **(where if where and o.job.family == "neural" else {"device_name": "a processor"}))
        )
        for o in all_outcomes(plan())
    ]


@pytest.mark.parametrize(
    ("where", "device", "gpu"),
    [({}, "cpu", None), (ON_GPU, "cuda", "a GPU"), ({"device": "mps", "device_name": None}, "mps", None)],
)
def test_the_environment_names_the_processor_and_the_gpu_that_was_used(where, device, gpu):
    told = environment(plan(), outcomes_on(where), "advisor compare made")
    assert (told["device"], told["gpu"], told["cpu"]) == (device, gpu, costs.cpu_name())


def test_the_licences_are_those_of_the_weights_that_take_part():
    took_part = replace(plan(), learners=("dummy", "linear", "tabicl", "mlp"))
    assert licences(plan()) == {}
    assert licences(took_part) == {"tabicl": "TabICL, BSD-3-Clause"}


def test_the_table_of_outcomes_has_the_device_of_every_fit_and_of_no_trial():
    table = outcomes_table(outcomes_on(ON_GPU), plan(), 0.0)
    fits, trials = (table[table["kind"] == kind].set_index("learner") for kind in ("outer", "trial"))
    assert set(fits.loc["mlp", "device_name"]) == {"a GPU"} and set(fits.loc["mlp", "gpu_memory_mb"]) == {300.0}
    assert set(fits.loc["linear", "device"]) == {"cpu"} and fits.loc["linear", "gpu_memory_mb"].isna().all()
    assert trials["device"].isna().all()
