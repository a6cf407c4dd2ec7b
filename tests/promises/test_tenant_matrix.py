"""P2: every address, as everybody, with one's own, another's and nobody's ids: what opens, and what may be read."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from dashboard.live_updates import access
from tenants.access.permissions import Permission, StaffRole
from tests.fixtures.canary_tenant import CanaryTenant
from tests.fixtures.two_tenants import Person, TwoTenants
from tests.promises import scale, url_matrix
from tests.promises.expectations import expected
from tests.promises.url_matrix import Endpoint
from tests.promises.walking import Answer, ask, leaks

pytestmark = pytest.mark.django_db
EVERY = url_matrix.every()
ONE_ROW = ("_change", "_history", "_export")  # of the auditors' admin site
WALKED = [endpoint for endpoint in EVERY if endpoint.auditor_admin or endpoint.name not in url_matrix.PUBLIC]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
PEOPLE = [
    "anonymous",
    "viewer",
    "operator",
    "manager",
    "owner",
    "owner of another",
    "support",
    "support on a visit",
    "support, read only",
    "support with a grant",
    "support without a grant",
    "finance",
    "admin",
    "auditor of all",
    "auditor of one",
    "auditor of none",
]
WITHOUT_TOKEN = ["browser-report", "voicedock-webhook"]  # browsers send reports by themselves; it shows nothing
ALIKE = [*PEOPLE[1:6], "support with a grant", *PEOPLE[-2:]]


@pytest.mark.smoke
def test_every_address_has_a_row():
    """A new page, or an endpoint that lost its permission, must be thought about here."""
    assert [endpoint.route for endpoint in EVERY if not endpoint.known] == []
    gone = (
        set(url_matrix.ROWS)
        | set(url_matrix.PUBLIC)
        | set(url_matrix.SIGNED_IN)
        | set(url_matrix.OWN_THINGS)
        | set(url_matrix.OWN_CHECK)
    )
    assert gone - {endpoint.name for endpoint in EVERY} == set()
    assert {endpoint.permission for endpoint in EVERY if endpoint.permission} <= set(Permission)


def test_only_the_hook_does_without_a_token_of_our_own():
    assert [endpoint.name for endpoint in EVERY if getattr(endpoint.view, "csrf_exempt", False)] == WITHOUT_TOKEN
    assert "django.middleware.csrf.CsrfViewMiddleware" in settings.MIDDLEWARE


def test_the_people_are_all_there(two_tenants: TwoTenants):
    assert sorted(two_tenants.people) == sorted(PEOPLE)


def steps(
    endpoint: Endpoint, who: Person, two_tenants: TwoTenants
) -> Iterator[tuple[str, CanaryTenant | None, CanaryTenant | None]]:
    """One's own, another's, nobody's; and another's and nobody's thing below one's own client."""
    one, two = two_tenants.tenants["one"], two_tenants.tenants["two"]
    places: list[tuple[CanaryTenant | None, CanaryTenant | None]] = [(one, one), (two, two), (None, None)]
    if "<slug:slug>" in endpoint.route and endpoint.about:
        places += [(one, two), (one, None), (two, one)]
    if not scale.WHOLE and refused_before_lookup(endpoint, who):
        del places[1:]
    seen = set()
    for place, thing in places:
        address, theirs = endpoint.address(place, thing), thing or place or two
        case = (address, theirs.word if endpoint.row.names_things else "")
        if case not in seen:
            seen.add(case)
            yield address, place, thing


def refused_before_lookup(endpoint: Endpoint, who: Person) -> bool:
    """Where it makes no difference whose it is: refused before anything is looked up, or one of two who read alike."""
    if endpoint.auditor_admin:
        return who.name not in ("auditor of one", "auditor of all")
    return who.user is None or (not endpoint.of_client and who.staff is None)


@pytest.mark.parametrize("name", PEOPLE)
def test_what_opens_and_what_may_be_read(two_tenants: TwoTenants, name: str):
    who, wrong = two_tenants.people[name], []
    for endpoint in WALKED:
        if name in ("admin", "auditor of none") and endpoint.name.endswith(ONE_ROW) and not scale.WHOLE:
            continue  # read as by the auditors of all and of one
        for address, place, thing in steps(endpoint, who, two_tenants):
            for method in endpoint.row.methods:
                data = endpoint.row.data(thing or place or two_tenants.tenants["two"])
                answer = ask(two_tenants, who, method, address, data)
                meant = expected(endpoint, who, place, thing, two_tenants)
                given = address + " ".join(str(value) for value in data.values())
                if answer.status == 503 and endpoint.row.needs_sandbox:
                    answer.status = 200
                for why in faults(two_tenants, who, answer, meant, given):
                    wrong.append(f"{method} {endpoint.route} as {address}: {why}")
    assert not wrong, in_lines(wrong)


def faults(two_tenants: TwoTenants, who: Person, answer: Answer, meant: str, given: str) -> Iterator[str]:
    if answer.word != meant or answer.status >= 500:
        yield f"{answer.word} ({answer.status}) instead of {meant}"
    if meant != "in" and (answer.wrote or answer.asked):
        yield f"refused, but wrote {answer.wrote} and asked {answer.asked}"
    for name, canary in two_tenants.tenants.items():
        kinds = ("secrets",) if who.may_read(name) else tuple(canary.canaries)
        if who.may_read(name) and not reads_words(who):
            kinds += ("words",)
        if found := leaks(answer, canary, given=given, kinds=kinds):
            yield f"told of {name}: {found}"


def reads_words(who: Person) -> bool:
    """What was said in calls."""
    return who.may(Permission.SEE_TRANSCRIPTS) or (who.role is None and who.staff is None)


@pytest.mark.parametrize("name", PEOPLE if scale.WHOLE else ["anonymous", "owner", "admin"])
def test_no_other_method_does_anything(two_tenants: TwoTenants, name: str):
    """Refused for everybody of this kind. For the auditors' admin site see test_auditor.py."""
    who, wrong = two_tenants.people[name], []
    for endpoint in WALKED:
        if endpoint.auditor_admin or endpoint.name.startswith(("account_", "mfa_", "usersessions_")):
            continue
        address = endpoint.address(two_tenants.tenants["one"], two_tenants.tenants["one"])
        for method in METHODS:
            if method in endpoint.row.methods:
                continue
            answer = ask(two_tenants, who, method, address)
            if answer.word != "no such method" or answer.wrote or answer.asked:
                wrong.append(f"{method} {endpoint.route}: {answer.word}, wrote {answer.wrote}")
    assert not wrong, in_lines(wrong)


