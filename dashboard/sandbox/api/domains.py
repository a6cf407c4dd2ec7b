"""The e-mail sender domain (voicedock-api.md §9.8): at most one per organization; Resend is only played.

The sandbox's own choice: what was once made stays known at Resend and can be chosen again by a sync; verification
starts with `verify` (pending) and is through at the next `refresh`, failed for a domain that ends in `.invalid`;
without a domain both answer 404; a second domain is a 409.
"""

import re

from .. import chance, wire
from ..errors import Refusal, absent, invalid
from ..exchange import Answer
from ..records import Kept
from . import validation
from .context import Context, Routes

NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
REGION = "eu-west-1"


def read(ctx: Context) -> Answer:
    return _answer(ctx, _selected(ctx))


def create(ctx: Context) -> Answer:
    body = validation.known(ctx, ctx.request.json(), ("domain_name",))
    name = (validation.text(body, "domain_name", required=True) or "").strip().lower()
    if not NAME.fullmatch(name):
        raise invalid("domain_name", "must be a domain name")
    if _selected(ctx):
        raise Refusal(409, "An organization has one domain", title="There is already a domain")
    key = ctx.world.new_id("domain")
    known_there = chance.uuid_of(ctx.world.seed, "resend", key)
    settings = {"domain_name": name, "resend_domain_id": known_there, "status": "not_started", "selected": True}
    domain = ctx.world.domains[key] = Kept(key, ctx.org.id, settings, ctx.now, ctx.now)
    return _answer(ctx, domain, 201)


def delete(ctx: Context) -> Answer:
    _change(ctx, _needed(ctx), selected=False)
    return ctx.deleted()


def known_at_resend(ctx: Context) -> Answer:
    chosen = _selected(ctx)
    there = [
        {"id": one.settings["resend_domain_id"], "name": one.settings["domain_name"], "status": one.settings["status"],
         "region": REGION, "created_at": wire.iso(one.created_at)}
        for one in ctx.all_own("domains")
    ]  # fmt: skip
    return Answer(
        body={"domains": there, "selected_domain_id": chosen.settings["resend_domain_id"] if chosen else None}
    )


def choose(ctx: Context) -> Answer:
    body = validation.known(ctx, ctx.request.json(), ("resendDomainId",))
    wanted = validation.text(body, "resendDomainId", required=True)
    domain = next((one for one in ctx.all_own("domains") if one.settings["resend_domain_id"] == wanted), None)
    if domain is None:
        raise absent("Domain", "resendDomainId")
    for one in ctx.all_own("domains"):
        one.settings["selected"] = False
    _change(ctx, domain, selected=True)
    message = f"{domain.settings['domain_name']} is the domain of this organization now"  # §17 11
    return Answer(body={"domain": _shown(domain), "message": message})


def verify(ctx: Context) -> Answer:
    domain = _needed(ctx)
    if domain.settings["status"] != "verified":
        _change(ctx, domain, status="pending")
    return _answer(ctx, domain)


def refresh(ctx: Context) -> Answer:
    domain = _needed(ctx)
    if domain.settings["status"] == "pending":
        right = not domain.settings["domain_name"].endswith(".invalid")
        _change(ctx, domain, status="verified" if right else "failed", verified_at=ctx.now if right else None)
    return _answer(ctx, domain)


def _selected(ctx: Context) -> Kept | None:
    return next((one for one in ctx.all_own("domains") if one.settings["selected"]), None)


def _needed(ctx: Context) -> Kept:
    domain = _selected(ctx)
    if domain is None:
        raise absent("Domain")
    return domain


def _change(ctx: Context, domain: Kept, **settings: object) -> None:
    domain.settings |= settings
    domain.updated_at = ctx.now


def _answer(ctx: Context, domain: Kept | None, status: int = 200) -> Answer:
    return Answer(status, {"domain": _shown(domain) if domain else None})


def _shown(domain: Kept) -> dict:
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
             "value": f"p={chance.token_of(64, 'dkim', domain.id)}", "priority": None},
        ],
        "created_at": wire.iso(domain.created_at),
        "updated_at": wire.iso(domain.updated_at),
        "verified_at": wire.iso(settings.get("verified_at")),
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
