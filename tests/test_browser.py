"""A student in a real browser: JupyterLab in headless Chromium opens lesson 01, runs it, and uses its exercises, widgets and quiz."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from aigc_lab.commands.lab import config_path

from helpers import ROOT

pytestmark = pytest.mark.browser

PICTURES = ROOT / "build" / "browser"
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
RIGHT = "def to_signed(images):\n    return images / 127.5 - 1\n"
WRONG = "def to_signed(images):\n    return images / 255\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a free port, in a folder that holds lesson 01 alone; its address."""
    folder, settings = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("settings")
    shutil.copy(ROOT / "notebooks" / "01_start_here.ipynb", folder)
    tracker = settings / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text(
        json.dumps({"windowingMode": "none"}),
        encoding="utf-8",
    )  # keep all cells in the page, so that the test can see them
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "AIGC_LAB_PROFILE": "ci", "OMP_NUM_THREADS": "1", "AIGC_LAB_HOME": str(settings), "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTER_CONFIG_DIR": str(settings), "JUPYTER_CONFIG_PATH": config_path(), "JUPYTER_RUNTIME_DIR": str(settings),
    }  # fmt: skip
    environment.pop("AIGC_LAB_BUILD", None)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--IdentityProvider.token=",
    ]
    command += ["--allow-root", "--ServerApp.port_retries=0"]
    log = (settings / "server.log").open("w", encoding="utf-8")
    server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api/status", timeout=2).read()
            break
        except OSError:
            assert server.poll() is None, (settings / "server.log").read_text(encoding="utf-8")[-2000:]
            time.sleep(0.5)
    yield address
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="module")
def page(lab):
    """Lesson 01, opened, with all its cells run."""
    playwright = pytest.importorskip("playwright.sync_api")
    assert CHROMIUM, "no Chromium found: install it (Debian: apt-get install chromium)"
    PICTURES.mkdir(parents=True, exist_ok=True)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1200, "height": 1400})
        opened.set_default_timeout(60_000)
        opened.goto(f"{lab}/lab/tree/01_start_here.ipynb?reset")
        opened.wait_for_selector(".jp-Notebook .jp-CodeCell")
        opened.wait_for_selector("text=| Idle")  # the kernel is there; before that, "Run" does nothing
        opened.get_by_role("menuitem", name="Run", exact=True).click()
        opened.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        opened.wait_for_selector(".Quiz", timeout=240_000)  # the quiz is among the last cells
        yield opened
        opened.screenshot(path=PICTURES / "end.png")
        browser.close()


def answer(page, code: str):
    """Type an answer into the exercise's cell, run it and the cell that checks it; that cell."""
    cell = page.locator(".jp-CodeCell", has_text="def to_signed(").first
    check = page.locator(".jp-CodeCell", has_text='check("start.to_signed"').first
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    return check


def test_all_cells_ran_without_an_error(page):
    assert (
        page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr'] >> text=Traceback").count()
        == 0
    )
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert page.locator(".jp-OutputArea-output img[alt]").count() >= 5
    page.screenshot(path=PICTURES / "opened.png")


def test_nobody_asks_about_news(page):
    """JupyterLab's question appears some seconds after it opened, as it does without `config_path`."""
    page.wait_for_timeout(3000)
    assert page.get_by_text("official Jupyter news").count() == 0


def test_a_blank_is_met_kindly_a_right_answer_praised_and_a_wrong_one_named(page):
    from playwright.sync_api import expect

    check = page.locator(".jp-CodeCell", has_text='check("start.to_signed"').first
    expect(check.locator(".jp-OutputArea")).to_contain_text("reference")
    check = answer(page, WRONG)
    expect(check.locator(".jp-OutputArea")).to_contain_text("scaled to [0, 1]")
    check.scroll_into_view_if_needed()
    page.screenshot(path=PICTURES / "wrong.png")
    check = answer(page, RIGHT)
    expect(check.locator(".jp-OutputArea")).to_contain_text("Right")
    check.scroll_into_view_if_needed()
    page.screenshot(path=PICTURES / "right.png")


def test_a_slider_redraws_the_picture(page):
    handle = page.locator(".widget-slider .noUi-handle").first
    handle.scroll_into_view_if_needed()
    picture = page.locator(".jp-CodeCell", has=page.locator(".widget-slider")).first.locator("img[alt]").first
    before = picture.get_attribute("src")
    handle.focus()
    handle.press("ArrowRight")
    page.wait_for_function(
        "([old]) => ![...document.querySelectorAll('.widget-vbox img')].some(i => i.src === old)", arg=[before]
    )
    assert picture.get_attribute("src") != before
    page.screenshot(path=PICTURES / "slider.png")


def test_a_quiz_answers_with_a_reason(page):
    from playwright.sync_api import expect

    question = json.loads((ROOT / "aigc_lab" / "quizzes" / "01_start_here.json").read_text(encoding="utf-8"))[0]
    wrong = next(answer for answer in question["answers"] if not answer["correct"])
    quiz = page.locator(".Quiz").first
    quiz.scroll_into_view_if_needed()
    quiz.locator("label", has_text=wrong["answer"]).first.click()
    expect(quiz).to_contain_text(wrong["feedback"])
    page.screenshot(path=PICTURES / "quiz.png")
