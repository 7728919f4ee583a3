"""Compare: its views, what a link reproduces, and what each says while there is nothing to show."""

import pytest

from tests.pages.conftest import Open, parameter, texts


@pytest.mark.parametrize("view", ["rank", "sweep", "runs"])
def test_each_view_opens_from_a_link_and_says_what_to_do_first(open_page: Open, view: str):
    at = open_page("compare", view=view)
    assert at.title[0].value == "Compare"
    assert parameter(at, "view") == view
    assert "yet" in texts(at)


def test_its_view_is_not_the_one_of_the_data(open_page: Open):
    at = open_page("compare", view="sweep")
    at.switch_page("pages/data.py").run()
    at.switch_page("pages/compare.py").run()
    assert parameter(at, "view") == "sweep"
