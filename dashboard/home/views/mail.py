"""Mail for staff: what waits, what was not sent and why, and what was sent."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from tenants import mail_queue
from tenants.access import StaffRequest, staff_view
from tenants.roles import Permission

SHOWN = 100


@require_GET
@staff_view(Permission.MANAGE_MAIL, hold=False)
def page(request: StaffRequest) -> HttpResponse:
    found = mail_queue.recent(SHOWN)
    context = {
        "mails": found,
        "unsent": sum(one.state in (mail_queue.State.WAITING, mail_queue.State.FAILED) for one in found),
        "trouble": mail_queue.trouble(),
        "more": len(found) == SHOWN,
    }
    return render(request, "home/mail.html", context)


@require_POST
@staff_view(Permission.MANAGE_MAIL, hold=False)
def retry(request: StaffRequest, pk: UUID) -> HttpResponse:
    mail = mail_queue.find(pk)
    if mail is None:
        raise Http404
    if mail_queue.retry(mail, by=request.user):
        messages.success(request, f"“{mail.subject}” was sent to {mail.to}.")
    else:
        messages.warning(request, f"“{mail.subject}” was not sent. The list says why.")
    return HttpResponseRedirect(reverse("staff-mail"))
