"""The e-mail sender domain (voicedock-api.md §9.8): at most one per organization; Resend is simulated.

The sandbox's own choice: a domain that was created stays known at Resend and can be chosen again by a sync;
verification starts with `verify` (pending) and is complete at the next `refresh`, failed for a domain that ends in
`.invalid`; without a domain both answer 404; a second domain is a 409.
"""

import re
from typing import Any

from .. import random_source, serializers
from ..errors import ApiError, invalid, not_found
from ..http_messages import Response
from ..records import StoredResource
from . import validation
from .context import Context, Routes

NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
REGION = "eu-west-1"


def read(ctx: Context) -> Response:
    return _response(ctx, _selected(ctx))


def create(ctx: Context) -> Response:
    body = validation.known(ctx, ctx.request.json(), ("domain_name",))
    name = (validation.text(body, "domain_name", required=True) or "").strip().lower()
    if not NAME.fullmatch(name):
        raise invalid("domain_name", "must be a domain name")
    if _selected(ctx):
        raise ApiError(409, "An organization has one domain", title="There is already a domain")
    key = ctx.state.new_id("domain")
    resend_id = random_source.uuid_for(ctx.state.seed, "resend", key)
    settings = {"domain_name": name, "resend_domain_id": resend_id, "status": "not_started", "selected": True}
    domain = ctx.state.domains[key] = StoredResource(key, ctx.org.id, settings, ctx.now, ctx.now)
    return _response(ctx, domain, 201)


def delete(ctx: Context) -> Response:
    _change(ctx, _required(ctx), selected=False)
    return ctx.deleted()


def known_at_resend(ctx: Context) -> Response:
    chosen = _selected(ctx)
    domains = [
        {"id": domain.settings["resend_domain_id"], "name": domain.settings["domain_name"],
         "status": domain.settings["status"], "region": REGION, "created_at": serializers.iso(domain.created_at)}
        for domain in ctx.all_own("domains")
    ]  # fmt: skip
    return Response(
        body={"domains": domains, "selected_domain_id": chosen.settings["resend_domain_id"] if chosen else None}
    )


def choose(ctx: Context) -> Response:
    body = validation.known(ctx, ctx.request.json(), ("resendDomainId",))
    wanted = validation.text(body, "resendDomainId", required=True)
    own = ctx.all_own("domains")
    domain = next((domain for domain in own if domain.settings["resend_domain_id"] == wanted), None)
    if domain is None:
        raise not_found("Domain", "resendDomainId")
    for other in own:
        other.settings["selected"] = False
    _change(ctx, domain, selected=True)
    message = f"{domain.settings['domain_name']} is the domain of this organization now"  # §17 11
    return Response(body={"domain": _serialize(domain), "message": message})


def verify(ctx: Context) -> Response:
    domain = _required(ctx)
    if domain.settings["status"] != "verified":
        _change(ctx, domain, status="pending")
    return _response(ctx, domain)


def refresh(ctx: Context) -> Response:
    domain = _required(ctx)
    if domain.settings["status"] == "pending":
        verified = not domain.settings["domain_name"].endswith(".invalid")
        _change(ctx, domain, status="verified" if verified else "failed", verified_at=ctx.now if verified else None)
    return _response(ctx, domain)


def _selected(ctx: Context) -> StoredResource | None:
    return next((domain for domain in ctx.all_own("domains") if domain.settings["selected"]), None)


def _required(ctx: Context) -> StoredResource:
    domain = _selected(ctx)
    if domain is None:
        raise not_found("Domain")
    return domain


def _change(ctx: Context, domain: StoredResource, **settings: object) -> None:
    domain.settings |= settings
    domain.updated_at = ctx.now


def _response(ctx: Context, domain: StoredResource | None, status: int = 200) -> Response:
    return Response(status, {"domain": _serialize(domain) if domain else None})


def _serialize(domain: StoredResource) -> dict[str, Any]:
    settings = domain.settings
    name, status = settings["domain_name"], settings["status"]
    return {
        "id": domain.id,
        "org_id": domain.org_id,
        "domain_name": name,
        "resend_domain_id": settings["resend_domain_id"],
        "status": status,
        "region": REGION,
        "records": [
            {"record": "SPF", "name": f"send.{name}", "type": "MX", "ttl": "Auto", "status": status,
             "value": f"feedback-smtp.{REGION}.amazonses.com", "priority": 10},
            {"record": "SPF", "name": f"send.{name}", "type": "TXT", "ttl": "Auto", "status": status,
             "value": "v=spf1 include:amazonses.com ~all", "priority": None},
            {"record": "DKIM", "name": f"resend._domainkey.{name}", "type": "TXT", "ttl": "Auto", "status": status,
             "value": f"p={random_source.token_for(64, 'dkim', domain.id)}", "priority": None},
        ],
        "created_at": serializers.iso(domain.created_at),
        "updated_at": serializers.iso(domain.updated_at),
        "verified_at": serializers.iso(settings.get("verified_at")),
    }  # fmt: skip


ROUTES: Routes = [
    ("GET", "/domains", read),
    ("POST", "/domains", create),
    ("DELETE", "/domains", delete),
    ("GET", "/domains/sync", known_at_resend),
    ("POST", "/domains/sync", choose),
    ("POST", "/domains/verify", verify),
    ("POST", "/domains/refresh", refresh),
]
