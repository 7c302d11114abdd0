"""Labelled messages that a tiny model can learn: every intent has a cue of its own."""

from __future__ import annotations

import random
from typing import Any

from xundan.domain.records import INTENTS

SUBJECTS = ["衣服", "鞋子", "手机", "冰箱", "茶叶", "玩具", "被子", "相机", "雨伞", "帐篷"]
WORDS = "材质 哪个好 多少钱 有券吗 便宜点 有货吗 几天发 我拍了 改地址 到哪了 坏了 开发票 真差劲 好的 转人工 登录不上"
CUES = dict(zip(INTENTS, WORDS.split(" "), strict=True))


def rows(count: int = 320, seed: int = 0) -> list[dict[str, Any]]:
    """Labelled messages that a tiny network can learn: every intent has a cue of its own, half of them are buy 1."""
    rng = random.Random(seed)
    found = []
    for number in range(count):
        intent = INTENTS[number % len(INTENTS)]
        text = rng.choice(SUBJECTS) + CUES[intent] + rng.choice(["", "呀", "呢", "?"])
        context = [
            {"from": rng.choice(["user", "agent"]), "text": rng.choice(SUBJECTS)} for _ in range(rng.randrange(4))
        ]
        buy = int(INTENTS.index(intent) < 8)
        found.append({"text": text, "context": context, "intent": intent, "buy": buy, "scene": f"s{number}"})
    return found
