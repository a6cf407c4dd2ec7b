"""An address that only takes forms, opened as a page."""

from __future__ import annotations

HTML = {"accept": "text/html"}


def test_a_person_gets_a_page_that_says_so(sign_in, admin, bloom):
    answer = sign_in(admin).get("/clients/bloom-dental/people/", headers=HTML)
    assert answer.status_code == 405 and answer["Allow"] == "POST"
    page = answer.content.decode()
    assert "There is no page at this address" in page and "Nothing was done now." in page


def test_a_program_gets_the_bare_answer(sign_in, admin, bloom):
    admin_browser = sign_in(admin)
    answer = admin_browser.get("/clients/bloom-dental/people/", headers={"accept": "application/json"})
    assert (answer.status_code, answer["Allow"], answer.content) == (405, "POST", b"")
    assert admin_browser.put("/clients/bloom-dental/people/", headers=HTML).content == b""
