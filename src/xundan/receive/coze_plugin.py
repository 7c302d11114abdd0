"""The plugin that Coze imports: two tools of this server as an OpenAPI 3.0.1 document, told to the model in Chinese.

What Coze's importer takes is narrower than the standard; its open-source edition says how (coze-studio,
`backend/crossdomain/plugin/model/openapi.go`): one server, one media type a body, answers 200 and default only, every
schema with a type of its own. So nothing here is a reference, and what may be null is `nullable`.
"""

from __future__ import annotations

from typing import Any

from xundan.receive.fields import CHANNEL_CHARS, ID_CHARS, TEXT_CHARS
from xundan.receive.read_api import COZE_PAGE, MAX_PAGE

OPENAPI = "3.0.1"
RECORD, CONTEXT = "record_message", "get_context"
Schema = dict[str, Any]


def document(url: str, version: str) -> Schema:
    """The plugin of the server at `url`, which has no slash at its end; `version` is this program's."""
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "询单",
            "description": "记录客服聊天，查询顾客的历史会话和订单，用来看清哪些聊天变成了订单。",
            "version": f"v{version}",
        },
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": {"/coze": {"post": _record()}, "/coze/context": {"get": _context()}},
        "components": {"securitySchemes": {"token": _TOKEN}},
    }


_TOKEN: Schema = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "填写：Bearer、一个空格、xundan token 输出的令牌。",
}
_USER = "顾客的唯一编号。请引用流程里的变量（应用用 sys_uuid，对话 API 用 user_id），不要编造；由智能体调用时可留空。"


def _id(text: str) -> Schema:
    return {"type": "string", "maxLength": ID_CHARS, "description": text}


def _known(kind: str, text: str) -> Schema:
    return {"type": kind, "nullable": True, "description": text}


def _record() -> Schema:
    key = "与 message_id 相同的值。扣子重试时请求体会丢失，服务端靠它认出是同一条消息；没有 message_id 就留空。"
    said: Schema = {
        "user_id": _id(_USER),
        "text": {"type": "string", "maxLength": TEXT_CHARS, "description": "顾客这一条消息的原文，不要改写。"},
        "message_id": _id("这条消息的唯一编号，由前面的代码节点生成；重复发送同一编号只记一次。不要编造，没有就留空。"),
        "conversation_id": _id("会话编号，同一次聊天用同一个；由智能体调用时可留空。"),
        "answer": {
            "type": "string",
            "maxLength": TEXT_CHARS,
            "description": "机器人对这条消息的回复，会作为下一条消息记录；还没有回复就留空。",
        },
        "channel": {
            "type": "string",
            "maxLength": CHANNEL_CHARS,
            "description": "聊天所在的渠道，例如 taobao、douyin、wechat；不知道就留空。",
        },
        "product_id": _id("顾客正在咨询的商品编号；不知道就留空。"),
        "order_id": _id("顾客在消息里提到的订单编号；没有提到就留空。"),
    }
    return {
        "operationId": RECORD,
        "summary": "记录一条顾客消息",
        "description": "记录顾客发来的一条消息和机器人的回复，返回这条消息的意图和购买意向分。每条消息调用一次。",
        "parameters": [_query("idempotency_key", _id(key))],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _object("", said, required=["text"])}},
        },
        "responses": _responses("消息已记录", _RECORDED),
    }


def _context() -> Schema:
    limit = {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_PAGE,
        "default": COZE_PAGE,
        "description": "最多返回几次会话。",
    }
    return {
        "operationId": CONTEXT,
        "summary": "查询顾客的历史会话和订单",
        "description": "查询一位顾客最近的会话和订单，用于接着上次聊、回答订单问题。新顾客返回空列表。",
        "parameters": [_query("user_id", _id(_USER)), _query("limit", limit)],
        "responses": _responses("查询成功", _HISTORY),
    }


def _query(name: str, schema: Schema) -> Schema:
    text = schema["description"]
    inner = {key: value for key, value in schema.items() if key != "description"}
    return {"name": name, "in": "query", "required": False, "description": text, "schema": inner}


