"""Syllables: against words counted by hand, and against laws that any count must keep."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callvoice.text.syllables import count_syllables, syllables_of_word
from callvoice.text.verbalise import verbalise

# Words by their number of syllables in careful speech.
GERMAN = {
    1: """
        bei vier hier Team Deal Coach neu blau Mai Zoo Boot Saal See pfui Strumpf PIN TAN
        TÜV Dienst zwei Ei frei Tour Couch Code Store Shop Kreis Herr Uhr
    """,
    2: """
        Rechnung Kunde Kundin geehrt beide Beispiel Beitrag geirrt geimpft zuerst Kopie
        Papier Klavier Nation Station Version Million Region Duell real Service Hotline
        online Software Update Website Homepage Smartphone Download Account Router Leasing
        Feedback E-Mail Cookie Facebook Büro Niveau Friseur Kakao Chaos Häuser Mäuse Freude
        neue teuer Steuer Feuer Bauer Dauer dauern genau Kaiser Bayern Hobby Yoga System
        typisch Quelle bequem Frequenz Idee Kaffee Klient naiv Straße IBAN WLAN okay
        Dienstag verdient reell hätten könnten möchten dürfte Werkstatt Gutschein Auto Paket
        Rückruf Heizung Mahnung Zeitung Laptop Tarif feiern Eier Maier Meyer Schreie Säure
        Etui Bio Mission Partei Freiheit geerbt Genie Chauffeur Route Chance Branche Display
        Voicemail Upgrade Business Roaming Bluetooth Quartal Poet Rhythmus Zypern Physik
        royal EU Jänner heuer Servus Velo Spital Sackerl retour
    """,
    3: """
        Bestellung beenden geeignet beeilen beeindruckt geändert geöffnet geeinigt überall
        zuerkannt soeben Ferien Linie Linien Aktie Serie Studie Folie Prämie Spanien Spanier
        Garantie Batterie Energie Industrie Kopien Medien studieren funktioniert Studio
        Radio Video Stadion Studium Museum sozial aktuell manuell Januar Februar Theater
        ideal Teamleiter Restaurant Qualität Vakuum Ideen Patient Koffein Mosaik Michael
        Israel Ruine Linguist Verständnis PKW AOK USB bedienen Poesie Statue zweieinhalb
        ungefähr eigentlich Techniker Ummeldung Autohaus Anliegen Beschwerde Erstattung
        Lieferung Lieferant Lieferschein Stromzähler Kündigung Leihgerät einschalten Beamter
        Theorie Strategie Premium Medium Internet Provider Europa Seeigel Museen Alleen
        Bäuerin erneuern Ausländer Belgien Asien Serbien Jesuit Dialog Viola Kreation
        Revision Emotion regional national Funktionen Optionen Polizei einerseits bedeutend
        geehrte Amateur Journalist Souvenir Garage Orange Interview Newsletter Onlineshop
        Gigabyte Kapuze Virtuell visuell Ritual Oase Kokain Ozean Areal kreativ Kreatur
        Hiatus Bayerisch EDV ZDF SMS PLZ BMW USA Grüezi Erdäpfel parkieren
    """,
    4: """
        Kundennummer beantworten beauftragen beinhalten beurteilen Familie Italien Batterien
        Energien reparieren informieren Information Reklamation Situation Jubiläum Material
        Realität Kundenservice Ingenieur Toilette egoistisch intuitiv Entschuldigung
        selbstverständlich Wiederhören ADAC GmbH Hygiene Europäer dreiundzwanzig
        achtundachtzig neunundneunzig Mitarbeiter Reparatur Versicherung Überweisung
        Störungsstelle Zuständigkeit Ansprechpartner zurückrufen Bankverbindung
        Heizungsausfall Kündigungsfrist ausprobieren aufeinander Theorien Kategorie
        Strategien Gymnasium Vertragslaufzeit Abenteuer ungeheuer Ukraine Rumänien
        Australien Brasilien Linguistik Biologie Diagnose emotional Konditionen Konditorei
        unbeeindruckt gearbeitet gelegentlich eventuell Aquarium Äquivalent Loyalität
    """,
    5: """
        Immobilien individuell Kooperation orientieren Kontinuität kontinuierlich
        Mitarbeiterin Jahresabrechnung Aluminium Ministerium international Beeinträchtigung
        Ingenieure Poesiealbum Genealogie
    """,
    6: "aktualisieren Krankenversicherung Vertragsverlängerung Terminvereinbarung",
    7: "Geschwindigkeitsbegrenzung",
}
ENGLISH = {
    1: "checked fixed missed phone played strength toast asked friend field piece",
    2: """
        account address again agent answer balance believe better broken cancel careful
        charges complain complete correct damaged detail device dollar further happened
        helpful invoice kitchen minute money morning number ordered package password payment
        percent problem process product question quickly receive received refund repair
        resolve service shipping simple software statement thousand ticket transferred
        trying waited weekend welcome worried buttons table tables little rhythm needed
        wanted noticed houses pages dishes useful homepage freezer advice purchased voices
        arranged movement likely giant trial dial believed weather
    """,
    3: """
        afternoon amazing appointment banana beautiful certainly company completely computer
        connected customer department difference difficult easily employee engineer
        excellent extremely finally frustrated government hopefully important insurance
        internet library manager packages policy possible probably processes remember
        replacement satisfied services suggestion technical technician telephone together
        tomorrow understand warranty wonderful yesterday recognize quality sincerely carrier
        easier earlier
    """,
    4: """
        american apologize available calculator cancellation confirmation conversation
        definitely delivery economy education emergency identify information necessary
        original reservation security situation supervisor temperature troubleshooting
        reality reactivate cooperate biology reliable
    """,
    5: "electricity representative unfortunately university organization",
}


def share_right(reference: dict[int, str], language: str) -> float:
    counts = [(w, n) for n, words in reference.items() for w in words.split()]
    return sum(count_syllables(w, language) == n for w, n in counts) / len(counts)


def test_german_reference() -> None:
    assert sum(len(words.split()) for words in GERMAN.values()) > 150
    assert share_right(GERMAN, "de") >= 0.97


def test_english_reference() -> None:
    assert sum(len(words.split()) for words in ENGLISH.values()) > 100
    assert share_right(ENGLISH, "en") >= 0.93


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("um 14:30 Uhr", "um vierzehn Uhr dreißig"),
        ("14.30 Uhr", "vierzehn Uhr dreißig"),
        ("bis 17:00", "bis siebzehn Uhr"),
        ("1.234,50 €", "eintausendzweihundertvierunddreißig Euro fünfzig"),
        ("0,99 €", "neunundneunzig Cent"),
        ("CHF 20", "zwanzig Franken"),
        ("am 3. Mai", "am dritten Mai"),
        ("am 24.12.", "am vierundzwanzigsten zwölften"),
        ("am 03.05.2024", "am dritten fünften zweitausendvierundzwanzig"),
        ("im Jahr 1998", "im Jahr neunzehnhundertachtundneunzig"),
        ("die 3. Rechnung", "die dritte Rechnung"),
        ("12,5 %", "zwölf Komma fünf Prozent"),
        ("5 GB", "fünf Gigabyte"),
        ("24/7", "vierundzwanzig sieben"),
        ("0664/123", "null sechs sechs vier eins zwei drei"),
        ("Kundennummer 47118", "Kundennummer vier sieben eins eins acht"),
        ("3.500 Stück", "dreitausendfünfhundert Stück"),
        ("z. B. Nr. 7", "zum Beispiel Nummer sieben"),
        ("Dr. Müller & Söhne", "Doktor Müller und Söhne"),
        ("3.–5. Mai", "dritten bis fünften Mai"),
        ("von 10-12 Uhr", "von zehn bis zwölf Uhr"),
        ("AT61 1904", "AT einundsechzig neunzehnhundertvier"),
        (
            "DE89 3704 0044 0532",
            "D E acht neun drei sieben null vier null null vier vier null fünf drei zwei",
        ),
        ("-5 Grad", "minus fünf Grad"),
        ("CHF 1'234.50", "eintausendzweihundertvierunddreißig Franken fünfzig"),
        ("5 Min.", "fünf Minuten"),
        ("2. Mahnung", "zweite Mahnung"),
        ("§ 5 Abs. 2", "Paragraf fünf Absatz zwei"),
    ],
)
def test_german_is_verbalised(text: str, spoken: str) -> None:
    assert verbalise(text, "de").split() == spoken.split()


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("at 2:30 pm", "at two thirty pm"),
        ("$20", "twenty dollars"),
        ("£5.99", "five pounds ninety-nine"),
        ("May 3rd", "May third"),
        ("call 555-1234", "call five five five one two three four"),
        ("Mr. Brown & Co", "Mister Brown and Co"),
        ("in 1998", "in nineteen ninety-eight"),
        ("10%", "ten percent"),
        ("at 10:05", "at ten oh five"),
        ("5-10 days", "five to ten days"),
    ],
)
def test_english_is_verbalised(text: str, spoken: str) -> None:
    assert verbalise(text, "en").split() == spoken.split()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Guten Tag, was kann ich für Sie tun?", 9),
        ("Das macht 19,90 €.", 1 + 1 + 2 + 2 + 2),
        ("Ihre PIN lautet 4711.", 2 + 1 + 2 + 8),
        ("", 0),
        ("...", 0),
    ],
)
def test_sentences(text: str, count: int) -> None:
    assert count_syllables(text, "de") == count


def test_other_languages_are_counted_as_well_as_can_be() -> None:
    assert count_syllables("buongiorno signora", "it") > 0


@given(st.text(max_size=40), st.sampled_from(["de", "en", "fr"]))
def test_any_text_has_a_count(text: str, language: str) -> None:
    assert count_syllables(text, language) >= 0


@given(st.from_regex("[A-Za-zÄÖÜäöüß]{1,12}", fullmatch=True))
def test_a_word_has_at_least_one_and_no_more_than_its_letters_can_carry(word: str) -> None:
    assert 1 <= syllables_of_word(word, "de") <= 3 * len(word)


@given(st.lists(st.sampled_from(GERMAN[3].split()), min_size=1, max_size=6))
def test_a_text_has_the_syllables_of_its_words(words: list[str]) -> None:
    assert count_syllables(" ".join(words), "de") == sum(
        syllables_of_word(part, "de") for w in words for part in w.split("-")
    )


# Written forms by the syllables of their reading, counted by hand.
GERMAN_WRITTEN = {
    1: "1 | 3 | 8 | 12 | A | PIN | TAN | SIM",
    2: """
        7 | 13 | 17 | 20 | 30 | 70 | 8:00 | 8 Uhr | d. h. | 2 x | 3x | A4 | 1/2 | Str.
        IBAN | WLAN | PC
    """,
    3: """
        100 | 500 | 1000 | 2000 | 12 € | 5 € | 1 € | 3 % | z. B. | Nr. 5 | ca. 3 | zzgl.
        Dr. Lang | Hr. Maier
        3 m | 5 $ | 20 Uhr | 3. Mai | 10:05 | 90er | Abs. 2 | 10.000 | DSL | SMS | VPN | PDF
    """,
    4: """
        21 | 99 | 101 | 112 | usw. | evtl. | inkl. | MwSt. | Tel. 5 | mind. 3 | max. 5 | § 5
        19 % | 8:15 | 0:30
        6:07 | am 3. Mai | 1. Jänner | 2005 | CHF 20 | 0,5 | 2 kg | 5 Min. | der 2. Brief
        am 15. | zum 1. Mal
        im 4. Stock | 2. Mahnung | 10–12 Uhr | Art. 5 | ADAC | EC-Karte | USB-C | 007
    """,
    5: """
        37 | 47 | 77 | 250 | u. a. | bzw. | ggf. | 100 % | 14:30 | 14.30 Uhr | 15. August
        0,99 € | 2,50 Euro
        100 € | 3.000 € | 3,14 | 2,7 | 5 km | 10 cm | 16 GB | die 3. Rechnung | bis zum 30.
        5-10 Tage | 8-17 Uhr
        100.000 | 2–3 Wochen | Müller & Söhne | Kd.-Nr. 8 | Mo–Fr | 90210 | 3/4 Stunde
    """,
    6: """
        25 % | 0,5 % | 12,5 % | 31. März | 3.–5. Mai | 3.-5. Mai | 19,90 € | 49,- € | 20 °C
        24 Std. | 1500 | 3.500 | 3½ Kilogramm
        24/7 | 47118 | 123456
    """,
    7: """
        365 | § 312 | 17:45 | 24.12. | 2026 | 1,5 kg | -5 °C | 12,34 € | 0512/345
        vom 3. bis 5. Mai
    """,
    8: "1998 | 1999 | CHF 49.90 | 030 4567",
    9: "777 | 23:59 | +43 1 58858",
    10: "12.345 | 230 kWh | 100 Mbit/s | 0800 123 123",
    11: "01.02.2026 | 12. August 2025",
    12: "0664 123 45 67",
    14: "1.234,50 € | € 1.234,50 | CHF 1'234.50",
    21: "AT61 1904 3002 3457 3201",
    23: "DE89 3704 0044 0532 0130 00 | CH93 0076 2011 6238 5295 7",
}
ENGLISH_WRITTEN = {
    1: "1 | 2 | 10 | 12 | 5th | 1st | 3rd | 9th | PIN | SIM | 10:00",
    2: """
        7 | 13 | 19 | 20 | 90 | 2nd | 20th | No. | Mr. | Dr. | 2 x | A4 | Q3 | the 3rd | £5
        May 3rd
    """,
    3: """
        100 | 17 | 1000 | $5 | 10% | 21 | 3:30 | 10:05 | Mr. Smith | No. 5 | vs. 3 | 3 pm
        USB | 1.5 | 10 a.m.
        1 million
    """,
    4: """
        37 | 5 mph | e.g. | $20 | 3.14 | the 21st | 5-10 days | 3:30 pm | etc. | 24 hrs
        2 GB | 5 kg
    """,
    5: """
        2026 | 24/7 | 77 | 100% | 100,000 | 1998 | $5.20 | 12345 | 101 | 5 km | £5.99 | 2005
        2.5% | 12.5%
    """,
    6: "27% | approx. 3 | 0.5% | 2.5 kg | 250",
    7: """
        365 | May 3rd, 2024 | 3 May 2024 | May 3 2024 | 4:15 p.m. today | 555-1234 | $100.50
        20°C today
    """,
    10: "777",
    12: "$1,999",
    14: "1-800-555-0199 | $1,234.50",
}


def disagreements(reference: dict[int, str], language: str) -> list[tuple[str, int, int]]:
    """What is counted otherwise than by hand, with both counts."""
    items = [(i.strip(), n) for n, line in reference.items() for i in re.split(r"[|\n]", line)]
    counts = ((item, n, count_syllables(item, language)) for item, n in items if item)
    return [found for found in counts if found[1] != found[2]]


def size(reference: dict[int, str]) -> int:
    return sum(bool(item.strip()) for s in reference.values() for item in re.split(r"[|\n]", s))


def test_german_written_forms() -> None:
    assert size(GERMAN_WRITTEN) >= 150
    assert disagreements(GERMAN_WRITTEN, "de") == []


def test_english_written_forms() -> None:
    assert size(ENGLISH_WRITTEN) >= 80
    assert disagreements(ENGLISH_WRITTEN, "en") == []
