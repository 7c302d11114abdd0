"""Reasons about models and labelled messages, in Chinese; part of `sentences.SENTENCES`."""

from __future__ import annotations

UNDERSTAND: list[tuple[str, str]] = [
    (r"(.*), line (\d+): (.*)", "{0} 第 {1} 行：{2}"),
    (r"(.*): there is no labelled message in it", "{0}：里面没有标注好的消息"),
    (
        r"intent must be one of the (\S+) names of the codebook, not (.*)",
        "intent 应为标注手册里 {0} 个名称之一，而不是 {1}",
    ),
    (r"buy must be 0 or 1, not (.*)", "buy 应为 0 或 1，而不是 {0}"),
    (r"that", "现在的值"),
    (r"text must be a text that is not empty", "text 应为非空的文字"),
    (r"(\S+) must be a list of turns", "{0} 应为对话列表"),
    (r"(\S+) must hold turns with from .* and text", "{0} 的每一条应有 from（user、agent 或 bot）和 text"),
    (r"(\S+) must not contain broken characters", "{0} 含有损坏的字符"),
    (r"(\S+) must be a text of at most (\S+) characters", "{0} 应为不超过 {1} 个字符的文字"),
    (r"the id (.*) stands for another message already", "编号 {0} 已经是另一条消息"),
    (r"the line is longer than (\S+) bytes", "这一行超过 {0} 字节"),
    (r"the file is not JSON; .*", "文件不是 JSON；请从 Label Studio 导出为 JSON 或 JSON-MIN"),
    (r"the file is no list of tasks; .*", "文件里不是任务列表；请从 Label Studio 导出为 JSON 或 JSON-MIN"),
    (r"the task is not a JSON object", "这一项不是 JSON 对象"),
    (r"(.*): the key must not hold blanks or .*", "{0}：密钥不能含空白或非 ASCII 字符"),
    (r"(\S+) gave no answer in (\S+) tries: (.*)", "{0} 试了 {1} 次都没有回答：{2}"),
    (r"(\S+) does not accept the key in (\w+) \((.*)\)", "{0} 不认 {1} 里的密钥（{2}）"),
    (r"(\S+) refused the request: (.*)", "{0} 拒绝了请求：{1}"),
]
