"""The contract of `Labels`."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xundan.domain.labels import Label, LabelCounts, Labels, Sample, Which
from xundan.domain.ports import Question, Turn

OpenLabels = Callable[[], Labels]


def sample(id: str, text: str = "多少钱", **more: str) -> Sample:
    return Sample(id, Question(text, (Turn("agent", "您好👍"), Turn("user", "在吗"))), **more)


def human(intent: str = "price_query", by: str = "小王", at: int = 1, buy: bool = True) -> Label:
    return Label(intent, buy, "human", by, at)


def proposal(intent: str = "bargain", by: str = "some-model", at: int = 9) -> Label:
    return Label(intent, False, "proposal", by, at)


def test_nothing_is_there_at_first(open_labels: OpenLabels) -> None:
    labels = open_labels()
    assert list(labels.read("a")) == []
    assert labels.counts("a") == LabelCounts()
    assert not labels.known("a")


def test_samples_come_back_whole_in_order_and_by_shop(open_labels: OpenLabels) -> None:
    labels = open_labels()
    kept = [sample("2", owner="u1", message="m1", group="c"), sample("1")]
    assert labels.add("a", kept).new == 2
    labels.add("b", [sample("1", "别家的")])
    assert [one.sample for one in labels.read("a")] == kept
    assert [one.sample.question.text for one in labels.read("b")] == ["别家的"]
    assert set(labels.known("a")) == {("u1", "m1")}
    assert (labels.counts("a"), labels.counts("c")) == (LabelCounts(2, 0, 0, 2), LabelCounts())


def test_a_sample_stays_as_it_is_and_an_id_stands_for_one_text(open_labels: OpenLabels) -> None:
    labels = open_labels()
    labels.add("a", [sample("1", owner="u1", message="m1")])
    again = labels.add("a", [sample("1"), sample("1", "别的"), sample("2", owner="u1", message="m1"), sample("3")])
    assert (again.new, again.known, again.other) == (1, 2, ["1"])
    assert [(one.sample.id, one.sample.question.text) for one in labels.read("a")] == [("1", "多少钱"), ("3", "多少钱")]


def test_a_proposal_stands_beside_a_persons_label_and_never_replaces_it(open_labels: OpenLabels) -> None:
    labels = open_labels()
    labels.add("a", [sample("1"), sample("2"), sample("3")])
    assert labels.put("a", [("1", human()), ("1", proposal()), ("2", proposal()), ("unknown", human())]) == 3
    one, two, three = labels.read("a")
    assert (one.human, one.proposal) == (human(), proposal())
    assert (two.human, two.proposal) == (None, proposal())
    assert (three.human, three.proposal) == (None, None)
    found: dict[Which, list[str]] = {
        which: [one.sample.id for one in labels.read("a", which)] for which in ("human", "proposed", "open")
    }
    assert found == {"human": ["1"], "proposed": ["1", "2"], "open": ["2", "3"]}
    assert labels.counts("a") == LabelCounts(3, 1, 2, 2)
    labels.put("b", [("2", human())])
    assert labels.counts("a").human == 1


def test_the_newest_counts_and_an_old_one_never_comes_back(open_labels: OpenLabels) -> None:
    labels = open_labels()
    labels.add("a", [sample("1")])
    labels.put("a", [("1", human("bargain", at=5)), ("1", human("invoice", by="小李", at=4))])
    assert next(iter(labels.read("a"))).human == human("bargain", at=5)
    assert labels.put("a", [("1", human("other", at=3))]) == 0
    assert labels.put("a", [("1", human("other", by="小李", at=6))]) == 1
    assert next(iter(labels.read("a"))).human == human("other", by="小李", at=6)


def test_they_are_there_after_opening_again(open_labels: OpenLabels) -> None:
    labels = open_labels()
    labels.add("a", [sample("1")])
    labels.put("a", [("1", human())])
    labels.close()
    labels.close()
    assert [one.human for one in open_labels().read("a")] == [human()]


def test_many_threads_at_once(open_labels: OpenLabels) -> None:
    labels = open_labels()

    def write(thread: int) -> None:
        for n in range(10):
            labels.add("a", [sample(f"{thread}-{n}")])
            labels.put("a", [(f"{thread}-{n}", human())])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert labels.counts("a") == LabelCounts(40, 40, 0, 0)


LABEL = st.builds(
    Label,
    st.sampled_from(["invoice", "other"]),
    st.booleans(),
    st.sampled_from(["human", "proposal"]),
    st.sampled_from(["x", "y"]),
    st.integers(1, 4),
)


SHOPS = itertools.count()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(said=st.lists(LABEL, max_size=8))
def test_what_counts_is_the_newest_of_each_kind(open_labels: OpenLabels, said: list[Label]) -> None:
    labels, shop = open_labels(), f"shop {next(SHOPS)}"
    labels.add(shop, [sample("1")])
    kept: dict[tuple[str, str], Label] = {}
    for label in said:
        labels.put(shop, [("1", label)])
        key = (label.source, label.by)
        if key not in kept or label.at > kept[key].at:
            kept[key] = label
    found = next(iter(labels.read(shop)))
    for source, newest in (("human", found.human), ("proposal", found.proposal)):
        best = sorted((one for one in kept.values() if one.source == source), key=lambda one: (-one.at, one.by))
        assert newest == (best[0] if best else None)
    labels.close()
