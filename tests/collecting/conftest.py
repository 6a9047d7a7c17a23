"""What several test files share: the practice site, and one crawl of it."""

import warnings

import pytest

from aigc_lab.collecting import crawler
from aigc_lab.collecting.practice_site import PracticeSite


@pytest.fixture(scope="session")
def site():
    with PracticeSite() as site:
        yield site


@pytest.fixture(scope="session")
def crawled(site):
    site.forget()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the calendar, which has no end
        result = crawler.crawl(site.client("aigc-lab-student"), site.home, agent="aigc-lab-student", delay=0.005)
    return result, list(site.log), list(site.outside)
