"""Compare: its views, what a link reproduces, and what each says while there is nothing to show."""

import pytest

from tests.pages.conftest import Open, parameter, texts


@pytest.mark.parametrize("view", ["rank", "sweep", "runs"])
def test_each_view_opens_from_a_link_and_says_what_to_do_first(open_page: Open, view: str):
    at = open_page("compare", view=view)
    assert at.title[0].value == "Compare"
    assert parameter(at, "view") == view
    assert "yet" in texts(at)
