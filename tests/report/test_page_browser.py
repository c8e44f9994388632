"""The page in a real browser: opened from disk, listened to, driven by mouse and keyboard."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from factories import make_audio, make_findings, make_report, make_tracks, make_turns

from callvoice.pipeline import Analysis, AnalysisOptions, analyze
from callvoice.report.html import render_html
from callvoice.types import Report, ReportedTranscript, Turn

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe
sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

CHROMIUM = os.environ.get("CALLVOICE_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
REGION = "#wave [part~=region]"
WAVE_WIDTH = "document.querySelector('#wave div').shadowRoot.querySelector('.wrapper').clientWidth"
SAMPLES = Path(__file__).parents[2] / "sample_audio"
HOSTILE = "<script>window.stolen = 1</script><img src=x onerror='window.stolen = 1'>"
STRANGE = f'{HOSTILE} "&quot; {"Rindfleischetikettierung" * 20} \u202eשלום مرحبا\u202c 👩🏽‍💻'

# Where the stretch being heard began; none as long as a place is only set and nothing sounded yet.
BEGINNING = """(() => {
  const { currentTime, paused, played } = document.querySelector("audio");
  const stretches = [...Array(paused ? 0 : played.length).keys()];
  const around = (i) => played.start(i) <= currentTime && currentTime <= played.end(i) + 0.5;
  const sounded = (i) => played.end(i) > played.start(i);
  return stretches.filter((i) => around(i) && sounded(i)).map((i) => played.start(i));
})()"""

# How loud the page is just now: an analyser beside whatever a page connects to its loudspeaker.
HEARD = """(() => {
  const connect = AudioNode.prototype.connect;
  let analyser;
  AudioNode.prototype.connect = function (target, ...more) {
    if (target instanceof AudioDestinationNode) {
      analyser ??= this.context.createAnalyser();
      connect.call(this, analyser);
    }
    return connect.call(this, target, ...more);
  };
  window.heard = () => {
    if (!analyser) return 0;
    const wave = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(wave);
    return Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
  };
})()"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM, reason="Chromium is not installed (or set CALLVOICE_CHROMIUM)"
    ),
]


@cache
def analysed(name: str, language: Literal["de", "en"]) -> Analysis:
    """A sample call, analysed with the transcript that lies beside it."""
    options = AnalysisOptions(
        transcript=SAMPLES / f"{name}.transcript.json", report_language=language
    )
    return analyze(SAMPLES / f"{name}.flac", options=options)


def rendered(report: Report, *, sound_of: Analysis | None = None) -> str:
    if sound_of:
        return render_html(report, sound_of.audio, tracks=sound_of.tracks)
    return render_html(report, make_audio(), tracks=make_tracks())


@cache
def usual_page(sound: bool) -> str:
    return rendered(make_report()) if sound else render_html(make_report(), None)


def brightness(page: sync_api.Page, selector: str, colour: str) -> int:
    """Sum of red, green and blue, 0…765, of an element's colour."""
    said = page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).{colour}")
    return sum(int(part) for part in said[4:-1].split(","))


