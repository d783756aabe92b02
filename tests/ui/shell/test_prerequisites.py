"""What the window needs of the system, in a sentence."""

import sys

import pytest

from slm_studio.ui.shell import prerequisites

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux only")


@pytest.fixture
def screen(monkeypatch):
    """Pretend there is an X screen, and that exactly the given libraries are missing."""
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(prerequisites, "_answers", lambda: True)

    def without(*missing: str) -> None:
        monkeypatch.setattr(prerequisites, "_loads", lambda name: name not in missing)

    return without


@linux
def test_missing_plugin_libraries_are_named_with_their_packages(screen):
    screen("libxcb-cursor.so.0", "libxcb-icccm.so.4")

    problem = prerequisites.missing_for_screen()

    assert "libxcb-cursor.so.0, libxcb-icccm.so.4" in str(problem)
    assert problem.advice == "Install it with: sudo apt install libxcb-cursor0 libxcb-icccm4"


@linux
def test_a_complete_system_lacks_nothing(screen):
    screen()

    assert prerequisites.missing_for_screen() is None


@linux
def test_another_platform_than_xcb_is_not_asked(screen, monkeypatch):
    screen("libxcb-cursor.so.0")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")

    assert prerequisites.missing_for_screen() is None


@linux
def test_no_screen_is_said(screen, monkeypatch):
    screen()
    monkeypatch.delenv("DISPLAY")

    assert prerequisites.missing_for_screen().code == "no-screen"


@linux
def test_a_screen_that_takes_no_window_is_said(screen, monkeypatch):
    screen()
    monkeypatch.setattr(prerequisites, "_answers", lambda: False)
    monkeypatch.setenv("DISPLAY", "far:3")

    problem = prerequisites.missing_for_screen()

    assert str(problem) == "The screen “far:3” does not let a window open." and problem.code == "no-screen"


@linux
def test_the_screen_is_really_asked(monkeypatch):
    if not prerequisites._loads("libxcb.so.1"):
        pytest.skip("libxcb.so.1 is not on this system")
    monkeypatch.setenv("DISPLAY", ":4711")

    assert not prerequisites._answers()


def test_a_library_that_loads_is_found():
    assert not prerequisites._loads("libno-such-library.so.9")


def test_an_import_that_lacks_a_library_is_understood():
    problem = prerequisites.missing_library(ImportError("libGL.so.1: cannot open shared object file"))

    assert str(problem) == "The window needs libGL.so.1, which this system lacks."
    assert "libgl1" in problem.advice


def test_an_unknown_library_is_named_without_a_package():
    problem = prerequisites.missing_library(ImportError("libodd-1.so.2: cannot open shared object file"))

    assert "libodd-1.so.2" in str(problem) and "apt" not in problem.advice


def test_other_import_errors_are_none_of_ours():
    assert prerequisites.missing_library(ImportError("No module named 'x'")) is None
