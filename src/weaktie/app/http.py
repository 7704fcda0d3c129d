"""The HTTP side: every capability's routes in one FastAPI application, and the console's files."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from weaktie import __version__
from weaktie.ai.influence import acting_api as influence_acting_api
from weaktie.ai.influence import api as influence_api
from weaktie.app import api, backup_api
from weaktie.app.wiring import App
from weaktie.business.loyalty import api as loyalty_api
from weaktie.business.loyalty import points_api, shop_api
from weaktie.business.referral import api as referral_api
from weaktie.business.referral import hosted as referral_hosted
from weaktie.business.referral import shop_api as referral_shop_api
from weaktie.business.risk import api as risk_api
from weaktie.data.acquisition import api as acquisition_api
from weaktie.data.acquisition import following, spending_api
from weaktie.data.attribution import api as attribution_api
from weaktie.data.behaviour import api as behaviour_api
from weaktie.data.boards import api as boards_api
from weaktie.data.collect import api as collect_api
from weaktie.data.flags import api as flags_api
from weaktie.data.funnels import api as funnels_api
from weaktie.data.graph import api as graph_api
from weaktie.data.identity import api as identity_api
from weaktie.data.imports import api as imports_api
from weaktie.data.metrics import api as metrics_api
from weaktie.data.paths import api as paths_api
from weaktie.data.private import api as private_api
from weaktie.data.profiles import api as profiles_api
from weaktie.data.pulls import api as pulls_api
from weaktie.data.quality import api as quality_api
from weaktie.data.reconcile import api as reconcile_api
from weaktie.data.relay import api as relay_api
from weaktie.data.retention import api as retention_api
from weaktie.data.rfm import api as rfm_api
from weaktie.data.segments import api as segments_api
from weaktie.data.sources import api as sources_api
from weaktie.data.sql import api as sql_api
from weaktie.data.tags import api as tags_api
from weaktie.data.tracking import api as tracking_api
from weaktie.data.webhooks import api as webhooks_api
from weaktie.kit.errors import NotFound
from weaktie.kit.web import RequestGuard, SecurityHeaders, install_error_handlers
from weaktie.kit.words import Words
from weaktie.trust.accounts import api as accounts_api
from weaktie.trust.audit import api as audit_api
from weaktie.trust.consent import api as consent_api
from weaktie.trust.ledger import api as ledger_api
from weaktie.trust.rights import api as rights_api

CONSOLE = Path(__file__).parent / "static" / "console"
NONCE_MARK = "__CSP_NONCE__"
CACHE_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def make_api(wt: App) -> FastAPI:
    """The application; its parts are reached through `app.state.weaktie`."""
    application = FastAPI(
        title="weaktie", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    application.state.weaktie = wt
    install_error_handlers(application)
    application.add_middleware(profiles_api.ProfileReads)
    application.add_middleware(
        RequestGuard,
        unlimited=[
            ("POST", "/api/imports"),
            ("POST", "/api/reconciliations/export"),
            ("POST", "/api/segments/lists"),
            ("POST", "/api/acquisition/costs"),
        ],
    )
    application.add_middleware(SecurityHeaders, https=wt.settings.security.secure_cookies)
    # Routes are looked through in this order: the one that is asked most stands first.
    for module in (
        profiles_api, accounts_api, audit_api, consent_api, rights_api, sources_api, webhooks_api, collect_api, imports_api,
        pulls_api, metrics_api, tracking_api, relay_api, reconcile_api, quality_api, identity_api, behaviour_api, segments_api,
        tags_api, rfm_api, funnels_api, retention_api, paths_api, attribution_api, sql_api, boards_api, acquisition_api,
        private_api, spending_api, ledger_api, loyalty_api, points_api, api, graph_api, influence_api, influence_acting_api,
        flags_api, risk_api, referral_api, backup_api,
    ):  # fmt: skip
        application.include_router(module.router)
    for router in (
        collect_api.public, webhooks_api.public, shop_api.public, following.router, referral_shop_api.router,
        referral_hosted.router,
    ):  # fmt: skip
        application.include_router(router)
    _add_console(application)
    return application


def _add_console(application: FastAPI) -> None:
    @application.get("/assets/{name:path}", include_in_schema=False)
    def asset(name: str) -> Response:
        path = (CONSOLE / "assets" / name).resolve()
        if not path.is_relative_to(CONSOLE / "assets") or not path.is_file():
            raise _no_page(name)
        return FileResponse(path, headers=CACHE_FOR_EVER)

    @application.get("/{page:path}", include_in_schema=False)
    def page(page: str, request: Request) -> Response:
        if page.startswith("api/"):
            raise _no_page(page)
        plain = (CONSOLE / page).resolve()
        if page and plain.is_relative_to(CONSOLE) and plain.is_file() and plain.suffix != ".html":
            return FileResponse(plain)
        index = CONSOLE / "index.html"
        if not index.exists():
            return HTMLResponse(
                "<p>控制台尚未构建。The console is not built; run: make run</p>", status_code=503
            )
        text = index.read_text("utf-8").replace(NONCE_MARK, request.state.csp_nonce)
        return HTMLResponse(text, headers={"Cache-Control": "no-store"})


def _no_page(name: str) -> NotFound:
    return NotFound(
        "no_such_page", Words("没有这个页面或接口。", "There is no such page or route."), place=name
    )
