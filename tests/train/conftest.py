"""What the training tests share. They want the extra `train`, which is large: `make test-train` installs it apart."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from xundan.domain.records import INTENTS

SUBJECTS = ["衣服", "鞋子", "手机", "冰箱", "茶叶", "玩具", "被子", "相机", "雨伞", "帐篷"]
WORDS = "材质 哪个好 多少钱 有券吗 便宜点 有货吗 几天发 我拍了 改地址 到哪了 坏了 开发票 真差劲 好的 转人工 登录不上"
CUES = dict(zip(INTENTS, WORDS.split(" "), strict=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.train)


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


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labelled") / "labelled.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows()), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers with random weights, in the form that model hubs give."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("base")
    chars = sorted({char for row in rows() for char in row["text"]} | set("客服机:"))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *chars]
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=52,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=104,
        max_position_embeddings=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": true}')
    return folder
