"""Phrases: each class fires where it must and stays silent where it must not."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from callvoice.errors import InvalidSettings
from callvoice.text import analyze, better_wordings
from callvoice.text.lexicon import load
from callvoice.text.phrases import find
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
    "good_news": ["Ich habe eine gute Nachricht: Es ist noch eines da.", "Das wird Sie freuen."],
    "open_question": ["Was genau ist passiert?", "Seit wann leuchtet die Lampe?"],
    "name_use": ["Das mache ich gern, Frau Kälin.", "Herr Dr. Novak, ich sehe es."],
    "offer": ["Darf ich Ihnen dazu einen Wartungsvertrag anbieten?"],
    "warm_close": ["Ich wünsche Ihnen einen schönen Abend.", "Gute Besserung!"],
    "acknowledgement": ["Gut, dass Sie gleich anrufen.", "Ah, verstehe."],
    "imposing": ["Der Incident ist beim Second Level.", "Das ist per definitionem obsolet."],
}

# Harmless sentences that fire all the same; the list is to become empty.
# By language; English ones as the answer to a trouble.
KNOWN_FALSE_ALARMS: dict[str, list[str]] = {
    "de": ["Das Kleingedruckte lese ich Ihnen gern vor."],
    "en": [],
}
LOST_CARD = Turn("caller", 0, 1, "I lost my debit card.")

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


@pytest.mark.parametrize(
    "text", [one for one in HARD_NEGATIVES if one not in KNOWN_FALSE_ALARMS["de"]]
)
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
    "Geburtsdatum?",
    "Auf welchen Namen läuft der Vertrag?",
    "Sagen Sie mir bitte einmal Ihre Adresse.",
    "Nennen Sie mir bitte das Kundenkennwort.",
    "Wann haben Sie die Maschine gekauft?",
    "Ohne Seriennummer komme ich da nicht weiter.",
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
    (hit,) = [h for h in hits(Turn(None, 0, 1, "Das ist halt so.")) if h.label == "dismissive"]
    assert (hit.label, hit.role) == ("dismissive", None)


def test_yes_but_only_answers_a_caller() -> None:
    def rules(*before: Turn) -> set[str]:
        return {hit.rule for hit in find((*before, said), load("de")) if hit.turn == len(before)}

    said = Turn("agent", 5, 8, "Ja, aber so steht es hier.")
    assert rules(STATEMENT)
    assert not rules(STATEMENT, GREETING)


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
    found = hits(Turn("agent", 0, 0, "Das ist halt so."))
    assert {(hit.start_s, hit.end_s) for hit in found} == {(None, None)}


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
        ('rude = ["x"]', "rude.*Known classes are know_it_all, dismissive.*caller_thanks"),
        ("impatient = 3", "Expected `array`, got `int`.*\\["),
        ("[[impatient]]\npattern = 3", "pattern"),
        ('[[impatient]]\npattern = "a"\nprobability = "high"', "probability"),
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


@pytest.mark.parametrize(
    "text", [one for one in ENGLISH_NEUTRAL if one not in KNOWN_FALSE_ALARMS["en"]]
)
def test_english_hard_negatives(text: str) -> None:
    assert not labels(text, LOST_CARD, language="en") & set(AGAINST_THE_CALLER)


ENGLISH_PROCESS_FIRST = [
    "What's your account number?",
    "Do you have a job number?",
    "Invoice number?",
    "And you were born on?",
    "When did you buy the machine?",
    "Who's named on the agreement?",
    "Please give me the customer password.",
    "Please fill in the form on the internet first.",
    "Without the serial number I can't help you.",
]


@pytest.mark.parametrize("text", ENGLISH_PROCESS_FIRST)
def test_english_process_first_is_a_matter_of_place(text: str) -> None:
    trouble = Turn("caller", 0, 1, "I lost my debit card.")
    assert "process_first" in labels(text, trouble, language="en")
    assert "process_first" not in labels("Oh no, I'm so sorry. " + text, trouble, language="en")


def test_a_quote_goes_on_to_the_comma_and_hides_no_other_hit() -> None:
    text = "Die steht doch ganz deutlich oben rechts, das sollten Sie eigentlich wissen."
    quotes = [hit.quote for hit in hits(Turn("agent", 0, 1, text)) if hit.label == "know_it_all"]
    assert quotes == [text[: text.index(",")], "das sollten Sie eigentlich wissen"]


# A second look: phrasings of many kinds, by group of classes.
CONTRADICTS_DISMISSES_EXCUSES = """
Das haben wir Ihnen doch schon zweimal mitgeteilt.
Nein, so stimmt das nicht, was Sie da sagen.
Da haben Sie nicht richtig aufgepasst.
Das ist technisch gar nicht möglich, was Sie da behaupten.
Sie bedienen das Gerät einfach falsch.
Wenn Sie den Vertrag aufmerksam gelesen hätten, wüssten Sie das.
Das ist doch nicht mein Fehler, wenn Sie die Frist verpassen.
Also ich weiß ja nicht, wo Sie das herhaben, aber das ist Unsinn.
Das kann ich Ihnen gleich sagen, das wird nichts.
Damit müssen Sie sich abfinden.
Ich bin nur die Vermittlung.
Das ist nicht unser Bier.
Was haben Sie denn erwartet bei dem Preis?
Andere Kunden kommen damit problemlos zurecht.
Das müssen Sie mit dem Hersteller klären, wir verkaufen das nur.
Da hat wohl mein Vorgänger Mist gebaut.
Der Fahrer ist schuld, nicht wir.
Bei uns geht heute alles drunter und drüber, drei Leute sind krank.
Tja, das hätten Sie sich früher überlegen müssen.
Ihnen ist schon klar, dass das im Vertrag steht?
Wir sind doch kein Wohltätigkeitsverein.
Jetzt machen Sie mal halblang.
Ich kann doch nicht hexen.
Das geht mich nichts an.
Sie haben das offensichtlich nicht verstanden.
Nun bleiben Sie mal auf dem Boden.
Mir sind die Hände gebunden.
Das ist Vorschrift, da kann ich nichts machen.
Das ist ganz normal, da brauchen Sie sich nicht zu beschweren.
Ich sage es Ihnen jetzt zum dritten Mal.
Da irren Sie leider, das steht so nicht im Angebot.
Das habe ich Ihnen aber schon am Telefon gesagt, erinnern Sie sich?
Sie müssen schon genau hinhören, wenn ich Ihnen was erkläre.
Nein, das sehen Sie nicht richtig.
Das ist allgemein bekannt, dass man das vorher anmeldet.
Wie ich vorhin schon ausführte, ist das so nicht vorgesehen.
Da kann ich Ihnen leider auch nicht helfen.
Das fällt nicht in unseren Bereich.
Dann suchen Sie sich eben einen anderen Anbieter.
Ach, das ist doch kein Drama.
Sie sind ja nicht die Einzige, die wartet.
Was kann ich denn dafür?
Das ist Sache des Vermieters, nicht unsere.
Da müssen Sie sich an die Zentrale wenden.
Das hat der Techniker verbockt, nicht ich.
Wir hatten letzte Woche einen Systemausfall, da ging gar nichts.
Ich habe die Regeln nicht gemacht.
So steht es im Vertrag, Punkt.
Mehr als warten können Sie nicht.
Das glaube ich kaum.
Das ist nicht meine Schuld, dass Sie das Paket verpasst haben.
Jetzt seien Sie mal nicht so empfindlich.
Sie haben mich offenbar missverstanden.
Dafür sind andere zuständig.
Das hätten Sie uns aber gleich sagen müssen.
Wir können auch nichts dafür, wenn der Lieferant nicht liefert.
Dann müssen Sie eben einen neuen kaufen.
Da sind Sie nicht bei mir richtig.
Das war aber immer schon so.
Was soll ich da machen?
Nein, falsch, das war im April.
Das kann ich mir beim besten Willen nicht vorstellen.
Die Kollegin hat da wohl nicht aufgepasst.
""".strip().splitlines()
HURRIES = """
Ja, ja, schon klar.
Können wir das bitte etwas abkürzen?
Und was wollen Sie jetzt von mir?
Ich hab nicht den ganzen Vormittag Zeit.
Das habe ich doch längst verstanden.
Kommen wir bitte zur Sache.
Jetzt sagen Sie halt endlich die Nummer.
Haben wir's dann?
Machen wir es kurz, ich habe gleich Pause.
Das ist jetzt nicht relevant.
Schneller bitte, die Schlange ist lang.
Ja, weiter.
Lassen Sie mich doch mal reden.
Wie lange dauert das denn noch?
Das brauche ich alles gar nicht zu wissen.
Gut, gut, und die Adresse?
Jaja, das kenne ich.
Könnten Sie sich bitte etwas kürzer fassen?
Wir müssen jetzt mal vorankommen.
Ich habe heute noch was anderes zu tun.
Nun machen Sie schon.
Das gehört jetzt nicht hierher.
Und was ist jetzt Ihr Problem?
Können Sie das bitte schneller sagen?
Warten Sie doch, bis Sie dran sind.
Ja, hab ich verstanden, weiter bitte.
Das interessiert mich jetzt gerade nicht.
Jetzt aber bitte mal zügig.
Wollen Sie nun bestellen oder nicht?
Ich hätte da noch andere Leute in der Leitung.
Unterbrechen Sie mich bitte nicht dauernd.
Können wir jetzt weitermachen?
Bitte nur die Kurzfassung.
""".strip().splitlines()
UNDERSTANDS_APOLOGISES = """
Da kann ich Sie gut verstehen, ich wäre auch sauer.
Das ist ja wirklich dumm gelaufen, das tut mir leid.
Ach je, und das bei der Hitze!
Ich kann Ihren Unmut absolut nachvollziehen.
Dass Sie sich darüber ärgern, verstehe ich nur zu gut.
Ich möchte mich im Namen der Firma entschuldigen.
Wir haben das verschlafen, bitte verzeihen Sie.
Das geht auf meine Kappe.
Da ist bei uns leider etwas schiefgegangen.
Verständlich, dass Sie da anrufen.
Das muss eine große Belastung für Sie sein.
Entschuldigen Sie bitte vielmals die Umstände.
Sie haben allen Grund, enttäuscht zu sein.
Das war ein Fehler von mir, den ich sofort korrigiere.
Das muss sehr unangenehm für Sie gewesen sein.
Ich fühle mit Ihnen.
Das tut mir aufrichtig leid für Sie.
Ich entschuldige mich für die Unannehmlichkeiten.
Da haben wir nicht sauber gearbeitet.
Ihre Sorge ist berechtigt.
Das hätte nie so lange dauern dürfen.
Ich weiß, wie nervig so etwas ist.
Da würde ich mich auch ärgern.
Dass das schon wieder passiert ist, ist wirklich ärgerlich.
Das ist natürlich sehr ärgerlich, Herr Moser.
Ich kann verstehen, dass Sie verärgert sind.
Tut mir echt leid, Max.
Wir bitten die Störung zu entschuldigen.
Das ist unser Fehler, den beheben wir sofort.
Oh je, das klingt anstrengend.
Mir ginge es an Ihrer Stelle nicht anders.
Sie haben recht, das dauert zu lange.
""".strip().splitlines()
NEUTRAL = """
Die Lieferung kommt zwischen zehn und zwölf Uhr.
Sie finden die Nummer oben auf der Rechnung.
Möchten Sie lieber per Post oder per Mail benachrichtigt werden?
Ich verbinde Sie mit der Technik.
Das Gerät hat zwei Jahre Garantie.
Bitte halten Sie die Taste fünf Sekunden gedrückt.
Dann sehen Sie ein grünes Licht.
Ich habe den Termin für Dienstag eingetragen.
Ja, das ist im Preis enthalten.
Nein, die Verlängerung kostet nichts.
Das ist richtig, Sie haben gestern bestellt.
Das stimmt, der Betrag wurde zweimal abgebucht.
Darf ich Sie kurz in die Warteschleife legen?
Vielen Dank fürs Warten.
Ich lese Ihnen die Nummer noch einmal langsam vor.
Der Kollege ist morgen wieder da.
Dafür brauche ich nur noch Ihre Unterschrift.
Wir haben bis achtzehn Uhr geöffnet.
Das Paket liegt in der Filiale.
Sie können jederzeit kündigen.
Ich sehe, Sie sind seit zehn Jahren Kunde bei uns.
Das war ein guter Hinweis, danke.
Wie möchten Sie bezahlen?
Das klären wir gleich.
Ja, aber natürlich.
Der Tarif ist für Sie der günstigste.
Sie brauchen dafür nichts zu unterschreiben.
Die Kollegin hat es schon eingetragen.
Ich frage kurz in der Werkstatt nach.
Alles klar, das habe ich notiert.
Ich schaue nach, wie weit die Bearbeitung ist.
Da müssten Sie bitte noch unterschreiben.
Soll der Monteur vorher anrufen?
Die Rechnung stimmt so.
Können Sie mir das bitte buchstabieren?
Einen kleinen Moment, ich öffne Ihren Vertrag.
Das macht die Buchhaltung, die Kollegin ruft Sie heute noch an.
Nein, das geht auch online.
Sie hätten die Wahl zwischen zwei Farben.
Das Ersatzteil ist leider erst nächste Woche lieferbar.
Dann wünsche ich Ihnen einen schönen Tag.
Wenn Sie wollen, schicke ich es Ihnen zu.
Ich wiederhole kurz Ihre Angaben.
Ist das die richtige Telefonnummer?
Sie haben den Vertrag am dritten März unterschrieben.
Was möchten Sie gern wissen?
Haben Sie noch andere Fragen?
Das dauert ungefähr zehn Minuten.
Wie lange haben Sie denn Zeit?
Die Leitung ist jetzt frei.
Da ist der Kollege für Sie zuständig, Herr Lang.
Ich brauche noch kurz Ihre Postleitzahl.
Kommen Sie gern vorbei, wir haben offen.
Nein, Sie müssen nicht kündigen.
Sie können das Gerät einfach zurückschicken.
Ich richte Ihnen das gleich ein.
Bis wann brauchen Sie die Unterlagen?
Sie sprechen sehr leise, könnten Sie etwas lauter reden?
Dann gehen Sie bitte auf Einstellungen.
Das kann bis zu drei Tage dauern.
Nein, das ist leider ausverkauft.
Ich bin jetzt wieder bei Ihnen.
Die Nummer ist null acht hundert.
Er ist gerade in einer Besprechung.
Haben Sie das Kabel schon eingesteckt?
Welche Fehlermeldung steht da?
Wir liefern auch in die Schweiz.
Das Angebot gilt bis Ende des Monats.
Ich habe Ihnen die Mail gerade geschickt.
Sie müssen nur noch auf Bestätigen drücken.
""".strip().splitlines()


@pytest.mark.parametrize(
    ("text", "any_of"),
    [
        *((t, {"know_it_all", "dismissive", "excuse"}) for t in CONTRADICTS_DISMISSES_EXCUSES),
        *((t, {"impatient"}) for t in HURRIES),
        *((t, {"empathy", "apology"}) for t in UNDERSTANDS_APOLOGISES),
    ],
)
def test_many_phrasings_fire(text: str, any_of: set[str]) -> None:
    assert labels(text, STATEMENT) & any_of


def test_known_false_alarms_are_still_false_alarms() -> None:
    for language, before in (("de", STATEMENT), ("en", LOST_CARD)):
        for text in KNOWN_FALSE_ALARMS[language]:
            found = labels(text, before, language=language)
            assert found & set(AGAINST_THE_CALLER), f"take {text!r} off the list"


@pytest.mark.parametrize("text", NEUTRAL)
def test_neutral_phrasings_do_not(text: str) -> None:
    assert not labels(text, STATEMENT) & {*AGAINST_THE_CALLER, "empathy", "apology"}
