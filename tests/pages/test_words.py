"""Foreign text is harmless, and values read well."""

import re

import pytest

from tests.pages.conftest import HOSTILE
from ui.words import ago, confidence, confidence_percent, duration, label, percent, plain, short, size


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_sees_no_syntax_in_foreign_text(text: str) -> None:
    shown = plain(text)
    assert not re.search(r"(?<!\\)[<\[\]$*`|=(]", shown)
    assert not re.search(r":[a-z]", shown)
    assert "www." not in shown and "http://" not in shown


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_the_text_is_lost(text: str) -> None:
    assert re.sub(r"\\(?=[^\w\s])|\u2060", "", plain(text)) == text


def test_control_and_direction_marks_are_shown_as_such_and_lines_are_joined() -> None:
    assert plain("a\u202eb\x00c\nd") == "a\ufffdb\ufffdc d"


def test_chart_labels_have_no_tags_and_an_end() -> None:
    assert label("<b>x</b> & y") == "&lt;b&gt;x&lt;/b&gt; &amp; y"
    assert label("a" * 50, 10) == "a" * 9 + "…"
    assert short("abc", 3) == "abc"
    assert short("A sweep on my photos of pets · trial 12", 22) == "A sweep on… · trial 12"


def test_values() -> None:
    assert [percent(0.93456), percent(None)] == ["93.5 %", "–"]
    assert [size(0), size(1023), size(1536), size(24 * 1024**3)] == ["0 B", "1023 B", "1.5 KiB", "24 GiB"]
    assert [duration(None), duration(8.4), duration(185), duration(7800)] == ["–", "8 s", "3 min 5 s", "2 h 10 min"]
    assert [ago(100, 130), ago(0, 60), ago(0, 7200), ago(0, 90000)] == [
        "just now",
        "1 minute ago",
        "2 hours ago",
        "1 day ago",
    ]


def test_no_confidence_is_said_to_be_certain() -> None:
    shares = (1.0, 0.99999, 0.99949, 0.5, 0.0005, 0.0004, 0.0)
    said = ["> 99.9 %", "> 99.9 %", "99.9 %", "50.0 %", "0.1 %", "< 0.1 %", "< 0.1 %"]
    assert [confidence(share) for share in shares] == said
    assert [confidence_percent(share) for share in (1.0, 0.5)] == [99.9, 50.0]
