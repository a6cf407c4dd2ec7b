"""What a search of calls looks into: the words and digits of each call, in one index."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from dashboard.calls.models.call import Call
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import Tenant


class CallSearch(models.Model):
    """One row for each call with personal data, written by triggers (`call_search_refresh.sql`).

    `words` holds what was said and the summary word by word, and marks that begin with `#`, which nobody can type:
    `#n` a word of the person's name or address, `#d` three digits of the number, `#t` the client, `#m` the month,
    `#h` a hidden number. Read by the database's function `calls_found`, and by nothing else.
    """

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="search", db_constraint=False)
    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    digits = models.CharField(max_length=120, blank=True)
    words = SearchVectorField()

    class Meta:
        constraints = [
            CompositeForeignKey(name="search_call", columns=["call_id"], to="calls_call", target=["id"]),
            CompositeForeignKey(
                name="search_call_tenant",
                columns=["tenant_id", "call_id"],
                to="calls_call",
                target=["tenant_id", "id"],
                deferred=True,  # the row follows its call by a trigger
            ),
            TenantRowPolicy(name="search_rows"),
        ]
        indexes = [
            GinIndex(fields=["words"], name="search_words"),
            models.Index(fields=["tenant", "-created_at", "-call"], name="search_newest_first"),
            models.Index(fields=["-created_at", "-call"], name="search_all_newest_first"),
        ]

    def __str__(self) -> str:
        return f"search of {self.call_id}"
