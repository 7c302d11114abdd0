"""The HTTP side of Xundan, put together."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from xundan.receive import docs, openapi, problems
from xundan.receive.batch import Batches
from xundan.receive.coze import Coze
from xundan.receive.gate import Gate
from xundan.receive.health import Health
from xundan.receive.metrics import Metrics
from xundan.receive.read_api import ReadApi
from xundan.receive.services import Services
from xundan.receive.shortcut import ShortCutApp
from xundan.receive.traffic import Meter, Traffic

USER = "/v1/shops/{shop}/users/{user:path}"
"""Ids are URL-encoded; one may hold a slash."""

DESCRIPTION = "Which chats become orders. Times are UTC milliseconds, money is fen, errors are RFC 9457 problems."


class DirectRoute(APIRoute):
    """Described as any route, but the handler is called at once: none of ours asks for FastAPI's dependencies."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        try:
            response = await self.endpoint(Request(scope, receive, send), **scope["path_params"])
        except asyncio.CancelledError:
            response = problems.broken_off()
        await response(scope, receive, send)


def create_app(services: Services) -> FastAPI:
    """The ASGI application over opened services; who opened them closes them."""
    app = ShortCutApp(
        title="Xundan 询单",
        description=DESCRIPTION,
        version=version("xundan"),
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    gate, traffic = Gate(services.settings), Traffic()
    coze = Coze(services, gate)
    app.traffic, app.short_cuts = traffic, {"/coze": coze.coze}
    app.add_middleware(Meter, traffic=traffic)
    problems.install(app)
    openapi.install(app)
    _add_routes(app, services, gate, traffic, coze)
    docs.install(app)
    return app


def _add_routes(app: FastAPI, services: Services, gate: Gate, traffic: Traffic, coze: Coze) -> None:
    batches, read, health = Batches(services, gate), ReadApi(services, gate), Health(services)
    routes: list[tuple[str, str, Any, openapi.Described]] = [
        ("POST", "/coze", coze.coze, openapi.COZE),
        ("GET", "/coze/context", read.coze_context, openapi.COZE_CONTEXT),
        ("POST", "/v1/messages", batches.messages, openapi.MESSAGES),
        ("POST", "/v1/orders", batches.orders, openapi.ORDERS),
        ("POST", "/v1/links", batches.links, openapi.LINKS),
        ("GET", USER + "/intent", read.intent, openapi.INTENT),
        ("GET", USER + "/context", read.context, openapi.CONTEXT),
        ("GET", "/v1/shops/{shop}/report", read.report, openapi.REPORT),
        ("GET", "/healthz", health.healthz, openapi.HEALTH),
        ("GET", "/readyz", health.readyz, openapi.READY),
        ("GET", "/metrics", Metrics(services, gate, traffic).metrics, openapi.METRICS),
    ]
    for method, path, handler, description in routes:
        app.router.add_api_route(
            path, handler, methods=[method], response_model=None, route_class_override=DirectRoute, **description
        )
