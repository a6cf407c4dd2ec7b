"""What `manage.py test --quick` selects."""

import subprocess

import pytest

from dashboard.devserver import quick_tests

WITHOUT_SMOKE = {
    "tests/promises/test_rolling_restart.py",  # starts two web servers, half a minute
    "tests/promises/test_planned_at_most_once.py",  # test_planned_fence.py has the smoke test of planned calls
    "tests/promises/test_transient_forms.py",  # test_transient_caller_id.py has that of one-time calls
}


@pytest.mark.parametrize(
    ("changed", "selected"),
    [
        ("dashboard/calls/models.py", ["tests/calls"]),
        ("dashboard/voicedock/records/calls.py", ["tests/voicedock"]),
        ("templates/campaigns/_lead.html", ["tests/campaigns"]),
        ("static/css/tokens.css", ["tests/ui"]),
        ("templates/components/_sidebar.html", ["tests/ui"]),
        ("tenants/access/permissions.py", ["tests/tenants"]),
        ("tests/calls/test_placing.py", ["tests/calls"]),
        ("tests/promises/test_caller_id.py", ["tests/promises/test_caller_id.py"]),
        ("tests/test_logs.py", ["tests/test_logs.py"]),
        ("tests/calls/test_removed.py", ["tests/calls"]),
        ("docs/running.md", []),
        ("dashboard/no_such_app/views.py", []),
    ],
)
def test_a_changed_file_selects_the_tests_of_its_app(changed, selected):
    smoke = quick_tests.smoke_tests()
    chosen = quick_tests.selection([changed])
    assert [name for name in chosen if name not in smoke] == selected
    assert {name for name in smoke if not name.startswith(tuple(selected) or ("none",))} <= set(chosen)


def test_settings_select_the_tests_that_belong_to_no_app():
    assert "tests/test_production.py" in quick_tests.selection(["dashboard/settings.py"])


def test_each_promise_has_a_smoke_test():
    promises = {f"tests/promises/{path.name}" for path in (quick_tests.TESTS / "promises").glob("test_*.py")}
    assert promises - {name.partition("::")[0] for name in quick_tests.smoke_tests()} == WITHOUT_SMOKE


def test_committed_and_uncommitted_changes_count_since_the_branch_left_main(tmp_path, monkeypatch):
    def git(*arguments):
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@b.test", *arguments]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setattr(quick_tests, "ROOT", tmp_path)
    assert quick_tests.changed_files() == []
    git("init", "-b", "main")
    for name in ("before", "committed", "edited"):
        (tmp_path / name).write_text("")
    git("add", ".")
    git("commit", "-m", "first")
    git("switch", "-c", "branch")
    (tmp_path / "committed").write_text("1")
    git("commit", "-am", "second")
    (tmp_path / "edited").write_text("2")
    (tmp_path / "new").write_text("3")
    assert quick_tests.changed_files() == ["committed", "edited", "new"]
