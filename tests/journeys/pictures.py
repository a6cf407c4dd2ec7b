"""The pictures of a run: of each page that it has looked at, beside its logs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from dashboard.devserver.paths import ROOT

FOLDER = Path(os.environ.get("PATCHBAY_ARTIFACTS") or ROOT / ".patchbay" / "pictures")


class Album:
    """Pictures in a folder: `reader-page-width-scheme.png`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def empty(cls) -> Album:
        """In `FOLDER`, without the pictures of an earlier run."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob("*.png"):
            old.unlink()
        return cls(FOLDER)

    def keep(self, page: Any, name: str) -> None:
        """Without a style that hides the caret: the policy of the page refuses it."""
        page.screenshot(path=self.folder / f"{name}.png", caret="initial")
