"""The greeting: found, taken apart, and not longer than it was."""

from __future__ import annotations

import pytest

from callvoice.text import analyze
from callvoice.text.greeting import find_greeting
from callvoice.types import Greeting, Transcript, Turn, Word


def greeting(*turns: Turn, language: str = "de") -> Greeting | None:
    return analyze(Transcript(language, "given", turns)).greeting


def greeting_of(text: str, language: str = "de") -> Greeting:
    found = greeting(Turn("agent", 1.0, 6.0, text), language=language)
    assert found is not None
    return found


OVERLONG = [
    "Einen wunderschönen guten Tag, Sie sprechen mit Maria Berger, was darf ich für Sie tun?",
    "Guten Morgen, Praxis Doktor Weber, mein Name ist Lisa Kern, was kann ich heute für Sie tun?",
    "Autohaus Seidl, Sie sprechen mit Karin Pichler aus der Serviceannahme, einen schönen guten "
    "Morgen, womit kann ich Ihnen behilflich sein?",
    "Herzlich willkommen bei Nordlicht Energie, Ihrem zuverlässigen Partner für Ökostrom, mein "
    "Name ist Jonas Winter aus dem Kundenservice, wie darf ich Ihnen heute weiterhelfen?",
    "Guten Tag und herzlich willkommen beim Kundendienst der Firma Hausmann, Sie sprechen mit "
    "Frau Neubauer, was kann ich für Sie tun?",
    "Vielen Dank für Ihren Anruf bei Medicus, mein Name ist Sven Albers, wie lautet Ihr Anliegen?",
    "Willkommen beim Reisebüro Sonnenklar. Ich wünsche Ihnen einen zauberhaften guten Morgen. "
    "Mein Name ist Beate Holzinger. Was kann ich Schönes für Sie tun?",
    "Grüezi und herzlich willkommen bei der Alpen-Versicherung, es begrüßt Sie Reto Zgraggen, wie "
    "darf ich Ihnen behilflich sein?",
    "Grüß Gott, hier ist die Tischlerei Moosbrugger, mein Name ist Thomas Egger, womit kann ich "
    "Ihnen dienen?",
    "guten tag sie sprechen mit der firma elektro huber mein name ist anna huber wie kann ich "
    "ihnen helfen",
    "Schönen guten Tag, Sanitär Vogel, Ihr Fachbetrieb für Bad und Heizung, am Apparat Sabine "
    "Lorenz, was kann ich für Sie tun?",
    "Guten Tag, Sie sind verbunden mit der Buchhaltung der Stadtwerke, mein Name ist Paul Adler, "
    "womit kann ich Ihnen helfen?",
]
CONCISE = [
    ("Guten Tag, Stadtwerke Ulm, Petra Schulze.", 11),
    ("Stadtwerke Ulm, Petra Schulze, guten Tag.", 11),
    ("Huber Elektro, grüß Gott.", 7),
    ("Telefonzentrale der Firma Lindner, Kaiser.", 13),
    ("Grüezi, Helvecare Versicherungen, Sandra Ammann.", 16),
    ("Hallo, hier ist Tim von Brillenwelt. Wie kann ich dir helfen?", 15),
    ("Servus, Installateur Gruber, was darf's sein?", 11),
    ("Möbel Krause, Vogt, guten Abend, wie kann ich helfen?", 14),
    ("Bäckerei Lang, guten Morgen.", 8),
    ("Kontoservice, Leitner, Mahlzeit.", 8),
    ("Moin, Hafenwerft, Ole Petersen.", 9),
    ("Technik, Sie sprechen mit Leon. Um was geht's?", 11),
]


@pytest.mark.parametrize("text", OVERLONG)
def test_an_overlong_greeting_is_heard_to_its_end(text: str) -> None:
    found = greeting_of(text + " Ich sehe gleich nach.")
    assert found.text == text if text.endswith("?") else found.text.startswith(text)
    assert found.n_syllables >= 22
    assert len(found.parts) >= 3


@pytest.mark.parametrize(("text", "n_syllables"), CONCISE)
def test_a_concise_greeting_has_few_syllables(text: str, n_syllables: int) -> None:
    found = greeting_of(text)
    assert (found.text, found.n_syllables) == (text, n_syllables)
    assert 7 <= found.n_syllables <= 18


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Müller und Söhne, guten Tag.", ("company", "salutation")),
        ("Guten Tag, Stadtwerke Ulm, Petra Schulze.", ("salutation", "company", "name")),
        (
            "Herzlich willkommen bei der Sparkasse Nord, Ihrem starken Partner, mein Name ist Jo "
            "Bauer aus der Kreditabteilung, was kann ich für Sie tun?",
            ("welcome", "company", "slogan", "name", "department", "offer"),
        ),
        ("Ja, hallo?", ("salutation",)),
    ],
)
def test_parts_stand_in_their_order(text: str, parts: tuple[str, ...]) -> None:
    assert greeting_of(text).parts == parts


