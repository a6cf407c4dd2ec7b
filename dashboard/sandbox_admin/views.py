"""The sandbox's page, for staff where there is a sandbox: clock, faults, calls, credit, and the request log."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.sandbox_admin import labels, page_context, sandbox_client
from dashboard.sandbox_admin.forms import (
    BalanceForm,
    ClockForm,
    FaultForm,
    InboundCallForm,
    OutcomeForm,
    ScenarioForm,
)
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.mail import queue
from tenants.models import Number

MAILS = 50
LARGEST_CHOICE = 200  # numbers
NO_ANSWER = "The sandbox does not answer. It restarts by itself; reload this page in a few seconds."


def sandbox_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For staff with the permission; a 404 where there is no sandbox, since calls then ring real phones."""
    for_staff = staff_view(Permission.USE_SANDBOX, open_scope=False)(view)

    @wraps(for_staff)
    def wrapped(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.SANDBOX_URL:
            raise Http404
        return for_staff(request, *args, **kwargs)

    return wrapped


@require_GET
@sandbox_view
def page(request: StaffRequest) -> HttpResponse:
    """`?part=log` renders the request log alone; `&hold` stops it from refreshing itself."""
    if request.GET.get("part") == "log":
        return render(request, "sandbox_admin/_request_log.html", _request_log(request))
    return _page(request)


@require_GET
@sandbox_view
def mails(request: StaffRequest) -> HttpResponse:
    """The mails that the demo keeps instead of sending, with their links."""
    return render(request, "sandbox_admin/mails.html", {"mails": queue.kept_in_demo(MAILS)})


@require_POST
@sandbox_view
def add_fault(request: StaffRequest) -> HttpResponse:
    form = FaultForm(request.POST, organizations=_listed("organizations"))
    return _change(request, "fault", form, lambda: sandbox_client.post("faults", **form.body()), "The fault is on.")


@require_POST
@sandbox_view
def clear_faults(request: StaffRequest) -> HttpResponse:
    """Remove one fault by its id, or all."""
    fault_id = request.POST.get("fault", "")
    query = {"id": int(fault_id)} if fault_id.isdecimal() else {}
    return _change(request, "", None, lambda: sandbox_client.delete("faults", **query), "The fault is off.")


@require_POST
@sandbox_view
def play_scenario(request: StaffRequest) -> HttpResponse:
    """Start a scenario, or stop the one that is playing."""
    if "stop" in request.POST:
        stopped = "Stopped. Faults stay on until you switch them off."
        return _change(request, "", None, lambda: sandbox_client.delete("scenarios"), stopped)
    form = ScenarioForm(request.POST, scenarios=_listed("scenarios"))

    def play() -> None:
        sandbox_client.post("scenarios", **form.cleaned_data)

    return _change(request, "scenario", form, play, "The scenario has started.")


@require_POST
@sandbox_view
def change_clock(request: StaffRequest) -> HttpResponse:
    form = ClockForm(request.POST)

    def change() -> None:
        sandbox_client.post("clock", **form.body())

    return _change(request, "clock_form", form, change, "The sandbox's clock is set.")


@require_POST
@sandbox_view
def set_outcome(request: StaffRequest) -> HttpResponse:
    form = OutcomeForm(request.POST)

    def change() -> None:
        sandbox_client.post("options", **form.cleaned_data)

    return _change(request, "outcome", form, change, "New calls have this result from now on.")


@require_POST
@sandbox_view
def receive_inbound_call(request: StaffRequest) -> HttpResponse:
    form = InboundCallForm(request.POST, numbers=_answered_numbers(request), auto_id="inbound_%s")

    def call() -> None:
        data = form.cleaned_data
        sandbox_client.post("calls/inbound", number=data["number"], outcome=data["outcome"])

    return _change(request, "inbound_call", form, call, "A call is coming in. See Live.")


@require_POST
@sandbox_view
def set_balance(request: StaffRequest) -> HttpResponse:
    form = BalanceForm(request.POST)

    def change() -> None:
        data = form.cleaned_data
        sandbox_client.post(f"organizations/{data['organization']}", minutes_balance=data["minutes"])

    return _change(request, "balance", form, change, "The credit is changed.")


def _change(request: StaffRequest, name: str, form: Form | None, change: Callable[[], Any], done: str) -> HttpResponse:
    """Make the change and redirect to the page; an error is shown beside the form it came from."""
    if form is None or form.is_valid():
        try:
            change()
        except sandbox_client.NoAnswer:
            messages.error(request, NO_ANSWER)
        except sandbox_client.RequestRefused as error:
            if form is not None:
                form.add_error(None, str(error))
                return _page(request, status=422, **{name: form})
            messages.error(request, str(error))
        else:
            messages.success(request, done)
        return HttpResponseRedirect(reverse("sandbox"))
    return _page(request, status=422, **{name: form})


def _page(request: StaffRequest, *, status: int = 200, **forms: Form) -> HttpResponse:
    try:
        context = page_context.sandbox()
    except sandbox_client.NoAnswer:
        return render(request, "sandbox_admin/page.html", {"unavailable": True}, status=503)
    context |= {
        "speeds": labels.SPEEDS,
        "jumps": labels.JUMPS,
        "outcome": OutcomeForm(initial={"outcome": context["current_outcome"]}),
        "fault": FaultForm(organizations=context["organizations"]),
        "scenario": ScenarioForm(scenarios=context["scenarios"]),
        "inbound_call": InboundCallForm(numbers=_answered_numbers(request), auto_id="inbound_%s"),
        "balance": BalanceForm(),
        **forms,
    }
    return render(request, "sandbox_admin/page.html", context | _request_log(request), status=status)


def _request_log(request: StaffRequest) -> dict[str, Any]:
    try:
        return {"requests": page_context.requests(), "hold": "hold" in request.GET}
    except sandbox_client.NoAnswer:
        return {"unavailable": True}


def _listed(name: str) -> list[dict[str, Any]]:
    """The sandbox's organizations or scenarios; none where it does not answer, which the change then reports."""
    try:
        return list(sandbox_client.get(name)[name])
    except sandbox_client.NoAnswer:
        return []


def _answered_numbers(request: StaffRequest) -> list[Number]:
    """Active numbers that have an assistant."""
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        answered = Number.objects.filter(vanished_at=None, is_active=True).exclude(remote_assistant_id="")
        return list(answered.order_by("name", "e164")[:LARGEST_CHOICE])
