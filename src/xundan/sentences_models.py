"""Reasons about model directories, in Chinese; part of `sentences.SENTENCES`."""

from __future__ import annotations

MODELS: list[tuple[str, str]] = [
    (r"model_dir: (.*)", "{0}"),
    (r"(.*); `xundan model rollback` takes the model before this one", "{0}；xundan model rollback 可退回上一个模型"),
    (r"there is no model (.*); `xundan model list` shows those there are", "没有模型 {0}；xundan model list 列出全部"),
    (r"no model was active before this one", "在这之前没有启用过别的模型"),
    (
        r"(.*) cannot be read; `xundan model activate VERSION` writes it anew",
        "{0} 读不出来；xundan model activate 会重写它",
    ),
    (r"(.*): version (.*) cannot be a folder's name", "{0}：版本名 {1} 不能用作目录名"),
    (r"(.*): version (\S+) is the built-in model", "{0}：版本 {1} 就是自带模型"),
    (r"(.*): another model has the version (\S+) already", "{0}：已有另一个模型用了版本名 {1}"),
    (r"(.*) is no directory; expected one that holds (.*)", "{0} 不是目录；应是含有 {1} 的目录"),
    (
        r"(.*) is not the file that card.json describes \(SHA-256 differs\)",
        "{0} 与 card.json 里的记录不符（SHA-256 不同）",
    ),
    (r"(.*) is not a tokenizer", "{0} 不是可用的分词器文件"),
    (r"(.*) has no padding token, expected (.*)", "{0} 缺少填充符，应有 {1}"),
    (r"(.*) cannot mark a message and its context as a pair", "{0} 不能把消息和上文编成一对"),
    (r"(\S+) cannot be loaded: (\w+)", "{0} 无法载入：{1}"),
    (r"(.*): kind '(.*)' is unknown here, expected (.*)", "{0}：不认识的类型 {1}，应为 {2}"),
    (
        r"model (\S+) scores a message by what else is in its batch \(apart by (\S+), at most (\S+) may be\): .*",
        "模型 {0} 的打分受同批消息影响（相差 {1}，最多允许 {2}）：请只量化权重，或用固定的量化尺度",
    ),
    (r"model (\S+) gives every message the same scores", "模型 {0} 给每条消息同样的分"),
    (r"model (\S+) gives intents that are no probabilities", "模型 {0} 的意图输出不是概率"),
    (r"model (\S+) gives buy scores that are no probabilities", "模型 {0} 的购买分不是概率"),
    (r"(.*) needs an optional part that is not installed: (.*)", "{0} 需要先安装一个可选部分：{1}"),
]