@pytest.mark.parametrize(
    ("text", "antiquated"),
    [
        ("Einen wunderschönen guten Tag, Anna Roth.", ("Einen wunderschönen guten Tag",)),
        ("Roth, womit kann ich Ihnen behilflich sein?", ("womit kann ich Ihnen behilflich sein",)),
        ("Sie sprechen mit Anna Roth. Was darf ich für Sie tun?", None),
        ("Guten Tag, Anna Roth, stets zu Ihren Diensten.", ("stets zu Ihren Diensten",)),
        ("Guten Tag, Anna Roth, wie kann ich helfen?", ()),
    ],
)
def test_antiquated_formulas_are_quoted(text: str, antiquated: tuple[str, ...] | None) -> None:
    expected = (
        ("Sie sprechen mit", "Was darf ich für Sie tun") if antiquated is None else antiquated
    )
    assert greeting_of(text).antiquated == expected


@pytest.mark.parametrize(
    "notice",
    [
        "Dieses Gespräch wird zu Schulungszwecken aufgezeichnet.",
        "Der nächste freie Mitarbeiter ist gleich für Sie da.",
        "Für Fragen zum Vertrag drücken Sie bitte die Eins.",
        "Zur Qualitätssicherung zeichnen wir auf. Wenn Sie nicht einverstanden sind, sagen Sie es.",
    ],
)
def test_notices_do_not_count(notice: str) -> None:
    alone, with_notice = (
        greeting(Turn("agent", 0, 9, text))
        for text in ("Guten Tag, Anna Roth.", notice + " Guten Tag, Anna Roth.")
    )
    assert alone is not None
    assert with_notice is not None
    assert with_notice.text == alone.text == "Guten Tag, Anna Roth."
    assert with_notice.n_syllables == 6


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "en",
            "Welcome to Fern Road Surgery, vaccinations, repeat prescriptions and test results, do"
            " mind that we are shut at noon, I'm Joan, may I ask what it's regarding?",
        ),
        (
            "de",
            "Willkommen im Haus der Gärten, Pflanzen, Werkzeug, Mulch, Beratung und Lieferung, am"
            " Samstag sind wir bis vier da, mein Name ist Jo Lang, was kann ich für Sie tun?",
        ),
    ],
)
def test_a_long_list_before_the_name_ends_no_greeting(language: str, text: str) -> None:
    found = find_greeting((Turn("agent", 0, 9, text),), language)
    assert found is not None
    assert found.text == text
    assert {"welcome", "name", "offer"} <= set(found.parts)


def test_a_greeting_may_follow_an_announcement_and_a_caller() -> None:
    found = greeting(
        Turn("agent", 0, 4, "Dieses Gespräch wird aufgezeichnet."),
        Turn("caller", 5, 6, "Hallo?"),
        Turn("agent", 7, 9, "Guten Tag, Anna Roth."),
    )
    assert found is not None
    assert (found.turn, found.start_s, found.end_s) == (2, 7, 9)


def test_turns_split_by_pauses_are_joined_until_the_caller_speaks() -> None:
    found = greeting(
        Turn("agent", 0, 1, "Guten Tag,"),
        Turn("agent", 2, 4, "Stadtwerke Ulm, Petra Schulze."),
        Turn("caller", 5, 6, "Guten Tag, mein Name ist Meier."),
        Turn("agent", 7, 8, "Was kann ich für Sie tun?"),
    )
    assert found is not None
    assert found.text == "Guten Tag, Stadtwerke Ulm, Petra Schulze."
    assert (found.turn, found.start_s, found.end_s) == (0, 0, 4)


def test_the_conversation_is_no_greeting() -> None:
    found = greeting_of("Guten Tag, Frau Meier, ich rufe an wegen der Heizung. Er kommt um acht.")
    assert found.text == "Guten Tag, Frau Meier,"
    assert greeting(Turn("agent", 0, 2, "Die Rechnung sehe ich hier, die ist bezahlt.")) is None
    assert greeting(Turn("caller", 0, 2, "Guten Tag.")) is None
    assert greeting() is None


def test_without_roles_the_first_turn_is_the_opening() -> None:
    turns = (Turn(None, 0, 2, "Guten Tag, Anna Roth."), Turn(None, 3, 4, "Guten Tag, Meier."))
    found = greeting(*turns)
    assert found is not None
    assert found.text == "Guten Tag, Anna Roth."


