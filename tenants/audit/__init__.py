"""The audit trail: an append-only hash chain of entries for each client, and one for the reseller."""

from tenants.audit.log import acting_as, dated, not_recorded, readings, record, record_once

__all__ = ["acting_as", "dated", "not_recorded", "readings", "record", "record_once"]
