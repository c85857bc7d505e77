"""Damaged inputs end as works or rejects, in bounded time."""

import time

from tests.mutations import MAX_SECONDS, mutated, outcome

COUNT = 600


def test_damaged_inputs_are_works_or_rejects():
    for number, (name, data) in enumerate(mutated(COUNT, seed=1)):
        start = time.perf_counter()
        result = outcome(name, data)
        assert result != "nothing", (number, name)
        assert time.perf_counter() - start < MAX_SECONDS, (number, name)
