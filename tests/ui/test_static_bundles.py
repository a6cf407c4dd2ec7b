"""The style sheets and scripts of every page, as they are collected for browsers."""

from __future__ import annotations

import gzip
import re

import pytest
from django.core.files.storage import storages
from django.core.management import call_command

from dashboard.ui import static_bundles
from dashboard.ui.templatetags import ui

COLLECTED = {"staticfiles": {"BACKEND": "dashboard.ui.static_bundles.BundledStaticFilesStorage"}}


@pytest.fixture
def collected(tmp_path, settings):
    """The folder with the files as browsers get them."""
    settings.STATIC_ROOT, settings.STORAGES = tmp_path, settings.STORAGES | COLLECTED
    caches = (ui._links, ui._drawn)
    for cache in caches:
        cache.cache_clear()
    call_command("collectstatic", "--no-input", "-v", "0")
    yield tmp_path
    for cache in caches:
        cache.cache_clear()


def test_a_page_asks_for_one_style_sheet_and_one_deferred_script(collected, client, db):
    page = client.get("/accounts/login/").content.decode()
    styles = re.findall(r'<link rel="stylesheet" href="/static/([^"]+)"', page)
    scripts = re.findall(r'<script src="/static/([^"]+)" defer>', page)
    assert len(styles) == 1 and len(scripts) == 2, "those of every page, and of passkeys"
    for name in (*styles, *scripts):
        assert re.fullmatch(r"(css|js)/all(_passkeys)?\.[0-9a-f]{12}\.(css|js)", name), "browsers may keep it for ever"
        assert gzip.decompress((collected / f"{name}.gz").read_bytes()) == (collected / name).read_bytes()


@pytest.mark.parametrize("bundle", static_bundles.PARTS)
def test_a_bundle_has_its_parts_in_order_and_finds_what_they_refer_to(collected, bundle):
    whole = (collected / storages["staticfiles"].stored_name(bundle)).read_text()
    at = [whole.index((collected / part).read_text().rstrip()[-80:]) for part in static_bundles.PARTS[bundle]]
    assert at == sorted(at)
    for reference in re.findall(r'url\("([^"]+)"\)', whole):
        if not reference.startswith("data:"):
            assert (collected / bundle).parent.joinpath(reference).resolve().is_file(), reference


def test_collecting_again_changes_nothing(collected):
    names = sorted(path.name for path in collected.rglob("all.*"))
    call_command("collectstatic", "--no-input", "-v", "0")
    assert sorted(path.name for path in collected.rglob("all.*")) == names


def test_while_somebody_works_on_them_they_are_single_files(client, db):
    page = client.get("/accounts/login/").content.decode()
    for parts in static_bundles.PARTS.values():
        at = [page.index(f'/static/{part}"') for part in parts]
        assert at == sorted(at)


def test_pages_are_compressed_for_those_who_can_read_that(client, db):
    plain = client.get("/accounts/login/")
    packed = client.get("/accounts/login/", headers={"Accept-Encoding": "gzip"})
    assert not plain.has_header("Content-Encoding") and packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"] and len(packed.content) < len(plain.content) / 2
    assert "<h1>" in gzip.decompress(packed.content).decode()
