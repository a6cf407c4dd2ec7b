"""Somebody new joins, sets up an app and a passkey, signs in with each, and looks after their own sign-ins."""

from __future__ import annotations

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from dashboard.devserver.demo_logins import PASSWORD
from tests.journeys.axe import findings
from tests.journeys.calling import region

PASSPHRASE = "a-long-enough-passphrase"
DEVICE = {  # a telephone that knows its owner's finger
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_from_the_invitation_to_a_passkey(window, base_url):
    page = window()
    page.goto(invited(window("owner@bloom.test")))
    page.get_by_label("name").fill("Pim Okafor")
    page.get_by_label("Password").fill(PASSPHRASE)
    page.get_by_role("button", name="Join Bloom Dental").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.get_by_role("button", name="Pim Okafor").click()
    page.get_by_role("link", name="Account").click()

    secret = an_app(page)
    a_passkey(page)
    assert findings(page) == []

    leave(page)
    enter(page, base_url)
    page.get_by_label("Code").fill("123")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("That code is not right")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")

    leave(page)
    page.goto(f"{base_url}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()  # without address or password
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")

    other = window()
    enter(other, base_url)
    other.get_by_label("Code").fill(code(secret, ahead=1))
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Overview")
    page.goto(f"{base_url}/accounts/sessions/")
    assert findings(page) == []
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_text("Every other browser is signed out.")).to_be_visible()
    expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")  # by itself


def invited(staff_page):
    """The link of an invitation of Bloom Dental's owner."""
    staff_page.goto("/c/bloom-dental/team/")
    form = region(staff_page, "Invite somebody")
    form.get_by_label("E-mail").fill("pim@bloom.test")
    form.get_by_label("Role").select_option("Viewer")
    form.get_by_role("button", name="Invite to Bloom Dental").click()
    if staff_page.get_by_label("Password").is_visible():  # it was a while since the owner signed in
        staff_page.get_by_label("Password").fill(PASSWORD)
        staff_page.get_by_role("button", name="Confirm and go on").click()
    return staff_page.get_by_label("Invitation link").input_value()


def an_app(page):
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_text("No camera?").click()
    secret = page.locator("details code").inner_text()
    assert findings(page) == []
    page.get_by_label("The code it shows").fill(code(secret))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("list", name="Your recovery codes").get_by_role("listitem")).to_have_count(10)
    assert findings(page) == []
    page.get_by_role("link", name="I have kept them").click()
    return secret


def a_passkey(page):
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    page.get_by_role("link", name="Add a passkey").click()
    assert findings(page) == []
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("link", name="Remove Passkey")).to_be_visible()


def enter(page, base_url):
    page.goto(f"{base_url}/accounts/login/")
    page.get_by_label("E-mail").fill("pim@bloom.test")
    page.get_by_label("Password", exact=True).fill(PASSPHRASE)
    page.get_by_role("button", name="Sign in", exact=True).click()


def leave(page):
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + "/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def code(secret, ahead=0):
    """`ahead`: the one after, since each is taken once; half a minute early is early enough."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))
