"""Where a call may be transferred to: numbers by the rules of calls, SIP addresses with a host."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.calls.control import transfer_targets
from dashboard.calls.placing import destinations
from tenants.models import Tenant

NL = Tenant(name="Bloom Dental", country="NL")
ANY = Tenant(name="Bloom Dental")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("020 555 0150", "+31205550150"),
        ("+31 20 555 0150", "+31205550150"),
        ("sip:desk@example.com", "sip:desk@example.com"),
        ("SIPS:desk@pbx.example.co.uk:5061;transport=tls", "SIPS:desk@pbx.example.co.uk:5061;transport=tls"),
        ("\u202asip:desk@example.com\u202c", "sip:desk@example.com"),
        ("sip:1001@pbx.example.com", "sip:1001@pbx.example.com"),
        ("sip:+31205550150@trunk.example.com", "sip:+31205550150@trunk.example.com"),
        ("sip:desk@8.8.8.8", "sip:desk@8.8.8.8"),
        ("sip:desk@[2001:4860:4860::8888]", "sip:desk@[2001:4860:4860::8888]"),
        ("sip:anna.smith+sales@example.com", "sip:anna.smith+sales@example.com"),
        ("sip:*98@pbx.example.com", "sip:*98@pbx.example.com"),
        ("sip:agent-31205550150@example.com", "sip:agent-31205550150@example.com"),
        ("sip:+31205550150@example.com;user=phone", "sip:+31205550150@example.com;user=phone"),
        ("sip:%2B31205550150@example.com", "sip:%2B31205550150@example.com"),
    ],
)
def test_what_a_call_may_be_transferred_to(text, target):
    assert transfer_targets.read(NL, text) == target


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sip:desk", "like sip:desk@example.com"),
        ("sip:@example.com", "like sip:desk@example.com"),
        ("sip:desk@", "like sip:desk@example.com"),
        ("sip:de sk@example.com", "like sip:desk@example.com"),
        ("sip:desk@example.com?Subject=x", "like sip:desk@example.com"),
        ("sip:a@b@example.com", "like sip:desk@example.com"),
        ("desk@example.com", "like sip:desk@example.com"),
        ("sip:desk@localhost", "full name of its host"),
        ("sip:desk@pbx", "full name of its host"),
        ("sip:desk@-x.example.com", "full name of its host"),
        ("sip:desk@10.0.0.7", "full name of its host"),
        ("sip:desk@127.0.0.1", "full name of its host"),
        ("sip:desk@1.2.3", "full name of its host"),
        ("sip:desk@example.com:99999", "full name of its host"),
        ("sip:desk:secret@example.com", "password"),
        ("sip:112@pbx.example.com", "Emergency"),
        ("sip:%31%31%32@pbx.example.com", "Emergency"),
        ("sip:+31112@pbx.example.com", "Emergency"),
        ("sip:+31900123456;phone-context=x@pbx.example.com", "premium-rate"),
        ("sip:+1900*5551234@pbx.example.com", "premium-rate"),
        ("sip:+1900,5551234@pbx.example.com", "premium-rate"),
        ("sip:*31#+19005551234@pbx.example.com", "premium-rate"),
        ("sip:9,19005551234@pbx.example.com", "premium-rate"),
        ("sip:19005551234@pbx.example.com", "premium-rate"),
        ("sip:0019005551234@pbx.example.com", "premium-rate"),
        ("sip:%2a31%23+19005551234@pbx.example.com", "premium-rate"),
        ("sip:agent-19005551234@pbx.example.com", "premium-rate"),
        ("sip:123456;phone-context=+31900@pbx.example.com", "premium-rate"),
        ("sip:9,112@pbx.example.com", "Emergency"),
        ("sip:1*1*2@pbx.example.com", "Emergency"),
        ("sip:+19005551234;x@pbx.example.com", "cannot be read"),
        ("sip:desk;x=1@pbx.example.com", "cannot be read"),
        ("sip:+1900FLOWERS@pbx.example.com", "cannot be read"),
        ("sip:%25%33%31@pbx.example.com", "cannot be read"),
        ("sip:%D9%A1@pbx.example.com", "cannot be read"),
        ("sip:**@pbx.example.com", "cannot be read"),
        ("sip:desk@example.com;maddr=10.0.0.7", "Leave “;maddr=10.0.0.7” out"),
        ("112", "Emergency"),
        ("+31 900 123456", "premium-rate"),
        ("+881 6 123 45678", "satellite"),
        ("12", "“12” is an internal extension"),
        ("1001", "sip:1001@pbx.example.com"),
    ],
)
@pytest.mark.parametrize("tenant", [NL, ANY], ids=["NL", "no country"])
def test_what_is_refused_and_what_to_do(tenant, text, words):
    with pytest.raises(destinations.NotCallable) as refused:
        transfer_targets.read(tenant, text)
    assert words in str(refused.value)


def test_a_sip_user_is_read_as_in_the_clients_country():
    with pytest.raises(destinations.NotCallable, match="premium-rate"):
        transfer_targets.read(NL, "sip:0900-123456@pbx.example.com")


def test_countries_that_may_not_be_called_are_refused_in_sip_addresses_too():
    tenant = Tenant(name="Bloom Dental", allowed_countries=["NL"])
    for text in ("+33 1 53 34 56 78", "sip:+33153345678@trunk.example.com"):
        with pytest.raises(destinations.NotCallable, match="Bloom Dental may not call France"):
            transfer_targets.read(tenant, text)


FORBIDDEN = [
    "+19005551234",
    "19005551234",
    "0019005551234",
    "+31900123456",
    "0900123456",
    "90900123456",
    "112",
    "+31112",
]
FORBIDDEN += ["+33153345678", "+881612345678", "+31205550142"]  # another country, a satellite, a line of the client
IN_FRONT = ["", "*31#", "#31#", "*67", "9,", "0,,", "**", "9;"]
DIAL_CHARACTERS = "*#,;.-()"


@st.composite
def disguised(draw):
    """A forbidden number as a SIP user, with what a telephone system leaves out or does before it dials."""
    number = draw(st.sampled_from(FORBIDDEN))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(1, len(number)))
        number = number[:at] + draw(st.sampled_from(DIAL_CHARACTERS)) + number[at:]
    text = draw(st.sampled_from(IN_FRONT)) + number
    return "".join(quote(c, safe="") if c in "#" or (draw(st.booleans()) and not c.isalnum()) else c for c in text)


@settings(max_examples=300, deadline=None)
@given(disguised())
def test_no_disguise_gets_a_forbidden_number_past_the_checks(user):
    tenant = Tenant(name="Bloom Dental", country="NL", allowed_countries=["NL"])
    with pytest.raises(destinations.NotCallable):
        transfer_targets.read(tenant, f"sip:{user}@pbx.example.com", own=["+31205550142"])


def refusal(text, tenant=NL):
    """Why it is refused; None where it is taken. Raises whatever else goes wrong."""
    try:
        assert transfer_targets.read(tenant, text)
    except destinations.NotCallable as error:
        return error
    return None


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_taken_or_refused_in_words(text):
    for typed in (text, f"sip:{text}@pbx.example.com", f"sip:{quote(text)}@pbx.example.com"):
        error = refusal(typed)
        assert error is None or str(error)


@settings(max_examples=100, deadline=None)
@given(st.from_regex(r"[a-z][a-z._]{0,12}[a-z]|[1-9][0-9]{1,3}", fullmatch=True))
def test_names_and_extensions_are_taken(user):
    error = refusal(f"sip:{user}@pbx.example.com")
    assert error is None or (user.isdigit() and error.rule == destinations.Rule.EMERGENCY)
