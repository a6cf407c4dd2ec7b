"""axe-core over a page as it stands: WCAG 2.2 A and AA. `tests/vendor/axe.min.js` is its release 4.14.1, unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
STILL = """() => {
    const still = new CSSStyleSheet();
    still.replaceSync(
        '* { animation: none !important; transition: none !important; } .htmx-request { opacity: 1 !important; }'
    );
    document.adoptedStyleSheets = [still];
}"""
RUN = """async rules => (await axe.run(document, {runOnly: rules, resultTypes: ['violations']})).violations
    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target.join(' ')} ${node.failureSummary}`))"""


def findings(page: Any, *, django: bool = False) -> list[str]:
    """One line for each element that breaks a rule; of Django's own pages those of WCAG alone."""
    return _run(page, WCAG if django else [*WCAG, "best-practice"])


def pale(page: Any) -> list[str]:
    """One line for each element whose words do not stand out: all that can differ between light and dark."""
    return _run(page, ["color-contrast"])


def stand_still(page: Any) -> None:
    """No animations; and no part is dimmed while it is being asked for again."""
    page.evaluate(STILL)


def by_width(page: Any, *, django: bool = False) -> list[str]:
    """What can differ between two widths of the same page."""
    rules = [
        "color-contrast",
        "target-size",
        "scrollable-region-focusable",
        "aria-required-children",
        "list",
        "td-headers-attr",
    ]
    return _run(page, rules)


def _run(page: Any, rules: list[str]) -> list[str]:
    page.wait_for_load_state()  # after a click the page may still be arriving: half a button has no name
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(SOURCE.read_text())
        stand_still(page)
    return list(page.evaluate(RUN, rules))
