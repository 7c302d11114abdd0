"""Words about the models that serve; part of `catalogue.WORDS`."""

from __future__ import annotations

MODELS: dict[str, tuple[str, str]] = {
    "model.help": ("打分用的模型：查看、添加、启用、退回", "The models that score: list, add, activate, go back."),
    "model.list.help": ("列出全部模型，* 为启用中的", "List the models; * marks the active one."),
    "model.list.example": ("xundan model list", "xundan model list"),
    "model.add.help": (
        "检查一个模型目录并收进数据目录，不启用",
        "Check a model directory and copy it into the data directory; it is not activated.",
    ),
    "model.add.example": ("xundan model add ./my-model", "xundan model add ./my-model"),
    "model.activate.help": (
        "启用一个模型；运行中的服务不停机换上",
        "Make a model the active one; a running server switches without a pause.",
    ),
    "model.activate.example": ("xundan model activate my-model-1", "xundan model activate my-model-1"),
    "model.rollback.help": ("退回上一个启用的模型", "Go back to the model that was active before."),
    "model.rollback.example": ("xundan model rollback", "xundan model rollback"),
    "model.version": ("模型版本，built-in 为自带模型", "the model's version; built-in for the one in the package"),
    "model.dir": ("模型目录", "model directory"),
    "model.added": (
        "已检查并添加 {version}；启用：xundan model activate {version}",
        "checked and added {version}; to use it: xundan model activate {version}",
    ),
    "model.active": ("已启用 {version}", "{version} is active"),
    "model.followed": ("运行中的服务已换用 {version}", "the running server scores with {version}"),
    "model.not_followed": ("运行中的服务没有换用它：{fault}", "the running server has not taken it: {fault}"),
    "model.no_answer": ("服务在 {seconds} 秒内没有换完", "it had not switched after {seconds} seconds"),
    "model.built_in": ("自带", "built-in"),
    "model.broken": ("不可用：{fault}", "cannot be used: {fault}"),
    "model.outdone": (
        "设置 model_dir 指定了 {path}，以它为准；去掉这项设置后上面的启用才起作用",
        "the setting model_dir names {path}, which is used instead; without it an activated model is",
    ),
    "model.refused_outdone": (
        "设置 model_dir 指定了 {path}，启用别的模型不会起作用；先去掉这项设置",
        "the setting model_dir names {path}, so activating a model would change nothing; remove the setting first",
    ),
}
