"""Outgoing mail: a mail server in trouble never fails a request, nothing is lost, and people see that mail is late."""

from __future__ import annotations

import smtplib
import socket
import ssl
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail import send_mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants import checks
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.mail import queue
from tenants.models import AuditEntry, OutgoingMail
from tests.fixtures.factories import PASSWORD, give_password

State = OutgoingMail.State
QUEUE = "tenants.mail.backend.QueueBackend"


class Refusing(EmailBackend):
    """A mail server that raises `error` while it is set."""

    error: Exception | None = ConnectionRefusedError()
    asked = 0

    def send_messages(self, messages):
        Refusing.asked += 1
        if Refusing.error:
            raise Refusing.error
        return super().send_messages(messages)


@pytest.fixture
def server(db, settings, monkeypatch):
    """A production that queues; its mail server refuses until `server.error` is None."""
    settings.EMAIL_BACKEND, settings.MAIL_IS_KEPT, settings.DEMO = QUEUE, False, False
    settings.MAIL_TRANSPORT = f"{Refusing.__module__}.Refusing"
    monkeypatch.setattr(queue, "get_connection", lambda *_, **__: Refusing())
    Refusing.error, Refusing.asked = ConnectionRefusedError(), 0
    cache.clear()
    return Refusing


def queued() -> list[OutgoingMail]:
    with scope.for_system("look"):
        return list(OutgoingMail.objects.order_by("created_at"))


def later(**passed: float) -> None:
    """As if it had been written and tried so long ago."""
    with scope.for_system("let time pass"):
        past = timedelta(**passed)
        OutgoingMail.objects.update(
            due_at=F("due_at") - past, give_up_at=F("give_up_at") - past, last_attempt_at=F("last_attempt_at") - past
        )


def test_a_mail_that_fails_waits_is_tried_again_and_its_text_is_then_removed(server):
    assert send_mail("Hello", "the-secret-link", None, ["a@b.test", "c@d.test"]) == 0
    (one,) = queued()
    assert (one.state, one.attempts, one.last_error) == (State.WAITING, 1, "The mail server refused the connection.")
    assert "the-secret-link" not in one.sealed_text and one.text == "the-secret-link"
    assert queue.send_due() == 0 and server.asked == 1  # not before its pause is over
    later(minutes=1, seconds=1)
    server.error = None
    assert queue.send_due() == 1
    (one,) = queued()
    assert (one.state, one.sealed_text, one.last_error) == (State.SENT, "", "") and one.sent_at
    assert [(sent.body, sent.to) for sent in mail.outbox] == [("the-secret-link", ["a@b.test", "c@d.test"])]
    assert queue.send_due() == 0 and len(mail.outbox) == 1


def test_pauses_grow_and_after_three_days_it_is_given_up(server):
    send_mail("Hello", "text", None, ["a@b.test"])
    for _ in range(8):
        later(hours=1, seconds=1)
        queue.send_due()
    (one,) = queued()
    assert (one.state, one.attempts) == (State.WAITING, 9)
    later(days=3)
    queue.send_due()
    assert queued()[0].state == State.FAILED
    later(days=8)
    assert queue.remove_old() == 1 and queued() == []


def test_an_address_that_is_refused_for_good_is_not_tried_again(server):
    server.error = smtplib.SMTPRecipientsRefused({"a@b.test": (550, b"no such user a@b.test")})
    send_mail("Hello", "text", None, ["a@b.test"])
    (one,) = queued()
    assert (one.state, one.last_error) == (State.FAILED, "The mail server refused the address (550).")


def test_while_the_server_is_in_trouble_requests_do_not_wait_for_it(server):
    for number in range(5):
        send_mail(f"Hello {number}", "text", None, ["a@b.test"])
    assert server.asked == 1 and len(queued()) == 5
    server.error = None
    later(minutes=2)
    assert queue.send_due() == 5


def test_two_workers_send_one_mail_once(server):
    server.error = None
    one = queue.add("Hello", "text", ["a@b.test"])
    assert queue.attempt(one.pk) is True and queue.attempt(one.pk) is False
    other = queue.add("Hello", "text", ["a@b.test"])
    with scope.for_system("another worker has it"):
        OutgoingMail.objects.filter(pk=other.pk).update(due_at=F("due_at") + queue.LEASE)
    assert queue.attempt(other.pk) is False and len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_inside_a_scope_it_is_queued_after_the_commit(server, bloom):
    server.error = None
    with scope.for_tenant(bloom.tenant):
        send_mail("Hello", "text", None, ["a@b.test"])
        assert mail.outbox == []
    assert len(mail.outbox) == 1


def test_a_reset_is_never_an_error_and_the_page_says_that_mail_is_late(server, bloom, make_member):
    user = give_password(make_member(bloom, Role.OWNER))
    pages = []
    for address in (user.email, "nobody@people.test"):
        browser = Client()
        answer = browser.post("/accounts/password/reset/", {"email": address})
        assert answer.status_code == 302
        page = browser.get(answer["Location"]).content.decode()
        assert "Mail is late at the moment" in page
        pages.append(page[page.index("<main") : page.index("</main>")])
    assert pages[0] == pages[1]  # an address that is known is not told from one that is not
    assert [message.to for message in queued()] == [user.email, "nobody@people.test"]


def test_a_new_password_and_a_second_factor_are_never_errors(server, bloom, make_member, sign_in):
    user = give_password(make_member(bloom, Role.OWNER))
    browser = sign_in(user)
    new = "another long passphrase"
    change = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert browser.post("/accounts/password/change/", change).status_code == 302
    assert [message.subject for message in queued()] == ["Your password was changed"]


