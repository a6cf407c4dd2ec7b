"""A report that could not be applied is shown to staff, who have it applied again."""

import pytest

from dashboard.webhooks import batches, deliveries
from dashboard.webhooks.models import Delivery, Rejection
from tenants.isolation import scope
from tenants.models import AuditEntry


def outcomes():
    with scope.for_system("look"):
        return [one.outcome for one in Delivery.objects.order_by("id")]


@pytest.fixture
def broken(operator_with_webhooks, monkeypatch):
    """A call whose report met a fault of ours each time it was tried."""

    def fails(*args):
        raise RuntimeError("a fault of ours")

    call = operator_with_webhooks.place()
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "apply_update", fails)
        operator_with_webhooks.sandbox.advance(30)
        with scope.for_system("time passes"):
            Delivery.objects.update(received_at="2026-01-01T00:00Z")
        for _ in range(deliveries.MAX_ATTEMPTS):
            batches.apply_waiting()
    assert set(outcomes()) == {"failed"}
    return call


def test_staff_see_it_and_have_it_applied_again(operator_with_webhooks, broken, admin, support, sign_in):
    admin_browser = sign_in(admin)
    address = f"/connections/{operator_with_webhooks.connection.pk}/"
    page = admin_browser.get(address).content.decode()
    assert "Webhooks that could not be applied" in page and "RuntimeError" in page and "Apply them again" in page
    listed = admin_browser.get("/connections/").content.decode()
    assert (
        "Webhooks failing" in listed and f"{len(outcomes())} could not be applied" in listed and "1 needs you" in listed
    )
    looking = sign_in(support)
    assert "Apply them again" not in looking.get(address).content.decode()
    assert looking.post(f"{address}replay/").status_code == 403
    answer = admin_browser.post(f"{address}replay/", follow=True).content.decode()
    assert "being applied again" in answer
    batches.apply_waiting()
    assert set(outcomes()) == {"applied"}
    assert operator_with_webhooks.reload(broken).state == "in-progress"
    assert "Webhooks that could not be applied" not in admin_browser.get(address).content.decode()
    assert "Webhooks failing" not in admin_browser.get("/connections/").content.decode()
    with scope.for_system("look"):
        assert AuditEntry.objects.get(action="webhook.replayed").actor == str(admin)
    assert "There is none left." in admin_browser.post(f"{address}replay/", follow=True).content.decode()


def test_old_counts_of_forged_ones_are_forgotten(operator_with_webhooks):
    with scope.for_system("long ago"):
        for day, last in (("2020-01-01", "2020-01-01T00:00Z"), ("2026-11-01", None)):
            Rejection.objects.create(
                connection=operator_with_webhooks.connection,
                day=day,
                reason="forged",
                **({"last_at": last} if last else {}),
            )
    deliveries.prune()
    with scope.for_system("look"):
        assert Rejection.objects.count() == 1
