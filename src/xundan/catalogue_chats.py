"""Words about chat records, trying Xundan out, and a shop's own figures; part of `catalogue.WORDS`."""

from __future__ import annotations

CHATS: dict[str, tuple[str, str]] = {
    "import.format": (
        "聊天记录文本：qianniu-text、jd-text 或 chat-text；订单表：qianniu、jd、doudian、pdd 或 xundan；一般不用填，看列名",
        "chat records as text: qianniu-text, jd-text or chat-text; orders: qianniu, jd, doudian, pdd or xundan, "
        "found by their headings unless given",
    ),
    "chat.agents": (
        "哪些昵称是客服，如 '店铺:*'，可重复；默认带冒号的和以客服开头的",
        "whose names are agents', e.g. 'shop:*'; repeatable; those with a colon unless given",
    ),
    "chat.bots": ("哪些昵称是机器人，可重复", "whose names are bots'; repeatable"),
    "chat.customer": ("整份记录是哪位顾客的", "whose record it is, where it does not say"),
    "chat.paste": ("读剪贴板", "read the clipboard"),
    "chat.no_clipboard": (
        "读不到剪贴板；请改用文件，或把记录粘贴到：xundan import messages - --format qianniu-text",
        "the clipboard cannot be read; use a file, or paste the record into: "
        "xundan import messages - --format qianniu-text",
    ),
    "chat.told": (
        "读到顾客 {user} 条、客服 {agent} 条、机器人 {bot} 条；其中图片 {picture}、商品卡片 {product_card}、"
        "订单卡片 {order_card}、链接 {link}、音视频 {media}、撤回 {withdrawal}；"
        "另有转接 {transfer}、已读标记 {read_mark}",
        "read {user} messages of customers, {agent} of agents, {bot} of bots; among them {picture} with pictures, "
        "{product_card} product cards, {order_card} order cards, {link} links, {media} media, {withdrawal} withdrawn; "
        "beside them {transfer} transfers and {read_mark} read marks",
    ),
    "try.help": (
        "用自己的订单和聊天试一次：不用配置，不联网，看完即删",
        "Try it on your own orders and chats: no settings, no network, nothing left behind.",
    ),
    "try.example": (
        "xundan try 订单.csv 聊天记录.txt --agents '店铺:*'",
        "xundan try orders.csv chats.txt --agents 'shop:*'",
    ),
    "try.orders_file": ("订单文件", "the orders"),
    "try.chat_files": ("聊天文件，可多个：聊天记录文本或表格", "the chats, one or more files: records or tables"),
    "try.keep": ("把算出的数据留在这个目录", "keep the data in this folder"),
    "try.not_empty": ("{path} 里已有东西；请换一个空目录", "{path} is not empty; choose another folder"),
    "try.kept": (
        "\n数据留在 {path}；继续看：xundan report --config {config}",
        "\nThe data is kept in {path}; see more with: xundan report --config {config}",
    ),
    "try.gone": ("\n试算用的数据已删除。", "\nWhat the trial made is deleted."),
    "try.orders": ("订单", "orders"),
    "try.chats": ("聊天", "chats"),
    "try.file": (
        "{kind} {file}：收 {accepted} 行，重复 {duplicate} 行，拒 {rejected} 行",
        "{kind} {file}: {accepted} accepted, {duplicate} duplicate, {rejected} rejected",
    ),
    "try.reason": ("被拒原因：{reason}（{times} 行）", "rejected because: {reason} ({times})"),
    "try.overlap": ("聊天和订单对得上多少", "How chats and orders meet"),
    "try.spoke": (
        "聊天 {first} 至 {last}：{customers} 位顾客，{messages} 条消息",
        "chats {first} to {last}: {customers} customers, {messages} messages",
    ),
    "try.ordered": ("订单 {first} 至 {last}：{orders} 笔", "orders {first} to {last}: {orders}"),
    "try.met": (
        "找到聊天的订单 {found} 笔（{share}），没找到 {rest} 笔",
        "{found} orders found a chat ({share}), {rest} did not",
    ),
    "try.met_by": (
        "其中按顾客编号 {by_id} 笔，按聊天里的订单号 {by_number} 笔",
        "{by_id} by the customer's id, {by_number} by an order number in a chat",
    ),
    "try.funnel": ("漏斗（人天）", "Funnel (customer-days)"),
    "try.step_wrote": ("咨询 {n}", "wrote {n}"),
    "try.step_answered": ("接待 {n}", "answered {n}"),
    "try.step_inquiries": ("询单 {n}", "inquiries {n}"),
    "try.step_ordered": ("{window}下单 {n}", "ordered {window} {n}"),
    "try.step_paid": ("{window}付款 {n}", "paid {window} {n}"),
    "try.step_kept": ("最终付款未退 {n}", "paid and kept {n}"),
    "try.rates": ("转化率（只计已成熟的日子）", "Conversion (mature days only)"),
    "try.rate": (
        "{name} {rate}，95% 区间 {interval}（{days} 天，{n}/{of}）",
        "{name} {rate}, 95% interval {interval} ({days} days, {n}/{of})",
    ),
    "try.immature": (
        "{name}：还没有成熟的日子，数据截止得太早",
        "{name}: no mature day yet, the data ends too early",
    ),
    "try.sales": (
        "客服销售 {orders} 单 ¥{fen}；静默 {silent} 单，未匹配 {unmatched} 单",
        "sales by chats {orders}, ¥{fen}; silent {silent}, unmatched {unmatched}",
    ),
    "try.withheld": (
        "对得上的订单太少，这里的转化率没有意义，所以不给。原因：",
        "too few orders met a chat for a rate to mean anything, so none is given. Why:",
    ),
    "try.apart": (
        "聊天和订单不是同一段时间的；请导出同一段时间",
        "chats and orders are of different times; export the same days",
    ),
    "try.masked": (
        "{orders} 笔订单里有 {count} 笔没有买家编号，或编号带星号",
        "{count} of {orders} orders name no buyer, or mask the name",
    ),
    "try.strangers": (
        "订单里的买家编号和聊天里的顾客编号几乎都不相同，像是两套编号",
        "hardly any buyer in the orders has an id that the chats know, as if there were two kinds of ids",
    ),
    "try.do": (
        "可以：导出带买家昵称的订单；保留聊天里的订单卡片和订单号；或用 xundan import links 导入编号对照",
        "You can: export orders with the buyers' names; keep order cards and numbers in the chats; "
        "or bring a table of ids with xundan import links",
    ),
    "try.hopes": ("高意向、还没有订单的顾客", "High intent, no order yet"),
    "try.no_hopes": (
        "没有：意向达到 {threshold} 的顾客都有订单，或没有这样的顾客",
        "none: every customer with an intent of {threshold} or more has an order, or there is no such customer",
    ),
    "try.notes": ("要留意", "Note"),
    "try.no_chats": (
        "没有可用的聊天，给不出结果；原因见上",
        "no usable chats, so there is nothing to tell; see the reasons above",
    ),
    "try.no_orders": (
        "没有可用的订单，给不出结果；原因见上",
        "no usable orders, so there is nothing to tell; see the reasons above",
    ),
    "try.nobody_answered": (
        "聊天里没有客服或机器人的话：接待为 0，也说不出谁的业绩；记录里若有客服，用 --agents 指明",
        "nobody answers in these chats: nothing was answered and no agent is credited; if agents wrote, name them "
        "with --agents",
    ),
    "try.nobody_asked": (
        "聊天里没有顾客的话：--agents 可能把顾客也算成了客服",
        "no customer writes in these chats: --agents may have taken customers for agents",
    ),
    "try.one_customer": (
        "{share} 的消息属于同一位顾客：可能是测试账号，或客服被当成了顾客（见 --agents）",
        "{share} of the messages are one customer's: a test account, or an agent taken for a customer (see --agents)",
    ),
    "try.dates_orders": (
        "订单只有日期、没有时刻（都是零点）：同一天里分不出先聊后买还是先买后聊，当日数字偏低",
        "orders have dates but no times (all at midnight): within a day nobody can tell what came first, so same-day "
        "figures are too low",
    ),
    "try.dates_chats": (
        "聊天只有日期、没有时刻（都是零点）：会话分不开，先后也分不出",
        "chats have dates but no times (all at midnight): conversations and what came first cannot be told",
    ),
    "try.nobody_paid": (
        "订单里没有已付款的：付款和销售都是 0；请导出付款时间或付款状态",
        "no order is paid: payments and sales are 0; export the time of payment or the status",
    ),
    "try.few": (
        "只有 {inquiries} 个询单，区间很宽；数据多一些再下结论",
        "only {inquiries} inquiries, so the intervals are wide; conclude from more",
    ),
    "against.file": (
        "与店铺自己的客服绩效导出（生意参谋、赤兔等）对照",
        "compare with the shop's own export of agents' figures (生意参谋, 赤兔 …)",
    ),
    "against.map": (
        "我们的名称=对方的列名，可重复；名称有 wrote、answered、inquiries、ordered、paid、finally_paid、kept（各可加 _rate）、"
        "sales、sales_orders、silent、total、refunds",
        "our name=their column, repeatable; names: wrote, answered, inquiries, ordered, paid, finally_paid, kept "
        "(these four also with _rate), sales, sales_orders, silent, total, refunds",
    ),
    "against.wrong_map": (
        "命令行：--map 要写成 我们的名称=对方的列名，名称是 {names} 之一，而不是 {given}",
        "command line: --map must be ours=theirs with ours one of {names}, not {given}",
    ),
    "against.no_json": ("命令行：--against 只能用 text 或 json", "command line: --against gives text or json"),
    "against.title": (
        "对照 {file}：{first} 至 {last}，用了 {rows} 行，跳过汇总 {skipped} 行，看不懂 {bad} 处",
        "against {file}: {first} to {last}, {rows} rows used, {skipped} sums skipped, {bad} cells not understood",
    ),
    "against.column": ("对方的列", "their column"),
    "against.theirs": ("对方", "theirs"),
    "against.ours": ("询单", "ours"),
    "against.gap": ("差", "gap"),
    "against.how": ("我们的口径", "how ours is counted"),
    "against.same": ("{name}：一致", "{name}: the same"),
    "against.data": (
        "{name}：换任何判定和窗口都不会更近，差别多半在数据：缺聊天或订单、对方过滤了广告或内部账号、账号合并不同",
        "{name}: no rule or window comes closer, so the data differ: chats or orders missing, advertising or staff "
        "accounts filtered, accounts joined otherwise",
    ),
    "against.closest": (
        "{name}：按“{how}”计是 {value}，最接近（差 {gap}）；区别多半在{what}",
        "{name}: counted as “{how}” ours is {value}, the closest (gap {gap}); the likely difference is {what}",
    ),
    "against.event": ("转化的算法（{ours} → {theirs}）", "what counts as converted ({ours} → {theirs})"),
    "against.people": ("算哪些人（{ours} → {theirs}）", "who is counted ({ours} → {theirs})"),
    "against.far": ("；剩下的差别在数据本身", "; the rest lies in the data"),
    "against.of": ("分母（{ours} → {theirs}）", "the denominator ({ours} → {theirs})"),
    "against.rule": ("判定规则（{ours} → {theirs}）", "the rule ({ours} → {theirs})"),
    "against.window": ("窗口（{ours} → {theirs}）", "the window ({ours} → {theirs})"),
    "against.net": ("是否扣除退款", "whether refunds are taken off"),
    "against.and": ("、", " and "),
    "against.missing": (
        "{name}：有 {missing} 格是延迟统计或空白，这些天没有比",
        "{name}: {missing} cells are late or empty; those days were not compared",
    ),
    "against.best": (
        "合起来看，最像 {rule}、{window}窗口（平均相差 {error}）",
        "taken together, {rule} with the window {window} fits best (off by {error} on average)",
    ),
    "against.by_agent": (
        "对方的数字是各客服相加的：一位顾客被两位客服接待会算两次",
        "theirs are sums over agents: a customer served by two of them counts twice",
    ),
    "against.wrong": ("看不懂：第 {line} 行的 {heading}", "not understood: {heading} in line {line}"),
    "against.unknown": ("没有对照的列：{names}", "columns not compared: {names}"),
    "against.none_of_ours": (
        "这段时间我们没有任何数据：先导入同一段时间的聊天和订单",
        "we have nothing of these days: import their chats and orders first",
    ),
    "against.people_wrote": ("咨询人数", "wrote"),
    "against.people_answered": ("接待人数", "answered"),
    "against.people_inquiries": ("询单人数", "inquiries"),
    "against.finally_paid": ("{window}下单最终付款", "ordered {window}, finally paid"),
    "against.kept": ("{window}下单最终付款未退", "ordered {window}, paid and kept"),
    "against.gross_sales": ("{rule}{window}客服销售额", "sales of chats {rule}, {window}"),
    "against.net_sales": ("{rule}{window}客服净销售额", "net sales of chats {rule}, {window}"),
    "against.sales_orders": ("{rule}{window}客服订单数", "orders of chats {rule}, {window}"),
    "against.silent": ("{rule}{window}静默销售额", "silent sales {rule}, {window}"),
    "against.silent_net": ("{rule}{window}静默净销售额", "silent net sales {rule}, {window}"),
    "against.total": ("{rule}全店销售额", "sales of the shop {rule}"),
    "against.total_net": ("{rule}全店净销售额", "net sales of the shop {rule}"),
    "against.refunds": ("本期发生的退款", "refunds made in the period"),
    "against.refunded": ("{rule}本期销售的退款", "refunds of the period's sales {rule}"),
}
