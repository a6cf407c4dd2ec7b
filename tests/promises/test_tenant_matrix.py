"""P2: every address, as everybody, with one's own, another's and nobody's ids: what opens, and what may be read."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from dashboard.live import stream
from tenants.access.permissions import Permission, StaffRole
from tests.fixtures.canary_tenant import Marked
from tests.fixtures.two_tenants import Person, Town
from tests.promises import scale, url_matrix
from tests.promises.expectations import expected
from tests.promises.url_matrix import Door
from tests.promises.walking import Answer, ask, slips

pytestmark = pytest.mark.django_db
EVERY = url_matrix.every()
ONE_ROW = ("_change", "_history", "_export")  # of the reading room
WALKED = [door for door in EVERY if door.reading_room or door.name not in url_matrix.PUBLIC]
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
    "support looking",
    "support with a grant",
    "support without a grant",
    "finance",
    "admin",
    "auditor of all",
    "auditor of one",
    "auditor of none",
]
WITHOUT_TOKEN = ["browser-report", "voicedock-hook"]  # browsers send reports by themselves; it shows nothing
ALIKE = [*PEOPLE[1:6], "support with a grant", *PEOPLE[-2:]]


def test_every_address_has_a_row():
    """A new page, or a door that lost its permission, must be thought about here."""
    assert [door.route for door in EVERY if not door.known] == []
    gone = (
        set(url_matrix.ROWS)
        | set(url_matrix.PUBLIC)
        | set(url_matrix.SIGNED_IN)
        | set(url_matrix.OWN_THINGS)
        | set(url_matrix.OWN_CHECK)
    )
    assert gone - {door.name for door in EVERY} == set()
    assert {door.permission for door in EVERY if door.permission} <= set(Permission)


def test_only_the_hook_does_without_a_token_of_our_own():
    assert [door.name for door in EVERY if getattr(door.view, "csrf_exempt", False)] == WITHOUT_TOKEN
    assert "django.middleware.csrf.CsrfViewMiddleware" in settings.MIDDLEWARE


def test_the_people_are_all_there(town: Town):
    assert sorted(town.people) == sorted(PEOPLE)


def steps(door: Door, who: Person, town: Town) -> Iterator[tuple[str, Marked | None, Marked | None]]:
    """One's own, another's, nobody's; and another's and nobody's thing below one's own client."""
    one, two = town.houses["one"], town.houses["two"]
    places: list[tuple[Marked | None, Marked | None]] = [(one, one), (two, two), (None, None)]
    if "<slug:slug>" in door.route and door.about:
        places += [(one, two), (one, None), (two, one)]
    if not scale.WHOLE and at_the_door(door, who):
        del places[1:]
    seen = set()
    for place, thing in places:
        address, theirs = door.address(place, thing), thing or place or two
        told = (address, theirs.word if door.row.told else "")
        if told not in seen:
            seen.add(told)
            yield address, place, thing


def at_the_door(door: Door, who: Person) -> bool:
    """Where it makes no difference whose it is: refused before anything is looked up, or one of two who read alike."""
    if door.reading_room:
        return who.name not in ("auditor of one", "auditor of all")
    return who.user is None or (not door.of_client and who.staff is None)


@pytest.mark.parametrize("name", PEOPLE)
def test_what_opens_and_what_may_be_read(town: Town, name: str):
    who, wrong = town.people[name], []
    for door in WALKED:
        if name in ("admin", "auditor of none") and door.name.endswith(ONE_ROW) and not scale.WHOLE:
            continue  # read as by the auditors of all and of one
        for address, place, thing in steps(door, who, town):
            for method in door.row.methods:
                data = door.row.data(thing or place or town.houses["two"])
                answer = ask(town, who, method, address, data)
                meant = expected(door, who, place, thing, town)
                given = address + " ".join(str(value) for value in data.values())
                if answer.status == 503 and door.row.lost:
                    answer.status = 200
                for why in faults(town, who, answer, meant, given):
                    wrong.append(f"{method} {door.route} as {address}: {why}")
    assert not wrong, told(wrong)


def faults(town: Town, who: Person, answer: Answer, meant: str, given: str) -> Iterator[str]:
    if answer.word != meant or answer.status >= 500:
        yield f"{answer.word} ({answer.status}) instead of {meant}"
    if meant != "in" and (answer.wrote or answer.asked):
        yield f"refused, but wrote {answer.wrote} and asked {answer.asked}"
    for name, house in town.houses.items():
        kinds = ("secrets",) if who.may_read(name) else tuple(house.marks)
        if who.may_read(name) and not reads_words(who):
            kinds += ("words",)
        if found := slips(answer, house, given=given, kinds=kinds):
            yield f"told of {name}: {found}"


def reads_words(who: Person) -> bool:
    """What was said in calls."""
    return who.may(Permission.SEE_TRANSCRIPTS) or (who.role is None and who.staff is None)


@pytest.mark.parametrize("name", PEOPLE if scale.WHOLE else ["anonymous", "owner", "admin"])
def test_no_other_method_does_anything(town: Town, name: str):
    """Refused before anybody asks who it is. For the reading room: test_auditor.py."""
    who, wrong = town.people[name], []
    for door in WALKED:
        if door.reading_room or door.name.startswith(("account_", "mfa_", "usersessions_")):
            continue
        address = door.address(town.houses["one"], town.houses["one"])
        for method in METHODS:
            if method in door.row.methods:
                continue
            answer = ask(town, who, method, address)
            if answer.word != "no such method" or answer.wrote or answer.asked:
                wrong.append(f"{method} {door.route}: {answer.word}, wrote {answer.wrote}")
    assert not wrong, told(wrong)


@pytest.mark.parametrize(
    "name",
    ALIKE if scale.WHOLE else ["viewer", "owner", "auditor of one"],
)
def test_another_clients_and_nobodys_are_told_alike(town: Town, name: str):
    """Status, headers and body, but for what the address itself says."""
    who, wrong = town.people[name], []
    home = town.houses.get(who.home)
    other = town.houses["one" if who.home == "two" else "two"]
    for door in WALKED:
        if "<" not in door.route or door.name == "app_list":
            continue
        pairs = [((other, other), (None, None))]
        if home and "<slug:slug>" in door.route and door.about:
            pairs.append(((home, other), (home, None)))
        for foreign, nobody in pairs:
            for method in door.row.methods:
                data = door.row.data(other)
                shapes = []
                for place, thing in (foreign, nobody):
                    address = door.address(place, thing)
                    answer = ask(town, who, method, address, data)
                    words = {address} | {str(x) for x in (answer.location,) if x}
                    shape = answer.shape
                    for word in words:
                        shape = shape.replace(word.encode(), b"")
                    shapes.append((answer.status, shape, bool(answer.location)))
                if shapes[0] != shapes[1]:
                    wrong.append(f"{method} {door.route}: {shapes[0][0]} and {shapes[1][0]}")
    assert not wrong, told(wrong)


@pytest.mark.parametrize("name", PEOPLE if scale.WHOLE else ["anonymous", "owner of another", "auditor of one"])
def test_public_pages_tell_nothing_of_anybody(town: Town, name: str):
    """But for the invitation: its link is the right to read whose it is."""
    who, wrong = town.people[name], []
    for door in (one for one in EVERY if one.name in url_matrix.PUBLIC and not one.reading_room):
        for house in (None, *town.houses.values()):
            if house and "<" not in door.route:
                continue
            address = "/accounts/password/reset/key/1-abc/" if "uidb36" in door.route else door.address(house, house)
            for method in ("GET", "POST"):
                answer = ask(town, who, method, address, {"login": "x@y.test", "password": "x", "email": "x@y.test"})
                if answer.status >= 500:
                    wrong.append(f"{method} {door.route}: {answer.status}")
                for other, theirs in town.houses.items():
                    if who.may_read(other) or (house is theirs and door.name == "invitation"):
                        continue
                    if found := slips(answer, theirs, given=address):
                        wrong.append(f"{method} {door.route}: told of {other}: {found}")
    assert not wrong, told(wrong)


def test_streams_reach_one_s_own_clients_only(town: Town):
    """Who may hear of what, as everybody, for one's own client, another's, nobody's, and unasked."""
    own, other = town.houses["one"].tenant, town.houses["two"].tenant
    for who in town.people.values():
        if who.user is None:
            continue
        one, two, nobody, unasked = (
            stream.reach_of(who.user, slug) for slug in (own.slug, other.slug, "nobody-here", "")
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


def told(wrong: list[str]) -> str:
    return f"{len(wrong)} wrong\n" + "\n".join(wrong[:30])
