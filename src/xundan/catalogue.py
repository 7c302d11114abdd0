"""The catalogue behind `words`: key -> (Chinese, English)."""

from __future__ import annotations

from xundan.catalogue_chats import CHATS
from xundan.catalogue_coze import COZE
from xundan.catalogue_models import MODELS
from xundan.catalogue_orders import ORDERS
from xundan.catalogue_train import TRAIN
from xundan.catalogue_understand import UNDERSTAND

WORDS: dict[str, tuple[str, str]] = {
    "error": ("错误：{sentence}", "Error: {sentence}"),
    "interrupted": ("已中断", "interrupted"),
    "unexpected": (
        "程序内部出错（{kind}，{place}）；请把命令和这一行反馈给开发者，设 XUNDAN_TRACE=1 可看详情",
        "an internal fault ({kind}, {place}); please report the command and this line; XUNDAN_TRACE=1 shows more",
    ),
    "example": ("例：", "Example: "),
    "help.Usage:": ("用法：", "Usage:"),
    "help.Options:": ("选项：", "Options:"),
    "help.Commands:": ("命令：", "Commands:"),
    "help.Arguments:": ("参数：", "Arguments:"),
    "help.[required]": ("[必填]", "[required]"),
    "help.[default: ": ("[默认：", "[default: "),
    "help.help": ("显示本帮助", "Show this message and exit."),
    "option.config": ("配置文件，默认 xundan.toml", "settings file, xundan.toml unless given"),
    "option.lang": ("界面语言：zh 或 en", "language: zh or en"),
    "option.set": ("临时改一项设置，可重复", "change one setting for this run; repeatable"),
    "option.yes": ("不再询问", "do not ask"),
    "option.shop": ("店铺编号，默认取设置 shop_id", "the shop, shop_id of the settings unless given"),
    "option.from": ("起始日，如 2026-11-01", "first day, e.g. 2026-11-01"),
    "option.to": ("截止日（含）", "last day, included"),
    "xundan.help": (
        "询单：看清客服聊天如何变成订单。",
        "Xundan tells which customer-service chats become orders.",
    ),
    "serve.help": ("启动服务", "Start the server."),
    "serve.example": ("xundan serve --port 8720", "xundan serve --port 8720"),
    "serve.host": ("监听地址", "address to listen on"),
    "serve.port": ("监听端口", "port to listen on"),
    "serve.data_dir": ("数据目录", "where databases and keys lie"),
    "serve.ready": (
        "询单已启动：{url}  店铺 {shop}  数据目录 {data_dir}（Ctrl-C 结束）",
        "Xundan is up: {url}  shop {shop}  data in {data_dir} (Ctrl-C ends it)",
    ),
    "serve.public": (
        "提示：正在监听 {host}，请用反向代理加上 TLS，不要把它直接暴露在公网",
        "Note: listening on {host}; put a TLS reverse proxy in front, do not expose it as it is",
    ),
    "serve.port_taken": (
        "不能监听 {host}:{port}（{why}）；换一个端口：xundan serve --port {other}",
        "cannot listen on {host}:{port} ({why}); take another port: xundan serve --port {other}",
    ),
    "serve.weak": (
        "coze_secret（{kid}）太短，至少要 {least} 字节；xundan init 会生成一把合格的",
        "coze_secret ({kid}) must have at least {least} bytes; `xundan init` generates a good one",
    ),
    "demo.help": ("用模拟店铺演示一遍：启动、收消息和订单、出报表", "Try it all on a simulated shop."),
    "demo.example": ("xundan demo --exit", "xundan demo --exit"),
    "demo.exit": ("出完报表就结束", "end after the report"),
    "demo.days": ("模拟的天数", "days to simulate"),
    "demo.customers": ("每天的新顾客数", "new customers a day"),
    "demo.port": ("端口，默认 8720，被占用时随机", "port, 8720 unless given, any free one if that is taken"),
    "demo.data_dir": ("演示数据目录，每次重建", "data of the demo, made anew each time"),
    "demo.not_ours": (
        "{path} 里有别的东西，演示不会删除它；请用 --data-dir 换一个目录",
        "{path} holds something the demo did not make and will not delete; choose another with --data-dir",
    ),
    "demo.silent": ("没有说明原因", "it did not say why"),
    "demo.start_failed": ("服务没能启动：{why}", "the server did not start: {why}"),
    "demo.simulating": (
        "启动服务，模拟一家店铺最近 {days} 天（每天约 {customers} 位新顾客）…",
        "starting the server and simulating a shop: {days} days up to now, about {customers} new customers a day …",
    ),
    "demo.links": ("账号关联", "links"),
    "demo.orders": ("订单事件", "order events"),
    "demo.messages": ("聊天消息（批量）", "messages (batch)"),
    "demo.live": ("聊天消息（POST /coze）", "messages (POST /coze)"),
    "working": ("归并会话、归因订单", "building conversations"),
    "demo.sent": (
        "收到 {messages} 条消息（其中 POST /coze {live} 条，每秒 {rate} 条）、{orders} 个订单事件、"
        "{links} 条关联，用时 {seconds} 秒",
        "took {messages} messages ({live} of them by POST /coze, {rate}/s), {orders} order events and {links} links"
        " in {seconds} s",
    ),
    "demo.refused": (
        "有 {count} 行被拒收，第一条的原因：{why}",
        "{count} rows were refused, the first because: {why}",
    ),
    "demo.true": (
        "已与模拟的真实账目核对：{checked} 项数字全部一致",
        "checked against what the simulation truly did: all {checked} figures agree",
    ),
    "demo.untrue": (
        "与模拟的真实账目不一致（{what}：报表，真值），这是程序的错，请反馈",
        "the report differs from what the simulation truly did ({what}: report, truth): please report this fault",
    ),
    "demo.slow": (
        "等了 {seconds} 秒，还有 {lag} 条没处理完",
        "after {seconds} s there still are {lag} entries waiting",
    ),
    "demo.now": (
        "\n服务在 {url} 运行，接口文档 {url}/docs。发一条消息试试（可直接粘贴）：\n\n{curl}\n\n"
        "在另一个终端看它的意图和分数：\n\n{tail}\n\n按 Ctrl-C 结束。",
        "\nThe server runs at {url}, its API at {url}/docs. Send it a message (paste as it is):\n\n{curl}\n\n"
        "and see its intent and score in another terminal:\n\n{tail}\n\nCtrl-C ends it.",
    ),
    "demo.text": ("这款还有黑色吗？现在下单明天能到吗", "这款还有黑色吗？现在下单明天能到吗"),
    "demo.died": ("服务意外结束了：{why}", "the server ended unexpectedly: {why}"),
    "demo.bye": ("演示结束", "the demo has ended"),
    "init.help": ("写一份三行的配置文件，密钥随机生成", "Write a three-line settings file with a generated secret."),
    "init.example": ("xundan init --shop 1024", "xundan init --shop 1024"),
    "init.shop": ("店铺编号", "the shop's id"),
    "init.exists": ("{path} 已存在；要覆盖请加 --yes", "{path} is there already; --yes overwrites it"),
    "init.done": (
        "已写好 {path}。接着：\n  xundan doctor{tail}   检查环境\n  xundan serve{tail}    启动服务\n"
        "  xundan token{tail}    给 Coze 用的令牌",
        "{path} is written. Next:\n  xundan doctor{tail}   checks the machine\n"
        "  xundan serve{tail}    starts the server\n"
        "  xundan token{tail}    makes the token for Coze",
    ),
    "settings.help": (
        "列出全部设置：当前值、来源、含义、默认值",
        "List all settings: value, source, meaning, default.",
    ),
    "settings.example": ("xundan settings", "xundan settings"),
    "settings.required": ("（必填）", " (required)"),
    "settings.default": ("（默认 {value}）", " (default {value})"),
    "settings.how": (
        "\n写进 {path}，或设环境变量 {prefix}名称（优先），或在命令行用 --set 名称=值（最优先）。",
        "\nWrite them into {path}, or as environment variables {prefix}NAME (which win), or as --set NAME=VALUE.",
    ),
    "token.help": ("签发访问令牌", "Mint an access token."),
    "token.example": ("xundan token --shop 1024 --days 365", "xundan token --shop 1024 --days 365"),
    "token.shop": ("哪家店铺，默认取设置 shop_id", "which shop, shop_id of the settings unless given"),
    "token.days": ("有效天数", "days until it expires"),
    "token.scope": (
        "权限，可重复：intake 接收、context 查询、import 导入；默认前两项",
        "repeatable: intake, context, import; the first two unless given",
    ),
    "token.kid": ("用哪把密钥签（轮换时）", "which secret signs it, during a rotation"),
    "doctor.help": ("检查配置和环境，并说明怎么处理", "Check settings and machine, and say what to do."),
    "doctor.example": ("xundan doctor", "xundan doctor"),
    "doctor.sound": ("一切正常", "all is well"),
    "doctor.unsound": ("有问题需要处理（见 ✗）", "something must be put right (see ✗)"),
    "doctor.unexpected": ("检查 {check} 时出错（{kind}）", "the look at {check} failed ({kind})"),
    "doctor.settings": (
        "设置可用：店铺 {shop}，运行方式 {profile}",
        "settings are good: shop {shop}, profile {profile}",
    ),
    "doctor.settings.do": (
        "xundan settings 列出全部设置；xundan init 生成一份可用的配置",
        "`xundan settings` lists them; `xundan init` writes a working file",
    ),
    "doctor.secret": ("密钥 {kid}：{size} 字节", "secret {kid}: {size} bytes"),
    "doctor.secret_short": (
        "密钥 {kid} 只有 {size} 字节，至少要 {least} 字节",
        "secret {kid} has {size} bytes, fewer than {least}",
    ),
    "doctor.secret_short.do": (
        "用 openssl rand -base64 48 生成一把新的写进 coze_secret，再用 xundan token 重新签发令牌",
        "make one with `openssl rand -base64 48`, set coze_secret, and mint the tokens anew with `xundan token`",
    ),
    "doctor.secret_plain": ("密钥 {kid} 太有规律，容易被猜到", "secret {kid} is too regular to be hard to guess"),
    "doctor.secret_plain.do": (
        "用 openssl rand -base64 48 生成一把随机的",
        "make a random one with `openssl rand -base64 48`",
    ),
    "doctor.config_mode": (
        "{path} 里有密钥，但别人也能读（权限 {mode}）",
        "others may read {path}, secrets in it (mode {mode})",
    ),
    "doctor.config_mode.do": ("运行 chmod 600 {path}", "run: chmod 600 {path}"),
    "doctor.keys": (
        "密钥文件可用：{path}（请另行备份，丢了就解不开手机号等）",
        "key file {path} works (keep a copy elsewhere)",
    ),
    "doctor.keys_later": ("密钥文件 {path} 会在首次启动时生成", "the key file {path} will be made on the first start"),
    "doctor.writable": ("数据目录可写：{path}", "data directory can be written: {path}"),
    "doctor.unwritable": ("数据目录 {path} 写不了：{why}", "data directory {path} cannot be written: {why}"),
    "doctor.unwritable.do": (
        "检查目录权限和磁盘，或用 data_dir 换一个目录",
        "look at its permissions and the disk, or set another data_dir",
    ),
    "doctor.free": ("磁盘剩余 {free} GB", "{free} GB of disk are free"),
    "doctor.low": (
        "磁盘只剩 {free} MB，低于 {least} MB 时会拒收消息",
        "{free} MB of disk are free; below {least} intake refuses",
    ),
    "doctor.low.do": ("尽快清理或扩容", "make room soon"),
    "doctor.full": (
        "磁盘只剩 {free} MB，已低于下限 {least} MB，正在拒收消息",
        "{free} MB free, below {least}: intake refuses",
    ),
    "doctor.full.do": ("清理磁盘；恢复后无需重启", "make room; no restart is needed"),
    "doctor.clock": (
        "时钟 {now}，店铺时区 {zone} 的今天是 {today}",
        "clock {now}; in the shop's zone {zone} it is {today}",
    ),
    "doctor.clock_old": ("系统时钟是 {now}，不可能是对的", "the clock says {now}, which cannot be right"),
    "doctor.clock_old.do": (
        "打开自动对时（NTP），例如 timedatectl set-ntp true",
        "turn on NTP, e.g. timedatectl set-ntp true",
    ),
    "doctor.clock_skew": ("数据目录所在磁盘的时钟差 {seconds} 秒", "the disk's clock differs by {seconds} s"),
    "doctor.clock_skew.do": ("数据目录请放在本机磁盘上，并打开自动对时", "use a local disk for the data, and NTP"),
    "doctor.clock_back": (
        "最新一条数据的接收时间是 {newest}，比现在还晚：时钟往回拨过",
        "the newest entry is of {newest}, later than now",
    ),
    "doctor.clock_back.do": (
        "打开自动对时（NTP），例如 timedatectl set-ntp true",
        "turn on NTP, e.g. timedatectl set-ntp true",
    ),
    "doctor.no_data": ("还没有收到数据", "nothing has been received yet"),
    "doctor.databases": (
        "数据库完好：{end} 条记录，{lag} 条待处理",
        "databases are sound: {end} entries, {lag} to be carried",
    ),
    "doctor.damaged": ("数据库损坏：{why}", "a database is damaged: {why}"),
    "doctor.damaged.do": (
        "停止服务，先备份数据目录；store.db 坏了可删掉它再启动（会从 log.db 重算），log.db 或 labels.db 坏了请从备份恢复",
        "stop the server and copy the data directory; delete a broken store.db and start again (it is computed anew"
        " from log.db), restore a broken log.db or labels.db from a backup",
    ),
    "doctor.ahead": (
        "store.db 处理到 {position}，而 log.db 只有 {end} 条",
        "store.db is at {position}, log.db has only {end}",
    ),
    "doctor.ahead.do": (
        "log.db 像是从旧备份恢复的；请恢复同一时刻的两个文件",
        "log.db seems to come from an older backup; restore both files of one moment",
    ),
    "doctor.dead": ("有 {count} 组数据被拒收", "{count} letters of refused input are kept"),
    "doctor.dead.do": (
        "用 xundan dead list 看原因，改好后 xundan dead replay",
        "see `xundan dead list`, then `xundan dead replay`",
    ),
    "doctor.users": (
        "{messages} 条消息，最多的一位顾客占 {share}",
        "{messages} messages; the busiest customer has {share}",
    ),
    "doctor.one_user": (
        "编号 {user} 一个人占了 {share} 的消息，不像真实顾客",
        "user id {user} holds {share} of all messages",
    ),
    "doctor.one_user.do": (
        "多半是 Coze 工作流没有绑定智能体，传来的是运营者自己的编号：请在 HTTP 节点的 body 里显式传顾客编号 user_id",
        "most likely a Coze workflow that runs without a bot and sends its operator's id: pass the customer's id as"
        " user_id in the body of the HTTP node",
    ),
    "doctor.model": (
        "模型 {version} 可用（试问“这款多少钱？”→ {intent}，{ms} 毫秒）",
        "model {version} answers ({intent}, {ms} ms)",
    ),
    "doctor.scoring_off": ("打分已关闭，不会有意图和购买分", "scoring is off: there will be no intents and scores"),
    "doctor.scoring_off.do": ("需要时设 scoring = true", "set scoring = true to have them"),
    "doctor.port_free": ("{host}:{port} 空闲", "{host}:{port} is free"),
    "doctor.server": ("服务运行正常：{url}，{lag} 条待处理", "the server is well: {url}, {lag} entries to be carried"),
    "doctor.server_unready": (
        "服务 {url} 未就绪：日志 {log}，处理 {runner}",
        "{url} is not ready: log {log}, runner {runner}",
    ),
    "doctor.server_unready.do": ("看服务的日志，多半是磁盘问题", "look at the server's log; mostly it is the disk"),
    "version.help": ("显示版本", "Show the version."),
    "version.example": ("xundan version", "xundan version"),
    "tail.help": (
        "看最近的消息：时间、顾客、说话人、内容、意图、分数",
        "Show the latest messages with intent and score.",
    ),
    "tail.example": ("xundan tail -n 20 --follow", "xundan tail -n 20 --follow"),
    "tail.n": ("显示几条", "how many"),
    "tail.follow": ("持续显示新消息", "go on with new ones"),
    "tail.none": ("还没有消息", "no messages yet"),
    "tail.unscored": ("待打分", "not scored yet"),
    "sender.user": ("顾客", "customer"),
    "sender.bot": ("机器人", "bot"),
    "sender.agent": ("客服", "agent"),
    "label.high": ("高意向", "high"),
    "label.low": ("低意向", "low"),
    "report.help": ("咨询到下单的转化报表", "The conversion report."),
    "report.example": (
        "xundan report --from 2026-11-01 --to 2026-11-14 --by agent",
        "xundan report --from 2026-11-01 --to 2026-11-14 --by agent",
    ),
    "report.rule": ("判定规则：paid 付款、ordered 下单、order_first 下单优先", "paid, ordered or order_first"),
    "report.window": ("转化窗口，天（1 到 15）", "window in days, 1 to 15"),
    "report.as_of": ("截至哪一刻，默认现在", "as of which instant, now unless given"),
    "report.unit": ("inquiry 询单或 conversation 会话", "inquiry or conversation"),
    "report.by": (
        "分组：day、intent、agent、label、served_by、channel",
        "day, intent, agent, label, served_by, channel",
    ),
    "report.format": ("text、json 或 csv", "text, json or csv"),
    "import.help": (
        "导入历史消息、订单或账号关联（CSV、JSONL、XLSX；UTF-8 或 GBK）",
        "Import messages, orders or links (CSV, JSONL, XLSX; UTF-8 or GBK).",
    ),
    "import.example": (
        "xundan import orders 订单.csv；xundan import orders --template csv > 模板.csv",
        "xundan import orders orders.csv; xundan import orders --template csv > template.csv",
    ),
    "import.kind": ("messages、orders 或 links", "messages, orders or links"),
    "import.files": ("文件，可多个", "files"),
    "import.template": ("输出模板（csv、jsonl、xlsx）", "print a template (csv, jsonl, xlsx)"),
    "import.rejects": ("被拒行写到哪里，默认放在原文件旁", "where refused rows go, beside the file unless given"),
    "import.no_files": (
        "要导入哪个文件？例：xundan import {kind} 文件.csv",
        "which file? e.g. xundan import {kind} FILE.csv",
    ),
    "import.through": ("服务正在运行，通过 {url} 导入", "a server is running: importing through {url}"),
    "import.done": (
        "{file}：收 {accepted} 行，重复 {duplicate} 行，拒 {rejected} 行",
        "{file}: {accepted} accepted, {duplicate} duplicate, {rejected} rejected",
    ),
    "import.rejected": ("被拒的行和原因见 {path}", "the rejected rows, each with its reason, are in {path}"),
    "replay.help": ("重放公开的聊天数据集，自动补上时间", "Replay a public chat data set, giving it timestamps."),
    "replay.example": ("xundan replay real_chats.tsv --format jddc", "xundan replay real_chats.tsv --format jddc"),
    "replay.format": ("文件格式：jddc", "format: jddc"),
    "replay.days": ("分布在最近几天", "spread over so many days up to yesterday"),
    "replay.file": ("文件", "the file"),
    "simulate.help": (
        "生成模拟店铺的消息、订单、关联和真实账目",
        "Write a simulated shop's messages, orders and links, and its true figures.",
    ),
    "simulate.example": (
        "xundan simulate --out var/sim --days 14 --customers 120",
        "xundan simulate --out var/sim --days 14 --customers 120",
    ),
    "simulate.out": ("输出目录", "folder to write to"),
    "simulate.days": ("天数", "days"),
    "simulate.customers": ("每天的新顾客数", "new customers a day"),
    "simulate.seed": ("随机种子，相同则结果相同", "seed; the same seed gives the same shop"),
    "simulate.end": ("最后一天，默认今天", "last day, today unless given"),
    "simulate.done": (
        "{path}：{messages} 条消息，{orders} 个订单事件，{links} 条关联；真实账目在 truth.json",
        "{path}: {messages} messages, {orders} order events, {links} links; the true figures are in truth.json",
    ),
    "dead.help": ("被拒收的数据：查看、重放", "Refused input: look at it, replay it."),
    "dead.list.help": ("列出被拒收的数据", "List what was refused."),
    "dead.list.example": ("xundan dead list", "xundan dead list"),
    "dead.show.help": ("显示一条被拒收的数据", "Show one piece of refused input."),
    "dead.show.example": ("xundan dead show 17", "xundan dead show 17"),
    "dead.replay.help": (
        "重新接收；成功的移除，仍有问题的留下",
        "Take it again; what succeeds is removed, the rest stays.",
    ),
    "dead.replay.example": (
        "xundan dead replay 17 --yes；xundan dead replay --all",
        "xundan dead replay 17 --yes; xundan dead replay --all",
    ),
    "dead.id": ("编号", "its number"),
    "dead.all": ("全部", "all of them"),
    "dead.limit": ("最多几条", "how many at most"),
    "dead.none": ("没有被拒收的数据", "nothing was refused"),
    "dead.no_such": ("没有编号为 {id} 的记录", "there is no number {id}"),
    "dead.which": ("重放哪些？给出编号，或用 --all", "which? give numbers, or --all"),
    "dead.sure": ("重放 {count} 条？", "replay {count} of them?"),
    "dead.still": ("{id}：仍被拒收：{why}", "{id}: still refused: {why}"),
    "dead.done": ("重放成功 {done} 条，仍有问题 {still} 条", "{done} replayed, {still} still refused"),
    "rebuild.help": (
        "从保存的事实重算全部会话、订单和报表",
        "Compute conversations, orders and cubes anew from the stored facts.",
    ),
    "rebuild.example": ("xundan rebuild --check", "xundan rebuild --check"),
    "rebuild.check": ("只核对，不改动", "compare only, change nothing"),
    "rebuild.sure": ("重算会替换 {path} 中算出来的数据，继续？", "this replaces the computed data in {path}; go on?"),
    "rebuild.same": (
        "重算了 {facts} 条事实，{cells} 个报表单元与原来逐字节一致",
        "computed {facts} facts anew; all {cells} cells are byte-identical",
    ),
    "rebuild.differs": (
        "重算结果与现有报表不一致；运行 xundan rebuild 修复。前几处：\n{rows}",
        "the figures kept differ from those computed anew; `xundan rebuild` mends them. The first:\n{rows}",
    ),
    "rebuild.mended": ("已重算并替换；原来不一致的前几处：\n{rows}", "done; what had differed, at first:\n{rows}"),
}

