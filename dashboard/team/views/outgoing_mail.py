"""Staff's page of outgoing mail: waiting, failed with the error, and sent."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.mail import queue

SHOWN = 100


@require_GET
@staff_view(Permission.MANAGE_MAIL, open_scope=False)
def page(request: StaffRequest) -> HttpResponse:
    mails = queue.recent(SHOWN)
    context = {
        "mails": mails,
        "unsent": sum(mail.state in (queue.State.WAITING, queue.State.FAILED) for mail in mails),
        "trouble": queue.current_error(),
        "more": len(mails) == SHOWN,
    }
    return render(request, "team/outgoing_mail.html", context)


@require_POST
@staff_view(Permission.MANAGE_MAIL, open_scope=False)
def retry(request: StaffRequest, pk: UUID) -> HttpResponse:
    mail = queue.find(pk)
    if mail is None:
        raise Http404
    if queue.retry(mail, by=request.user):
        messages.success(request, f"“{mail.subject}” was sent to {mail.to}.")
    else:
        messages.warning(request, f"“{mail.subject}” was not sent. The list says why.")
    return HttpResponseRedirect(reverse("staff-mail"))
