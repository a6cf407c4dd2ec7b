"""The sandbox's page, for staff where there is a sandbox: time, faults, callers, credit, and what was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.practice import levers, words
from dashboard.practice.forms import BalanceForm, ClockForm, FaultForm, OutcomeForm, RingForm, ScenarioForm
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.mail import queue
from tenants.models import Number

REQUESTS = 40  # of the log on the page
DELIVERIES = 15
MAILS = 50
LOST = "The sandbox does not answer. It starts again by itself; look once more in a few seconds."


def door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Staff, and a sandbox; the page is not there where calls ring real phones."""
    inner = staff_view(Permission.USE_SANDBOX, hold=False)(view)

    @wraps(inner)
    def enter(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.SANDBOX_URL:
            raise Http404
        return inner(request, *args, **kwargs)

    return enter


@require_GET
@door
def page(request: StaffRequest) -> HttpResponse:
    """`?part=log` gives the list of requests alone; `&hold` stops it from asking for itself."""
    if request.GET.get("part") == "log":
        return render(request, "practice/_log.html", _log(request))
    return _page(request)


@require_GET
@door
def mails(request: StaffRequest) -> HttpResponse:
    """The mails that the demo would have sent, with their links, so that an invited person can be played."""
    return render(request, "practice/mails.html", {"mails": queue.kept(MAILS)})


@require_POST
@door
def order_fault(request: StaffRequest) -> HttpResponse:
    form = FaultForm(request.POST, organizations=_organizations())
    return _do(request, "fault", form, lambda: levers.pull("faults", **form.order()), "The fault is on.")


@require_POST
@door
def clear_faults(request: StaffRequest) -> HttpResponse:
    """One, by its id, or all."""
    which = request.POST.get("fault", "")
    wanted = {"id": int(which)} if which.isdecimal() else {}
    return _do(request, "", None, lambda: levers.take_off("faults", **wanted), "Taken off.")


@require_POST
@door
def play(request: StaffRequest) -> HttpResponse:
    """Begin a scenario, or stop the one that plays."""
    if "stop" in request.POST:
        return _do(request, "", None, lambda: levers.take_off("scenarios"), "Stopped. Faults stay until taken off.")
    form = ScenarioForm(request.POST, scenarios=_scenarios())

    def begin() -> None:
        levers.pull("scenarios", **form.cleaned_data)

    return _do(request, "scenario", form, begin, "It has begun.")


@require_POST
@door
def turn_clock(request: StaffRequest) -> HttpResponse:
    form = ClockForm(request.POST)
    return _do(request, "clock_form", form, lambda: levers.pull("clock", **form.order()), "The sandbox's clock is set.")


@require_POST
@door
def choose_outcome(request: StaffRequest) -> HttpResponse:
    form = OutcomeForm(request.POST)

    def choose() -> None:
        levers.pull("switches", **form.cleaned_data)

    return _do(request, "outcome", form, choose, "Calls go so from now on.")


@require_POST
@door
def ring(request: StaffRequest) -> HttpResponse:
    form = RingForm(request.POST, lines=_lines(request))

    def call() -> None:
        said = form.cleaned_data
        levers.pull("calls/inbound", number=said["number"], outcome=said["outcome"])

    return _do(request, "ring", form, call, "Somebody calls. Look at the live wall.")


@require_POST
@door
def set_balance(request: StaffRequest) -> HttpResponse:
    form = BalanceForm(request.POST)

    def change() -> None:
        said = form.cleaned_data
        levers.pull(f"organizations/{said['organization']}", minutes_balance=said["minutes"])

    return _do(request, "balance", form, change, "The credit is changed.")


def _do(request: StaffRequest, name: str, form: Form | None, deed: Callable[[], Any], done: str) -> HttpResponse:
    """Pull a lever and go back to the page; what is wrong stands beside the form it came from."""
    if form is None or form.is_valid():
        try:
            deed()
        except levers.NoAnswer:
            messages.error(request, LOST)
        except levers.Refused as no:
            if form is not None:
                form.add_error(None, str(no))
                return _page(request, status=422, **{name: form})
            messages.error(request, str(no))
        else:
            messages.success(request, done)
        return HttpResponseRedirect(reverse("sandbox"))
    return _page(request, status=422, **{name: form})


def _page(request: StaffRequest, *, status: int = 200, **forms: Form) -> HttpResponse:
    context: dict[str, Any] = {"speeds": words.SPEEDS, "jumps": words.JUMPS}
    try:
        organizations = levers.look("organizations")["organizations"]
        switches, clock = levers.look("switches"), levers.look("clock")
        context |= {
            "organizations": organizations,
            "clock": clock | {"at": datetime.fromtimestamp(clock["now"], UTC), "pace": f"{clock['speed']:g}"},
            "world": levers.look(""),
            "faults": [_fault(one, organizations) for one in levers.look("faults")["faults"]],
            "deliveries": [_delivery(one) for one in levers.look("webhooks")["webhooks"][-DELIVERIES:][::-1]],
            "playing": (scenarios := levers.look("scenarios"))["playing"],
            "scenarios": scenarios["scenarios"],
            "outcome": OutcomeForm(initial={"outcome": switches["outcome"]}),
        }
    except levers.NoAnswer:
        return render(request, "practice/page.html", {"lost": True}, status=503)
    context |= {
        "fault": FaultForm(organizations=organizations),
        "scenario": ScenarioForm(scenarios=scenarios["scenarios"]),
        "ring": RingForm(lines=_lines(request)),
        "balance": BalanceForm(),
        **forms,
    }
    return render(request, "practice/page.html", context | _log(request), status=status)


def _log(request: StaffRequest) -> dict[str, Any]:
    try:
        entries = levers.look("log", limit=REQUESTS)["requests"]
    except levers.NoAnswer:
        return {"lost": True}
    return {"requests": [_request(entry) for entry in reversed(entries)], "hold": "hold" in request.GET}


def _request(entry: dict[str, Any]) -> dict[str, Any]:
    status = entry["status"]
    tone = "waiting" if status is None else "ended" if 0 < status < 400 else "wrong"
    return entry | {
        "at": datetime.fromtimestamp(entry["arrived"], UTC),
        "path": entry["path"].removeprefix("/api/v1"),
        "tone": tone,
        "words": "under way" if status is None else str(status) if status else "cut off",
        "asked": json.dumps(entry["body"], indent=2, ensure_ascii=False) if entry["body"] else "",
        "fault": words.fault(entry["fault"]) if entry.get("fault") else "",
    }


def _delivery(one: dict[str, Any]) -> dict[str, Any]:
    """Taken or refused, by the status in the postman's words; where there is none nobody answered."""
    status = re.search(r"^(?:HTTP Error )?([1-5]\d\d)\b", str(one["result"]))
    if status is None:
        return {"event": one["event"], "words": "nobody answered"}
    return {"event": one["event"], "words": status[1] if status[1] < "300" else f"{status[1]}, not taken"}


def _fault(one: dict[str, Any], organizations: list[dict[str, Any]]) -> dict[str, Any]:
    whose = next((org["name"] for org in organizations if one["key"] and org["api_key"] == one["key"]), "")
    times = one["times"]
    return {
        "id": one["id"],
        "words": words.fault(one["fault"]),
        "more": words.more(one["seconds"], one["chance"]),
        "where": words.route(one["route"]),
        "whose": whose or "Every organization",
        "left": "Until you take it off" if times is None else f"{times} more time{'' if times == 1 else 's'}",
    }


def _scenarios() -> list[dict[str, str]]:
    try:
        return list(levers.look("scenarios")["scenarios"])
    except levers.NoAnswer:
        return []


def _organizations() -> list[dict[str, Any]]:
    try:
        return list(levers.look("organizations")["organizations"])
    except levers.NoAnswer:
        return []


def _lines(request: StaffRequest) -> list[Number]:
    """Numbers that somebody would answer."""
    with scope.reseller(request.standing.staff):  # type: ignore[arg-type]
        answered = Number.objects.filter(vanished_at=None, is_active=True).exclude(remote_assistant_id="")
        return list(answered.order_by("name", "e164")[:200])
