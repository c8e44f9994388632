"""Phrases: each class fires where it must and stays silent where it must not."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from callvoice.errors import InvalidSettings
from callvoice.text import analyze, better_wordings
from callvoice.types import Hit, Transcript, Turn, Word

TROUBLE = Turn("caller", 0, 2, "Meine Heizung ist seit gestern ausgefallen.")
GREETING = Turn("agent", 0, 2, "Guten Tag, was kann ich für Sie tun?")
STATEMENT = Turn("caller", 2, 4, "Ich habe das am Montag so bestellt.")


def hits(*turns: Turn, language: str = "de") -> tuple[Hit, ...]:
    return analyze(Transcript(language, "given", turns)).hits


def labels(text: str, *before: Turn, role: str | None = "agent", language: str = "de") -> set[str]:
    """Labels of one turn's hits after some others."""
    found = hits(*before, Turn(role, 5, 8, text), language=language)  # type: ignore[arg-type]
    return {hit.label for hit in found if hit.turn == len(before)}


MUST_FIRE = {
    "know_it_all": [
        "Wie ich Ihnen vorhin bereits erklärt habe, läuft das über die Zentrale.",
        "Das hab ich Ihnen doch eben schon gesagt.",
        "Nein, da täuschen Sie sich, die Frist war am Freitag.",
        "Da liegst du leider falsch.",
        "Das ist so nicht richtig, Frau Moser.",
        "Das kann überhaupt nicht sein, unsere Monteure messen immer nach.",
        "Da muss ich Sie korrigieren, das heißt bei uns Jahresabschluss.",
        "Sie müssen doch einsehen, dass das technisch nicht geht.",
        "Da hätten Sie eben gleich im Frühjahr entlüften müssen.",
        "Das weiß doch nun wirklich jeder, dass Diesel im Winter ausflockt.",
        "Hören Sie mir bitte mal genau zu.",
        "Sie haben mich da falsch verstanden.",
        "Haben Sie den Beipackzettel überhaupt gelesen?",
        "Das steht doch schwarz auf weiß in Ihrem Mietvertrag.",
        "Glauben Sie mir, ich mache das schon seit dreißig Jahren.",
        "Das sehen Sie völlig falsch.",
        "So einfach geht das nicht, Herr Rüegg.",
        "Wie oft soll ich Ihnen das denn noch sagen?",
    ],
    "dismissive": [
        "Dafür bin ich leider nicht zuständig.",
        "Jetzt regen Sie sich mal nicht so auf.",
        "Beruhigen Sie sich doch bitte erst mal.",
        "Das ist doch gar nicht so schlimm.",
        "Da kann ich jetzt auch nichts dran ändern.",
        "Das ist nun wirklich nicht mein Problem.",
        "Da sind Sie hier falsch verbunden, da müssen Sie woanders anrufen.",
        "Da sind Sie aber der Einzige, der damit Schwierigkeiten hat.",
        "Dann müssen Sie halt bis nächste Woche warten.",
        "Das ist bei uns halt so.",
        "Machen Sie doch, was Sie wollen.",
        "Was soll ich da Ihrer Meinung nach machen?",
        "Das interessiert mich ehrlich gesagt nicht.",
        "Stell dich nicht so an.",
        "Da sind Sie schon selber schuld.",
        "Dann wechseln Sie halt den Anbieter.",
        "Woher soll ich das wissen?",
    ],
    "excuse": [
        "Da können wir leider nichts dafür.",
        "Das liegt wirklich nicht an uns, das macht die Post.",
        "Das hat sicher der Kollege von der Frühschicht vergessen.",
        "Wir sind momentan total unterbesetzt.",
        "Ich mache hier auch nur meinen Job.",
        "So etwas kann im Sommer schon mal vorkommen.",
        "Da müssen Sie sich beim Spediteur beschweren.",
        "Davon wusste ich gar nichts.",
        "Das war vor meiner Zeit.",
        "Das sind halt unsere Vorschriften.",
        "Das lässt das System leider nicht zu, das System lässt das nicht zu.",
        "Entschuldigung, aber das ist Sache der Buchhaltung.",
        "Wir haben im Moment einfach zu wenig Personal.",
        "Das entscheide nicht ich, das machen die da oben.",
    ],
    "impatient": [
        "Kommen Sie bitte endlich zum Punkt.",
        "Ja, ja, das sagten Sie schon.",
        "Geht das auch ein bisschen schneller?",
        "Ich habe nicht ewig Zeit.",
        "Und weiter?",
        "Was wollen Sie denn jetzt genau?",
        "Das hab ich jetzt schon verstanden.",
        "Fassen Sie sich bitte kurz.",
        "Lassen Sie mich doch bitte mal ausreden.",
        "Es warten noch andere Kunden in der Leitung.",
        "Darum geht es jetzt gar nicht.",
        "Beeil dich bitte.",
        "Haben Sie die Nummer jetzt oder nicht?",
        "Sind wir dann endlich fertig?",
        "Die ganze Vorgeschichte brauche ich nicht.",
        "Wie lange brauchen Sie denn noch?",
    ],
    "empathy": [
        "Das kann ich sehr gut nachvollziehen.",
        "Ich verstehe Ihren Ärger vollkommen.",
        "Das ist natürlich ärgerlich, gerade vor den Feiertagen.",
        "Oje, das ist ja unangenehm.",
        "Da wäre ich an Ihrer Stelle auch verärgert.",
        "Da haben Sie völlig recht.",
        "Ich kann mir gut vorstellen, wie Sie sich fühlen.",
        "Ihre Enttäuschung ist absolut verständlich.",
        "Das ist für dich bestimmt sehr mühsam.",
        "Sie mussten wirklich sehr lange warten.",
        "Ich merke, dass Ihnen das wichtig ist.",
        "Mir würde das genauso gehen, das würde mich auch ärgern.",
        "Das verstehe ich gut, Frau Brunner.",
    ],
    "apology": [
        "Das tut mir sehr leid.",
        "Es tut uns aufrichtig leid, Herr Bauer.",
        "Da haben wir einen Fehler gemacht.",
        "Dafür möchte ich mich bei Ihnen entschuldigen.",
        "Ich bitte vielmals um Entschuldigung.",
        "Bitte entschuldigen Sie die lange Wartezeit.",
        "Das hätte uns nicht passieren dürfen.",
        "Das war eindeutig unser Versäumnis.",
        "Dafür übernehme ich die volle Verantwortung.",
        "Da habe ich mich falsch ausgedrückt.",
        "Da ist uns ein Fehler unterlaufen.",
        "Entschuldigung für die Verspätung des Monteurs.",
        "Das habe ich leider übersehen.",
    ],
    "together": ["Schauen wir uns die Rechnung zusammen an.", "Das kriegen wir schon hin."],
    "ownership": ["Ich kümmere mich sofort darum.", "Ich rufe Sie bis fünfzehn Uhr zurück."],
    "good_news": ["Ich habe eine gute Nachricht: Es ist noch eines da.", "Keine Sorge."],
    "open_question": ["Was genau ist passiert?", "Seit wann leuchtet die Lampe?"],
    "name_use": ["Das mache ich gern, Frau Kälin.", "Herr Dr. Novak, ich sehe es."],
    "offer": ["Darf ich Ihnen dazu einen Wartungsvertrag anbieten?"],
    "warm_close": ["Ich wünsche Ihnen einen schönen Abend.", "Gute Besserung!"],
    "acknowledgement": ["Gut, dass Sie gleich anrufen.", "Ah, verstehe."],
    "imposing": ["Der Incident ist beim Second Level.", "Das ist per definitionem obsolet."],
}

