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
    make_hour,
    make_mistakes,
    make_report,
    make_tracks,
    make_turns,
)

from callvoice.baseline import names
from callvoice.report import bundle
from callvoice.report.html import render_html
from callvoice.report.media import ClipOptions
from callvoice.report.page_numbers import LIMIT_OF_MEASURE, USUAL_OF_MEASURE
from callvoice.report.page_words import PageWords
from callvoice.report.peaks import MAX_MELODY_POINTS, MAX_POINTS
from callvoice.report.texts import explain
from callvoice.settings import Settings, load_settings
from callvoice.types import (
    Baseline,
    Conversation,
    Finding,
    Measures,
    Relative,
    ReportedTranscript,
    SelfAssessment,
    Turn,
)

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


def test_what_is_usual_for_the_agent_stands_beside_the_measures() -> None:
    rate = Relative("articulation_rate_syll_s", 4.9, 5.6, 0.3, -2.3, 0.08, 12)
    text = Seen(page(baseline=Baseline("a1", 12, 10, (rate,)))).text
    assert text.count("üblich 5,6\u00a0Silben/s") == 1
    assert "Median 5,6\u00a0Silben/s; in 8\u00a0% von 12 war der Wert niedriger" in text
    assert "in 12 früheren Gesprächen" in text
    assert "erst 3 von 10" in Seen(page(baseline=Baseline("a1", 3, 10))).text
    assert "Frühere Gespräche" not in Seen(page()).text


def test_every_usual_measure_beside_a_row_is_one_that_baselines_have() -> None:
    assert {name for names in USUAL_OF_MEASURE.values() for name in names} <= set(names())


def test_a_calibrated_score_says_what_it_means_and_by_which_file() -> None:
    provenance = msgspec.structs.replace(
        make_report().provenance, calibration="haus.json", calibration_digest="c0ffee"
    )
    text = Seen(page(provenance=provenance)).text
    assert "Anteil der Hörer" in text
    assert "haus.json c0ffee" in text
    assert "Anteil der Hörer" not in Seen(page()).text


def test_one_more_finding_is_said_in_the_singular() -> None:
    mistakes = tuple(
        msgspec.structs.replace(m, findings=make_findings()[:4]) for m in make_mistakes()
    )
    assert "Eine weitere Stelle<" in page("de", mistakes=mistakes)
    assert "One more place<" in page("en", mistakes=mistakes)


def test_provenance_names_what_was_dropped_and_the_offset_of_two_recordings() -> None:
    call = msgspec.structs.replace(make_report().call, leg_offset_s=1.234)
    provenance = msgspec.structs.replace(make_report().provenance, improbable_share=0.062)
    html = page(call=call, provenance=provenance)
    text = Seen(html[html.index("provenance-title") :]).text
    assert "1 Wort" in text
    assert "Wiederholung" in text
    assert "6,2\u00a0%" in text
    assert "1,23\u00a0s nach der des Agenten" in text


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


def tooltip_of(html: str, said: str) -> str:
    """What explains the first number on the page that is said like this."""
    where = html[html.index(f">{said}</button>") :]
    return Seen(where[: where.index("</span></span></span>")]).text


def test_a_finding_s_number_is_explained_by_value_limit_source_and_certainty() -> None:
    finding = Finding("agent", 1.0, 2.0, "rate_syll_s", 7.36, 6.5, "syll/s", heard=0.4)
    finding = msgspec.structs.replace(finding, explanation=explain(finding, "de"))
    mistakes = tuple(msgspec.structs.replace(m, findings=(finding,)) for m in make_mistakes())
    html = page(mistakes=mistakes)
    too_fast = html[html.index('<article id="too_fast"') :]
    assert "7,4 Silben je Sekunde in diesem Beitrag" not in too_fast  # its number is a button
    said = tooltip_of(too_fast, "7,4")
    assert "Wert 7,4\u00a0Silben/s" in said
    assert "Grenze 6,5\u00a0Silben/s" in said
    assert "Herkunft der Grenze Deutsch im Gespräch liegt" in said
    assert "Wie sicher mittlere Sicherheit" in said
    assert "Wörter gehört mit 40\u00a0%" in said


def test_a_measure_is_explained_with_its_limit_and_the_material_behind_it() -> None:
    html = page("en")
    said = tooltip_of(html[html.index('id="measures-title"') :], "4.9\u00a0syll/s")
    assert "Limit 6.5\u00a0syll/s" in said
    assert "Source of the limit German conversation" in said
    assert "from 22\u00a0s of speech, 14\u00a0s of it voiced; signal to noise 35\u00a0dB" in said


def test_every_limit_named_beside_a_measure_exists() -> None:
    limits = load_settings().limits
    assert all(name in limits[section] for section, name in LIMIT_OF_MEASURE.values())


