"""Style sheets and scripts of every page, and the scripts of passkeys: single files while somebody works on them, one
of each kind where they are collected (`collectstatic`), so that a first visit asks for few files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import STATICFILES_STORAGE_ALIAS
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLES, SCRIPTS = "css/all.css", "js/all.js"
PASSKEYS = "js/all_passkeys.js"  # allauth's, on pages where one signs in or confirms who one is
PARTS = {  # in the order in which a page reads them
    STYLES: ("css/tokens.css", "css/base.css", "css/layout.css", "css/components.css", "css/screens.css"),
    SCRIPTS: (
        "vendor/htmx.min.js",
        "js/confirm_identity.js",
        "js/requests.js",
        "js/form_results.js",
        "js/passkeys.js",
        "js/clock.js",
        "js/live_updates.js",
        "js/live_panel.js",
        "js/live_board.js",
        "js/widgets.js",
        "js/toasts.js",
        "js/keyboard.js",
    ),
    PASSKEYS: ("mfa/js/webauthn-json.js", "mfa/js/webauthn.js"),
}
BETWEEN = {STYLES: "\n", SCRIPTS: "\n;\n", PASSKEYS: "\n;\n"}


class BundledStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names with the hash of their content, compressed, and the parts of each bundle as one file too."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            for bundle, parts in PARTS.items():
                self.delete(bundle)
                self._save(bundle, ContentFile(BETWEEN[bundle].join(self._text(part) for part in parts).encode()))
                paths[bundle] = (self, bundle)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _text(self, name: str) -> str:
        with self.open(name) as file:
            return bytes(file.read()).decode()


def files(bundle: str) -> tuple[str, ...]:
    """What a page asks for: the bundle where the files are collected, else its parts."""
    is_collected = isinstance(storages[STATICFILES_STORAGE_ALIAS], BundledStaticFilesStorage)
    return (bundle,) if is_collected else PARTS[bundle]