HARD_NEGATIVES = [
    "Da haben Sie völlig recht.",
    "Sie müssen nichts weiter tun.",
    "Da habe ich mich falsch ausgedrückt.",
    "Ich habe Ihnen die Rechnung bereits geschickt.",
    "Kein Problem, das mache ich gern.",
    "Das weiß ich leider nicht auswendig, ich sehe gleich nach.",
    "Das war unser Fehler, nicht Ihrer.",
    "Sie hätten gar nicht so lange warten müssen.",
    "Wenn etwas unklar ist, fragen Sie mich gern.",
    "Das stimmt, die Rechnung ist falsch.",
    "Passen Sie gut auf sich auf.",
    "Ich verbinde Sie mit der Kollegin, die dafür zuständig ist.",
    "Lassen Sie sich ruhig Zeit.",
    "Nehmen Sie sich die Zeit, die Sie brauchen.",
    "Ich erkläre es Ihnen gern noch einmal.",
    "Einen Moment bitte, ich schaue nach.",
    "Der Techniker kommt am Dienstag zwischen acht und zehn Uhr.",
    "Ihre Kundennummer steht oben rechts auf der Rechnung.",
    "Sie bekommen morgen eine Bestätigung per E-Mail.",
    "Das Paket wurde gestern zugestellt.",
    "Ja, genau, das ist richtig.",
    "Ja, natürlich, sehr gern.",
    "Haben Sie die Anleitung gerade zur Hand?",
    "Wie schreibt man Ihren Namen?",
    "Die Störung ist bekannt und wird gerade behoben.",
    "Sie können die Ware innerhalb von vierzehn Tagen zurückschicken.",
    "Das kostet neunzehn Euro neunzig im Monat.",
    "Ich fasse kurz zusammen: Wir tauschen das Gerät am Freitag.",
    "Soll ich Sie zurückrufen, wenn es Ihnen jetzt nicht passt?",
    "Bitte warten Sie kurz, ich hole die Unterlagen.",
    "Sie müssen dafür nicht extra vorbeikommen.",
    "Das liegt an uns, ich bringe das in Ordnung.",
    "Sie haben ja schon alles ausprobiert, danke dafür.",
    "Drücken Sie bitte jetzt die rote Taste.",
    "Das Kleingedruckte lese ich Ihnen gern vor.",
    "Ich habe schon alles eingetragen, Sie müssen nichts schreiben.",
    "Schönes Wochenende und auf Wiederhören.",
    "Servus, Installateur Gruber, was darf's sein?",
    "Grüezi Frau Keller, wie geht es Ihnen?",
    "Der Vertrag läuft bis zum einunddreißigsten März.",
]
AGAINST_THE_CALLER = ("know_it_all", "dismissive", "excuse", "impatient", "process_first")