def test_an_invitation_says_that_its_mail_is_late_and_stays_open(server, bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.OWNER))
    answer = browser.post("/c/bloom-dental/team/invite/", {"email": "new@bloom.test", "role": "viewer"})
    page = answer.content.decode()
    assert answer.status_code == 200 and "could not be sent yet" in page and "new@bloom.test" in page
    server.error = None
    later(minutes=2)
    assert queue.send_due() == 1 and "/invitation/" in mail.outbox[0].body


def test_staff_see_what_waits_and_why_and_try_it_again(server, admin, support, sign_in):
    send_mail("You are invited", "the-secret-link", None, ["new@bloom.test"])
    browser = sign_in(admin)
    page = browser.get("/mail/").content.decode()
    assert "You are invited" in page and "The mail server refused the connection." in page
    assert "Mail cannot be sent" in page and "1 not sent" in page and "the-secret-link" not in page
    (one,) = queued()
    assert "was not sent" in browser.post(f"/mail/{one.pk}/retry/", follow=True).content.decode()
    server.error = None
    assert "was sent to new@bloom.test" in browser.post(f"/mail/{one.pk}/retry/", follow=True).content.decode()
    page = browser.get("/mail/").content.decode()
    assert "Nothing is waiting" in page and "Mail cannot be sent" not in page
    assert sign_in(support).get("/mail/").status_code == 403
    with scope.for_system("look"):
        assert AuditEntry.objects.filter(action="mail.tried-again").count() == 2


def test_the_list_is_bounded_and_costs_the_same(server, admin, sign_in, django_assert_max_num_queries):
    browser = sign_in(admin)
    queue.add("Hello", "text", ["a@b.test"])
    with CaptureQueriesContext(connection) as short:
        browser.get("/mail/")
    for number in range(120):
        queue.add(f"Hello {number}", "text", ["a@b.test"])
    with django_assert_max_num_queries(len(short)):
        assert browser.get("/mail/").content.decode().count("Being sent") == 100


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (smtplib.SMTPAuthenticationError(535, b"bad password hunter2"), "user name or password (535)"),
        (smtplib.SMTPSenderRefused(550, b"no", "patchbay@localhost"), "refused the sender"),
        (smtplib.SMTPServerDisconnected("gone"), "closed the connection"),
        (smtplib.SMTPDataError(554, b"spam"), "refused the message (554)"),
        (smtplib.SMTPNotSupportedError("STARTTLS"), "PATCHBAY_SMTP_SECURITY"),
        (ssl.SSLCertVerificationError("self-signed"), "certificate"),
        (socket.gaierror(-2, "unknown"), "name of the mail server"),
        (TimeoutError(), "did not answer"),
        (OSError("odd"), "could not be used (OSError)"),
        (ValueError('Invalid address "Patchbay <"'), "cannot be read as an e-mail address"),
    ],
)
def test_errors_are_reported_in_words_and_without_what_the_server_wrote(server, error, words, settings):
    server.error = error
    send_mail("Hello", "text", None, ["a@b.test"])
    (message,) = queued()
    assert words in message.last_error and "hunter2" not in message.last_error
    settings.EMAIL_HOST = "mail.test"
    with pytest.raises(CommandError) as refusal:
        call_command("check_mail", "a@b.test")
    assert words in str(refusal.value)


def test_check_mail_sends_one_past_the_queue(server, settings, capsys):
    with pytest.raises(CommandError, match="PATCHBAY_SMTP_HOST is not set"):
        call_command("check_mail", "a@b.test")
    settings.EMAIL_HOST, server.error = "mail.test", None
    queue.add("Hello", "text", ["a@b.test"])
    call_command("check_mail", "a@b.test")
    output = capsys.readouterr().out
    assert "The mail server took it" in output and "1 mails wait" in output and len(mail.outbox) == 1
    with pytest.raises(CommandError, match="valid email"):
        call_command("check_mail", "nonsense")


def test_a_deployment_without_a_mail_server_is_warned(settings):
    settings.MAIL_IS_KEPT, settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = False, "", "patchbay@localhost"
    assert [message.id for message in checks.mail()] == ["patchbay.W002", "patchbay.W003"]
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "mail.test", "calls@reseller.test"
    settings.SMTP_SECURITY, settings.EMAIL_HOST_PASSWORD = "none", "secret"
    assert [message.id for message in checks.mail()] == ["patchbay.W004"]
    settings.SMTP_SECURITY = "tls"
    assert checks.mail() == []


def test_the_demo_keeps_its_mails_and_shows_them_with_their_links(bloom, support, sign_in, settings):
    settings.EMAIL_BACKEND, settings.MAIL_IS_KEPT, settings.SANDBOX_URL = QUEUE, True, "http://127.0.0.1:9"
    browser = sign_in(support)
    asked = {"email": "dora@bloom.test", "name": "<b>Dora</b>", "role": "owner"}
    answer = browser.post("/clients/bloom-dental/people/", asked)
    assert answer.status_code == 200 and mail.outbox == []
    page = browser.get("/sandbox/mails/").content.decode()
    link = answer.context["link"].address
    assert f'href="{link}"' in page and "dora@bloom.test" in page and "&lt;b&gt;Dora" in page
    settings.SANDBOX_URL = ""
    assert browser.get("/sandbox/mails/").status_code == 404
