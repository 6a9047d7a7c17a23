"""The picture of a crawl: its text says what the crawl holds."""

from aigc_lab.collecting import pictures


def test_the_picture_of_a_crawl_counts_in_its_text(crawled, capsys):
    pictures.draw(crawled[0])
    assert "a new text: 73" in capsys.readouterr().out
    pictures.draw(crawled[0], until=1)
    home = [step for step in crawled[0].steps if step.parent == crawled[0].steps[0].url]
    assert f"waiting in the frontier: {len(home)}" in capsys.readouterr().out