@pytest.mark.parametrize(
    ("label", "text"), [(label, text) for label, texts in MUST_FIRE.items() for text in texts]
)
def test_fires(label: str, text: str) -> None:
    assert label in labels(text, GREETING, STATEMENT)


@pytest.mark.parametrize("text", HARD_NEGATIVES)
def test_hard_negatives_are_not_against_the_caller(text: str) -> None:
    assert not labels(text, GREETING, TROUBLE) & set(AGAINST_THE_CALLER)


PROCESS_FIRST = [
    "Da brauche ich zuerst Ihre Kundennummer.",
    "Wie lautet Ihre Vertragsnummer?",
    "Ihre Zählernummer bitte.",
    "Haben Sie die Rechnungsnummer zur Hand?",
    "Nennen Sie mir bitte mal Ihr Geburtsdatum.",
    "Können Sie mir Ihre Kundennummer durchgeben?",
    "Ohne Auftragsnummer kann ich da gar nichts machen.",
    "Auf welchen Namen läuft das?",
    "Wann haben Sie das Gerät gekauft?",
    "Da müssen Sie zuerst ein Formular ausfüllen.",
    "Das müssen Sie uns schriftlich melden.",
    "Zuerst muss ich Sie verifizieren.",
    "Ich bräuchte mal deine Adresse.",
]
ACKNOWLEDGED_FIRST = [
    "Oje, das ist ärgerlich. Wie lautet Ihre Kundennummer?",
    "Das tut mir leid. Damit ich nachsehen kann, brauche ich Ihre Kundennummer.",
    "Das verstehe ich gut. Nennen Sie mir bitte Ihr Geburtsdatum?",
    "Gut, dass Sie gleich anrufen. Haben Sie die Rechnungsnummer zur Hand?",
    "Da helfe ich Ihnen gern. Auf welchen Namen läuft das?",
    "Das ist wirklich unangenehm, gerade im Winter. Ihre Adresse bitte?",
]
CALM = Turn("caller", 2, 4, "Ich möchte gern einen zweiten Anschluss bestellen.")


@pytest.mark.parametrize("text", PROCESS_FIRST)
def test_process_first_is_a_matter_of_place(text: str) -> None:
    assert "process_first" in labels(text, GREETING, TROUBLE)
    assert "process_first" not in labels(text, GREETING, CALM)
    later = (GREETING, TROUBLE, Turn("agent", 4, 5, "Das tut mir leid."))
    assert "process_first" not in labels(text, *later)


