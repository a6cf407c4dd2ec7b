"""Strings that would do something if a page took them for markup, and the traps that notice when one did.

Whatever such a string makes carries `data-corpus`, asks for something of `corpus.invalid`, or opens a dialog.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

CORPUS = [
    "<script data-corpus>alert(1)</script>",
    "</script><script data-corpus src=//corpus.invalid/2></script>",
    "<img data-corpus src=//corpus.invalid/3 onerror=alert(3)>",
    '"><svg data-corpus onload=alert(4)>',
    "' autofocus onfocus=alert(5) data-corpus='",
    '" style="background:url(//corpus.invalid/6)" data-corpus="',
    '<a data-corpus href="javascript:alert(7)">go</a>',
    "javascript:alert(8)//",
    '<b data-corpus hx-get="//corpus.invalid/9" hx-trigger="load"></b>',
    '<b data-corpus hx-on:click="alert(10)" hx-on::load="alert(10)"></b>',
    '<template hx type="partial" hx-target="body"><i data-corpus></i></template>',
    "</textarea></title></style></template><iframe data-corpus srcdoc='<script>parent.alert(12)</script>'>",
    "<!--><details data-corpus open ontoggle=alert(13)>",
    "<math><mtext></math><style><img data-corpus src=//corpus.invalid/14 onerror=alert(14)>",
    "<meta data-corpus http-equiv=refresh content=0;url=//corpus.invalid/15>",
    "<base data-corpus href=//corpus.invalid/16/>",
    "<form data-corpus action=//corpus.invalid/17><button>x</button></form>",
    "&lt;i data-corpus&gt;&#60;i data-corpus&#62;",
    "\\u003ci data-corpus\\u003e %3Ci data-corpus%3E",
    "＜script data-corpus＞alert(20)＜/script＞",
    "\u202e>tpircs/<\u202c \u2066<i data-corpus>\u2069",
    "{{ 7|add:7 }} {% debug %} ${7*7} #{7*7}",
    "]]> ]]&gt; --> */ `'\"\\ <%= 7*7 %>",
    '=HYPERLINK("//corpus.invalid/24";"x")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
]
FORMULAS = CORPUS[-3:]


def named(what: str) -> str:
    """A name of something that breaks out of an attribute, a title and a text field, in less than a hundred letters."""
    return f"{what} \"'></title><img data-corpus src=//corpus.invalid/{what.lower()} onerror=alert(0)>"


MADE = """() => {
    const found = [];
    const look = root => {
        for (const one of root.querySelectorAll('*')) {
            if (one.hasAttribute('data-corpus')) found.push(`made ${one.outerHTML.slice(0, 120)}`);
            for (const {name, value} of one.attributes) {
                const leads = ['href', 'src', 'action', 'formaction', 'srcset', 'data'].includes(name)
                    && !one.matches('link[rel=icon]');  // which is ours, and inline
                if (leads && /^\\s*(javascript:|data:|(https?:)?\\/\\/corpus)/i.test(value))
                    found.push(`${name} leads to ${value}`);
                if (/^on[a-z]/.test(name) || (name.startsWith('hx-') && /corpus\\.invalid|alert\\(/.test(value)))
                    found.push(`${name} does ${value}`);
            }
            if (one instanceof HTMLTemplateElement) look(one.content);
        }
    };
    look(document);
    return found;
}"""


@dataclass
class Traps:
    """What one window of the browser did that its pages never do by themselves."""

    page: Any
    home: str
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("dialog", self._dialog)
        self.page.on("console", self._console)
        self.page.on("popup", lambda one: self.heard.append(f"window {one.url}"))
        self.page.context.on("request", self._request)

    def _dialog(self, dialog: Any) -> None:
        self.heard.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _console(self, line: Any) -> None:
        if "Security Policy" in line.text:
            self.heard.append(f"policy {line.text}")

    def _request(self, request: Any) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.home).netloc:
            self.heard.append(f"request {request.url}")

    def sprung(self) -> list[str]:
        """What was heard until now, and what stands in the page."""
        return [f"{self.page.url}: {one}" for one in [*self.heard, *self.page.evaluate(MADE)]]


def not_literal(page: Any, *strings: str) -> list[str]:
    """Those that cannot be read on the page letter by letter."""
    text = _plain(page.locator("body").inner_text())
    return [f"{page.url}: not readable: {one}" for one in strings if _plain(one) not in text]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
