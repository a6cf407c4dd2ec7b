"""With the longest values that fields allow, every page keeps its controls within reach at every width.

Of the same pages: each id stands once, what an attribute names is there, and each class has a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, sync_playwright

from tenants.access.permissions import Role
from tenants.accounts import members
from tests.promises import url_matrix
from tests.promises.url_matrix import Endpoint
from tests.ui.longest import filled

Answer = bytes
WIDTHS = (390, 768, 1300, 1440)
DESKTOP = 1300  # from here on nothing needs scrolling sideways
NO_PAGES = {
    "calls-export",
    "campaign-export",
    "campaign-caller-id-export",
    "caller-id-export",
    "staff-caller-id-export",
    "call-recording",
    "brand-css",
    "leave",
}
OPEN_ALL = "() => document.querySelectorAll('details').forEach(one => one.open = true)"
TROUBLE = """desktop => {
  const found = [], words = one => one.outerHTML.replace(/\\s+/g, ' ').slice(0, 90);
  const style = one => getComputedStyle(one);
  if (document.documentElement.scrollWidth > innerWidth) {
    const over = [...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > innerWidth);
    found.push(`the page is wider than the screen: ${over.length ? words(over.at(-1)) : ''}`);
  }
  const look = root => {
    for (const one of root.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
      if (!one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      if (one.closest('.hidden, .skip, .skip-to-content-link')) continue;
      const box = one.getBoundingClientRect();
      let left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth), reachable = false;
      const top = one.closest('dialog:modal')?.parentElement; // what stands around an open dialog does not cut it
      for (let up = one.parentElement; up && up !== top && !reachable; up = up.parentElement) {
        const overflow = style(up).overflowX;
        if (overflow === 'visible' || up === document.body || up === document.documentElement) continue;
        if (['auto', 'scroll'].includes(overflow) && !desktop) reachable = true;
        const around = up.getBoundingClientRect();
        left = Math.max(left, around.left);
        right = Math.min(right, around.right);
      }
      const enough = one.matches('a:not(.button)') ? Math.min(box.width, 24) : box.width;
      if (box.width && !reachable && right - left < enough - 1.5) found.push(`out of reach: ${words(one)}`);
    }
  };
  look(document);
  for (const dialog of document.querySelectorAll('dialog')) {
    dialog.showModal();
    const box = dialog.getBoundingClientRect();
    if (box.left < 0 || box.right > innerWidth) found.push(`a dialog is wider than the screen: ${words(dialog)}`);
    if (dialog.scrollWidth > dialog.clientWidth + 1) found.push(`a dialog is cut: ${words(dialog)}`);
    look(dialog);
    dialog.close();
  }
  if (desktop) for (const one of document.querySelectorAll('body *'))
    if (/auto|scroll/.test(style(one).overflowX) && one.scrollWidth > one.clientWidth + 1 && one.checkVisibility())
      found.push(`${one.scrollWidth - one.clientWidth} px are cut at the right: ${words(one)}`);
  return [...new Set(found)];
}"""

MARKUP = """() => {
  const found = [], ids = [...document.querySelectorAll('[id]')].map(one => one.id);
  const twice = new Set(ids.filter((id, at) => ids.indexOf(id) !== at));
  for (const id of twice) found.push(`the id ${id} stands ${ids.filter(one => one === id).length} times`);
  const REFERENCES = ['for', 'aria-describedby', 'aria-labelledby', 'popovertarget', 'commandfor', 'list'];
  for (const name of REFERENCES) for (const one of document.querySelectorAll(`[${name}]`)) {
    for (const id of one.getAttribute(name).split(/\\s+/).filter(Boolean)) {
      if (!document.getElementById(id)) found.push(`${name} names ${id}, which is not on the page`);
    }
    if (!one.getAttribute(name).trim()) found.push(`${name} is empty: ${one.outerHTML.slice(0, 90)}`);
  }
  const ruled = new Set();
  const read = rules => {
    for (const rule of rules) {
      for (const [, name] of (rule.selectorText ?? '').matchAll(/\\.(-?[a-zA-Z_][\\w-]*)/g)) ruled.add(name);
      if (rule.cssRules) read(rule.cssRules);
    }
  };
  for (const sheet of document.styleSheets) read(sheet.cssRules);
  const used = [...document.querySelectorAll('[class]')].flatMap(one => [...one.classList]);
  for (const name of new Set(used)) if (!ruled.has(name)) found.push(`no rule for the class ${name}`);
  return found;
}"""


@pytest.fixture
def canary(db):
    return filled()


@pytest.fixture(scope="module")
def browser_thread(browser_type_launch_args) -> Iterator[tuple[ThreadPoolExecutor, Browser]]:
    """A browser in a thread of its own: Playwright leaves an event loop in the thread that it ran in, where Django then
    refuses to use the database."""
    opened = ExitStack()

    def launch() -> Browser:
        playwright = opened.enter_context(sync_playwright())
        return opened.enter_context(playwright.chromium.launch(**browser_type_launch_args))

    with ThreadPoolExecutor(1) as thread:
        yield thread, thread.submit(launch).result()
        thread.submit(opened.close).result()


@pytest.fixture
def measured(browser_thread) -> Callable[[dict[str, Answer]], None]:
    """Fails on what is wrong with pages that were rendered before."""
    thread, browser = browser_thread

    def measure(pages: dict[str, Answer]) -> None:
        found = thread.submit(_measure, pages, browser).result()
        assert not found, "\n".join(found)

    return measure


def _measure(pages: dict[str, Answer], browser: Browser) -> list[str]:
    found = []
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/*", partial(_answer, pages))
        for path in pages:
            page.goto(f"http://testserver{path}")
            page.evaluate(OPEN_ALL)
            if not path.startswith("/admin/"):  # Django's own markup
                found += [f"{path}: {one}" for one in page.evaluate(MARKUP)]
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                found += [f"{path} at {width}: {one}" for one in page.evaluate(TROUBLE, width >= DESKTOP)]
    return found


def _answer(pages: dict[str, Answer], route: Any) -> None:
    path = urlsplit(route.request.url).path
    if path.startswith("/static/"):
        route.fulfill(path=finders.find(path.removeprefix("/static/")))
    elif route.request.resource_type == "document":
        route.fulfill(status=200, body=pages[path], content_type="text/html; charset=utf-8")
    else:
        route.fulfill(status=204)


def addresses(canary: Any, wanted: Any) -> list[str]:
    """Every page that can be read, of those `wanted`; and a call that is over beside the one that is live."""
    found = [endpoint for endpoint in url_matrix.every() if wanted(endpoint) and "GET" in endpoint.row.methods]
    pages = [
        endpoint.address(canary, canary)
        for endpoint in found
        if endpoint.name not in NO_PAGES and ".csv" not in endpoint.route
    ]
    over = [page.replace(str(canary.ids["call"]), str(canary.ids["over"])) for page in pages]
    return list(dict.fromkeys(pages + over))


def rendered(client: Client, paths: Iterable[str]) -> dict[str, Answer]:
    answers = {path: client.get(path) for path in paths}
    read = {path: answer for path, answer in answers.items() if answer.status_code == 200 and not answer.streaming}
    pages = {path: answer.content for path, answer in read.items() if b"<html" in answer.content}
    for answer in answers.values():
        answer.close()  # a file on its way, such as an export
    assert pages
    return pages


def of_client(endpoint: Endpoint) -> bool:
    return endpoint.of_client or endpoint.name in url_matrix.SIGNED_IN


def of_staff(endpoint: Endpoint) -> bool:
    return bool(endpoint.permission) and not endpoint.of_client


def of_auditor(endpoint: Endpoint) -> bool:
    return endpoint.auditor_admin


def test_the_pages_of_a_client(measured, canary, sign_in):
    measured(rendered(sign_in(canary.people[Role.OWNER]), addresses(canary, of_client)))


def test_the_pages_of_staff(measured, canary, admin, sign_in):
    canary.ids["colleague"] = admin.pk
    measured(rendered(sign_in(admin), addresses(canary, of_staff)))


def test_the_pages_of_a_visit(measured, canary, admin, visit_client):
    client = visit_client(admin, canary.setup)
    measured(rendered(client, addresses(canary, lambda endpoint: endpoint.of_client)))


def test_the_pages_of_an_auditor(measured, canary, auditor, sign_in):
    measured(rendered(sign_in(auditor), addresses(canary, of_auditor)))


def test_the_pages_without_a_person(measured, canary):
    token = canary.ids["token"]
    paths = [f"/invitation/{token}/", f"/invitation/{members.mailed_token(token)}/", "/accounts/login/"]
    measured(rendered(Client(), paths))