def _responses(text: str, schema: Schema) -> Schema:
    return {
        "200": {"description": text, "content": {"application/json": {"schema": schema}}},
        "default": {"description": "出错：detail 用一句话说明原因。"},
    }


def _object(text: str, properties: Schema, required: list[str] | None = None) -> Schema:
    described = {"description": text} if text else {}
    return {"type": "object", **described, **({"required": required} if required else {}), "properties": properties}


def _list(text: str, item: Schema) -> Schema:
    return {"type": "array", "description": text, "items": item}


_INTENT = _known("string", "意图代码，例如 price_query 询价、bargain 议价；没有识别出来时为空。")
_SCORE = _known("number", "购买意向分，0 到 1，越高越可能下单；没有打分时为空。")
_LABEL = _known("string", "购买意向：high 高，low 低；没有打分时为空。")
_MS = "（UTC 毫秒）"

_RECORDED = _object(
    "",
    {
        "message_id": {"type": "string", "description": "消息编号。"},
        "duplicate": {"type": "boolean", "description": "这条消息以前是否已经记录过；是也算成功。"},
        "intent": _INTENT,
        "buyScore": _SCORE,
        "label": _LABEL,
        "model": _known("string", "打分所用的模型版本。"),
    },
)
_MESSAGE = _object(
    "一条消息。",
    {
        "id": {"type": "string", "description": "消息编号。"},
        "from": {"type": "string", "description": "谁说的：user 顾客，bot 机器人，agent 人工客服。"},
        "agentId": _known("string", "人工客服的编号；不是人工客服说的则为空。"),
        "text": {"type": "string", "description": "消息内容；手机号等个人信息已换成占位符，例如 [手机号1]。"},
        "ts": {"type": "integer", "description": f"发送时间{_MS}。"},
        "intent": _INTENT,
        "buyScore": _SCORE,
    },
)
_CONVERSATION = _object(
    "一次会话。",
    {
        "msgs": _list("会话里的消息，从早到晚。", _MESSAGE),
        "intent": _INTENT,
        "buyScore": _SCORE,
        "label": _LABEL,
        "orderId": {"type": "string", "description": "这次会话带来的订单编号；没有则为空字符串。"},
        "createTime": {"type": "integer", "description": f"会话开始时间{_MS}。"},
        "updateTime": {"type": "integer", "description": f"最后一条消息的时间{_MS}。"},
        "servedBy": {"type": "string", "description": "谁接待：bot、human、bot_then_human 或 none。"},
        "agents": _list("参与的人工客服编号。", {"type": "string", "description": "人工客服编号。"}),
        "channel": _known("string", "聊天所在的渠道。"),
    },
)
_ORDER = _object(
    "一张订单。",
    {
        "orderId": {"type": "string", "description": "订单编号。"},
        "status": {
            "type": "string",
            "description": "状态：created 已下单，paid 已付款，shipped 已发货，received 已收货，"
            "refunded 已退款，cancelled 已取消。",
        },
        "amountFen": {"type": "integer", "description": "应付金额，单位是分，含运费。"},
        "refundedFen": {"type": "integer", "description": "已退金额，单位是分。"},
        "created": _known("integer", f"下单时间{_MS}。"),
        "paid": _known("integer", f"付清时间{_MS}。"),
        "received": _known("integer", f"收货时间{_MS}。"),
        "cancelled": _known("integer", f"取消时间{_MS}。"),
        "productId": _known("string", "商品编号。"),
        "channel": _known("string", "下单的渠道。"),
    },
)
_HISTORY = _object(
    "",
    {
        "userId": {"type": "string", "description": "顾客编号；几个编号已关联为同一人时，是归并后的那个。"},
        "conversations": _list("最近的会话，从新到旧；新顾客为空。", _CONVERSATION),
        "orders": _list("最近的订单，最近有变化的在前，最多 100 张；没有订单为空。", _ORDER),
    },
)
