"""Reasons about models and labelled messages, in Chinese; part of `sentences.SENTENCES`."""

from __future__ import annotations

UNDERSTAND: list[tuple[str, str]] = [
    (r"(.*), line (\d+): (.*)", "{0} 第 {1} 行：{2}"),
    (r"(.*): there is no labelled message in it", "{0}：里面没有标注好的消息"),
    (
        r"intent must be one of the (\d+) names of the codebook, not (.*)",
        "intent 应为标注手册里 {0} 个名称之一，而不是 {1}",
    ),
    (r"buy must be 0 or 1, not (.*)", "buy 应为 0 或 1，而不是 {0}"),
    (r"that", "现在的值"),
    (r"text must be a text that is not empty", "text 应为非空的文字"),
    (r"(\S+) must be a list of turns", "{0} 应为对话列表"),
    (r"(\S+) must hold turns with from .* and text", "{0} 的每一条应有 from（user、agent 或 bot）和 text"),
    (r"(\S+) must not contain broken characters", "{0} 含有损坏的字符"),
]
