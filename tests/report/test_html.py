from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from html.parser import HTMLParser
from typing import Any, Literal

import msgspec
import pytest
from factories import (
    make_audio,
    make_findings,
    make_mistakes,
    make_report,
    make_tracks,
    make_turns,
)

from callvoice.report.html import render_html
from callvoice.report.page_words import PageWords, load_words
from callvoice.types import Conversation, Measures, ReportedTranscript, Turn

HOSTILE = "</script><script>alert(1)</script>\u2028\"'><img src=x onerror=alert(2)>"


class Seen(HTMLParser):
    """All tags with their attributes, and the text outside style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open not in ("style", "script"):
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(language: Literal["de", "en"] = "de", **changes: Any) -> str:
    return rendered(language, **changes) if changes else usual_page(language)


@cache
def usual_page(language: Literal["de", "en"]) -> str:
    return rendered(language)


def rendered(language: Literal["de", "en"], **changes: Any) -> str:
    return render_html(make_report(language, **changes), make_audio(), tracks=make_tracks())


def island(html: str) -> dict[str, Any]:
    found = re.search(r'id="call-data">(.*?)</script>', html, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


@pytest.mark.parametrize("language", ["de", "en"])
def test_all_eight_are_shown_in_order(language: Literal["de", "en"]) -> None:
    html = page(language)
    places = [html.index(f'<article id="{m.id}"') for m in make_mistakes()]
    assert places == sorted(places)
    for mistake in make_mistakes():
        assert getattr(mistake.title, language) in Seen(html).text


def test_strengths_come_first_then_suggestions_then_mistakes_then_measures() -> None:
    html = page()
    order = ("strengths-title", "suggestions-title", "mistakes-title", "measures-title")
    places = [html.index(f'<h2 id="{name}"') for name in order]
    assert places == sorted(places)


def test_status_is_said_in_words_with_an_icon() -> None:
    html = page()
    article = html[html.index('<article id="unclear"') : html.index('<article id="too_fast"')]
    assert "nicht beurteilbar" in article
    assert "#i-not_assessable" in article
    assert "Nur 6,2 s stimmhafte Sprache" in article
    assert 'class="score"' not in article


def test_three_findings_are_open_and_the_rest_folded() -> None:
    html = page()
    article = html[html.index('<article id="know_it_all"') : html.index("measures-title")]
    shown, folded = article.split("<details>")[:2]
    assert shown.count("<li") == 3
    assert folded.count("<li") == len(make_findings()) - 3
    assert "2 weitere Stellen" in folded


def test_suggestions_are_the_two_with_the_highest_scores() -> None:
    html = page()
    block = html[html.index("suggestions-title") : html.index("mistakes-title")]
    titles = re.findall(r"<h3>(.*?)</h3>", block)
    assert titles == ["Klingt besserwisserisch", "Stimme klingt ungeduldig"]


def test_numbers_are_written_as_the_language_does() -> None:
    assert "0,86" in Seen(page("de")).text
    assert "4,9\u00a0Silben/s" in Seen(page("de")).text
    assert "0.86" in Seen(page("en")).text
    assert "4.9\u00a0syll/s" in Seen(page("en")).text


def test_a_finding_without_a_place_has_no_button() -> None:
    finding = make_findings()[-1]
    mistakes = tuple(msgspec.structs.replace(m, findings=(finding,)) for m in make_mistakes())
    html = page(mistakes=mistakes, strengths=())
    assert 'class="play"' not in html
    assert Seen(html).text.count("Über das ganze Gespräch") == 10  # eight, and two suggestions


def test_a_value_without_an_explanation_is_shown_with_its_limit() -> None:
    bare = msgspec.structs.replace(make_findings()[-1], explanation="")
    text = Seen(page(strengths=(bare,))).text
    assert "40\u00a0%" in text
    assert "Grenze 25\u00a0%" in text


def test_words_that_a_finding_quotes_are_marked() -> None:
    marked = re.findall(r'<mark class="(\w+)">(.*?)</mark>', page())
    plain = {(kind, re.sub(r"<.*?>", "", words)) for kind, words in marked}
    assert ("finding", "Nein, das kann nicht sein, da müssen Sie etwas übersehen haben.") in plain
    assert any(kind == "strength" and said.startswith("Das tut mir") for kind, said in plain)


def test_hostile_text_stays_text_everywhere() -> None:
    report = make_report()
    finding = msgspec.structs.replace(make_findings()[0], quote=HOSTILE, explanation=HOSTILE)
    turn = Turn("agent", 1.0, 2.0, HOSTILE)
    html = page(
        call=msgspec.structs.replace(
            report.call, source=f"ordner/{HOSTILE}", notes=(HOSTILE,), language=HOSTILE
        ),
        provenance=msgspec.structs.replace(
            report.provenance, recogniser=HOSTILE, libraries={HOSTILE: HOSTILE}
        ),
        mistakes=tuple(
            msgspec.structs.replace(m, findings=(finding,), reason=HOSTILE, advice=HOSTILE)
            for m in report.mistakes
        ),
        strengths=(finding,),
        transcript=ReportedTranscript((turn, *make_turns())),
    )
    seen = Seen(html)
    assert len(seen.named("script")) == len(Seen(page()).named("script")) == 2
    assert not seen.named("img")
    assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on")]
    assert seen.text.count("alert(1)") > 10
    assert island(html)["duration_s"] == 40.0


def test_only_its_own_script_and_style_may_run_and_nothing_may_load() -> None:
    html = page()
    policy = next(
        a["content"] or "" for a in Seen(html).named("meta") if "http-equiv" in a and a["content"]
    )
    for kind, tag in (("script", "<script>"), ("style", "<style>")):
        code = html[html.index(tag) + len(tag) :].split(f"</{kind}>")[0]
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_nothing_on_the_page_points_outside_it() -> None:
    targets = [
        value
        for _, attributes in Seen(page()).tags
        for name, value in attributes.items()
        if name in ("src", "href", "action", "srcset", "data", "poster")
    ]
    assert targets
    assert all(
        value and value.startswith(("#", "data:,", "data:audio/ogg;base64,")) for value in targets
    )
    assert "http://" not in page()
    assert "https://" not in page()


def test_no_style_attribute_that_the_policy_would_block() -> None:
    assert not [1 for _, attributes in Seen(page()).tags if "style" in attributes]


def test_every_reference_on_the_page_resolves() -> None:
    tags = Seen(page()).tags
    known = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(known) == len(set(known))
    wanted = [a["href"] or "" for _, a in tags if "href" in a and a["href"] != "data:,"]
    labels = [label for _, a in tags for label in (a.get("aria-labelledby") or "").split()]
    assert {w.removeprefix("#") for w in wanted} | set(labels) <= set(known)


def test_without_sound_the_page_has_no_player_and_no_script() -> None:
    html = render_html(make_report(), None)
    seen = Seen(html)
    assert not seen.named("script")
    assert not seen.named("audio")
    assert not seen.named("button")
    assert not seen.named("canvas")
    assert "0:18" in seen.text
    assert "Nein, das kann nicht sein" in seen.text


def test_lanes_follow_the_roles_with_the_agent_first() -> None:
    swapped = msgspec.structs.replace(make_report().call, roles={"agent": 1, "caller": 0})
    straight, crossed = island(page()), island(page(call=swapped))
    assert [lane["kind"] for lane in straight["lanes"]] == ["agent", "caller"]
    assert [lane["kind"] for lane in crossed["lanes"]] == ["agent", "caller"]
    assert straight["lanes"][0]["peaks"] == crossed["lanes"][1]["peaks"]
    assert straight["lanes"][0]["melody"] == crossed["lanes"][1]["melody"]


@pytest.mark.parametrize("roles", [{}, {"agent": 0}, {"agent": 0, "caller": 0}])
def test_a_mono_call_has_one_lane_and_says_so(roles: dict[str, int]) -> None:
    call = msgspec.structs.replace(make_report().call, n_channels=1, roles=roles)
    measures = Measures(None, None, Conversation(separate=False))
    report = make_report(call=call, measures=measures)
    html = render_html(report, make_audio(n_channels=1))
    assert [lane["kind"] for lane in island(html)["lanes"]] == ["both"]
    assert "beide Seiten gemischt" in Seen(html).text
    assert not Seen(html).named("table")


def test_unknown_roles_are_numbered_channels() -> None:
    call = msgspec.structs.replace(make_report().call, roles={}, roles_confidence=None)
    html = page(call=call, transcript=ReportedTranscript((Turn(None, 1.0, 2.0, "Ja."),)))
    assert [lane["kind"] for lane in island(html)["lanes"]] == ["none", "none"]
    assert "Kanal 2" in Seen(html).text
    assert "Unbekannt" in Seen(html).text


def test_an_empty_report_still_makes_a_page() -> None:
    mistakes = tuple(
        msgspec.structs.replace(m, status="not_assessable", score=None, findings=(), reason="Kurz.")
        for m in make_mistakes()
    )
    measures = Measures(None, None, Conversation(separate=False))
    text = Seen(
        page(
            mistakes=mistakes, strengths=(), measures=measures, transcript=ReportedTranscript(())
        )
    ).text  # fmt: skip
    assert "0 von 8 gefunden, 0 unauffällig, 8 nicht beurteilbar" in text
    assert "keine Mitschrift" in text


@pytest.mark.parametrize(
    ("source", "name"),
    [("a/b c.wav", "b c.wav"), (r"C:\rufe\ä.wav", "ä.wav"), ("x\ny.wav", "x\ny.wav")],
)
def test_the_heading_is_the_file_name(source: str, name: str) -> None:
    call = msgspec.structs.replace(make_report().call, source=source)
    assert f"<h1><bdi>{name}</bdi></h1>" in page(call=call)


def test_a_name_that_is_no_text_can_still_be_written() -> None:
    call = msgspec.structs.replace(make_report().call, source="ruf-\udcff.wav")
    assert b"ruf-?.wav" in page(call=call).encode("utf-8")


def test_both_languages_have_the_same_words() -> None:
    german, english = load_words("de"), load_words("en")
    assert german.keys() == english.keys()
    empty = {key for table in (german, english) for key, text in table.items() if not text}
    assert all(key.startswith(("hint.", "unit.")) for key in empty)
    placeholders = re.compile(r"\{\w+\}")
    for key, text in german.items():
        assert set(placeholders.findall(text)) == set(placeholders.findall(english[key])), key


@pytest.mark.parametrize(
    ("value", "unit", "german", "english"),
    [
        (6.54, "syll/s", "6,5 Silben/s", "6.5 syll/s"),
        (0.4, "share", "40 %", "40 %"),
        (-23.46, "dB", "−23,5 dB", "−23.5 dB"),
        (1234.5, "s", "1.234,5 s", "1,234.5 s"),
        (0.25, "s", "0,25 s", "0.25 s"),
        (3.0, "count", "3", "3"),
        (2.0, None, "2", "2"),
        (None, "s", "–", "–"),
    ],
)
def test_values_with_units(value: float | None, unit: str, german: str, english: str) -> None:
    assert PageWords("de").with_unit(value, unit).replace("\u00a0", " ").strip() == german
    assert PageWords("en").with_unit(value, unit).replace("\u00a0", " ").strip() == english


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0, "0:00"), (59.99, "0:59"), (65.2, "1:05"), (3725.0, "1:02:05")]
)
def test_clock(seconds: float, said: str) -> None:
    assert PageWords("de").clock(seconds) == said
