"""The kinds of goods that writers named in their own words, brought to one name each."""

from __future__ import annotations

import re

GENERAL = "none in particular"
"""Of a scene that is about no kind of goods: accounts, parcels, invoices, small talk, or several kinds."""

_WORDS = {
    GENERAL: "综合 混合 通用 平台 平台使用 平台账号 账号 app 商家合作 快递 发票 售后 闲话 闲聊 其他",
    "women's clothing": "女装 女装针织 服饰 服装",
    "men's clothing": "男装",
    "children's clothing": "童装",
    "underwear and socks": "内衣袜子 内衣",
    "dresses for occasions": "汉服 礼服",
    "shoes": "鞋 运动鞋 皮鞋 女鞋 童鞋",
    "bags": "箱包 鞋包",
    "jewellery": "珠宝首饰 饰品",
    "watches and glasses": "手表眼镜 手表 眼镜",
    "smart watches": "智能手表",
    "beauty": "美妆护肤 美妆 护肤 彩妆",
    "personal care": "个护清洁 个护",
    "household care": "洗护日用 日用清洁 超市日用 日用",
    "baby": "母婴 母婴奶粉 纸尿裤",
    "toys": "玩具乐高 玩具 潮玩",
    "books and stationery": "文具图书 图书 文具",
    "office": "办公用品 办公 打印机 企业采购",
    "snacks": "坚果零食 零食坚果 零食 坚果 食品",
    "fresh food": "鲜果生鲜海鲜 生鲜 水果",
    "grain and oil": "粮油",
    "tea and drinks": "茶叶酒类 茶 茶叶 茶具 酒类 酒水",
    "health food": "保健品",
    "medicine-like goods": "药械类 药械 医疗器械",
    "pets": "宠物用品 宠物",
    "plants and flowers": "绿植鲜花 绿植 鲜花",
    "furniture": "家具 办公家具 家居",
    "bedding": "家纺床品 家纺",
    "lamps": "灯具",
    "kitchenware": "厨具 锅",
    "bathroom and tools": "卫浴五金工具 卫浴 五金工具",
    "large appliances": "大家电 家电 电视 空调 热水器",
    "small appliances": "小家电",
    "water purifiers": "净水器",
    "smart home": "智能家居 路由器 安防",
    "phones": "手机",
    "phone accessories": "手机配件",
    "tablets": "平板",
    "computers": "电脑整机 电脑 笔记本 笔记本电脑",
    "computer parts": "电脑配件 电脑外设 显卡",
    "headphones and speakers": "耳机音响 耳机",
    "cameras and digital goods": "相机数码 相机 数码 通用数码",
    "instruments": "乐器",
    "sports and outdoors": "运动户外 运动 户外 渔具",
    "car": "汽车用品 汽车",
    "gifts to order": "定制礼品",
    "tickets": "门票 旅游门票",
    "virtual goods": "虚拟商品 虚拟",
}
_NAMES = {word: name for name, words in _WORDS.items() for word in words.split()}
_PARTED = re.compile(r"[/、，, ]+")


def category_of(words: str) -> str:
    """The one name for what a writer called the goods, by its first part; the writer's own where the table has none."""
    first = _PARTED.split(words.strip())[0].casefold()
    return _NAMES.get(first, first) or GENERAL
