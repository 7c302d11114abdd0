"""Words about models and labels; part of `catalogue.WORDS`."""

from __future__ import annotations

UNDERSTAND: dict[str, tuple[str, str]] = {
    "evaluate.help": (
        "在标注好的消息上评测一个模型：每项数字都带 95% 区间",
        "Measure a model on labelled messages: every figure with its 95 % interval.",
    ),
    "evaluate.example": (
        "xundan evaluate --data labelled.jsonl --picture confusion.svg",
        "xundan evaluate --data labelled.jsonl --picture confusion.svg",
    ),
    "evaluate.data": (
        "标注好的 JSON Lines 文件：text、context、intent、buy",
        "labelled JSON Lines: text, context, intent, buy",
    ),
    "evaluate.threshold": ("购买分达到多少算高意向，默认取设置", "score from which a label is high; the setting's"),
    "evaluate.json": ("输出 JSON", "print JSON"),
    "evaluate.picture_file": ("把混淆矩阵和校准曲线画成 SVG", "draw confusion matrix and calibration as an SVG"),
    "evaluate.against": (
        "再评测另一个模型，给出两者之差和区间",
        "measure another model, too, and give the differences with their intervals",
    ),
    "evaluate.gap": ("差", "difference"),
    "evaluate.differences": (
        "与 {model} 相比（同一批消息，成对重抽；加粗的差区间不含 0）",
        "Compared with {model} (same messages, paired resamples; bold where the interval leaves out 0)",
    ),
    "evaluate.seed": ("抽样的随机种子", "seed of the resampling"),
    "understand.model": ("模型目录，默认是正在使用的模型", "model directory; the model that serves unless given"),
    "evaluate.drawn": ("图在 {path}", "the picture is in {path}"),
    "evaluate.not_svg": (
        "命令行：--picture 写的是 SVG，文件名应以 .svg 结尾，而不是 {path}",
        "command line: --picture writes SVG; the file's name must end in .svg, not be {path}",
    ),
    "evaluate.model": ("模型 {model} · 数据 {file}", "model {model} · data {file}"),
    "evaluate.messages": (
        "{messages} 条消息，其中推进购买 {buy} 条",
        "{messages} messages, {buy} of them steps to buy",
    ),
    "evaluate.by_message": (
        "95% 区间：逐条消息重抽 {count} 次（百分位自助法）",
        "95 % intervals: percentile bootstrap, {count} resamples of messages",
    ),
    "evaluate.by_group": (
        "95% 区间：按会话或场景整组重抽 {count} 次，共 {groups} 组（百分位自助法）",
        "95 % intervals: percentile bootstrap, {count} resamples of whole sessions or scenes, {groups} of them",
    ),
    "evaluate.figures": ("总体", "Overall"),
    "evaluate.figure": ("指标", "figure"),
    "evaluate.value": ("值", "value"),
    "evaluate.interval": ("95% 区间", "95 % interval"),
    "evaluate.accuracy": ("意图正确率", "intent accuracy"),
    "evaluate.macro_f1": ("宏平均 F1，出现过的意图", "macro-F1 over the intents that occur"),
    "evaluate.macro_f1_frequent": (
        "宏平均 F1，不少于 {least} 条的 {intents} 个意图",
        "macro-F1 over the {intents} intents with {least} or more",
    ),
    "evaluate.auc": ("购买分 AUC", "buy: area under the ROC curve"),
    "evaluate.average_precision": ("购买分平均精确率", "buy: average precision"),
    "evaluate.brier": ("购买分 Brier", "buy: Brier score"),
    "evaluate.calibration_error": ("购买分校准误差（10 格）", "buy: calibration error (10 bins)"),
    "evaluate.high_precision": (
        "高意向（≥ {threshold}，{high} 条）的精确率",
        "high (from {threshold}, {high} messages): precision",
    ),
    "evaluate.high_recall": (
        "高意向（≥ {threshold}，{high} 条）的召回率",
        "high (from {threshold}, {high} messages): recall",
    ),
    "evaluate.intents": ("各意图", "By intent"),
    "evaluate.col_intent": ("意图", "intent"),
    "evaluate.col_support": ("标注", "labelled"),
    "evaluate.col_predicted": ("判为", "said"),
    "evaluate.col_precision": ("精确率", "precision"),
    "evaluate.col_recall": ("召回率", "recall"),
    "evaluate.col_f1": ("F1", "F1"),
    "evaluate.confusion": (
        "混淆矩阵：行是标注，列是模型的判断",
        "Confusion: rows are labels, columns what the model says",
    ),
    "evaluate.calibration": (
        "校准：购买分说的概率，与真实比例",
        "Calibration: the probability said, and the share that is true",
    ),
    "evaluate.cal_score": ("购买分", "score"),
    "evaluate.cal_messages": ("消息", "messages"),
    "evaluate.cal_mean": ("平均分", "mean score"),
    "evaluate.cal_share": ("真实比例", "true share"),
    "evaluate.cal_interval": ("95% 区间", "95 % interval"),
    "evaluate.picture": ("模型评测 · {model}", "Model {model}, measured"),
    "evaluate.rows": (
        "行：人工标注　列：模型判断　颜色：占该行的比例（蓝＝判对，橙＝判错）",
        "rows: labels; columns: what the model says; colour: share of the row (blue right, orange wrong)",
    ),
    "evaluate.reliability": ("购买分准不准", "Is the buy score true?"),
    "evaluate.reliability_figures": (
        "AUC {auc} · 校准误差 {error} · Brier {brier}",
        "AUC {auc} · calibration error {error} · Brier {brier}",
    ),
    "evaluate.axes": ("横：购买分　纵：真实比例　柱：消息数", "across: buy score; up: true share; bars: messages"),
    "classify.help": (
        "给每条消息打意图和购买分：读 JSON Lines，写 JSON Lines，随到随写",
        "Give each message its intent and buy score: JSON Lines in, JSON Lines out, as they come.",
    ),
    "classify.example": (
        "xundan classify messages.jsonl > scored.jsonl",
        "xundan classify messages.jsonl > scored.jsonl",
    ),
    "classify.file": (
        "JSON Lines 文件：text，可带 context；不填读标准输入",
        "JSON Lines: text, perhaps context; stdin unless given",
    ),
    "classify.rejects": (
        "被拒的行写到哪里；默认写在文件旁边，读标准输入时只报告",
        "where refused lines go; beside the file, only told of for stdin, unless given",
    ),
    "classify.refused": ("第 {line} 行：{reason}", "line {line}: {reason}"),
    "classify.done": ("打分 {done} 条，被拒 {rejected} 行", "{done} classified, {rejected} lines refused"),
    "label.help": (
        "自己的标注集：抽取消息、导入导出标注；用 --llm 和 --model 让大模型先提标注建议",
        "A labelled set of your own: draw, import, export; --llm and --model let a language model propose labels.",
    ),
    "label.example": (
        "xundan label --llm http://127.0.0.1:11434/v1 --model qwen3:8b",
        "xundan label --llm http://127.0.0.1:11434/v1 --model qwen3:8b",
    ),
    "label.llm": (
        "OpenAI 兼容接口的地址，到 /v1 为止；密钥放在环境变量 XUNDAN_LLM_KEY",
        "an OpenAI-compatible endpoint, up to /v1; its key in XUNDAN_LLM_KEY",
    ),
    "label.model": ("该接口上的模型名", "the model's name there"),
    "label.most": ("最多问几条", "how many messages at most"),
    "label.batch": ("一次请求几条", "messages a request"),
    "label.workers": ("同时几个请求", "requests at a time"),
    "label.llm_needs": (
        "命令行：--llm URL 和 --model NAME 要一起给；其余用法见 xundan label --help",
        "command line: --llm URL and --model NAME go together; see xundan label --help for the rest",
    ),
    "label.import.help": (
        "导入标注：人的标注算人的，建议算建议，互不覆盖；手机号等先隐去再保存",
        "Bring in labels: people's as people's, proposals as proposals; personal data is masked first.",
    ),
    "label.import.example": (
        "xundan label import labelled.jsonl --by 小王",
        "xundan label import labelled.jsonl --by ann",
    ),
    "label.file": ("标注文件", "the labelled file"),
    "label.format_in": (
        "格式；默认 .json 是 Label Studio 导出，其余是 JSON Lines",
        "format; .json is Label Studio's, all else JSON Lines, unless given",
    ),
    "label.by": ("谁标的，文件里没写时用", "who labelled, where the file does not say"),
    "label.taken": (
        "{file}：新消息 {new} 条，已有 {known} 条；新的人工标注 {human} 个，新的建议 {proposals} 个；拒 {rejected} 条",
        "{file}: {new} new messages, {known} known; {human} new labels by people, {proposals} new proposals; "
        "{rejected} rejected",
    ),
    "label.export.help": (
        "导出标注，供训练、评测或 Label Studio",
        "Write labels for training, evaluating or Label Studio.",
    ),
    "label.export.example": ("xundan label export --out labelled.jsonl", "xundan label export --out labelled.jsonl"),
    "label.out": ("写到哪个文件，默认标准输出", "file to write; stdout unless given"),
    "label.format": ("格式", "format"),
    "label.proposals": (
        "没有人工标注的，用模型的建议代替",
        "let a model's proposal stand where no person has labelled",
    ),
    "label.unlabelled": ("改为导出还没有人工标注的消息", "instead, the messages that no person has labelled"),
    "label.one_of": (
        "命令行：--proposals 和 --unlabelled 只能用一个",
        "command line: --proposals and --unlabelled exclude each other",
    ),
    "label.written": ("写出 {count} 条：{path}", "{count} written: {path}"),
    "label.draw.help": (
        "从本店收到的顾客消息里随机抽取，等待标注",
        "Draw customer messages of the shop at random, to be labelled.",
    ),
    "label.draw.example": ("xundan label draw --count 500", "xundan label draw --count 500"),
    "label.count": ("抽几条", "how many"),
    "label.drawn": ("新抽 {new} 条；等待人工标注的共 {open} 条", "{new} drawn; {open} wait for a person's label"),
    "label.reading": ("读消息", "reading messages"),
    "label.asking": ("询问模型", "asking the model"),
    "label.nothing_open": (
        "没有要问 {model} 的消息：先用 xundan label draw 抽取，或用 xundan label import 导入",
        "nothing to ask {model}: draw messages with xundan label draw, or bring some in with xundan label import",
    ),
    "label.sends": (
        "将把 {count} 条消息和各自最多三句上文发给 {host} 的 {model}。手机号、证件号、卡号、邮箱已隐去；姓名和地址没有。",
        "{count} messages with up to three turns before each will be sent to {model} at {host}. Mobile numbers, ID and "
        "card numbers and e-mail addresses are masked; names and addresses are not.",
    ),
    "label.plain_http": (
        "注意：地址是 http，消息和密钥会不加密地传过去",
        "Note: over http, messages and key travel unencrypted",
    ),
    "label.sure": ("发送？", "Send them?"),
    "label.proposed": (
        "有效建议 {proposed} 条，无效回答 {invalid} 条，没有回答 {unanswered} 条",
        "{proposed} proposals, {invalid} invalid answers, {unanswered} without an answer",
    ),
    "label.check.help": (
        "检查标注文件：重复的、自相矛盾的、跨训练集和测试集的；--against 找出和另一份文件相同的消息",
        "Check labelled files: what repeats, contradicts, leaks into a test set; --against: what another file has, too.",
    ),
    "label.check.example": (
        "xundan label check labelled.jsonl --against test.jsonl",
        "xundan label check labelled.jsonl --against test.jsonl",
    ),
    "check.path": (
        "标注好的 JSON Lines 文件，或放着这些文件的文件夹",
        "labelled JSON Lines, or a folder of such files",
    ),
    "check.against": ("不该有相同消息的另一份标注文件", "another labelled file, which must have none of the messages"),
    "check.table": ("改为输出数据卡片的 Markdown 表格", "print the tables of a data card, in Markdown, instead"),
    "check.counts": (
        "{messages} 条标注，其中推进购买 {buy} 条；{scenes} 个场景或会话",
        "{messages} labelled messages, {buy} of them steps to buy; {scenes} scenes or sessions",
    ),
    "check.few": (
        "少于 {least} 条的意图，学不好也测不准：{intents}",
        "intents with fewer than {least}, hard to learn and to measure: {intents}",
    ),
    "check.contradictions": (
        "文字和上文都相同、标注却不同：{count} 条",
        "same text and context, different labels: {count}",
    ),
    "check.repeats": (
        "与前面的消息几乎相同（文字和上文）：{count} 条",
        "nearly the same as an earlier message, text and context: {count}",
    ),
    "check.leaks": (
        "留作验证和测试、文字却与训练用的几乎相同：{count} 条",
        "held back for validation and test, with nearly the same text as one trained on: {count}",
    ),
    "check.shared": (
        "--against 的文件里也有几乎相同的文字：{count} 条",
        "nearly the same text is in --against, too: {count}",
    ),
    "check.more": ("……还有 {count} 条", "… and {count} more"),
}