@pytest.mark.parametrize("text", ACKNOWLEDGED_FIRST)
def test_after_an_acknowledgement_the_process_may_follow(text: str) -> None:
    assert "process_first" not in labels(text, GREETING, TROUBLE)


def test_a_trouble_is_not_asked_about_forever() -> None:
    turns = (GREETING, TROUBLE, Turn("agent", 4, 5, "Läuft die Pumpe?"), CALM)
    assert "process_first" not in labels(PROCESS_FIRST[0], *turns)


def test_what_callers_say_is_no_hit_of_an_agent() -> None:
    said = "Wie ich Ihnen bereits gesagt habe, regen Sie sich nicht auf."
    assert labels(said, GREETING, role="caller") == set()
    assert labels(said, GREETING) == {"know_it_all", "dismissive"}


def test_a_turn_of_nobody_keeps_no_role() -> None:
    (hit,) = hits(Turn(None, 0, 1, "Das ist halt so."))
    assert (hit.label, hit.role) == ("dismissive", None)


def test_yes_but_only_answers_a_caller() -> None:
    assert "know_it_all" in labels("Ja, aber so steht es hier.", STATEMENT)
    assert "know_it_all" not in labels("Ja, aber so steht es hier.", STATEMENT, GREETING)


def test_farewells_are_looked_for_at_the_end() -> None:
    said = Turn("agent", 0, 1, "Ich wünsche Ihnen einen schönen Tag.")
    rest = [Turn("agent", n, n + 1, "Ich sehe nach.") for n in range(5)]
    assert "warm_close" not in {h.label for h in hits(said, *rest)}
    assert "warm_close" in {h.label for h in hits(*rest, said)}


@pytest.mark.parametrize(
    "text",
    [
        "DAFÜR BIN ICH NICHT ZUSTÄNDIG!",
        "dafuer bin ich nicht zustaendig",
        "Dafur bin ich, nicht zustandig",
        "dafür  bin ich … nicht zuständig",
    ],
)
def test_spelling_and_punctuation_are_free(text: str) -> None:
    assert labels(text) == {"dismissive"}


def test_quote_and_span_are_of_the_original_text() -> None:
    text = "Tut mir leid – das ist, ehrlich gesagt, NICHT mein Problem."
    hit = next(h for h in hits(Turn("agent", 0, 1, text)) if h.label == "dismissive")
    assert hit.quote == "das ist, ehrlich gesagt, NICHT mein Problem" == text[slice(*hit.span)]


def test_times_come_from_words() -> None:
    said = "Gut. Das ist halt so."
    words = tuple(
        Word(w, start, start + 0.2)
        for w, start in zip(said.split(), (10.0, 14.0, 14.3, 14.6, 15.0), strict=True)
    )
    (hit,) = hits(Turn("agent", 10, 16, said, words))
    assert (hit.start_s, hit.end_s) == (14.0, 15.2)


def test_times_without_words_are_proportional() -> None:
    (hit,) = hits(Turn("agent", 10, 20, "Hm, gut. Hm, gut. Das ist halt so."))
    assert hit.start_s == pytest.approx(10 + 10 * 18 / 34)
    assert hit.end_s == pytest.approx(10 + 10 * 33 / 34)


def test_a_turn_without_time_has_hits_without_time() -> None:
    (hit,) = hits(Turn("agent", 0, 0, "Das ist halt so."))
    assert (hit.start_s, hit.end_s) == (None, None)


def test_other_languages_are_not_supported() -> None:
    facts = analyze(Transcript("fr", "given", (Turn("agent", 0, 1, "Calmez-vous."),)))
    assert (facts.supported, facts.hits, facts.greeting) == (False, (), None)
    assert facts.syllables == (3,)


def test_one_line_adds_a_phrase(tmp_path: Path) -> None:
    own = tmp_path / "haus.toml"
    own.write_text('impatient = ["jetzt aber (zack|hopp) hopp"]\n', "utf-8")
    transcript = Transcript("de", "given", (Turn("agent", 0, 1, "So, jetzt aber hopp, hopp!"),))
    (hit,) = [
        h for h in analyze(transcript, extra_lexicons=[own]).hits if h.rule.startswith("haus")
    ]
    assert (hit.label, hit.rule, hit.quote) == (
        "impatient",
        "haus-impatient-1",
        "jetzt aber hopp, hopp",
    )
    assert not any(h.rule.startswith("haus") for h in analyze(transcript).hits)