def test_times_come_from_words() -> None:
    words = (
        Word("Guten", 3.0, 3.2),
        Word("Tag,", 3.3, 3.5),
        Word("Roth.", 3.9, 4.3),
        Word("Moment,", 8.0, 8.5),
        Word("bitte.", 8.6, 9.0),
    )
    found = greeting(Turn("agent", 3, 9, "Guten Tag, Roth. Moment, bitte.", words))
    assert found is not None
    assert (found.start_s, found.end_s) == (3.0, 4.3)


@pytest.mark.parametrize(
    ("text", "parts", "long"),
    [
        ("Front office, this is Ben.", ("company", "name"), False),
        ("Hi, Jane here. What's going on?", ("salutation", "name", "offer"), False),
        ("Good morning, Smith Auto Repair, Ben.", ("salutation", "company", "name"), False),
        (
            "Thank you for calling Acme Insurance, my name is Linda Park, how may I be of service?",
            ("welcome", "company", "name", "offer"),
            True,
        ),
    ],
)
def test_english(text: str, parts: tuple[str, ...], long: bool) -> None:
    found = greeting_of("This call may be recorded. " + text, "en")
    assert (found.text, found.parts, found.n_syllables > 18) == (text, parts, long)


def test_english_formulas_out_of_use() -> None:
    found = greeting_of("Hello, Linda Parker, how may I be of assistance?", "en")
    assert found.antiquated == ("how may I be of assistance",)


@pytest.mark.parametrize(
    "notice",
    [
        "Das Gespräch wird zu Schulungszwecken aufgezeichnet.",
        "Dieser Anruf wird aufgenommen, sagen Sie bitte Bescheid, wenn Sie das nicht möchten.",
        "Bitte bleiben Sie am Apparat, alle Leitungen sind besetzt.",
        "Haben Sie bitte einen Augenblick Geduld.",
    ],
)
def test_a_notice_in_the_midst_does_not_count(notice: str) -> None:
    found = greeting_of(f"Guten Tag, Stadtwerke Ulm. {notice} Petra Schulze, wie kann ich helfen?")
    assert found.n_syllables == 16
    assert found.parts == ("salutation", "company", "name", "offer")


def test_a_greeting_before_a_notice_in_the_same_breath_stays() -> None:
    text = "Guten Tag, Stadtwerke Ulm, Petra Schulze, dieses Gespräch wird aufgezeichnet."
    assert greeting_of(text).text == "Guten Tag, Stadtwerke Ulm, Petra Schulze,"
    assert greeting(Turn("agent", 0, 3, "Hinweis, dieses Gespräch wird aufgezeichnet.")) is None


@pytest.mark.parametrize("presence", ["Ja, hallo?", "Hallo?", "Grüß Gott.", "Ja bitte?", "Ja. Hm."])
def test_a_sign_of_presence_does_not_part_a_greeting(presence: str) -> None:
    found = greeting(
        Turn("agent", 0, 1, "Guten Tag."),
        Turn("caller", 1.5, 2, presence),
        Turn("agent", 3, 6, "Stadtwerke Ulm, Petra Schulze, was kann ich für Sie tun?"),
    )
    assert found is not None
    assert found.parts == ("salutation", "company", "name", "offer")
    assert (found.turn, found.start_s, found.end_s) == (0, 0, 6)


@pytest.mark.parametrize(
    "text",
    [
        "Grüezi wohl, Swisslicht, Baumann.",
        "Grüessech, Berner Verlag, Lüthi.",
        "Servus, Autohaus Reiter, Kundendienst, Max Reiter.",
        "Grüß Gott, Gemeinde Lech, Moosbrugger.",
        "Hoi, hier ist Tom von Kettenreaktion.",
        "Moin, Nordstrom, Petersen.",
    ],
)
def test_greetings_of_all_regions_begin_with_a_salutation(text: str) -> None:
    found = greeting_of(text)
    assert (found.text, found.parts[0]) == (text, "salutation")


@pytest.mark.parametrize(
    "text",
    [
        "Good morning, Acme Support, this is Jane.",
        "Hello, Smith and Sons, Ben speaking.",
        "Hello, you're through to Parkway Claims, I'm Sarah.",
    ],
)
def test_what_one_does_is_no_name(text: str) -> None:
    assert greeting_of(f"{text} One moment, I'm checking.", "en").text == text


def test_without_capitals_any_word_may_be_a_name() -> None:
    assert "name" in greeting_of("hello acme support i'm sarah", "en").parts
