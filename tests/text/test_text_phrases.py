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
