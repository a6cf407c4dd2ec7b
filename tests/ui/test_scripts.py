"""The scripts in a real browser, under the policy of production: no inline anything, no eval."""

import re

import pytest
from playwright.sync_api import expect

LOST = "<p data-stream-lost hidden>lost since <time data-lost-since></time></p>"
FORM = """<form id="f" method="post" action="/post/" hx-post="/post/" hx-target="#out" hx-swap="outerHTML">
<div class="command-form"><textarea name="words" data-draft="call-1" aria-label="Words"></textarea>
<button name="type" value="say" id="send">Say</button></div>
<button type="button" data-phrase="We call back today">Phrase</button></form><p id="out">before</p>"""


@pytest.fixture(autouse=True)
def no_violations(page):
    console = []
    page.on("console", lambda line: console.append(line.text) if "Content Security Policy" in line.text else None)
    page.on("pageerror", lambda error: console.append(str(error)))
    yield
    assert console == []


def test_a_message_makes_its_part_ask_for_itself_and_no_other(page, site):
    page.goto(site.page(f'<body data-events="/events/">{LOST}{site.part()}</body>'))
    site.tell(kind="call", ref="someone-else", version=1)
    site.tell(kind="call", ref="0190-ab", version=2)
    expect(page.locator("#part")).to_have_text("part 1")
    site.tell(kind="call", ref="0190-ab", version=3)  # a swapped part listens again
    expect(page.locator("#part")).to_have_text("part 2")


def test_a_lost_stream_is_shown_in_words_and_polled_until_it_is_back(page, site):
    page.goto(site.page(f'<body data-events="/events/">{LOST}{site.part()}</body>'))
    site.break_stream()
    expect(page.locator("[data-stream-lost]")).to_be_visible(timeout=8000)
    expect(page.locator("#part")).to_have_text("part 1")  # asked at once, and then every 5 s
    expect(page.locator("#part")).to_have_text("part 2", timeout=8000)
    site.stream_up = True
    expect(page.locator("[data-stream-lost]")).to_be_hidden(timeout=15000)
    expect(page.locator("#part")).to_have_text(re.compile(r"part [3-9]"))


def test_the_time_of_a_lost_stream_is_in_the_zone_of_the_page(page, site):
    page.goto(site.page(f'<body data-events="/events/">{LOST}{site.part()}</body>'))
    page.clock.set_fixed_time("2026-01-05T10:00:00Z")
    page.evaluate("() => { document.documentElement.dataset.zone = 'Asia/Tokyo'; }")
    site.break_stream()
    expect(page.locator("[data-lost-since]")).to_have_text("19:00", timeout=8000)


def test_a_form_is_sent_once_and_shows_that_it_works(page, site):
    page.goto(site.page(f"<body>{FORM}</body>"))
    site.hold.clear()
    page.evaluate("() => { const send = document.getElementById('send'); send.click(); send.click(); }")
    expect(page.locator("#send")).to_have_attribute("aria-busy", "true")
    page.evaluate("() => document.getElementById('f').requestSubmit()")
    page.evaluate(
        """() => {
            document.getElementById('send').removeAttribute('aria-busy');
            document.dispatchEvent(new CustomEvent('htmx:after:swap'));
        }"""
    )
    expect(page.locator("#send")).to_have_attribute("aria-busy", "true")
    site.hold.set()
    expect(page.locator("#out")).to_have_text("answered")
    expect(page.locator("#send")).not_to_have_attribute("aria-busy", "true")
    assert len(site.posts) == 1


def test_what_is_sent_while_the_last_still_waits_is_held_back_in_words_and_stays(page, site):
    page.clock.install()
    page.goto(site.page(f"<body>{FORM}</body>"))
    site.hold.clear()
    page.fill("textarea", "First.")
    page.evaluate("() => { const send = document.getElementById('send'); send.click(); send.click(); }")
    expect(page.locator(".toast")).to_have_count(0)  # a double click is one
    page.fill("textarea", "Second.")
    page.clock.run_for(1000)
    page.click("#send")
    expect(page.locator(".toast")).to_contain_text("Not sent")
    expect(page.locator("textarea")).to_have_value("Second.")
    site.hold.set()
    expect(page.locator("#out")).to_have_text("answered")
    assert len(site.posts) == 1


