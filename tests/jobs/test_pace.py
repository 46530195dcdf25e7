"""What paintings took before tells what the next will take."""

from __future__ import annotations

import pytest
from impasto.jobs import pace
from impasto.models import FastLibrary
from impasto.paths import Paths
from impasto.settings import Settings
from impasto.stylization import Stylization

LIBRARY = FastLibrary(Paths.of(Settings()), Settings())
PARAMETERS = Stylization(style=("starry-night",)).to_dict()


class Store(dict):
    def fact(self, name):
        return self.get(name)

    def remember(self, name, value):
        self[name] = value


def result(seconds, **changes):
    whole = {
        "method": "fast",
        "painted_s": seconds,
        "painted_width": 1024,
        "painted_height": 768,
        "steps": 1,
        "finished_early": False,
    }
    return {**whole, **changes}


def test_the_median_of_the_latest_counts():
    store = Store()
    for seconds in (50.0, 4.0, 1.0, 2.0, 3.0, 60.0):
        pace.remember(store, LIBRARY, PARAMETERS, result(seconds))
    assert len(store[pace.FACT]["fast"]) == pace.REMEMBERED
    one = Store()
    pace.remember(one, LIBRARY, PARAMETERS, result(3.0))
    assert pace.known(store)["fast"] == pytest.approx(pace.known(one)["fast"])


@pytest.mark.parametrize("changes", [{"finished_early": True}, {"steps": 0}, {"painted_s": 0}, {"method": "unheard of"}])
def test_what_was_not_painted_to_its_end_says_nothing(changes):
    store = Store()
    pace.remember(store, LIBRARY, PARAMETERS, result(3.0, **changes))
    assert pace.known(store) == {}


def test_a_style_whose_refining_was_known_from_before_says_nothing():
    store, parameters = Store(), Stylization(style=("upload:0",), method="fast").to_dict()
    pace.remember(store, LIBRARY, parameters, result(0.5, refined=[0], steps=1))
    assert pace.known(store) == {}
    pace.remember(store, LIBRARY, parameters, result(15.0, refined=[0], steps=parameters["refine"] + 1))
    assert 1e-8 < pace.known(store)["fast"] < 1e-5
