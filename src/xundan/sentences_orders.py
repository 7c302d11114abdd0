"""Reasons about platforms' exports, in Chinese; part of `sentences.SENTENCES`."""

from __future__ import annotations

ORDERS: list[tuple[str, str]] = [
    (
        r"(.*) has lost digits in a spreadsheet; .*",
        "{0} 的数字已丢失位数：请从平台重新导出，下载后不要用 Excel 或 WPS 打开或保存，直接导入",
    ),
    (r"(.*) is no order number", "{0} 不是订单号"),
    (r"(.*) is no sum of yuan with at most two decimals", "{0} 不是金额（元，最多两位小数）"),
    (r"(.*) lies more than 24 hours in the future", "{0} 在未来 24 小时以后"),
    (r"(.*) is no date and time since the year 2000", "{0} 不是 2000 年以后的日期时间"),
    (r"(.*) holds characters that are broken or none", "{0} 含有损坏的字符"),
    (r"line (\S+), of the same order, cannot be used: (.*)", "同一订单的第 {0} 行不能用：{1}"),
    (r"the rows of this order name (.*)", "同一订单的几行写着{0}"),
    (r"two buyers", "不同的买家"),
    (r"different sums \(.*\)", "不同的金额"),
    (r"the order was paid, but its amount is missing", "订单已付款，但没有金额"),
    (r"one order has more than (\S+) rows", "一笔订单超过 {0} 行"),
    (
        r"this is no export of (\S+): the columns (.*) are missing; found: (.*)",
        "这不是 {0} 的导出文件：缺少列 {1}；现有：{2}",
    ),
    (
        r"this is no known export; save the old \.xls workbook as .*",
        "这不是认得的平台导出文件；请把旧的 .xls 另存为 .xlsx 或 CSV（UTF-8）",
    ),
    (r"the \.xls workbook is damaged or has a password; .*", ".xls 已损坏或有密码；请另存为 .xlsx 或 CSV（UTF-8）"),
    (r"the old \.xls workbook is too large; .*", "旧的 .xls 太大；请另存为 CSV（UTF-8）"),
    (r"the file is a web page or XML without a table; .*", "文件是网页或 XML，里面没有表格；请另存为 .xlsx"),
    (r"a row of the web page has thousands of cells; .*", "网页里的一行有几千格，不像订单表"),
    (r"a cell of the web page is far too long; .*", "网页里的一格太长，不像订单表"),
    (
        r"reading an old \.xls workbook needs an optional part that is not installed: (.*)",
        "读取旧的 .xls 需要一个未安装的部件：{0}",
    ),
]
