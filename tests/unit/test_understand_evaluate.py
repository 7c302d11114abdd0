"""The measures, and what the model of the package reaches on real messages it has never seen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xundan.understand.evaluate import (
    Answers,
    accuracy,
    answer,
    at_threshold,
    brier,
    buy_auc,
    calibration_error,
    macro_f1,
    measure,
    read_labelled,
)
from xundan.understand.model import DEFAULT_MODEL, load_classifier


def answers(intent: str, predicted: str, buy: list[int], score: list[float]) -> Answers:
    return Answers(np.array(list(intent)), np.array(list(predicted)), np.array(buy, np.bool_), np.array(score))


KNOWN = answers("aabc", "abbb", [1, 0, 1, 0], [0.9, 0.2, 0.6, 0.6])


def test_measures_of_a_small_case() -> None:
    assert accuracy(KNOWN) == 0.5
    assert macro_f1(KNOWN) == pytest.approx((2 / 3 + 2 / 4 + 0) / 3)
    assert buy_auc(KNOWN) == (1 + 1 + 1 + 0.5) / 4
    assert brier(KNOWN) == pytest.approx((0.01 + 0.04 + 0.16 + 0.36) / 4)
    assert calibration_error(KNOWN) == pytest.approx(0.25 * 0.1 + 0.25 * 0.2 + 0.5 * 0.1)
    assert at_threshold(KNOWN, 0.6) == {"threshold": 0.6, "high": 3, "precision": 0.6667, "recall": 1.0}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[bool, int]]) -> None:
    high = [score for buy, score in rows if buy]
    low = [score for buy, score in rows if not buy]
    found = buy_auc(answers("a" * len(rows), "a" * len(rows), [buy for buy, _ in rows], [float(s) for _, s in rows]))
    if not high or not low:
        assert np.isnan(found)
    else:
        pairs = [1.0 if h > w else 0.5 if h == w else 0.0 for h in high for w in low]
        assert found == pytest.approx(sum(pairs) / len(pairs))


def test_intervals_contain_the_value_and_repeat() -> None:
    many = KNOWN.take(np.tile(np.arange(4), 20))
    found = measure(many)
    assert found == measure(many)
    assert found["messages"] == 80
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]


def test_real_messages_are_understood_as_the_card_says(shared: Path) -> None:
    found = measure(answer(load_classifier(), read_labelled(shared / "labelled_dev.jsonl")))
    card = json.loads((DEFAULT_MODEL / "card.json").read_text())
    for name in ("accuracy", "macro_f1", "buy_auc"):
        assert found[name]["value"] == pytest.approx(card["measured"][name]["value"], abs=0.01)
    assert found["accuracy"]["value"] > 0.55
    assert found["macro_f1"]["value"] > 0.45
    assert found["buy_auc"]["value"] > 0.83