def test_an_own_rule_can_have_everything(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[dismissive]]\nid = "mine"\npattern = "pfirsich"\n'
        'better = "Apfel"\nnot_after = ["kein"]\n'
    )
    found = [
        {h.rule for h in analyze(t, extra_lexicons=[own]).hits}
        for t in (
            Transcript("de", "given", (Turn("agent", 0, 1, "Pfirsich"),)),
            Transcript("de", "given", (Turn("agent", 0, 1, "kein Pfirsich"),)),
        )
    ]
    assert found == [{"mine"}, set()]
    assert better_wordings("de", extra_lexicons=[own])["mine"] == "Apfel"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('rude = ["x"]', "rude"),
        ('impatient = ["(a|b"]', "bracket"),
        ('impatient = ["a?"]', "must be there"),
        ('impatient = ["{Nix} a"]', "Nix"),
        ('[[impatient]]\npattern = "a"\nwhen = 3', "when"),
        ("impatient = [", "cannot use lexicon"),
    ],
)
def test_a_broken_lexicon_is_one_clear_error(tmp_path: Path, content: str, reason: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(content, "utf-8")
    with pytest.raises(InvalidSettings, match=reason):
        analyze(Transcript("de", "given"), extra_lexicons=[own])


def test_a_missing_lexicon_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="cannot read"):
        analyze(Transcript("de", "given"), extra_lexicons=[tmp_path / "none.toml"])


ENGLISH = {
    "know_it_all": [
        "As I've already told you, the contract is binding.",
        "You're mistaken about that.",
        "You should have read the terms.",
        "You have to understand that we have a process.",
    ],
    "dismissive": [
        "That's not my department.",
        "You need to calm down.",
        "There's nothing I can do about it.",
        "That's just the way it is.",
    ],
    "excuse": [
        "That's not our fault, it's the carrier.",
        "We're really understaffed right now.",
        "I don't make the rules.",
        "These things happen.",
    ],
    "impatient": [
        "Please get to the point.",
        "I don't have all day.",
        "Could you hurry up?",
        "Other customers are waiting.",
    ],
    "empathy": [
        "I completely understand how you feel.",
        "That must be really frustrating.",
        "Oh no, that's awful.",
        "You're absolutely right.",
    ],
    "apology": [
        "I'm so sorry about that.",
        "I'd like to apologize for the delay.",
        "That was our mistake.",
        "This should never have happened.",
    ],
}
ENGLISH_NEUTRAL = [
    "You're right, I'll fix it.",
    "Your order number is on the receipt.",
    "You don't have to do anything else.",
    "I already sent you the invoice.",
    "The technician arrives on Tuesday between eight and ten.",
    "Just let me know when you're ready.",
    "No problem, I can do that.",
    "Take your time.",
]


@pytest.mark.parametrize(
    ("label", "text"), list(chain(*([(k, t) for t in v] for k, v in ENGLISH.items())))
)
def test_english_fires(label: str, text: str) -> None:
    statement = Turn("caller", 0, 1, "I ordered it on Monday.")
    assert label in labels(text, statement, language="en")


@pytest.mark.parametrize("text", ENGLISH_NEUTRAL)
def test_english_hard_negatives(text: str) -> None:
    trouble = Turn("caller", 0, 1, "I lost my debit card.")
    assert not labels(text, trouble, language="en") & set(AGAINST_THE_CALLER)


def test_english_process_first_is_a_matter_of_place() -> None:
    trouble = Turn("caller", 0, 1, "I lost my debit card.")
    text = "What's your account number?"
    assert "process_first" in labels(text, trouble, language="en")
    assert "process_first" not in labels("Oh no, I'm so sorry. " + text, trouble, language="en")


def test_a_quote_goes_on_to_the_comma_and_hides_no_other_hit() -> None:
    text = "Die steht doch ganz deutlich oben rechts, das sollten Sie eigentlich wissen."
    quotes = [hit.quote for hit in hits(Turn("agent", 0, 1, text)) if hit.label == "know_it_all"]
    assert quotes == [text[: text.index(",")], "das sollten Sie eigentlich wissen"]
