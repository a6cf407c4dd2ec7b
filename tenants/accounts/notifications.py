"""Which mails a person chose, in each client; mails about the security of an account always come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django import forms

from tenants import audit
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import MailKind, Membership, User
from tenants.shown_values import ShownValues


class Offer(NamedTuple):
    """`permission`: what a member needs to get such mails; `hint`: when they come."""

    permission: Permission
    hint: str


MAIL_KINDS: dict[MailKind, Offer] = {
    MailKind.NEEDS_PERSON: Offer(Permission.CONTROL_CALLS, "A minute after, where nobody has settled it by then."),
    MailKind.CALL_BACK: Offer(Permission.SEE_CALLS, "Once a day at 12:00, in one mail."),
    MailKind.CAMPAIGN: Offer(Permission.SEE_CAMPAIGNS, "When it is completed, or Patchbay pauses it, with the reason."),
}


class NotificationsForm(ShownValues, forms.Form):
    """A checkbox for each kind of mail in each client of the person."""

    def __init__(self, *args: Any, memberships: Iterable[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.memberships = list(memberships)
        for membership in self.memberships:
            for kind, offer in MAIL_KINDS.items():
                if membership.may(offer.permission):
                    self.fields[_name(membership, kind)] = forms.BooleanField(
                        required=False, label=kind.label, help_text=offer.hint, initial=kind in membership.mails
                    )

    def parts(self) -> list[tuple[Membership, list[Any]]]:
        """The checkboxes of each client."""
        found = []
        for membership in self.memberships:
            names = [_name(membership, kind) for kind in MAIL_KINDS]
            found.append((membership, [self[name] for name in names if name in self.fields]))
        return found

    def chosen(self, membership: Membership) -> list[str]:
        """What is chosen for this client; a kind that this role does not get stays as it is."""
        return [
            kind.value
            for kind in MAIL_KINDS
            if self.cleaned_data.get(_name(membership, kind), kind in membership.mails)
        ]


@scope.opens_scope
def save(user: User, form: NotificationsForm) -> bool:
    """Save what the form chose, each client for itself; whether anything was different."""
    changed = False
    for membership in form.memberships:
        chosen = form.chosen(membership)
        if chosen == membership.mails:
            continue
        with scope.for_tenant(membership.tenant):
            Membership.objects.filter(pk=membership.pk, user=user).update(mails=chosen)
            words = ", ".join(MailKind(kind).label.lower() for kind in chosen) or "none"
            audit.record(user, membership.tenant, "person.mails-chosen", f"user:{user.pk}", mails=words)
        changed = True
    return changed


def _name(membership: Membership, kind: MailKind) -> str:
    return f"{membership.tenant_id}-{kind}"