def test_ctrl_enter_sends_the_command_that_is_being_written(page, site):
    page.goto(site.page(f"<body>{FORM}</body>"))
    page.fill("textarea", "One moment please.")
    page.press("textarea", "Control+Enter")
    expect(page.locator("#out")).to_have_text("answered")
    assert site.posts == ["words=One+moment+please.&type=say"]


def test_a_phrase_joins_what_is_written(page, site):
    page.goto(site.page(f"<body>{FORM}</body>"))
    page.fill("textarea", "Sorry,")
    page.click("[data-phrase]")
    expect(page.locator("textarea")).to_have_value("Sorry, We call back today")


def test_what_is_typed_while_an_answer_is_awaited_outlives_the_answer(page, site):
    page.goto(site.page(f"<body>{FORM}</body>"))
    page.fill("textarea", "The first sentence.")
    page.click("#send")
    page.fill("textarea", "The next one")
    page.evaluate(  # the answer has the field that was sent, empty; the keyboard stays in it
        "() => { const field = document.querySelector('textarea'), empty = field.cloneNode(); empty.value = '';"
        " field.replaceWith(empty); empty.focus(); document.dispatchEvent(new CustomEvent('htmx:after:swap')); }"
    )
    expect(page.locator("textarea")).to_have_value("The next one")
    expect(page.locator("textarea")).to_be_focused()


def test_a_draft_outlives_the_page_until_it_is_sent(page, site):
    page.goto(site.page(f"<body>{FORM}</body>"))
    page.fill("textarea", "half a sentence")
    page.reload()
    expect(page.locator("textarea")).to_have_value("half a sentence")
    site.answer = 500
    page.click("#send")
    expect(page.locator(".toast")).to_contain_text("may have been done or not")
    page.reload()
    expect(page.locator("textarea")).to_have_value("half a sentence")
    site.answer = 200
    page.click("#send")
    expect(page.locator("#out")).to_have_text("answered")
    page.reload()
    expect(page.locator("textarea")).to_have_value("")


@pytest.mark.parametrize(("status", "shown"), [(422, "answered"), (403, "before"), (500, "before")])
def test_only_a_form_with_errors_is_swapped_in_for_a_failure(page, site, status, shown):
    page.goto(site.page(f"<body>{FORM}</body>"))
    site.answer = status
    page.click("#send")
    if shown == "before":
        expect(page.locator(".toast")).to_be_visible()
    expect(page.locator("#out")).to_have_text(shown)


def test_a_timer_with_a_key_never_runs_backwards(page, site):
    """Neither when VoiceDock corrects when the call was answered, nor when a part brings an older text."""
    page.clock.install(time="2026-01-05T10:00:00Z")
    page.goto(site.page('<body><time data-since="2026-01-05T09:59:50Z" data-timer="call-1">00:10</time></body>'))
    page.clock.run_for(2000)
    timer = page.locator("[data-timer]")
    expect(timer).to_have_text("00:12")
    page.evaluate("() => { document.querySelector('[data-timer]').dataset.since = '2026-01-05T09:59:55Z'; }")
    page.clock.run_for(1000)
    expect(timer).to_have_text("00:12")  # it stands until the corrected time has come so far
    page.clock.run_for(6000)
    expect(timer).to_have_text("00:14")


def test_what_waits_counts_down_to_what_happens_next(page, site):
    page.clock.install(time="2026-01-05T10:00:00Z")
    page.goto(site.page('<body><time data-until="2026-01-05T10:00:05Z">5 s</time></body>'))
    page.clock.run_for(2000)
    expect(page.locator("[data-until]")).to_have_text("3 s")
    page.clock.run_for(9000)
    expect(page.locator("[data-until]")).to_have_text("0 s")


def test_a_part_that_asks_by_itself_never_dims(page, site):
    page.goto(site.page(f'<body data-events="/events/">{site.part()}<p id="asked" class="htmx-request">x</p></body>'))
    page.evaluate("() => document.getElementById('part').classList.add('htmx-request')")
    opacity = "id => getComputedStyle(document.getElementById(id)).transitionDelay"
    assert page.evaluate(opacity, "part") == "0s"
    assert page.evaluate(opacity, "asked") == "0.3s"


