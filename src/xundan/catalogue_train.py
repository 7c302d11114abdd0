"""Words about training; part of `catalogue.WORDS`."""

from __future__ import annotations

TRAIN: dict[str, tuple[str, str]] = {
    "train.help": (
        "用标注好的消息训练自己的意图模型，写成一个模型目录",
        "Train an intent model on labelled messages; writes a model directory.",
    ),
    "train.example": (
        "xundan train --base hfl/chinese-bert-wwm-ext --data labelled.jsonl --out my-model --work checkpoints",
        "xundan train --base hfl/chinese-bert-wwm-ext --data labelled.jsonl --out my-model --work checkpoints",
    ),
    "train.what": ("训练模型", "training a model"),
    "train.base": (
        "起点：模型库中的名字、本地目录、e5-small（随扩展安装）或 ngram（线性，几秒）",
        "start from: a name on a model hub, a directory, e5-small (comes with the extra), or ngram (linear, seconds)",
    ),
    "train.out": ("写到这个目录", "the directory to write"),
    "train.data": (
        "标注好的 JSON Lines 文件或目录，默认用随包的数据",
        "labelled JSON Lines, a file or folder; the data of the package if not given",
    ),
    "train.student": (
        "蒸馏出的小模型：层数x宽度，例如 4x312；与 --teacher 一起用",
        "distil into a small model: layers x features, such as 4x312; goes with --teacher",
    ),
    "train.teacher": ("教师模型目录", "model directory of the teacher"),
    "train.unlabelled": (
        "未标注的消息（text、context），由教师打分后一起学",
        "unlabelled messages (text, context) to learn from the teacher's answers on",
    ),
    "train.layers": ("只用起点最下面的几层", "keep only so many of the base's lowest layers"),
    "train.learning_rate": ("学习率，默认 2e-5", "learning rate; 2e-5"),
    "train.epochs": ("轮数，默认 3", "epochs; 3"),
    "train.length": ("最多多少个词元，默认 64", "tokens at most; 64"),
    "train.batch": ("每批条数，默认 32", "messages in a batch; 32"),
    "train.layer_decay": (
        "每往下一层学习率乘以多少，默认 1",
        "what a layer's rate is multiplied with per layer above; 1",
    ),
    "train.class_weights": (
        "意图加权：1 各意图同重，0 各消息同重，默认 0.5",
        "1 weighs all intents alike, 0 all messages; 0.5",
    ),
    "train.label_smoothing": ("标签平滑，默认 0", "label smoothing; 0"),
    "train.patience": (
        "几轮没有进步就停，0 表示不提前停，默认 2",
        "epochs without a gain before it stops, 0 for never; 2",
    ),
    "train.seed": ("随机种子，默认 0", "seed; 0"),
    "train.expand": (
        "是否按规则变换上文（套话、只留顾客的话）",
        "vary the turns before by rules (set phrases, the customer's own turns only)",
    ),
    "train.words": ("是否训练词向量", "train the word embeddings, too"),
    "train.float": ("不量化成 int8", "write the model as it is, without int8"),
    "train.device": ("auto、cpu 或 cuda", "auto, cpu or cuda"),
    "train.work": (
        "放检查点的目录：中断后用同样的命令接着训练",
        "folder for checkpoints: the same command goes on after an interruption",
    ),
    "train.measure": (
        "另外再评测的标注文件，写进模型卡片",
        "another labelled file to measure on, for the card",
    ),
    "train.both": (
        "--student 和 --teacher 要一起给",
        "--student and --teacher go together",
    ),
    "train.too_few": (
        "数据太少，按场景划分后这几部分是空的：{parts}",
        "there is too little data: split by scene, nothing is left for {parts}",
    ),
    "train.training": ("训练", "training"),
    "train.epoch": ("第 {number} 轮：验证集得分 {score}", "epoch {number}: {score} on the validation scenes"),
    "train.held_out": (
        "留出的 {messages} 条：意图正确率 {accuracy}，宏平均 F1 {macro_f1}，购买分 AUC {buy_auc}",
        "{messages} messages held out: intent accuracy {accuracy}, macro-F1 {macro_f1}, buy AUC {buy_auc}",
    ),
    "train.measured": (
        "另外评测的 {messages} 条：意图正确率 {accuracy}，宏平均 F1 {macro_f1}，购买分 AUC {buy_auc}",
        "{messages} further messages: intent accuracy {accuracy}, macro-F1 {macro_f1}, buy AUC {buy_auc}",
    ),
    "train.written": ("模型写在 {path}", "the model is in {path}"),
}