class Opened:
    """A page opened from disk, with everything it asked for and complained about."""

    def __init__(self, page: sync_api.Page, path: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path.as_uri())

    @property
    def time_s(self) -> float:
        return float(self.page.evaluate("document.querySelector('audio').currentTime"))

    @property
    def playing(self) -> bool:
        return bool(self.page.evaluate("!document.querySelector('audio').paused"))

    def wait(self, condition: str) -> Any:
        """Wait until JavaScript on ``audio`` or ``turns`` (the transcript's list) gives something.

        Asked from outside: Playwright's own polling inside the page is what the policy forbids.
        """
        known = "document.querySelector('audio'), document.querySelector('#turns')"
        question = f"((audio, turns) => {condition})({known})"
        deadline = time.monotonic() + 15
        while not (answer := self.page.evaluate(question)):
            assert time.monotonic() < deadline, f"never came: {condition}; now {self.time_s} s"
            time.sleep(0.02)
        return answer

    def stop(self) -> None:
        self.page.evaluate("document.querySelector('audio').pause()")

    def seek(self, seconds: float) -> None:
        self.page.locator("#seek").fill(str(seconds))
        self.wait("!audio.seeking")
        self.page.evaluate("new Promise((painted) => requestAnimationFrame(painted))")

    def plays_from(self, start_s: float) -> None:
        """The stretch being heard began at this place, however slow this machine is to look."""
        begins = self.wait(BEGINNING)
        self.stop()
        assert begins == pytest.approx([start_s], abs=0.5)


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def usual(browser: sync_api.Browser, tmp_path_factory: pytest.TempPathFactory) -> sync_api.Page:
    """The usual page, opened once for all tests that only look at it."""
    path = tmp_path_factory.mktemp("usual") / "bericht.html"
    path.write_text(usual_page(True), "utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened = Opened(page, path)
    opened.wait("audio.readyState >= 1")
    return page


class Opener:
    """Renders reports into a folder and opens them, one fresh browser context each."""

    def __init__(self, browser: sync_api.Browser, folder: Path) -> None:
        self.browser = browser
        self.folder = folder
        self.opened: list[Opened] = []

    def __call__(
        self,
        report: Report | None = None,
        *,
        sound: bool = True,
        sound_of: Analysis | None = None,
        scheme: Literal["light", "dark"] = "light",
        width: int = 1280,
        touch: bool = False,
    ) -> Opened:
        path = self.folder / f"bericht {len(self.opened)}.html"
        html = rendered(report, sound_of=sound_of) if report else usual_page(sound)
        path.write_text(html, "utf-8")
        context = self.browser.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
            has_touch=touch,
        )
        self.opened.append(Opened(context.new_page(), path))
        return self.opened[-1]


@pytest.fixture
def open_page(browser: sync_api.Browser, tmp_path: Path) -> Iterator[Opener]:
    opener = Opener(browser, tmp_path)
    yield opener
    for opened in opener.opened:
        outside = [r for r in opened.requests if not r.startswith(("file:", "data:", "blob:"))]
        assert not outside
        assert not opened.complaints
        opened.page.context.close()


def test_a_sample_call_from_recording_to_listening(open_page: Opener) -> None:
    analysis = analysed("vorwurf", "en")
    opened = open_page(analysis.report, sound_of=analysis)
    assert opened.page.locator(".mistakes article:visible").count() == 8
    found = next(m for m in analysis.report.mistakes if m.id == "know_it_all")
    assert found.findings[0].start_s is not None
    opened.page.locator("#know_it_all .play").first.click()
    opened.plays_from(found.findings[0].start_s)


def test_a_mono_sample_says_what_it_cannot_assess(open_page: Opener) -> None:
    analysis = analysed("musterhaft_mono", "de")
    page = open_page(analysis.report, sound_of=analysis).page
    open_ones = [m for m in analysis.report.mistakes if m.status == "not_assessable"]
    assert open_ones
    for mistake in open_ones:
        assert page.locator(f"#{mistake.id} .reason").inner_text() == mistake.reason
    assert page.locator(".lane-label.both").count() == 1
    assert page.locator("#tempo .u-axis").count() > 0  # the time axis stays without a tempo


def test_shows_eight_mistakes(usual: sync_api.Page) -> None:
    page = usual
    assert page.locator(".mistakes article").count() == 8
    assert page.locator(".mistakes article:visible").count() == 8


@pytest.mark.parametrize("number", [0, 2])
def test_a_finding_plays_from_its_place(open_page: Opener, number: int) -> None:
    opened = open_page()
    opened.page.locator("#know_it_all .play").nth(number).click()
    start_s = make_findings()[number].start_s
    assert start_s is not None
    opened.plays_from(start_s)


def test_a_best_moment_and_a_region_play_from_their_places(open_page: Opener) -> None:
    opened = open_page()
    opened.page.locator(".strengths .play").first.click()
    opened.plays_from(9.7)
    opened.page.locator(REGION).nth(4).click()
    opened.plays_from(27.9)


def test_a_word_plays_from_its_time(open_page: Opener) -> None:
    opened = open_page()
    word = make_turns()[5].words[3]
    opened.page.locator(".turn").nth(5).locator("[data-t]").nth(3).click()
    opened.plays_from(word.start_s)


def test_a_word_without_a_time_plays_from_about_its_place_in_the_turn(open_page: Opener) -> None:
    turns = tuple(msgspec.structs.replace(turn, words=()) for turn in make_turns())
    opened = open_page(make_report(transcript=ReportedTranscript(turns)))
    opened.page.get_by_text("Bedingungen.").click()
    opened.plays_from(27.9 + (33.4 - 27.9) * 41 / 54)  # 41 of 54 letters stand before it