LIST = "#log { block-size: 200px; overflow-y: auto; }"
FROM_BELOW = "#log { block-size: 200px; overflow-y: auto; display: flex; flex-direction: column-reverse; }"


@pytest.mark.parametrize("style", [LIST, FROM_BELOW])
def test_reading_above_is_not_disturbed_by_what_arrives_below(page, site, style):
    """The list grows with each swap, as the timeline of a live call does."""
    lines = "".join(f"<p>line {n}</p>" for n in range(60))
    scroller = f'<div class="scroller" id="log" data-hold><div id="lines">{lines}</div></div>'
    page.goto(site.page(f'<body data-events="/events/">{scroller}<button data-to-newest hidden>Newest</button></body>'))
    page.evaluate("rule => document.styleSheets[1].insertRule(rule, document.styleSheets[1].cssRules.length)", style)
    box = "(id, edge) => document.getElementById(id).getBoundingClientRect()[edge]"
    away = f"() => {{ const box = {box}; return Math.abs(box('lines', 'bottom') - box('log', 'bottom')); }}"
    above = f"() => {{ const box = {box}; return box('log', 'top') - box('lines', 'top'); }}"
    swap = """() => htmx.swap({text: document.getElementById('lines').innerHTML + '<p>one more line</p>',
        target: document.getElementById('lines'), swap: 'innerMorph', sourceElement: document.body})"""

    page.evaluate("() => { const log = document.getElementById('log'); log.scrollBy(0, -500); log.scrollBy(0, 300); }")
    reading = page.evaluate(above)
    page.evaluate(swap)
    expect(page.locator("#lines p")).to_have_count(61)
    assert page.evaluate(above) == pytest.approx(reading, abs=1)
    expect(page.locator("[data-to-newest]")).to_be_visible()

    page.click("[data-to-newest]")
    assert page.evaluate(away) < 2
    expect(page.locator("[data-to-newest]")).to_be_hidden()
    page.evaluate(swap)
    expect(page.locator("#lines p")).to_have_count(62)
    assert page.evaluate(away) < 2


def test_timers_run_and_ages_grow(page, site):
    page.clock.install()
    page.goto(
        site.page('<body><time data-since="2000-01-01T00:00:00Z">x</time><time id="age" data-age>y</time></body>')
    )
    page.evaluate(
        "() => { const now = new Date(Date.now() - 5000).toISOString();"
        " document.querySelector('[data-since]').dataset.since = now;"
        " document.getElementById('age').dateTime = now; }"
    )
    page.clock.run_for(2000)
    expect(page.locator("[data-since]")).to_have_text("00:07")
    expect(page.locator("#age")).to_have_text("7 s ago")
    page.clock.run_for(3600_000)
    expect(page.locator("[data-since]")).to_have_text("1:00:07")


def test_the_theme_is_remembered(page, site):
    address = site.page("<body><button data-switch-theme>Theme</button><small data-theme-words></small></body>")
    page.goto(address)
    for theme, words in (("light", "Light"), ("dark", "Dark")):
        page.click("button")
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        expect(page.locator("small")).to_have_text(words)
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_keys_go_to_pages_but_not_while_typing(page, site):
    page.goto(
        site.page(
            '<body><nav class="sidebar"><a data-page="live" href="#live">Live</a></nav>'
            '<main><input type="search" aria-label="Find"></main><dialog id="keys">Keys</dialog></body>'
        )
    )
    page.keyboard.press("/")
    expect(page.locator("input")).to_be_focused()
    page.keyboard.type("g l?")
    expect(page.locator("input")).to_have_value("g l?")
    assert "#live" not in page.url
    page.keyboard.press("Escape")
    page.keyboard.type("gl")
    assert page.url.endswith("#live")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def test_typing_finds_a_client(page, site):
    page.goto(
        site.page(
            '<body><input type="search" data-find="list" aria-label="Find"><ul id="list">'
            '<li><a href="#bloom">Bloom Dental</a></li><li><a href="#noord">Noord Energie</a></li>'
            "<li data-nothing hidden>None</li></ul></body>"
        )
    )
    page.fill("input", "noo")
    expect(page.locator("#list li:visible")).to_have_text(["Noord Energie"])
    page.press("input", "Enter")
    assert page.url.endswith("#noord")
    page.fill("input", "zzz")
    expect(page.locator("[data-nothing]")).to_be_visible()


