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
    "evaluate.seed": ("抽样的随机种子", "seed of the resampling"),
    "understand.model": (
        "模型目录，默认取设置 model_dir，再默认自带模型",
        "model directory; model_dir's, or the built-in",
    ),
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
}
