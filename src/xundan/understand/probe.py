"""Whether a model may serve: it answers a set of messages in the right form, each as if it had been asked alone."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from xundan.domain.ports import Question, Turn
from xundan.errors import XundanError
from xundan.understand.model import OnnxClassifier

SAME = 1e-3
"""By how much a score may depend on what else is in the batch."""

_HELLO, _SIZE = Turn("agent", "您好 有什么可以帮您"), Turn("user", "身高175体重140穿什么码")
PROBES: tuple[Question, ...] = (
    Question("在吗"),
    Question("便宜点"),
    Question("好的", (_HELLO, _SIZE, Turn("agent", "建议您拍XL码哦"))),
    Question("那就这个吧", (_SIZE, Turn("agent", "建议您拍XL码哦"))),
    Question("我的快递到哪了 都三天了还没动", (_HELLO,)),
    Question("能退吗"),
    Question("买的电饭煲用了两天就坏了怎么办 你们到底管不管 再不处理我就投诉了", (_HELLO,)),
    Question("能开发票吗"),
    Question("转人工"),
    Question("[链接x]", (_HELLO,)),
    Question("这个和旁边那个有什么区别 哪个好一点 我家两个人用"),
    Question("什么时候发货呀", (Turn("user", "我拍了两件"), Turn("agent", "收到亲"), Turn("user", "好的"))),
    Question("有没有黑色 42 码的" * 30),
    Question("🙂"),
    Question("?"),
    Question("abc 123 http://x.cn/i?id=1"),
)


class Checked(NamedTuple):
    """How quick a model that passed is: milliseconds for one message alone, messages a second in batches."""

    ms: float
    each_s: float


def check(model: OnnxClassifier) -> Checked:
    """Score the probes, alone and together. Raises `XundanError` that says why the model must not serve."""
    alone = [model.probabilities([question]) for question in PROBES]
    intent, buy = model.probabilities(PROBES)
    one_by_one = np.concatenate([part for part, _ in alone]), np.concatenate([part for _, part in alone])
    if (intent < -SAME).any() or (abs(intent.sum(axis=1) - 1) > SAME).any():
        raise XundanError(f"model {model.version} gives intents that are no probabilities")
    if (buy < 0).any() or (buy > 1).any():
        raise XundanError(f"model {model.version} gives buy scores that are no probabilities")
    apart = max(float(abs(intent - one_by_one[0]).max()), float(abs(buy - one_by_one[1]).max()))
    if apart > SAME:
        raise XundanError(
            f"model {model.version} scores a message by what else is in its batch (apart by {apart:.3f}, "
            f"at most {SAME} may be): quantise its weights only, or with fixed scales"
        )
    if float(buy.max() - buy.min()) < SAME and float(np.ptp(intent, axis=0).max()) < SAME:
        raise XundanError(f"model {model.version} gives every message the same scores")
    return _measured(model)


def _measured(model: OnnxClassifier) -> Checked:
    begin = time.perf_counter()
    for question in PROBES:
        model.classify([question])
    between = time.perf_counter()
    model.classify(PROBES * 4)
    end = time.perf_counter()
    return Checked(1000 * (between - begin) / len(PROBES), 4 * len(PROBES) / (end - between))