def test_a_table_of_cards_is_still_read_as_a_table(page, site):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(
        site.page(
            '<body><table class="cards"><thead><tr><th scope="col">Person</th><th scope="col">State</th></tr></thead>'
            '<tbody><tr><th scope="row">Mr Koster</th><td>Ended</td></tr></tbody></table></body>'
        )
    )
    expect(page.get_by_role("columnheader")).to_have_count(2)
    expect(page.get_by_role("rowheader", name="Mr Koster")).to_be_visible()
    expect(page.get_by_role("cell", name="Ended")).to_be_visible()


def test_the_composer_starts_folded_on_a_phone_and_stays_as_one_left_it(page, site):
    """Whether it is folded is an attribute; from 960 px on the style sheet shows a folded one whole."""
    opener = '<button type="button" data-unfold aria-expanded="false">Write to the call</button>'
    sheet = f'<aside class="composer" id="write" data-folded>{opener}{FORM}</aside>'
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(site.page(f'<body data-events="/events/">{sheet}{site.part()}</body>'))
    write, button = page.locator("#write"), page.locator("[data-unfold]")
    expect(write).to_have_attribute("data-folded", "")
    button.click()
    expect(write).not_to_have_attribute("data-folded", "")
    expect(button).to_have_attribute("aria-expanded", "true")
    site.tell(kind="call", ref="0190-ab")
    expect(page.locator("#part")).to_have_text("part 1")
    expect(write).not_to_have_attribute("data-folded", "")


def test_a_question_stays_open_while_news_arrive(page, site):
    asking = (
        '<dialog id="ending"><form method="post" action="/post/" hx-post="/post/" hx-target="#out" hx-swap="outerHTML">'
        "<button>Yes</button></form></dialog>"
    )
    trigger = "changed:call:0190-ab from:body throttle:200ms"
    site.part = lambda count=0: (
        f'<div id="part" hx-get="/part/" hx-swap="outerMorph" hx-trigger="{trigger}"><p>part {count}</p>{asking}</div>'
    )
    button = '<button type="button" commandfor="ending" command="show-modal">End</button><p id="out">before</p>'
    page.goto(site.page(f'<body data-events="/events/">{button}{site.part()}</body>'))
    page.click("text=End")
    site.tell(kind="call", ref="0190-ab")
    expect(page.locator("#part p")).to_have_text("part 1")
    expect(page.get_by_role("button", name="Yes")).to_be_visible()
    assert page.evaluate("() => document.querySelector('#ending').matches(':modal')")


CALL = """<form><label><input type="radio" name="assistant" value="1" data-opening="Good day." checked>One</label>
<label><input type="radio" name="assistant" value="2" data-opening="">Two</label>
<textarea aria-label="Words" data-opening-of="assistant" placeholder="Good day."></textarea></form>"""


def test_the_opening_sentence_follows_the_chosen_assistant(page, site):
    page.goto(site.page(f'<body>{CALL}<script src="/static/js/call_button.js"></script></body>'))
    expect(page.get_by_label("Words")).to_have_attribute("placeholder", "Good day.")
    page.get_by_label("Two").check()
    expect(page.get_by_label("Words")).to_have_attribute("placeholder", "")
    page.get_by_label("One").check()
    expect(page.get_by_label("Words")).to_have_attribute("placeholder", "Good day.")


NUMBER = """<form><input aria-label="Number" id="id_destination" value="0612">
<div id="number-echo"><p data-number-echo data-typed="0612345678" data-grouped="06 1234 5678"
data-number="+31 6 1234 5678"></p></div>
<a href="?to=1" data-fill="#id_destination" data-fill-with="+31 6 1234 0000">Recent</a>
<button><span data-call-button data-call-to="#id_destination" data-call-from="number"></span></button></form>
<script src="/static/js/call_button.js"></script>"""
SWAPPED = "() => document.dispatchEvent(new CustomEvent('htmx:after:swap', { bubbles: true }))"