def test_the_embedded_recording_has_its_full_length(usual: sync_api.Page) -> None:
    length_s = usual.evaluate("document.querySelector('audio').duration")
    assert length_s == pytest.approx(40, abs=0.1)


def test_space_arrows_speed_and_places_by_keyboard(open_page: Opener) -> None:
    opened = open_page()
    press = opened.page.keyboard.press
    press(" ")
    opened.wait("!audio.paused")
    press(" ")
    opened.wait("audio.paused")
    before = opened.time_s
    press("ArrowRight")
    assert opened.time_s == pytest.approx(before + 5, abs=0.05)
    press("ArrowLeft")
    assert opened.time_s == pytest.approx(before, abs=0.05)
    press(">")
    assert opened.page.evaluate("document.querySelector('audio').playbackRate") == 1.25
    press("<")
    press("<")
    assert opened.page.evaluate("document.querySelector('audio').playbackRate") == 0.75
    assert opened.page.locator("#speed").input_value() == "0.75"


def test_next_and_previous_place(open_page: Opener) -> None:
    opened = open_page()
    opened.page.keyboard.press("n")
    opened.plays_from(9.7)
    opened.seek(15)
    opened.page.keyboard.press("n")
    opened.plays_from(18.2)
    opened.seek(26)
    opened.page.keyboard.press("p")
    opened.plays_from(18.2)


def test_space_pauses_after_a_finding_was_clicked(open_page: Opener) -> None:
    opened = open_page()
    opened.page.locator("#know_it_all .play").first.click()
    opened.wait("!audio.paused")
    opened.page.keyboard.press(" ")
    opened.wait("audio.paused")


def test_a_finding_can_be_played_with_the_keyboard_alone(open_page: Opener) -> None:
    opened = open_page()
    opened.page.locator("#know_it_all .play").first.focus()
    opened.page.keyboard.press("Enter")
    opened.plays_from(18.2)


def test_help_opens_and_closes(usual: sync_api.Page) -> None:
    page = usual
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()


def test_the_transcript_follows_and_can_be_let_go(open_page: Opener) -> None:
    opened = open_page()
    page = opened.page
    page.set_viewport_size({"width": 1280, "height": 600})
    page.locator("#know_it_all .play").nth(2).click()
    opened.wait("turns.scrollTop > 50")
    opened.stop()
    opened.seek(30)
    assert page.locator(".turn.now").first.get_attribute("data-from") == "27.9"
    assert page.locator(".said-now").inner_text() == "sagte,"
    page.locator("#turns").hover()
    page.mouse.wheel(0, -5000)
    opened.wait("turns.scrollTop === 0")
    assert page.locator("#follow").get_attribute("aria-pressed") == "false"
    opened.seek(34.5)
    assert page.evaluate("document.querySelector('#turns').scrollTop") == 0
    page.keyboard.press("f")
    opened.wait("turns.scrollTop > 50")


def test_the_finding_that_is_heard_is_marked(open_page: Opener) -> None:
    opened = open_page()
    opened.seek(18.5)
    assert opened.page.locator("#impatient li.finding.now").count() == 1
    assert opened.page.locator(".strengths li.finding.now").count() == 0


def test_zooming_keeps_the_place_in_view(open_page: Opener) -> None:
    opened = open_page()
    page = opened.page
    assert page.locator(REGION).count() == 8
    opened.seek(30)
    head = page.locator("#head").bounding_box()
    for _ in range(3):
        page.keyboard.press("+")
    opened.wait(f"{WAVE_WIDTH} > 7 * document.querySelector('#wave').clientWidth")
    assert head
    assert page.locator("#head").bounding_box()["x"] == pytest.approx(head["x"], abs=4)
    page.locator("#zoom-all").click()
    opened.wait(f"{WAVE_WIDTH} === document.querySelector('#wave').clientWidth")


def test_all_tracks_share_one_time_axis(usual: sync_api.Page) -> None:
    page = usual
    over = [page.locator(f"{track} .u-over").bounding_box() for track in ("#melody", "#tempo")]
    wave = page.locator("#wave").bounding_box()
    for box in over:
        assert box
        assert wave
        assert box["x"] == pytest.approx(wave["x"], abs=1)
        assert box["width"] == pytest.approx(wave["width"], abs=1)


