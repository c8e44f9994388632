"""Greetings overlong or concise, from the words to the verdict."""

from __future__ import annotations

import re

import pytest

from callvoice.mistakes.overlong_greeting import is_overlong
from callvoice.settings import load_settings
from callvoice.text import analyze
from callvoice.types import Transcript, Turn

LIMITS = load_settings().limits_of("overlong_greeting")
CONCISE = {
    "de": """
        Stadtwerke Linz, Anna Berger, grüß Gott.
        Grüezi, Zürich Versicherung, Meier.
        Guten Morgen, Praxis Doktor Lang, Huber.
        Hotel Post, Rezeption, mein Name ist Steiner.
        Grüß Gott bei Elektro Maier, wie kann ich helfen?
        Moin, hier ist Jan von Nordstrom.
        Guten Abend, Pizzeria Napoli, was darf's sein?
        Kanzlei Brandt und Partner, Wagner, guten Tag.
        Tierarztpraxis am Park, Lisa Sommer, guten Morgen.
        Hallo, Fahrradladen Kettenreaktion, hier ist Tom.
        Guten Tag, Reisebüro Adria, Vogel, was kann ich für Sie tun?
        Huber Heizungsbau, Notdienst, Sie sprechen mit Franz Huber.
    """,
    "en": """
        Good morning, Acme Support, this is Jane.
        Thank you for calling Greenway Energy, this is Tom, how can I help you today?
        Hello, Smith and Sons, Ben speaking.
        Customer service, this is Maria, how can I help?
        Good afternoon, Lakeside Dental, Amy speaking, how may I help you?
        Hi, thanks for calling Bright Broadband, my name is Lewis, how can I help?
        Good evening, Grand Hotel reception, how may I help you?
        Hello, you're through to Parkway Claims, I'm Sarah.
        Thanks for calling First National Bank, my name is Kevin, how may I help you today?
        Thank you for calling Riverside Insurance, my name is Emily, how can I help you today?
        Front desk, Alan.
        Thank you for calling Harbour Hotels, how may I direct your call?
    """,
}
OVERLONG = {
    "de": """
        Einen recht schönen guten Tag und herzlich willkommen bei Bauer, was kann ich heute für
            Sie tun?
        Grüß Gott und willkommen bei der Alpenland Versicherung, mein Name ist Josef Gruber,
            womit darf ich dienen?
        Guten Tag, Sie sprechen mit dem Kundenservice der Stadtwerke, mein Name ist Thomas Richter.
        Herzlich willkommen bei Möbel Traumland, Ihrem Einrichtungshaus mit Herz, was darf ich
            Gutes für Sie tun?
        Vielen Dank, dass Sie sich für Teleplus entschieden haben, mein Name ist Kevin Schmidt,
            wie kann ich helfen?
        Guten Tag, hier ist das Servicecenter der Nordbank, es begrüßt Sie Frau Andersen, um was
            geht es denn?
        Willkommen bei Supernet. Mein Name ist Daniel Krüger. Ich freue mich auf Ihren Anruf.
            Wie kann ich helfen?
        Schönen guten Tag, Autohaus Brenner, Abteilung Service, mein Name ist Karin Wolf, wie
            darf ich behilflich sein?
        Habe die Ehre, hier spricht die Konditorei Sacherl, am Apparat Frau Pospischil, womit
            kann ich dienen?
        Grüezi und willkommen bei der Helvetia Krankenkasse, Sie sprechen mit Urs Zbinden, wie
            kann ich helfen?
        Einen wunderschönen guten Morgen, Bürgerservice Oberdorf, Frau Lindinger am Apparat, was
            darf ich für Sie tun?
        Guten Tag, Firma Lang, Kundendienst, Petra Meier am Apparat, was kann ich für Sie tun?
        Willkommen bei Küchen Ritter, seit über vierzig Jahren steht unser Haus in dritter
            Generation für Qualität aus der Region und für Beratung mit Herz, hier ist Jana, was
            gibt es denn?
        Hallo und willkommen bei der Postbau, dieses Gespräch kann aufgezeichnet werden, mein Name
            ist Rosemarie Oberhuber, wie kann ich Ihnen heute weiterhelfen?
    """,
    "en": """
        Good morning and a very warm welcome to the customer service of Northern Star, my name
            is Patricia Williams.
        Thank you very much for calling Premier Telecom, your trusted partner, you are speaking
            with Jonathan Matthews.
        Thank you for calling United Electric, where our customers come first, my name is
            Barbara, what can I do for you?
        A very good afternoon to you, thank you for choosing Silverline Mobile, my name is
            Christopher, how may I be of service?
        Welcome to Sunshine Holidays, the home of happy travellers, this is Amanda from
            bookings, how may I help you?
        Good day and thank you ever so much for contacting Miller Brothers, with whom do I have
            the pleasure of speaking?
        Good evening, thank you for phoning the Royal Harbour Hotel, my name is Victoria
            Hamilton, how may I be of assistance?
        Hello and welcome to the technical support department of Bluewave, my name is Anthony,
            what may I do for you today?
        Thank you for calling Citywide Insurance, your partner for life, this is Elizabeth, how
            can I make your day better?
        Good morning, thank you for calling the billing department of Western Energy, my name is
            Samantha, how may I help?
        A very good morning and welcome to Oakland Credit Union, you're speaking with Benjamin,
            how may I serve you today?
        Thank you for holding and for choosing Airlink, my name is Dominique from reservations,
            where would you like to fly to?
        Hello, this is Beacon Roofing, keeping homes dry and families happy all across the three
            counties since my grandfather first went up a ladder, my name's Tom, how can I help?
        Welcome to Harbour Vets, please note that calls may be recorded, my name's Gwendolyn from
            the small animals team, what can I do for you and your pet today?
    """,
}


def cases(texts: dict[str, str]) -> list[tuple[str, str]]:
    """Language and text; a line that is indented more goes on with the one before."""
    lines = ((lang, re.split(r"\n {8}(?=\S)", t.strip())) for lang, t in texts.items())
    return [(lang, " ".join(line.split())) for lang, ls in lines for line in ls]


def overlong(text: str, language: str) -> bool:
    turn = Turn("agent", 0, 0, text)
    greeting = analyze(Transcript(language, "given", (turn,))).greeting
    assert greeting is not None
    return is_overlong(greeting, LIMITS, language)


@pytest.mark.parametrize(("language", "text"), cases(CONCISE))
def test_concise(language: str, text: str) -> None:
    assert not overlong(text, language)


@pytest.mark.parametrize(("language", "text"), cases(OVERLONG))
def test_overlong(language: str, text: str) -> None:
    assert overlong(text, language)


def test_many_parts_make_a_greeting_long_a_little_sooner() -> None:
    long = "Guten Tag, Stadtwerke Ulm, Kundenservice, Petra Schulze, wie kann ich helfen?"
    assert overlong(long, "de")
    assert not overlong(long.replace(", Kundenservice", " an der Donau"), "de")
