"""The connections to VoiceDock: how each fares, adding one, and looking closer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from dashboard.connections import connect, organizations, queries, webhook_secrets
from dashboard.connections.forms import ChildKeyForm, ConnectionForm, KeyForm, OrganizationForm
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs, unreadable_items
from dashboard.sync.models import Kind
from dashboard.ui.fragments import page_or_part
from dashboard.webhooks import failed_deliveries
from tenants import names
from tenants.access import reauthentication
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope
from tenants.models import Assistant, Connection, ConnectionSecret


@require_GET
@staff_view(Permission.SEE_CONNECTIONS)
def listing(request: StaffRequest) -> HttpResponse:
    return _listing(request)


@sensitive_post_parameters("api_key")
@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_AGAIN)
def add(request: StaffRequest) -> HttpResponse:
    """Asks VoiceDock once with the key, with nothing open; the key goes nowhere but into its seal."""
    form = ConnectionForm(request.POST)
    if form.is_valid():
        try:
            connection = connect.add(form.cleaned_data["name"], form.cleaned_data["api_key"], by=request.user)
        except connect.Refused as no:
            form.add_error("api_key", no.words)
        else:
            messages.success(
                request,
                f"{names.isolate(connection.name)} is connected. Its numbers and assistants are on their way.",
            )
            return to(connection)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return _listing(request, form=form, status=422)


def _listing(request: StaffRequest, *, form: ConnectionForm | None = None, status: int = 200) -> HttpResponse:
    found, failed = queries.connections(), failed_deliveries.failed_by_connection()
    for one in found:
        one.failed_reports = failed.get(one.pk, 0)  # type: ignore[attr-defined]
    context = {
        "connections": found,
        "ailing": sum(bool(one.fresh.failing or one.last_error or one.failed_reports) for one in found),  # type: ignore[attr-defined]
        "oldest": _oldest(found),
        "form": form or ConnectionForm(),
        "may_manage": request.actor.may(Permission.MANAGE_CONNECTIONS),
        "may_fill_in": reauthentication.is_recent(request),
    }
    return page_or_part(
        request, "connections/connections.html", "connections/_connections.html", context, status=status
    )


def _oldest(found: list[Connection]) -> Any:
    times = [one.fresh.fresh_at for one in found]  # type: ignore[attr-defined]
    return min(times) if times and all(times) else None


@require_GET
@staff_view(Permission.SEE_CONNECTIONS)
def page(request: StaffRequest, pk: int) -> HttpResponse:
    return show(request, pk)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS)
def sync_now(request: StaffRequest, pk: int) -> HttpResponse:
    """Due at once; the machines look at their next tick, a second or two away."""
    connection = get_object_or_404(Connection, pk=pk)
    runs.mark_due(connection, *Kind)
    messages.success(request, "Everything is due now. What is found appears below as it comes.")
    return to(connection)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False)
def set_up_webhooks(request: StaffRequest, pk: int) -> HttpResponse:
    connection = known(request, pk)
    hooked = connect.set_up_webhooks(connection, by=request.user, take_over=request.POST.get("take_over") == "yes")
    words = f"{hooked.ours} assistant{'' if hooked.ours == 1 else 's'} report to us."
    if hooked.foreign:
        words += f" {hooked.foreign} report elsewhere and were left alone."
    if hooked.left:
        words += f" {hooked.left} could not be told now; hook up again in a minute."
    (messages.warning if hooked.left else messages.success)(request, words)
    return to(connection)


@sensitive_post_parameters("api_key")
@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_AGAIN)
def replace_key(request: StaffRequest, pk: int) -> HttpResponse:
    connection = known(request, pk)
    form = KeyForm(request.POST)
    if form.is_valid():
        try:
            connect.replace_key(connection, form.cleaned_data["api_key"], by=request.user)
        except connect.Refused as no:
            form.add_error("api_key", no.words)
        else:
            messages.success(request, "The new key works and is in use.")
            return to(connection)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return show(request, pk, key_form=form, status=422)


def known(request: StaffRequest, pk: int) -> Connection:
    """The connection of this address, for a view that opens its scopes itself; or 404."""
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return get_object_or_404(Connection, pk=pk)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS)
def replay(request: StaffRequest, pk: int) -> HttpResponse:
    """Reports that could not be applied are tried again within seconds."""
    connection = get_object_or_404(Connection, pk=pk)
    count = failed_deliveries.replay(connection, by=request.user)
    words = f"{count} report{' is' if count == 1 else 's are'} being applied again." if count else "There is none left."
    messages.success(request, words)
    return to(connection)


def show(
    request: StaffRequest, pk: int, *, key_form: KeyForm | None = None, status: int = 200, **said: Any
) -> HttpResponse:
    """The whole page; `said` are other forms with their errors."""
    get_object_or_404(Connection, pk=pk)
    one: Any = next(one for one in queries.connections() if one.pk == pk)
    address = connect.hook_address(one)
    told = list(Assistant.objects.filter(connection=one, vanished_at=None).values_list("webhook_url", flat=True))
    children = queries.children_without_key(one)
    unread, unread_count = unreadable_items.latest(one)
    context = {
        "unreadable": unread,
        "unreadable_count": unread_count,
        "one": one,
        "priorities": [(priority.label, one.priorities.get(priority.label, 0)) for priority in Priority],
        "runs": queries.runs(one),
        "failed_deliveries": failed_deliveries.failed(one),
        "children": [(child, ChildKeyForm(initial={"organization": child["id"]})) for child in children],
        "questions": organizations.questions(one),
        "organization_form": OrganizationForm(),
        **_secret(one),
        "tenants": list(one.tenants.order_by("name")[:50]),
        "told": len(told),
        "ours": sum(url == address for url in told),
        "foreign": sum(bool(url) and url != address for url in told),
        "key_form": key_form or KeyForm(),
        "may_manage": request.actor.may(Permission.MANAGE_CONNECTIONS),
        "may_fill_in": reauthentication.is_recent(request),
    }
    context |= said
    return page_or_part(request, "connections/connection.html", "connections/_connection.html", context, status=status)


def _secret(connection: Connection) -> dict[str, Any]:
    """How far the change of the webhook secret is."""
    secret = ConnectionSecret.objects.filter(connection_id=connection.pk).first()
    if secret is None or not secret.sealed_webhook_secret:
        return {"has_secret": False}
    changing = bool(secret.sealed_webhook_secret_before)
    return {
        "has_secret": True,
        "changing": changing,
        "secret_hindrance": webhook_secrets.hindrance(secret),
        "secret_at": secret.rotated_at,
        "untold": webhook_secrets.untold(connection, secret.rotated_at) if changing and secret.rotated_at else 0,
        "overlap_until": webhook_secrets.overlap_until(connection) if changing else None,
    }


def to(connection: Connection) -> HttpResponse:
    return HttpResponseRedirect(reverse("staff-connection", args=[connection.pk]))