SETTINGS: dict[str, str] = {
    "shop_id": "店铺编号",
    "coze_secret": "签发和验证令牌的密钥，至少 32 字节；轮换时写成按编号列出的表",
    "profile": "运行方式：embedded 为单机，不需要任何服务器",
    "data_dir": "数据库和密钥所在目录",
    "host": "监听地址",
    "port": "监听端口",
    "lang": "终端语言：zh 或 en",
    "log_level": "日志级别：debug、info、warning、error",
    "model_dir": "模型目录；不填用自带模型",
    "scoring": "是否给消息打意图和购买分",
    "model_runtime": "用什么运行模型：onnxruntime、openvino，auto 取装了的里面较快的",
    "score_budget_ms": "一条消息最多等打分多少毫秒",
    "score_max_waiting": "最多多少条消息同时等打分",
    "score_cache_items": "记住多少条相同消息的打分，0 为不记",
    "score_cache_ttl_s": "打分记住几秒",
    "cache_ttl_s": "顾客最新意图在缓存中保留几秒",
    "rate_per_minute": "每家店铺每分钟最多多少次请求",
    "min_free_mb": "磁盘剩余低于多少 MB 时拒收",
    "zone": "店铺所在时区",
    "session_gap_min": "静默多少分钟算一次会话结束",
    "threshold": "购买分达到多少算高意向",
    "inquiry_rule": "询单怎么算：order_state 按订单状态，intent 按意图",
    "on_way_days": "付款后几天内算在途",
    "pay_close_days": "下单后几天内付款才算最终付款",
    "refund_days": "付款后几天内没全退才算留存",
    "attribution_rule": "会话归属订单的判定规则",
    "attribution_window": "该规则的窗口，天",
    "min_overlap": "认得顾客的订单低于这一比例时，报告不给出转化率",
    "late_days": "实时数据最多可以晚到几天",
}

WORDS |= CHATS
WORDS |= COZE
WORDS |= ORDERS
WORDS |= MODELS
WORDS |= UNDERSTAND
WORDS |= TRAIN