def test_sources_of_other_limits_than_those_in_force_are_not_shown() -> None:
    provenance = msgspec.structs.replace(make_report().provenance, settings_digest="0" * 16)
    assert "Herkunft der Grenze" in page()
    assert "Herkunft der Grenze" not in page(provenance=provenance)
    assert island(page(provenance=provenance))["tempo_limit"] is None


def test_a_house_s_own_limit_is_shown_with_its_own_source() -> None:
    limits = {section: dict(names) for section, names in load_settings().limits.items()}
    fast = limits["too_fast"]["rate_too_fast_syll_s"]
    own = msgspec.structs.replace(fast, value=6.2, source="haus.toml")
    limits["too_fast"]["rate_too_fast_syll_s"] = own
    settings = Settings(limits)
    report = make_report()
    provenance = msgspec.structs.replace(report.provenance, settings_digest=settings.digest)
    html = render_html(make_report(provenance=provenance), make_audio(), settings=settings)
    assert island(html)["tempo_limit"] == 6.2
    assert "Herkunft der Grenze haus.toml" in Seen(html).text


def test_the_self_assessment_stands_beside_the_measured_before_the_findings() -> None:
    own = SelfAssessment({"impatient": 4, "toneless": 1}, (("Was lief gut?", HOSTILE),))
    html = render_html(make_report(self_assessment=own), None)
    places = [html.index(f'<h2 id="{name}-title"') for name in ("suggestions", "own", "mistakes")]
    assert places == sorted(places)
    section = Seen(html[places[1] : places[2]])
    assert HOSTILE in section.text
    assert "4 von 5" in section.text
    assert "gefunden, 0,62" in " ".join(section.text.split())
    assert section.text.count(" von 5") == 2
    assert 'id="own-title"' not in page()


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
    code = html[html.index("<script>") + len("<script>") :].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    (style,) = Seen(html).named("style")
    assert f"style-src 'nonce-{style['nonce']}';" in policy
    assert style["nonce"] in html
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


def test_no_style_attribute_that_the_policy_would_block() -> None:
    assert not [1 for _, attributes in Seen(page()).tags if "style" in attributes]


def test_every_reference_on_the_page_resolves() -> None:
    tags = Seen(page()).tags
    known = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(known) == len(set(known))
    wanted = [a["href"] or "" for _, a in tags if "href" in a and a["href"] != "data:,"]
    labels = [label for _, a in tags for label in (a.get("aria-labelledby") or "").split()]
    assert {w.removeprefix("#") for w in wanted} | set(labels) <= set(known)


def test_an_hour_s_page_leaves_room_below_ten_megabytes() -> None:
    report, *_ = make_hour()
    text = len(render_html(report, None).encode())
    spans = 45 * sum(len(turn.words) for turn in report.transcript.turns)  # their times, with sound
    drawn = base64_size(2 * (MAX_POINTS + MAX_MELODY_POINTS))
    libraries = len(bundle.script()) + len(bundle.style(player=True))
    sound = base64_size(ClipOptions().budget_bytes)
    assert text + spans + drawn + libraries + sound < 9_700_000


def base64_size(n_bytes: int) -> int:
    return -(-n_bytes // 3) * 4


def test_without_sound_the_page_has_no_player_and_no_script() -> None:
    html = render_html(make_report(), None)
    seen = Seen(html)
    assert not seen.named("script")
    assert not seen.named("audio")
    assert not [button for button in seen.named("button") if "data-play" in button]
    assert "uplot" not in html
    assert "0:18" in seen.text
    assert "Nein, das kann nicht sein" in seen.text


def test_lanes_follow_the_roles_with_the_agent_first() -> None:
    swapped = msgspec.structs.replace(make_report().call, roles={"agent": 1, "caller": 0})
    straight, crossed = island(page()), island(page(call=swapped))
    assert [lane["kind"] for lane in straight["lanes"]] == ["agent", "caller"]
    assert [lane["kind"] for lane in crossed["lanes"]] == ["agent", "caller"]
    assert straight["lanes"][0]["peaks"] == crossed["lanes"][1]["peaks"]
    assert straight["lanes"][0]["melody"] == crossed["lanes"][1]["melody"]
    assert straight["lanes"][0]["tempo"][1] == [10.0, 20.0, 5.15]


@pytest.mark.parametrize("roles", [{}, {"agent": 0}, {"agent": 0, "caller": 0}])
def test_a_mono_call_has_one_lane_and_says_so(roles: dict[str, int]) -> None:
    call = msgspec.structs.replace(make_report().call, n_channels=1, roles=roles)
    measures = Measures(None, None, Conversation(separate=False))
    report = make_report(call=call, measures=measures)
    html = render_html(report, make_audio(n_channels=1))
    assert [lane["kind"] for lane in island(html)["lanes"]] == ["both"]
    assert "beide Seiten gemischt" in Seen(html).text
    assert not Seen(html).named("table")
    assert ("nach dem Klang getrennt" in Seen(html).text) == bool(roles)


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
    assert "Acht mögliche Fehler: 8 nicht beurteilbar" in text
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
