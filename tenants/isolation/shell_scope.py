"""`--as-tenant` and `--as-system` of `manage.py shell` and `dbshell`: whose rows the session reads and writes.

Row-level security hides the rows of clients outside of a scope. A session that opens one writes a log event and an
audit entry: in the client's chain, which its members read, or for every client in the reseller's.
"""

from __future__ import annotations

import getpass
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from tenants.audit import log as audit
from tenants.isolation import scope
from tenants.models import Tenant

log = structlog.get_logger()
HIDDEN = "The rows of clients are hidden in this session: start it with --as-tenant SLUG or --as-system to see them."
PSQLRC = """\\set QUIET 1
{own}
\\set patchbay_scope f
SELECT pg_backend_pid() AS patchbay_process \\gset
\\set patchbay_signature `{sign}`
SELECT set_config('patchbay.reach', '{reach}', false), set_config('patchbay.tenants', '{tenants}', false),
  set_config('patchbay.signature', :'patchbay_signature', false) \\g {nowhere}
SELECT public.scope_holds() AS patchbay_scope \\gset
\\unset patchbay_signature
\\unset patchbay_process
\\if :patchbay_scope
\\else
\\warn 'The scope could not be opened: the rows of clients are hidden in this session.'
\\endif
\\unset QUIET
"""


def add_arguments(parser: CommandParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--as-tenant", metavar="SLUG", help="Show the rows of this client. Its people can see that.")
    group.add_argument("--as-system", action="store_true", help="Show every row. The audit trail says so.")


def is_requested(options: Mapping[str, Any]) -> bool:
    return bool(options.get("as_tenant") or options.get("as_system"))


@scope.opens_scope
def record(command: str, options: Mapping[str, Any]) -> Tenant | None:
    """Write the log event and the audit entry; returns the requested tenant, None for every client."""
    slug, login = options.get("as_tenant"), getpass.getuser()
    with scope.for_system(f"{command} is opened"):
        tenant = Tenant.objects.filter(slug=slug).first() if slug else None
        if slug and tenant is None:
            raise CommandError(
                f"No client has the slug {slug}: it is the part after /c/ in the addresses of its pages."
            )
        rows = str(tenant) if tenant else "every client"
        audit.record(None, tenant, "shell.opened", tenant or "", command=command, login=login, rows=rows)
    log.warning("shell_opened", command=command, login=login, tenant=slug or "", every_client=not slug)
    return tenant


def psqlrc(tenant: Tenant | None) -> str:
    """The startup file of psql, which gets a signature for its server process once that is known.

    The signature is in no argument of a process, and is valid in that session alone.
    """
    own = Path("~/.psqlrc").expanduser()
    reach, tenants = ("", f"{{{tenant.pk}}}") if tenant else ("all", "")
    sign = [sys.executable, "-m", "tenants.isolation.scope_signature"]
    return PSQLRC.format(
        own=f"\\i '{own}'" if own.exists() else "",
        sign=f"cd {shlex.quote(str(settings.BASE_DIR))} && {shlex.join(sign)} :patchbay_process '{reach}' '{tenants}'",
        reach=reach,
        tenants=tenants,
        nowhere="/dev/null",
    )
