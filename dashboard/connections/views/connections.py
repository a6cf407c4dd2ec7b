"""The connections to VoiceDock: the list, one connection, adding one and replacing its key."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from dashboard.connections import connect, folded_runs, organizations, queries, webhook_secrets
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
    """Tests the key at VoiceDock, with no scope open; the key is only stored encrypted."""
    form = ConnectionForm(request.POST)
    if form.is_valid():
        try:
            connection = connect.add(form.cleaned_data["name"], form.cleaned_data["api_key"], by=request.user)
        except connect.ChangeRefused as error:
            form.add_error("api_key", error.message)
        else:
            messages.success(
                request,
                f"{names.isolate(connection.name)} is connected. Its numbers and assistants are on their way.",
            )
            return redirect_to(connection)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return _listing(request, form=form, status=422)


def _listing(request: StaffRequest, *, form: ConnectionForm | None = None, status: int = 200) -> HttpResponse:
    found, failed = queries.connections(), failed_deliveries.failed_by_connection()
    for connection in found:
        connection.failed_reports = failed.get(connection.pk, 0)  # type: ignore[attr-defined]
    context = {
        "connections": found,
        "failing": sum(bool(row.fresh.failing or row.last_error or row.failed_reports) for row in found),  # type: ignore[attr-defined]
        "oldest": _oldest(found),
        "form": form or ConnectionForm(),
        "may_manage": request.actor.may(Permission.MANAGE_CONNECTIONS),
        "may_fill_in": reauthentication.is_recent(request),
    }
    return page_or_part(
        request, "connections/connections.html", "connections/_connections.html", context, status=status
    )


def _oldest(found: list[Connection]) -> Any:
    times = [connection.fresh.fresh_at for connection in found]  # type: ignore[attr-defined]
    return min(times) if times and all(times) else None


@require_GET
@staff_view(Permission.SEE_CONNECTIONS)
def page(request: StaffRequest, pk: int) -> HttpResponse:
    return show(request, pk)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS)
def sync_now(request: StaffRequest, pk: int) -> HttpResponse:
    """Make every kind due; the workers start within seconds."""
    connection = get_object_or_404(Connection, pk=pk)
    runs.mark_due(connection, *Kind)
    messages.success(request, "Everything is due now. What is found appears below as it comes.")
    return redirect_to(connection)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False)
def set_up_webhooks(request: StaffRequest, pk: int) -> HttpResponse:
    connection = get_connection(request, pk)
    setup = connect.set_up_webhooks(connection, by=request.user, take_over=request.POST.get("take_over") == "yes")
    message = f"Webhooks are set up for {setup.ours} assistant{'' if setup.ours == 1 else 's'}."
    if setup.foreign:
        message += f" {setup.foreign} report elsewhere and were left as they are."
    if setup.left:
        message += f" {setup.left} could not be set up now; try again in a minute."
    (messages.warning if setup.left else messages.success)(request, message)
    return redirect_to(connection)


@sensitive_post_parameters("api_key")
@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_AGAIN)
def replace_key(request: StaffRequest, pk: int) -> HttpResponse:
    connection = get_connection(request, pk)
    form = KeyForm(request.POST)
    if form.is_valid():
        try:
            connect.replace_key(connection, form.cleaned_data["api_key"], by=request.user)
        except connect.ChangeRefused as error:
            form.add_error("api_key", error.message)
        else:
            messages.success(request, "The new key works and is in use.", extra_tags="key")
            return redirect_to(connection, "key")
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return show(request, pk, key_form=form, status=422)


def get_connection(request: StaffRequest, pk: int) -> Connection:
    """The connection, or 404; for a view that opens its scopes itself."""
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return get_object_or_404(Connection, pk=pk)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS)
def replay(request: StaffRequest, pk: int) -> HttpResponse:
    """Webhooks that could not be applied are tried again within seconds."""
    connection = get_object_or_404(Connection, pk=pk)
    count = failed_deliveries.replay(connection, by=request.user)
    applying = f"{count} webhook{' is' if count == 1 else 's are'} being applied again."
    messages.success(request, applying if count else "There is none left.")
    return redirect_to(connection)


@scope.requires_scope
def show(
    request: StaffRequest, pk: int, *, key_form: KeyForm | None = None, status: int = 200, **forms: Any
) -> HttpResponse:
    """The whole page; `forms` are other forms with their errors, by their names in the template."""
    get_object_or_404(Connection, pk=pk)
    one: Any = next(connection for connection in queries.connections() if connection.pk == pk)
    our_url = connect.webhook_url(one)
    urls = list(Assistant.objects.filter(connection=one, vanished_at=None).values_list("webhook_url", flat=True))
    children = queries.children_without_key(one)
    unreadable, unreadable_count = unreadable_items.latest(one)
    context = {
        "unreadable": unreadable,
        "unreadable_count": unreadable_count,
        "one": one,
        "priorities": [(priority.label, one.priorities.get(priority.label, 0)) for priority in Priority],
        "runs": folded_runs.fold(queries.runs(one)),
        "failed_deliveries": failed_deliveries.failed(one),
        "children": [(child, ChildKeyForm(initial={"organization": child["id"]})) for child in children],
        "unanswered_requests": organizations.unanswered(one),
        "organization_form": OrganizationForm(),
        **_secret(one),
        "tenants": list(one.tenants.order_by("name")[:50]),
        "assistant_count": len(urls),
        "ours": sum(url == our_url for url in urls),
        "foreign": sum(bool(url) and url != our_url for url in urls),
        "key_form": key_form or KeyForm(),
        "may_manage": request.actor.may(Permission.MANAGE_CONNECTIONS),
        "may_fill_in": reauthentication.is_recent(request),
    }
    context |= forms
    return page_or_part(request, "connections/connection.html", "connections/_connection.html", context, status=status)


def _secret(connection: Connection) -> dict[str, Any]:
    """The state of the webhook secret and of its rotation."""
    secret = ConnectionSecret.objects.filter(connection_id=connection.pk).first()
    if secret is None or not secret.sealed_webhook_secret:
        return {"has_secret": False}
    changing = bool(secret.sealed_webhook_secret_before)
    return {
        "has_secret": True,
        "changing": changing,
        "secret_blocking_reason": webhook_secrets.blocking_reason(secret),
        "secret_at": secret.rotated_at,
        "without_newest_secret": webhook_secrets.without_newest_secret(connection, secret.rotated_at)
        if changing and secret.rotated_at
        else 0,
        "overlap_until": webhook_secrets.overlap_until(connection) if changing else None,
    }


def redirect_to(connection: Connection, place: str = "") -> HttpResponse:
    """To its page, and there to the part in which something was done."""
    address = reverse("staff-connection", args=[connection.pk])
    return HttpResponseRedirect(f"{address}#{place}" if place else address)
