"""Signed heads outside of the database: what no owner of the database can write anew unseen."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from tenants import audit, checks, tasks
from tenants.audit import checkpoints, verification
from tenants.isolation import scope
from tenants.models import AuditEntry, AuditHead
from tests.fixtures.checkpoints import signing_key


def happen(setup, by, count=3):
    with scope.for_tenant(setup.tenant):
        for _ in range(count):
            audit.record(by, setup.tenant, "visit.began", setup.tenant)


def verify(*arguments) -> str:
    out = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=out)
    except CommandError as error:
        return out.getvalue() + str(error)
    return out.getvalue()


def test_heads_are_signed_into_a_file_and_once_a_day_into_a_mail(bloom, harbor, admin, checkpoint_folder):
    tasks.publish_checkpoints()
    (path,) = checkpoint_folder.iterdir()
    assert checkpoints.publish() == "" and len(path.read_text().splitlines()) == 1
    happen(bloom, admin)
    line = checkpoints.publish()
    assert f"tenant-{bloom.tenant.pk}" in line and f"tenant-{harbor.tenant.pk}" not in line
    (message,) = mail.outbox
    assert message.to == ["archive@audit.test"] and path.read_text().splitlines()[0] in message.body
    found = checkpoints.load()
    assert (found.lines, found.problems) == (2, [])
    assert "2 signed publications" in verify() and "hold, checked against the heads in the database and" in verify()


def test_without_signed_heads_it_says_so(bloom, checkpoint_folder):
    assert "there are no signed ones" in verify()


def test_without_a_key_nothing_is_published_and_the_deployment_is_warned(db, settings, checkpoint_folder):
    assert checks.audit_key() == []
    settings.AUDIT_KEY = ""
    with pytest.raises(checkpoints.NoSigningKey):
        checkpoints.publish()
    tasks.publish_checkpoints()
    assert list(checkpoint_folder.iterdir()) == []
    assert [message.id for message in checks.audit_key()] == ["patchbay.W001"]
    settings.AUDIT_KEY = "nonsense"
    assert [message.id for message in checks.audit_key()] == ["patchbay.E001"]


OPEN = ("ALTER TABLE tenants_auditentry DISABLE TRIGGER USER",)
SHUT = ("ALTER TABLE tenants_auditentry ENABLE TRIGGER USER",)
RECHAIN = """
DO $$ DECLARE e record; h bytea := ''; n bigint := 0; BEGIN
  FOR e IN SELECT id, chain, action, body FROM tenants_auditentry WHERE chain = '{chain}' ORDER BY abs(seq), id LOOP
    n := n + 1;
    h := sha256(h || convert_to(n || E'\\n' || e.chain || E'\\n' || e.action || E'\\n' || e.body, 'UTF8'));
    UPDATE tenants_auditentry SET seq = -n, hash = h WHERE id = e.id;
  END LOOP;
  UPDATE tenants_auditentry SET seq = -seq WHERE chain = '{chain}';
  UPDATE tenants_audithead SET seq = n, hash = h WHERE chain = '{chain}';