def test_the_number_is_grouped_as_the_server_read_it_unless_one_edits_within_it(page, site):
    page.goto(site.page(f"<body>{NUMBER}</body>"))
    number, button = page.get_by_label("Number"), page.get_by_role("button", name="Call")
    page.evaluate(SWAPPED)  # an answer about another text
    expect(number).to_have_value("0612")
    expect(button).to_have_text("Call")  # nobody is offered whom the server has not read
    number.fill("0612345678")
    number.evaluate("field => field.setSelectionRange(3, 3)")
    page.evaluate(SWAPPED)
    expect(number).to_have_value("0612345678")
    number.evaluate("field => field.setSelectionRange(10, 10)")
    page.evaluate(SWAPPED)
    expect(number).to_have_value("06 1234 5678")
    expect(button).to_have_text("Call +31 6 1234 5678")
    number.fill("09001234")
    expect(button).to_have_text("Call")


def test_the_button_names_the_reading_that_is_chosen(page, site):
    readings = '<label><input type="radio" name="reading" value="+31302345678" data-words="+31 30 234 5678">Yes</label>'
    page.goto(site.page(f"<body>{NUMBER.replace('<a ', readings + '<a ', 1)}</body>"))
    page.get_by_label("Number").fill("0612345678")
    page.get_by_label("Yes").check()
    expect(page.get_by_role("button", name="Call")).to_have_text("Call +31 30 234 5678")


LINES = """<form><input aria-label="Number" id="id_destination" value="0612"><input type="hidden" name="line_by_rule"
value="1"><div id="number-echo"><p data-number-echo data-typed="" data-number="" data-line="2"
data-line-reason="Same country."></p></div>
<label><input type="radio" name="number" value="1" data-words="Amsterdam" checked>Amsterdam
<small data-line-reason-of="number">The usual one.</small></label>
<label><input type="radio" name="number" value="2" data-words="Brussels">Brussels</label>
<button><span data-call-button data-call-to="#id_destination" data-call-from="number"></span></button></form>
<script src="/static/js/call_button.js"></script>"""


def test_the_line_follows_the_rule_until_one_is_chosen(page, site):
    page.goto(site.page(f"<body>{LINES}</body>"))
    reason, button = page.locator("[data-line-reason-of]"), page.get_by_role("button", name="Call")
    expect(button).to_have_text("Call from Amsterdam")
    page.evaluate(SWAPPED)
    expect(page.get_by_label("Brussels")).to_be_checked()
    expect(reason).to_have_text("Same country.")
    expect(page.locator("label", has_text="Brussels")).to_contain_text("Same country.")
    expect(button).to_have_text("Call from Brussels")
    page.get_by_label("Amsterdam").check()
    expect(reason).to_have_text("You chose it.")
    expect(page.locator("label", has_text="Amsterdam")).to_contain_text("You chose it.")
    page.evaluate(SWAPPED)
    expect(page.get_by_label("Amsterdam")).to_be_checked()
    expect(button).to_have_text("Call from Amsterdam")


def test_a_recent_number_fills_the_field_and_leaves_the_form(page, site):
    page.goto(site.page(f"<body>{NUMBER}</body>"))
    page.get_by_role("link", name="Recent").click()
    expect(page.get_by_label("Number")).to_have_value("+31 6 1234 0000")
    expect(page.get_by_label("Number")).to_be_focused()
    assert "to=1" not in page.url


def test_a_button_that_copies_says_so_for_a_while(page, site):
    button = '<button class="button" type="button" data-copy="abc" data-copied="Copied">{}</button>'
    icon = button.replace("data-copy=", 'aria-label="Copy abc" data-copy=').format("i")
    page.goto(site.page(f"<body>{button.format('<span>Copy the link</span>')}{icon}</body>"))
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Copy the link")).to_be_visible()
    page.get_by_role("button", name="Copy abc").click()
    expect(page.get_by_role("button", name="Copied abc")).to_be_visible()
    expect(page.get_by_role("button", name="Copy abc")).to_be_visible()
