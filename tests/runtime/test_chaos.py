"""The chaos rounds in short; ``python -m tests.soak.chaos`` does many."""

from __future__ import annotations

import pytest

from tests.soak.chaos import Figures, run_round


@pytest.mark.parametrize("seed", [3, 4, 8])
def test_a_round_of_chaos(seed: int) -> None:
    figures = Figures()
    run_round(seed, figures)
    assert figures.rounds == 1
