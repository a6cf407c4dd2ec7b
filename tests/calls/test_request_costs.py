"""What one command and one placement cost: project files entered, transactions begun, and reads of the call's row."""

from __future__ import annotations

import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import le
from pathlib import Path
from types import FrameType
from typing import Any

from django.db import connection
from django.db.transaction import Atomic
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.access.permissions import Role
from tests.fixtures.operator import PERSON, Operator

ROOT = Path(__file__).parents[2]
OURS = (f"{ROOT}/dashboard/", f"{ROOT}/tenants/")
READS = re.compile(r'(?:FROM|JOIN) "calls_call"')
VENDOR = f"{ROOT}/dashboard/sandbox/"  # answers in this process, and is no part of what is measured


@dataclass
class Cost:
    files: set[str] = field(default_factory=set)
    transactions: int = 0
    queries: list[str] = field(default_factory=list)

    @property
    def call_reads(self) -> int:
        """SELECTs that read the table of calls, joined or alone."""
        return sum(sql.startswith("SELECT") and bool(READS.search(sql)) for sql in self.queries)

    def is_at_most(self, *, files: int, transactions: int, call_reads: int) -> None:
        found = (len(self.files), self.transactions, self.call_reads)
        assert all(map(le, found, (files, transactions, call_reads))), "\n".join([str(found), *sorted(self.files)])


@contextmanager
def measured(monkeypatch: Any) -> Iterator[Cost]:
    """The cost of what runs inside, in this thread."""
    cost, depth = Cost(), [0]
    enter, leave = Atomic.__enter__, Atomic.__exit__

    def begin(self: Atomic) -> None:
        cost.transactions += depth[0] == 0
        depth[0] += 1
        enter(self)

    def end(self: Atomic, *args: Any) -> None:
        depth[0] -= 1
        leave(self, *args)

    def profile(frame: FrameType, event: str, arg: Any) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(OURS) and not name.startswith(VENDOR):
            cost.files.add(name.removeprefix(f"{ROOT}/"))

    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as captured:
        patch.setattr(Atomic, "__enter__", begin)
        patch.setattr(Atomic, "__exit__", end)
        sys.setprofile(profile)
        try:
            yield cost
        finally:
            sys.setprofile(None)
    cost.queries = [query["sql"] for query in captured.captured_queries]


def browser_of(operator: Operator, make_member: Any, sign_in: Any) -> Client:
    browser = sign_in(make_member(operator.tenant, Role.OPERATOR))
    assert browser.get(f"/c/{operator.tenant.slug}/").status_code == 200  # whatever is loaded once
    return browser


def test_a_command_until_its_receipt_is_settled(operator, make_member, sign_in, monkeypatch):
    call, browser = operator.place_answered(), browser_of(operator, make_member, sign_in)
    form = {"type": "say", "words": "One moment, please.", "token": str(uuid.uuid4())}

    with measured(monkeypatch) as cost:
        answer = browser.post(f"/c/{operator.tenant.slug}/calls/{call.pk}/command/", form)

    assert answer.status_code == 303
    assert [receipt.outcome for receipt in operator.receipts(call)] == ["accepted"]
    cost.is_at_most(files=43, transactions=7, call_reads=2)


def test_a_placement_until_the_answer_is_kept(operator, make_member, sign_in, monkeypatch):
    browser = browser_of(operator, make_member, sign_in)
    form = {
        "destination": PERSON,
        "number": operator.number.pk,
        "assistant": operator.assistant.pk,
        "token": str(uuid.uuid4()),
    }

    with measured(monkeypatch) as cost:
        answer = browser.post(f"/c/{operator.tenant.slug}/call/", form)

    assert answer.status_code == 303
    assert len(operator.dial_requests()) == 1
    cost.is_at_most(files=66, transactions=13, call_reads=11)
