"""HTTP: setting webhooks up, the addresses that other systems push to, and what they ask about people."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from weaktie.data.collect.contracts import RawRequest
from weaktie.data.webhooks.contracts import Delivery, Kind, PrivacyRequest, Webhook, refuse
from weaktie.data.webhooks.service import Webhooks
from weaktie.kit.clock import Clock, to_iso
from weaktie.kit.web import PlainText, app_part
from weaktie.store.database.service import Database
from weaktie.store.log.contracts import LogUnavailable, Writer
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api", tags=["webhooks"])
public = APIRouter(tags=["webhooks"])
View = Annotated[Caller, Depends(require("view"))]
Developer = Annotated[Caller, Depends(require("develop"))]
Compliance = Annotated[Caller, Depends(require("comply"))]
Secret = Annotated[PlainText, Field(min_length=1, max_length=512)]
LONGEST_AGENT = 256


class WebhookBody(BaseModel):
    """A webhook: where the other system pushes to, and what came of it. Its secrets are never shown."""

    webhook_id: str
    source_id: str
    kind: Kind
    path: str
    created_time: str
    rotated_time: str
    ended_time: str | None
    accepted: int
    repeated: int
    last_time: str | None
    last_refusal: str | None
    last_refused_time: str | None


class SecretsRequest(BaseModel):
    """What the other side gave: for Shopify `secret`; for 有赞 `client_id`, `client_secret`; for 企业微信 `token`,
    `aes_key`, `receive_id` (the CorpID)."""

    secrets: dict[str, Secret]


class WebhookRequest(SecretsRequest):
    """A webhook to make."""

    kind: Kind


class PrivacyRequestBody(BaseModel):
    """What a shop platform asks on a person's behalf."""

    request_id: str
    source_id: str
    kind: str
    subject: str | None
    received_time: str
    due_time: str
    done_time: str | None
    done_by: str | None


class PrivacyRequestsBody(BaseModel):
    """A page of requests, the newest first."""

    items: list[PrivacyRequestBody]
    next_cursor: str | None


@router.get("/sources/{source_id}/webhooks")
def list_webhooks(request: Request, _caller: View, source_id: str) -> list[WebhookBody]:
    """The webhooks of a source, oldest first, the ended ones too."""
    with _database(request).connect() as connection:
        return [_body(one) for one in _webhooks(request).of_source(connection, source_id)]


@router.post("/sources/{source_id}/webhooks", status_code=201)
def create_webhook(request: Request, caller: Developer, source_id: str, given: WebhookRequest) -> WebhookBody:
    """Make an address for a source; one of each kind."""
    with _database(request).begin() as tx:
        made = _webhooks(request).create(tx, source_id, given.kind, given.secrets)
        _record(tx, request, caller, "webhook.create", made)
    return _body(made)


@router.post("/webhooks/{webhook_id}/secrets")
def rotate_webhook(
    request: Request, caller: Developer, webhook_id: str, given: SecretsRequest
) -> WebhookBody:
    """Set other secrets; the former ones count for a day more."""
    with _database(request).begin() as tx:
        after = _webhooks(request).rotate(tx, webhook_id, given.secrets)
        _record(tx, request, caller, "webhook.rotate", after)
    return _body(after)


@router.delete("/webhooks/{webhook_id}")
def end_webhook(request: Request, caller: Developer, webhook_id: str) -> WebhookBody:
    """Take nothing more in at this address, and forget its secrets."""
    with _database(request).begin() as tx:
        after = _webhooks(request).end(tx, webhook_id)
        _record(tx, request, caller, "webhook.end", after)
    return _body(after)