END $$
"""
INSERTED = (
    "INSERT INTO tenants_auditentry (chain, seq, hash, body, tenant_id, at, actor, action, subject) "
    "SELECT chain, -25, hash, body, tenant_id, at, actor, action, subject FROM tenants_auditentry "
    "WHERE chain = '{chain}' AND seq = -20"
)
ATTACKS = {  # what is done, and whether the rest is chained anew
    "an edit, chained anew": (
        [
            "UPDATE tenants_auditentry SET body = replace(body, actor, 'Nobody'), actor = 'Nobody' "
            "WHERE chain = '{chain}' AND seq = 5"
        ],
        True,
    ),
    "a deletion, chained anew": (["DELETE FROM tenants_auditentry WHERE chain = '{chain}' AND seq = 5"], True),
    "an insertion, chained anew": (
        ["UPDATE tenants_auditentry SET seq = -10 * seq WHERE chain = '{chain}'", INSERTED],
        True,
    ),
    "a swap, chained anew": (
        [
            "UPDATE tenants_auditentry SET seq = CASE seq WHEN 4 THEN -5 ELSE -4 END "
            "WHERE chain = '{chain}' AND seq IN (4, 5)",
            "UPDATE tenants_auditentry SET seq = -seq WHERE chain = '{chain}' AND seq < 0",
        ],
        True,
    ),
    "a cut tail, with its head": (["DELETE FROM tenants_auditentry WHERE chain = '{chain}' AND seq > 4"], True),
    "the whole chain": (
        [
            "DELETE FROM tenants_auditentry WHERE chain = '{chain}'",
            "DELETE FROM tenants_audithead WHERE chain = '{chain}'",
        ],
        False,
    ),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_superuser_writes_anew_is_found_by_signed_heads_alone(
    bloom, admin, make_user, checkpoint_folder, superuser, attack
):
    chain, (statements, again) = f"tenant-{bloom.tenant.pk}", ATTACKS[attack]
    checkpoints.publish()
    happen(bloom, admin)
    with scope.for_tenant(bloom.tenant):
        audit.record(make_user("Zoë"), bloom.tenant, "visit.ended", bloom.tenant)
    checkpoints.publish()
    done = [statement.format(chain=chain) for statement in [*statements, *([RECHAIN] if again else [])]]
    superuser(*OPEN, *done, *SHUT)
    try:
        with scope.for_system("verify"):
            assert list(verification.verify()) == [], "the database by itself agrees with what was done to it"
            (broken,) = verification.verify(published=checkpoints.load())
        assert broken.chain == chain
        assert "signed" in broken.reason
        output = verify()
        assert f"{chain}, entry {broken.seq}: {broken.reason}" in output and "1 of " in output
    finally:
        superuser("TRUNCATE tenants_auditentry", "TRUNCATE tenants_audithead")


@pytest.mark.django_db(transaction=True)
def test_entries_gone_from_under_their_head_are_found_without_signed_heads(bloom, superuser):
    superuser(*OPEN, "DELETE FROM tenants_auditentry", *SHUT)
    try:
        with scope.for_system("verify"):
            assert {row.seq for row in verification.verify()} == {1}
    finally:
        superuser("TRUNCATE tenants_audithead")


@pytest.mark.parametrize("tampering", ["edit", "cut from the middle", "foreign key", "no line"])
def test_a_line_that_was_tampered_with_is_not_believed(bloom, admin, checkpoint_folder, settings, tampering):
    for _ in range(3):
        happen(bloom, admin, 1)
        checkpoints.publish()
    (path,) = checkpoint_folder.iterdir()
    lines = path.read_text().splitlines()
    if tampering == "edit":
        lines[1] = lines[1].replace(f'"tenant-{bloom.tenant.pk}": [', f'"tenant-{bloom.tenant.pk}": [1')
    elif tampering == "cut from the middle":
        del lines[1]
    elif tampering == "foreign key":
        settings.AUDIT_KEY = signing_key()
    else:
        lines[1] = "nonsense"
    path.write_text("\n".join(lines) + "\n")
    output = verify()
    assert "line 2:" in output
    assert "not every signed line can be believed" in output or tampering == "foreign key"


def test_an_older_key_is_still_believed_by_its_public_half(bloom, admin, checkpoint_folder, settings):
    checkpoints.publish()
    before, settings.AUDIT_KEY = checkpoints.public_key(), signing_key()
    assert "not known here" in verify()
    settings.AUDIT_PUBLIC_KEYS = [before]
    happen(bloom, admin)
    checkpoints.publish()
    assert "2 signed publications" in verify()


def test_a_copy_from_elsewhere_can_be_held_against_it(bloom, admin, checkpoint_folder, tmp_path_factory):
    checkpoints.publish()
    copy = tmp_path_factory.mktemp("copy")
    (path,) = checkpoint_folder.iterdir()
    (copy / path.name).write_text(path.read_text())
    path.unlink()
    assert "there are no signed ones" in verify()
    assert f"1 signed publications in {copy}" in verify("--heads", str(copy))


def test_the_auditors_admin_site_says_what_a_chain_was_held_against(bloom, admin, auditor, sign_in, checkpoint_folder):
    checkpoints.publish()
    page = sign_in(auditor).get("/admin/tenants/audithead/").content.decode()
    assert "holds, signed outside up to entry" in page
    with scope.for_system("look"):
        chain = AuditHead.objects.get(chain=f"tenant-{bloom.tenant.pk}")
    one = sign_in(auditor).get(f"/admin/tenants/audithead/{chain.pk}/change/").content.decode()
    assert f"signed outside up to entry {chain.seq}" in one


def test_looking_again_within_the_hour_is_one_entry(bloom, harbor, admin, support):
    with scope.for_system("look"):
        for by, times in ((admin, 3), (support, 2)):
            for _ in range(times):
                audit.record_once(by, bloom.tenant, "call.transcript-read", bloom.number, counterpart="+31612340001")
        found = AuditEntry.objects.filter(action="call.transcript-read")
        assert sorted(found.values_list("actor_id", flat=True)) == sorted([admin.pk, support.pk])


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (-timedelta(days=30), "was appended after entry"),
        (-timedelta(hours=2), "was appended after entry"),
        (timedelta(hours=2), "was signed at"),
        (-timedelta(minutes=30), ""),
        (timedelta(minutes=30), ""),
    ],
)
def test_an_entry_that_says_another_time_than_it_was_appended_at_is_found(
    bloom, admin, checkpoint_folder, says, expected
):
    """The app's log-in appends what it likes to a chain in its scope: that it was so is bounded by the signed heads."""
    happen(bloom, admin)
    checkpoints.publish()
    with scope.for_tenant(bloom.tenant):
        genuine = AuditEntry.objects.filter(tenant=bloom.tenant).order_by("seq").last()
        facts = json.loads(genuine.body) | {"at": (timezone.now() + says).isoformat(), "action": "visit.ended"}
        AuditEntry.objects.bulk_create(
            [AuditEntry(chain=genuine.chain, tenant=bloom.tenant, at=timezone.now(), body=json.dumps(facts))]
        )
    checkpoints.publish()
    with scope.for_system("verify"):
        assert list(verification.verify()) == []
        broken = list(verification.verify(published=checkpoints.load()))
    assert [row.seq for row in broken] == ([genuine.seq + 1] if expected else [])
    assert all(expected in row.reason for row in broken)
