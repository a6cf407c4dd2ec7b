"""Where a call may be transferred to: numbers by the rules of calls, SIP addresses with a host."""

import pytest

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