@pytest.mark.parametrize("track", ["#wave", "#melody .u-over", "#tempo .u-over"])
def test_a_click_on_a_track_goes_there(open_page: Opener, track: str) -> None:
    opened = open_page()
    opened.page.locator("#lanes").scroll_into_view_if_needed()
    box = opened.page.locator(track).bounding_box()
    assert box
    opened.page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.8)
    assert opened.time_s == pytest.approx(10, abs=0.1)
    assert not opened.playing


def test_a_number_is_explained_on_focus_and_on_hover(usual: sync_api.Page) -> None:
    page = usual
    number = page.locator("td .explained").first
    tooltip = number.locator("[role=tooltip]")
    assert not tooltip.is_visible()
    number.locator("button").focus()
    assert tooltip.is_visible()
    page.keyboard.press("Escape")
    assert not tooltip.is_visible()
    page.locator("h1").hover()
    number.hover()
    assert tooltip.is_visible()
    assert "Wie sicher" in tooltip.inner_text()


def test_what_is_jumped_to_is_said_to_screen_readers(open_page: Opener) -> None:
    page = open_page().page
    page.keyboard.press("n")
    assert page.locator("[role=status]").inner_text() == "Gelungener Moment, 0:09"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_can_be_chosen(usual: sync_api.Page, scheme: Literal["light", "dark"]) -> None:
    page = usual
    page.emulate_media(color_scheme=scheme)
    for chosen in ("dark", "light"):
        page.locator(f"label:has(#theme-{chosen})").click()
        assert (brightness(page, "body", "backgroundColor") > 384) == (chosen == "light")
        assert (brightness(page, ".lane-label.agent", "color") < 384) == (chosen == "light")


@pytest.mark.parametrize("language", ["de", "en"])
def test_axe_finds_nothing_serious(open_page: Opener, language: Literal["de", "en"]) -> None:
    opened = open_page(make_report(language))
    opened.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    for width, scheme in ((1280, "light"), (390, "dark")):
        opened.page.set_viewport_size({"width": width, "height": 900})
        opened.page.locator(f"#theme-{scheme}").check(force=True)
        found = Axe().run(opened.page).response["violations"]
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        assert not [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in serious]
    opened.complaints.clear()  # axe measures with inline styles, which the page's policy forbids


def test_hostile_text_is_shown_and_never_run(open_page: Opener) -> None:
    finding = msgspec.structs.replace(make_findings()[0], quote=STRANGE, explanation=STRANGE)
    hostile = make_report(
        call=msgspec.structs.replace(make_report().call, source=HOSTILE),
        strengths=(finding,),
        transcript=ReportedTranscript((Turn("agent", 1.0, 2.0, STRANGE), *make_turns())),
    )
    page = open_page(hostile, width=390).page
    for place, text in ((".said", STRANGE), (".strengths blockquote", STRANGE), ("h1", "<img src")):
        assert text in page.locator(place).first.text_content()
    assert page.evaluate("window.stolen") is None
    assert page.locator("img").count() == 0
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_number_is_explained_on_touch_within_the_screen(open_page: Opener) -> None:
    page = open_page(width=390, touch=True).page
    for number in (page.locator(".mistakes .explained").first, page.locator("td .explained").last):
        number.locator("button").tap()
        box = number.locator("[role=tooltip]").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= page.locator(".player").bounding_box()["y"]


def test_every_explained_number_is_reached_and_shown_by_keyboard(usual: sync_api.Page) -> None:
    numbers = usual.locator(".explained:visible")
    assert numbers.count() > 20
    for number in numbers.all():
        number.locator("button").focus()
        box = number.locator("[role=tooltip]").bounding_box()
        assert box
        assert 0 <= box["x"] <= 1280 - box["width"]
        assert len(number.locator("[role=tooltip]").inner_text()) > 10


