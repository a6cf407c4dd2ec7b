"""The questions of auditors, each on a page about one client and period; and the evidence as an archive."""

from __future__ import annotations

from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from uuid import UUID

from django.http import FileResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from dashboard.auditing import access, archive, caller_id, reading, trail
from dashboard.auditing.forms import PeriodForm
from dashboard.auditing.periods import Period
from tenants import audit
from tenants.auditor_admin.site import site
from tenants.isolation import scope

IN_MEMORY = 4 * 1024 * 1024  # bytes; a larger archive is kept on disk
QUESTIONS = {
    "caller_id_answer": "Did every call leave from the client’s own number?",
    "reading_answer": "Who read or heard this?",
    "trail_answer": "Was the trail changed?",
    "access_answer": "Who had access on a day?",
    "evidence_answer": "Take the evidence away",
}


def questions(request: Any) -> TemplateResponse:
    """Every question with its short answer."""
    form, period = _asked(request)
    rows = []
    if period is not None:
        short = {
            "caller_id_answer": caller_id.short(period),
            "reading_answer": reading.short(period),
            "trail_answer": trail.short(period),
            "access_answer": access.short(period, sees_all=request.auditor.sees_all),
        }
        rows = [(QUESTIONS[name], reverse(f"admin:{name}"), answer) for name, answer in short.items()]
    return _page(request, "auditing/questions.html", "Questions", form, period, {"rows": rows})


def caller_id_answer(request: Any) -> TemplateResponse:
    form, period = _asked(request)
    found = caller_id.answer(period) if period else None
    return _page(request, "auditing/caller_id.html", QUESTIONS["caller_id_answer"], form, period, {"answer": found})


def reading_answer(request: Any) -> TemplateResponse:
    """Of the period, or of the one call that the address names."""
    form, period = _asked(request)
    call = _uuid(request.GET.get("call", ""))
    found = reading.answer(period, call) if period else None
    context = {"answer": found, "call": call}
    return _page(request, "auditing/reading.html", QUESTIONS["reading_answer"], form, period, context)


def trail_answer(request: Any) -> TemplateResponse:
    form, period = _asked(request)
    found = trail.answer(period) if period else None
    span = trail.entries_in(period) if period else (0, 0)
    context = {"answer": found, "first": span[0], "last": span[1]}
    return _page(request, "auditing/trail.html", QUESTIONS["trail_answer"], form, period, context)


def access_answer(request: Any) -> TemplateResponse:
    form, period = _asked(request)
    found = access.answer(period, sees_all=request.auditor.sees_all) if period else None
    return _page(request, "auditing/access.html", QUESTIONS["access_answer"], form, period, {"answer": found})


def evidence(request: Any) -> TemplateResponse:
    form, period = _asked(request)
    calls = archive.count_calls(period) if period else 0
    return _page(
        request,
        "auditing/evidence.html",
        QUESTIONS["evidence_answer"],
        form,
        period,
        {"calls": calls, "most": archive.MOST_CALLS},
    )


@scope.opens_scope
def evidence_export(request: Any) -> HttpResponseBase:
    """The archive is written whole, its hash recorded in the client's trail, and only then is it sent."""
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(SpooledTemporaryFile(IN_MEMORY))
        with scope.for_auditor(request.auditor):
            period = PeriodForm(request.GET).period()
            too_many = period is not None and archive.count_calls(period) > archive.MOST_CALLS
        if period is None or too_many:
            return HttpResponseRedirect(f"{reverse('admin:evidence_answer')}?{request.GET.urlencode()}")
        digest = archive.write(
            file,
            period,
            by=str(request.user),
            sees_all=request.auditor.sees_all,
            open_scope=lambda: scope.for_auditor(request.auditor),
        )
        with scope.for_system("record an export"):
            days = f"{period.since} to {period.until}"
            audit.record(request.user, period.client, "evidence.exported", period.client, period=days, sha256=digest)
        file.seek(0)
        name = f"evidence-{period.client.slug}-{period.since}-{timezone.now():%Y%m%dT%H%M}.zip"
        stack.pop_all()  # the response closes the file
        return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _asked(request: Any) -> tuple[PeriodForm, Period | None]:
    form = PeriodForm(request.GET)
    return form, form.period()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _page(
    request: Any, template: str, title: str, form: PeriodForm, period: Period | None, context: dict[str, Any]
) -> TemplateResponse:
    shared = site.each_context(request) | {
        "title": title,
        "form": form,
        "period": period,
        "answered_at": timezone.now(),
        "start_page": template == "auditing/questions.html",
        "is_question": template != "auditing/evidence.html",
    }
    return TemplateResponse(request, template, shared | context)
