# SPDX-License-Identifier: GPL-3.0-or-later
"""Random states with all pairs of options: a server has what the model says."""
import itertools

import model
import pytest
import random_states
from expected import Expected, serving
from option_sets import OPTIONS

PAIRS = list(itertools.combinations(OPTIONS, 2))


def chosen(names):
    return {name: OPTIONS[name] for name in names}


def test_options_matter():
    """Each of them makes a difference to most of the states."""
    for name in OPTIONS:
        differ = 0
        for seed in range(len(PAIRS)):
            content = random_states.States(seed).state("127.0.0.1:5050")
            differ += model.made_with(chosen([name]), content) != model.made_with({}, content)
        assert differ > len(PAIRS) * 0.6, name


@pytest.mark.parametrize("seed, names", enumerate([*PAIRS, tuple(OPTIONS), ()]),
                         ids=lambda value: "-".join(value) or "none" if isinstance(value, tuple)
                         else "")
def test_state(seed, names, master):
    content = random_states.States(seed).state(master)
    master.serve(content)
    options = chosen(names)
    records = model.made_with(options, content)
    candidates = {owner for owner, _, _ in model.made_with(OPTIONS, content) |
                  model.made_with({}, content)}
    with serving(master, **options) as server:
        assert not Expected(records).differences(server, candidates)
