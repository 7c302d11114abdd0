"""The measures, and what the model of the package reaches on real messages it has never seen."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xundan.domain.ports import Turn
from xundan.domain.records import INTENTS
from xundan.errors import Rejected
from xundan.understand.evaluate import (
    MEASURES,
    Answers,
    answer,
    at_threshold,
    differences,
    evaluate,
    measure,
    read_labelled,
)
from xundan.understand.measures import Tally, group_numbers, resamples
from xundan.understand.model import DEFAULT_MODEL, load_classifier


def answers(intent: str, predicted: str, buy: list[int], score: list[float]) -> Answers:
    return Answers(np.array(list(intent)), np.array(list(predicted)), np.array(buy, np.bool_), np.array(score))


KNOWN = answers("aabc", "abbb", [1, 0, 1, 0], [0.9, 0.2, 0.6, 0.6])


def figure(name: str, of: Answers) -> float:
    return float(Tally(of, 0.7).figures(np.ones((1, len(of.buy))))[name][0])


def test_measures_of_a_small_case() -> None:
    found = {name: function(KNOWN) for name, function in MEASURES.items()}
    assert found["accuracy"] == 0.5
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 4 + 0) / 3)
    assert found["buy_auc"] == (1 + 1 + 1 + 0.5) / 4
    assert found["buy_brier"] == pytest.approx((0.01 + 0.04 + 0.16 + 0.36) / 4)
    assert found["buy_calibration_error"] == pytest.approx(0.25 * 0.1 + 0.25 * 0.2 + 0.5 * 0.1)
    assert figure("buy_average_precision", KNOWN) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert at_threshold(KNOWN, 0.6) == {"threshold": 0.6, "high": 3, "precision": 0.6667, "recall": 1.0}


def test_everything_about_a_small_case() -> None:
    found = evaluate(KNOWN, threshold=0.6, count=50)
    assert (found["messages"], found["buy"], found["bootstrap"]["groups"]) == (4, 2, None)
    assert found["confusion"] == {"intents": ["a", "b", "c"], "counts": [[1, 1, 0], [0, 1, 0], [0, 1, 0]]}
    a, b, c = found["intents"]
    assert (a["support"], a["predicted"], a["precision"]["value"], a["recall"]["value"]) == (2, 1, 1.0, 0.5)
    assert (b["precision"]["value"], b["recall"]["value"], b["f1"]["value"]) == (0.3333, 1.0, 0.5)
    assert (c["precision"]["value"], c["recall"]["value"], c["f1"]["value"]) == (None, 0.0, 0.0)
    assert found["macro_f1_frequent"] == {"value": None, "low": None, "high": None}
    assert found["frequent"] == {"least": 6, "intents": 0}
    assert (found["high"]["high"], found["high"]["precision"]["value"], found["high"]["recall"]["value"]) == (
        3,
        0.6667,
        1,
    )
    assert [(bin["from"], bin["messages"], bin["score"], bin["buy"]["value"]) for bin in found["calibration"]] == [
        (0.2, 1, 0.2, 0.0),
        (0.6, 2, 0.6, 0.5),
        (0.9, 1, 0.9, 1.0),
    ]
    json.dumps(found, allow_nan=False)


def test_only_frequent_intents_count_for_the_second_mean() -> None:
    seen = answers("a" * 6 + "b" * 5, "a" * 6 + "c" * 5, [1] * 11, [0.5] * 11)
    assert figure("macro_f1", seen) == 0.5
    assert figure("macro_f1_frequent", seen) == 1.0


ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30)


def scored(rows: list[tuple[bool, int]], scale: Any = float) -> Answers:
    return answers("a" * len(rows), "a" * len(rows), [buy for buy, _ in rows], [scale(score) for _, score in rows])


@given(ROWS)
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[bool, int]]) -> None:
    high = [score for buy, score in rows if buy]
    low = [score for buy, score in rows if not buy]
    found = MEASURES["buy_auc"](scored(rows))
    if not high or not low:
        assert np.isnan(found)
    else:
        pairs = [1.0 if h > w else 0.5 if h == w else 0.0 for h in high for w in low]
        assert found == pytest.approx(sum(pairs) / len(pairs))


@given(ROWS)
def test_rankings_survive_any_rising_map_and_auc_turns_with_the_order(rows: list[tuple[bool, int]]) -> None:
    for name in ("buy_auc", "buy_average_precision"):
        one, other = figure(name, scored(rows)), figure(name, scored(rows, lambda s: s**3 / 1000))
        assert one == pytest.approx(other, nan_ok=True)
    turned = figure("buy_auc", scored(rows, lambda s: -s))
    assert turned == pytest.approx(1 - figure("buy_auc", scored(rows)), nan_ok=True)


@given(ROWS.filter(lambda rows: any(buy for buy, _ in rows)), st.integers(2, 4))
def test_a_message_that_counts_twice_is_a_message_that_is_there_twice(rows: list[tuple[bool, int]], k: int) -> None:
    share = [(buy, score / 5) for buy, score in rows]
    weights = np.array([[1.0 + place % k for place in range(len(rows))]])
    repeated = [row for row, weight in zip(share, weights[0], strict=True) for _ in range(int(weight))]
    by_weight = Tally(scored(share), 0.7).figures(weights)  # type: ignore[arg-type]  # scores are numbers of any kind
    by_copies = Tally(scored(repeated), 0.7).figures(np.ones((1, len(repeated))))  # type: ignore[arg-type]
    for name in by_weight.keys() - {"macro_f1_frequent"}:  # which are frequent depends on the messages, not the draw
        np.testing.assert_allclose(by_weight[name], by_copies[name], err_msg=name)


def many(count: int, seed: int = 1) -> Answers:
    draw = np.random.default_rng(seed)
    truth = np.array(INTENTS)[draw.integers(12, size=count)]
    said = np.where(draw.random(count) < 0.6, truth, np.array(INTENTS)[draw.integers(12, size=count)])
    buy = draw.random(count) < 0.4
    score = np.clip(np.where(buy, 0.65, 0.35) + draw.normal(0, 0.25, count), 0, 1).round(2)
    return Answers(truth, said, buy, score)


def test_the_figures_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="the train extra is not installed")
    seen = many(900)
    high = seen.score >= 0.7
    expected = {
        "accuracy": metrics.accuracy_score(seen.intent, seen.predicted),
        "macro_f1": metrics.f1_score(seen.intent, seen.predicted, average="macro"),
        "buy_auc": metrics.roc_auc_score(seen.buy, seen.score),
        "buy_average_precision": metrics.average_precision_score(seen.buy, seen.score),
        "buy_brier": metrics.brier_score_loss(seen.buy, seen.score),
        "high_precision": metrics.precision_score(seen.buy, high),
        "high_recall": metrics.recall_score(seen.buy, high),
    }
    assert {name: figure(name, seen) for name in expected} == pytest.approx(expected)
    found = Tally(seen, 0.7)
    each = metrics.precision_recall_fscore_support(seen.intent, seen.predicted, labels=found.intents)
    figures = found.figures(np.ones((1, 900)))
    for name, values in zip(("precision", "recall", "f1"), each, strict=False):
        np.testing.assert_allclose(figures[name][0], values)
    matrix = metrics.confusion_matrix(seen.intent, seen.predicted, labels=found.intents)
    np.testing.assert_array_equal(found.confusion(np.ones((1, 900)))[0], matrix)


def test_intervals_contain_the_value_and_repeat() -> None:
    found = measure(KNOWN.take(np.tile(np.arange(4), 20)))
    assert found == measure(KNOWN.take(np.tile(np.arange(4), 20)))
    assert found["messages"] == 80
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]


def test_intervals_are_as_wide_as_the_binomial_says() -> None:
    seen = many(2000)
    found = measure(seen)["accuracy"]
    error = float(np.sqrt(found["value"] * (1 - found["value"]) / 2000))
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_whole_groups_are_drawn_and_copies_in_a_group_add_no_certainty() -> None:
    groups = group_numbers(["s1", "", "s1", ""])
    assert (len(set(groups.tolist())), groups[0] == groups[2]) == (3, True)
    for weights in resamples(groups, 100, seed=3):
        assert (weights[:, 0] == weights[:, 2]).all()
        assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    once = many(150)
    tenfold = once.take(np.tile(np.arange(150), 10))
    names = [f"session {n}" for n in range(150)] * 10
    plain, alone, together = (measure(*args)["accuracy"] for args in ((once,), (tenfold,), (tenfold, 0, names)))
    width = {name: one["high"] - one["low"] for name, one in zip("pat", (plain, alone, together), strict=True)}
    assert width["t"] == pytest.approx(width["p"], rel=0.15)
    assert width["a"] < width["p"] / 2.5
    assert evaluate(tenfold, groups=names, count=10)["bootstrap"]["groups"] == 150


def test_a_difference_is_told_more_surely_than_two_figures_apart() -> None:
    one = many(600)
    hard = np.random.default_rng(5).random(600) < 0.05
    worse = one._replace(predicted=np.where(hard, "other", one.predicted), score=np.where(hard, 0.5, one.score))
    found = differences(one, worse)["accuracy"]
    assert found["value"] == pytest.approx(MEASURES["accuracy"](one) - MEASURES["accuracy"](worse), abs=1e-4)
    assert 0 < found["low"] < found["value"] < found["high"]
    alone = measure(one)["accuracy"]
    assert found["high"] - found["low"] < (alone["high"] - alone["low"]) / 2
    assert set(differences(one, one)["buy_auc"].values()) == {0.0}


def test_a_large_file_takes_seconds() -> None:
    started = time.process_time()
    evaluate(many(12_000))
    assert time.process_time() - started < 15  # about 2 s on a free core


def line(**more: object) -> str:
    return json.dumps({"text": "在吗", "intent": "chitchat", "buy": 0} | more, ensure_ascii=False)


def test_messages_and_dialogues_are_read(tmp_path: Path) -> None:
    turns = [
        {"from": "agent", "text": "您好"},
        {"from": "user", "text": "多少钱", "intent": "price_query", "buy": 1},
        {"from": "user", "text": "在吗", "intent": "chitchat", "buy": 0},
    ]
    rows = [line(), line(session="s1", context=turns), line(scene="c"), json.dumps({"turns": turns}), ""]
    (tmp_path / "m.jsonl").write_text("\n".join(rows), encoding="utf-8")
    found = read_labelled(tmp_path / "m.jsonl")
    assert [message.group for message in found] == ["", "s1", "c", "dialogue 4", "dialogue 4"]
    assert found[3].question == ("多少钱", (Turn("agent", "您好"),))
    assert (found[3].intent, found[3].buy) == ("price_query", True)
    assert len(found[1].question.context) == 3


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ("{", "JSON object"),
        ("[]", "JSON object"),
        ('{"intent": "other", "buy": 0}', "text is missing"),
        (line(text=" "), "text must"),
        (line(text=7), "text must"),
        (line(text="长" * 16_001), "16000"),
        (line(text="a\ud800").replace("\ud800", "\\ud800"), "broken"),
        (line(intent="unheard"), "intent must be one of the 16 names of the codebook, not 'unheard'"),
        (line(intent="我的手机13800138000" * 5), "intent must be one of the 16 names of the codebook, not that"),
        (line(buy=2), "buy must be 0 or 1, not 2"),
        (line(buy=None), "buy is missing"),
        (line(context="x"), "context must be a list"),
        (line(context=[{"text": "x"}]), "context must hold turns"),
        (json.dumps({"turns": [{"from": "user", "text": "x", "buy": 0}]}), "intent is missing"),
    ],
)
def test_a_bad_line_is_named_with_its_field(tmp_path: Path, bad: str, field: str) -> None:
    (tmp_path / "m.jsonl").write_text(line() + "\n\n" + bad + "\n", encoding="utf-8")
    with pytest.raises(Rejected) as raised:
        read_labelled(tmp_path / "m.jsonl")
    assert "m.jsonl, line 3: " in raised.value.reason
    assert field in raised.value.reason
    assert len(raised.value.reason) < 300


def test_a_file_without_messages_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    for path, why in ((tmp_path / "empty.jsonl", "no labelled"), (tmp_path, "folder"), (tmp_path / "n", "no such")):
        with pytest.raises(Rejected, match=why):
            read_labelled(path)


def test_real_messages_are_understood_as_the_card_says(shared: Path) -> None:
    found = measure(answer(load_classifier(), read_labelled(shared / "labelled_dev.jsonl")))
    card = json.loads((DEFAULT_MODEL / "card.json").read_text())
    for name in ("accuracy", "macro_f1", "buy_auc"):
        assert found[name]["value"] == pytest.approx(card["measured"][name]["value"], abs=0.01)
    assert found["accuracy"]["value"] > 0.55
    assert found["macro_f1"]["value"] > 0.45
    assert found["buy_auc"]["value"] > 0.83