@pytest.mark.smoke
@pytest.mark.parametrize(
    "name",
    ALIKE if scale.WHOLE else ["viewer", "owner", "auditor of one"],
)
def test_another_clients_and_nobodys_are_reported_alike(two_tenants: TwoTenants, name: str):
    """Status, headers and body, but for what the address itself says."""
    who, wrong = two_tenants.people[name], []
    home = two_tenants.tenants.get(who.home)
    other = two_tenants.tenants["one" if who.home == "two" else "two"]
    for endpoint in WALKED:
        if "<" not in endpoint.route or endpoint.name == "app_list" or endpoint.about == "country_preset":  # nobody's
            continue
        pairs = [((other, other), (None, None))]
        if home and "<slug:slug>" in endpoint.route and endpoint.about:
            pairs.append(((home, other), (home, None)))
        for foreign, nobody in pairs:
            for method in endpoint.row.methods:
                data = endpoint.row.data(other)
                shapes = []
                for place, thing in (foreign, nobody):
                    address = endpoint.address(place, thing)
                    answer = ask(two_tenants, who, method, address, data)
                    words = {address} | {str(x) for x in (answer.location,) if x}
                    shape = answer.shape
                    for word in words:
                        shape = shape.replace(word.encode(), b"")
                    shapes.append((answer.status, shape, bool(answer.location)))
                if shapes[0] != shapes[1]:
                    wrong.append(f"{method} {endpoint.route}: {shapes[0][0]} and {shapes[1][0]}")
    assert not wrong, in_lines(wrong)


@pytest.mark.smoke
@pytest.mark.parametrize("name", PEOPLE if scale.WHOLE else ["anonymous", "owner of another", "auditor of one"])
def test_public_pages_tell_nothing_of_anybody(two_tenants: TwoTenants, name: str):
    """But for the invitation: its link is the right to read whose it is. A shared report names client and campaign."""
    who, wrong = two_tenants.people[name], []
    for endpoint in (one for one in EVERY if one.name in url_matrix.PUBLIC and not one.auditor_admin):
        for canary in (None, *two_tenants.tenants.values()):
            if canary and "<" not in endpoint.route:
                continue
            address = (
                "/accounts/password/reset/key/1-abc/"
                if "uidb36" in endpoint.route
                else endpoint.address(canary, canary)
            )
            for method in ("GET", "POST"):
                answer = ask(
                    two_tenants, who, method, address, {"login": "x@y.test", "password": "x", "email": "x@y.test"}
                )
                if answer.status >= 500:
                    wrong.append(f"{method} {endpoint.route}: {answer.status}")
                for other, theirs in two_tenants.tenants.items():
                    if who.may_read(other) or (canary is theirs and endpoint.name == "invitation"):
                        continue
                    is_shared = canary is theirs and endpoint.name == "shared-report"
                    kinds = ("words", "numbers", "ids", "secrets") if is_shared else ()
                    if found := leaks(answer, theirs, given=address, kinds=kinds):
                        wrong.append(f"{method} {endpoint.route}: told of {other}: {found}")
    assert not wrong, in_lines(wrong)


def test_streams_reach_one_s_own_clients_only(two_tenants: TwoTenants):
    """Who may hear of what, as everybody, for one's own client, another's, nobody's, and unasked."""
    own, other = two_tenants.tenants["one"].tenant, two_tenants.tenants["two"].tenant
    for who in two_tenants.people.values():
        if who.user is None:
            continue
        one, two, nobody, unasked = (
            access.audience_for(who.user, slug) for slug in (own.slug, other.slug, "nobody-here", "")
        )
        if not who.sees_all:
            mine = {own.pk} if who.home else None
            assert (one and one.tenants, two, unasked and unasked.tenants, nobody) == (mine, None, mine, None), who.name
            continue
        if who.staff:
            assert (one.tenants, two.tenants) == ({own.pk}, {other.pk})
            assert (unasked.tenants, nobody) == (None, None)
            assert (unasked.kinds is None) == (who.staff != StaffRole.FINANCE)
            continue
        home = {"one": own, "two": other}.get(who.home) if who.role else None
        for reach, tenant in ((one, own), (two, other)):
            assert (reach is not None) == (tenant == home), who.name
        assert nobody is None
        assert (unasked.tenants if unasked else set()) == ({home.pk} if home else set())


def in_lines(wrong: list[str]) -> str:
    return f"{len(wrong)} wrong\n" + "\n".join(wrong[:30])