@router.get("/privacy-requests")
def list_privacy_requests(
    request: Request, _caller: Compliance, cursor: str | None = None, limit: int | None = None
) -> PrivacyRequestsBody:
    """What shop platforms ask on people's behalf: a copy or an erasure, each with its deadline."""
    with _database(request).connect() as connection:
        page = _webhooks(request).privacy_page(connection, cursor, limit)
    return PrivacyRequestsBody(items=[_privacy(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/privacy-requests/{request_id}/done")
def settle_privacy_request(request: Request, caller: Compliance, request_id: str) -> PrivacyRequestBody:
    """Say that a request was answered."""
    clock: Clock = app_part(request, "clock")
    with _database(request).begin() as tx:
        settled = _webhooks(request).settle(tx, request_id, caller.actor)
        record(
            tx, clock, actor=caller.actor, action="privacy_request.done", object_kind="privacy_request",
            object_id=request_id, detail={"kind": settled.kind},
        )  # fmt: skip
    return _privacy(settled)


@public.get("/webhooks/{webhook_id}", include_in_schema=False)
async def echo(request: Request, webhook_id: str) -> Response:
    """企业微信's verification of the address."""
    text = await run_in_threadpool(_webhooks(request).echo, webhook_id, dict(request.query_params))
    return Response(text, media_type="text/plain")


@public.post("/webhooks/{webhook_id}", include_in_schema=False)
async def receive(request: Request, webhook_id: str) -> Response:
    """A delivery: checked, durable, and only then answered as its sender expects."""
    webhooks, body = _webhooks(request), await request.body()
    query = dict(request.query_params)
    delivery = await run_in_threadpool(webhooks.check, webhook_id, request.headers, query, body)
    try:
        if delivery.body is not None:
            await _append(request, delivery, delivery.body)
    except BaseException:
        webhooks.dropped(delivery)
        raise
    await run_in_threadpool(webhooks.taken, delivery)
    if delivery.webhook.kind == "youzan":
        return Response(b'{"code":0,"msg":"success"}', media_type="application/json")
    return Response("success" if delivery.webhook.kind == "wecom" else "", media_type="text/plain")


async def _append(request: Request, delivery: Delivery, body: bytes) -> None:
    clock: Clock = app_part(request, "clock")
    writer: Writer = app_part(request, "log_writer")
    agent = request.headers.get("user-agent", "")[:LONGEST_AGENT]
    kept = RawRequest(
        delivery.webhook.kind, delivery.endpoint, delivery.webhook.source_id, delivery.purposes, clock.now_us(),
        body, agent,
    )  # fmt: skip
    try:
        await writer.append(msgspec.msgpack.encode(kept))
    except LogUnavailable as error:
        raise refuse("delivery_not_durable") from error


def _record(tx: Connection, request: Request, caller: Caller, action: str, webhook: Webhook) -> None:
    record(
        tx, app_part(request, "clock"), actor=caller.actor, action=action, object_kind="webhook",
        object_id=webhook.webhook_id, detail={"kind": webhook.kind, "source_id": webhook.source_id},
    )  # fmt: skip


def _webhooks(request: Request) -> Webhooks:
    found: Webhooks = app_part(request, "webhooks")
    return found


def _database(request: Request) -> Database:
    found: Database = app_part(request, "database")
    return found


def _iso(at_us: int | None) -> str | None:
    return None if at_us is None else to_iso(at_us)


def _body(webhook: Webhook) -> WebhookBody:
    return WebhookBody(
        webhook_id=webhook.webhook_id, source_id=webhook.source_id, kind=webhook.kind,
        path=f"/webhooks/{webhook.webhook_id}", created_time=to_iso(webhook.created_us),
        rotated_time=to_iso(webhook.rotated_us), ended_time=_iso(webhook.ended_us), accepted=webhook.accepted,
        repeated=webhook.repeated, last_time=_iso(webhook.last_us), last_refusal=webhook.last_refusal,
        last_refused_time=_iso(webhook.last_refused_us),
    )  # fmt: skip


def _privacy(found: PrivacyRequest) -> PrivacyRequestBody:
    return PrivacyRequestBody(
        request_id=found.request_id, source_id=found.source_id, kind=found.kind, subject=found.subject,
        received_time=to_iso(found.received_us), due_time=to_iso(found.due_us), done_time=_iso(found.done_us),
        done_by=found.done_by,
    )  # fmt: skip