def test_a_call_of_which_nothing_can_be_assessed_says_so(open_page: Opener) -> None:
    nothing = [
        msgspec.structs.replace(m, status="not_assessable", score=None, findings=(), reason="Kurz.")
        for m in make_report().mistakes
    ]
    page = open_page(make_report(mistakes=tuple(nothing), strengths=()), width=390).page
    assert page.locator(".reason:visible").count() == 8
    assert page.locator(".summary").inner_text().endswith(": 8 nicht beurteilbar")
    assert "ließ sich beurteilen" in page.locator(".suggestions").inner_text()
    assert page.locator(".suggestions article, .strengths .finding").count() == 0


def test_an_injected_script_would_be_stopped_by_the_policy(open_page: Opener) -> None:
    opened = open_page()
    opened.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        "{textContent: 'window.stolen = 1'}))"
    )
    assert opened.page.evaluate("window.stolen") is None
    assert len(opened.complaints) == 1
    assert "Content Security Policy" in opened.complaints.pop()


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("de", "light", 360), ("en", "dark", 360), ("en", "light", 1280), ("de", "dark", 1280)],
)
def test_nothing_is_cut_off(
    open_page: Opener,
    language: Literal["de", "en"],
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    page = open_page(make_report(language), scheme=scheme, width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (brightness(page, "body", "backgroundColor") > 384) == (scheme == "light")


def test_print_shows_everything_and_no_player(open_page: Opener) -> None:
    page = open_page(scheme="dark").page
    page.emulate_media(media="print")
    assert not page.locator(".player").is_visible()
    assert page.locator("#know_it_all li.finding").last.is_visible()
    assert page.locator(".turn").last.is_visible()
    assert brightness(page, "h1", "color") < 200
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_findings_at_one_place_tint_it_once_and_name_it_once(open_page: Opener) -> None:
    finding = make_findings()[0]
    page = open_page(make_report(strengths=(finding,) * 2)).page
    assert page.locator("#wave [part~=region][part~=strength]").count() == 2
    assert page.locator("#wave [part~=region][part~=strength][part~=within]").count() == 1
    assert page.locator("#wave [part~=region-content][part~=strength]").count() == 1


def test_without_script_the_report_is_complete_and_can_be_played(
    browser: sync_api.Browser, tmp_path: Path
) -> None:
    path = tmp_path / "ohne.html"
    path.write_text(usual_page(True), "utf-8")
    page = browser.new_page(java_script_enabled=False)
    page.goto(path.as_uri())
    assert page.locator("audio").is_visible()
    assert not page.locator(".player").is_visible()
    assert page.locator(".mistakes article").count() == 8
    assert "JavaScript" in page.locator("noscript").inner_text()
    page.close()


def test_without_sound_there_is_text_and_no_player(open_page: Opener) -> None:
    page = open_page(sound=False).page
    assert page.locator(".mistakes article").count() == 8
    assert page.locator("audio, canvas, [data-play]").count() == 0
    assert "Nein, das kann nicht sein" in page.locator("#know_it_all blockquote").first.inner_text()


def test_a_party_can_be_muted(open_page: Opener) -> None:
    opened = open_page()
    page = opened.page
    page.add_init_script(HEARD)
    page.reload()
    page.locator("[data-mute='1']").click()
    opened.seek(10.5)  # the agent speaks
    page.keyboard.press(" ")
    opened.wait("window.heard() > 0.01")
    page.keyboard.press("1")
    opened.wait("window.heard() < 0.004 && !audio.paused")
    assert page.locator("[role=status]").inner_text() == "Agent: stumm"
    page.keyboard.press("1")
    opened.wait("window.heard() > 0.01")
    page.keyboard.press(" ")
    opened.seek(5)  # the caller speaks, and is still muted
    page.keyboard.press(" ")
    opened.wait("audio.currentTime > 5.5")
    assert page.evaluate("window.heard()") < 0.004


def test_sound_that_the_browser_cannot_play_is_said_and_the_report_stays(
    browser: sync_api.Browser, tmp_path: Path
) -> None:
    path = tmp_path / "stumm.html"
    path.write_text(usual_page(True).replace("data:audio/ogg;base64,", "data:audio/ogg;base64,AA"))
    page = browser.new_page()
    page.goto(path.as_uri())
    page.locator("#no-playback").wait_for()
    assert (
        "kann die eingebettete Aufnahme nicht abspielen"
        in page.locator("#no-playback").inner_text()
    )
    page.locator("#head").wait_for(state="attached")
    assert page.locator(REGION).count() == 8
    page.close()
