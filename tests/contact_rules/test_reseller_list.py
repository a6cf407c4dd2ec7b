"""The list of the reseller holds keyed hashes alone: it can be asked, and no reader of it learns a number."""

from __future__ import annotations

import hashlib
import hmac
import re
from html import unescape
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from dashboard.contact_rules import entries, rules
from dashboard.contact_rules.models import DoNotCallEntry
from dashboard.contact_rules.rules import Rule
from tenants import keyed_hashes, secrets
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry, HashKey
from tests.fixtures.call_factories import captured_selects

PAGE = "/do-not-call/"
PERSON, OTHER = "+31612340001", "+31612340002"


def words(page: Any) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split()))


def trail() -> list[str]:
    with scope.for_system("look"):
        found = AuditEntry.objects.filter(action__startswith="do-not-call").order_by("seq")
        return [sentence(entry) + entry.body for entry in found]


def block(*numbers: str) -> None:
    with scope.for_system("numbers are blocked"):
        entries.add(None, numbers, source=entries.Source.BY_HAND, by=None)


def asked(*numbers: str) -> set[str]:
    with scope.for_system("look"):
        return set(entries.listed_for_all(numbers))


def key() -> bytes:
    with scope.for_system("look"):
        return bytes.fromhex(secrets.decrypt(HashKey.objects.get().sealed_key, keyed_hashes.PLACE))


@pytest.fixture
def staff(admin, sign_in):
    return sign_in(admin)


@pytest.mark.usefixtures("db")
def test_no_reader_of_the_table_learns_a_number_or_the_key():
    block(PERSON)
    with scope.for_system("look"), connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(e)::text FROM contact_rules_donotcallentry e")
        ((stored,),) = cursor.fetchall()
        digest = DoNotCallEntry.objects.get().digest
    assert PERSON[1:] not in stored and PERSON[3:] not in stored
    assert digest == hmac.new(key(), PERSON.encode(), hashlib.sha256).hexdigest()
    for statement in ("SELECT * FROM patchbay_private.hash_key", f"SELECT public.keyed_hash('{PERSON}')"):
        with scope.for_system("look"), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)


@pytest.mark.usefixtures("db")
def test_it_can_be_asked_and_has_each_number_once():
    block(PERSON, PERSON)
    block(PERSON, OTHER)
    assert asked(PERSON, OTHER, "+31612340003") == {PERSON, OTHER}
    with scope.for_system("look"):
        assert DoNotCallEntry.objects.count() == 2
        DoNotCallEntry.objects.update(note="Changed")
    assert asked(PERSON) == {PERSON}, "an entry that is changed keeps its hash"
    with (
        scope.for_system("a hash of no number"),
        pytest.raises(DatabaseError, match="do_not_call"),
        transaction.atomic(),
    ):
        DoNotCallEntry.objects.create(source="list", digest="0" * 63)


def test_staff_add_ask_and_take_off_by_number_and_get_none_back(staff, bloom):
    file = SimpleUploadedFile("list.csv", f"Name;Number\r\nAda;{PERSON}\r\nBo;{OTHER}\r\n".encode())
    assert staff.post(PAGE, {"numbers": "", "file": file, "note": "Court order"}).status_code == 303
    listing = staff.get(PAGE)
    assert "neither this page nor the export can give the numbers back" in words(listing)
    assert "Court order" in words(listing) and "0001" not in words(listing) and "remove/" not in words(listing)
    assert "This number is not on the list" in words(staff.get(PAGE, {"q": "+31 6 1234 0003"}))
    assert "This number is not on the list" in words(staff.get(PAGE, {"q": "0001"})), "no part of one is found"
    page = staff.get(PAGE, {"q": "+31 6 1234 0001"})
    address = re.search(r'action="(/do-not-call/\d+/remove/)"', page.content.decode())
    assert address and "0001" in words(page)
    again = staff.post(PAGE, {"numbers": PERSON}, follow=True)
    assert "Nothing was added" in words(again)
    assert "Say why" in words(staff.post(address[1], {"reason": ""}, follow=True)) and asked(PERSON)
    assert "This number may be called again" in words(staff.post(address[1], {"reason": "A mistake"}, follow=True))
    assert asked(PERSON, OTHER) == {OTHER}
    answer = staff.get("/do-not-call/export.csv?format=comma")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.startswith('"Fingerprint","Added at","Added by","From","Why"') and "Court order" in text
    entries_of_trail = trail()
    assert "put 2 numbers on the do-not-call list of all clients." in entries_of_trail[0]
    assert "off the do-not-call list of all clients: A mistake" in entries_of_trail[1]
    assert not any(number[1:] in written for number in (PERSON, OTHER) for written in [text, *entries_of_trail])


def test_a_client_hears_of_a_number_that_it_names_and_learns_nothing_else(bloom, harbor, make_member, sign_in):
    block(PERSON)
    with scope.for_tenant(bloom.tenant):
        assert rules.verdict(bloom.tenant, PERSON).rule == Rule.RESELLERS_LIST
        assert not DoNotCallEntry.objects.exists()
    owner = sign_in(make_member(bloom.tenant, Role.OWNER))
    assert owner.get(PAGE).status_code == 404 and owner.get("/do-not-call/export.csv").status_code == 404
    assert "fingerprint" not in words(owner.get("/c/bloom-dental/do-not-call/"))
    with scope.for_tenant(bloom.tenant), captured_selects() as few:
        rules.verdict(bloom.tenant, OTHER)
    block(*(f"+3161235{n:04}" for n in range(300)))
    with scope.for_tenant(bloom.tenant), captured_selects() as many:
        rules.verdict(bloom.tenant, OTHER)
    assert len(few) == len(many)


class Cursor:
    """Answers with the sealed key, and keeps what is installed."""

    def __init__(self, sealed: str) -> None:
        self.sealed, self.installed = sealed, []

    def execute(self, statement: str, parameters: list[bytes] | None = None) -> None:
        if keyed_hashes.KEY in statement:
            self.installed = parameters or []

    def fetchone(self) -> tuple[str]:
        return (self.sealed,)


def installed() -> list[bytes]:
    with scope.for_system("look"):
        cursor = Cursor(HashKey.objects.get().sealed_key)
    keyed_hashes.install(cursor, {keyed_hashes.TABLE})  # type: ignore[arg-type]
    return cursor.installed


@pytest.mark.usefixtures("db")
def test_new_field_keys_leave_the_hashes_as_they_are(settings):
    block(PERSON)
    before, old = installed(), settings.FIELD_KEYS
    new = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, *old]
    call_command("reseal")
    settings.FIELD_KEYS = [new]
    assert installed() == before and len(before) == 2
    assert asked(PERSON) == {PERSON}
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(keyed_hashes.KeyUnreadable, match="PATCHBAY_FIELD_KEYS"):
        installed()
