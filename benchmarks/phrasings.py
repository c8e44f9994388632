"""Words for composed calls: what only a text can show. German, spoken, of our own making."""

from __future__ import annotations

GREETINGS = (
    "Lenz, guten Tag!",
    "Hausgeräte Brandt, Sommer, hallo!",
    "Guten Tag, Stadtwerke Aalen, Peters.",
    "Schönen guten Morgen, Nora Beck, was gibt es?",
    "Guten Tag, Möbelhaus Ostertag, mein Name ist Kühn.",
    "Guten Tag, Optik Hellmann, Jana Roth, wie kann ich helfen?",
    "Willkommen bei Radtke, hier ist Paul Simon, was kann ich tun?",
    "Guten Tag, Reisebüro Sonnenschein, Anna Vogel, was kann ich für Sie tun?",
    "Guten Tag und herzlich willkommen bei Fenster Maurer, Sie sprechen mit Olaf Thiel.",
    "Guten Tag, hier ist die Kundenbetreuung von Energie Süd, mein Name ist Eva Lorenz, "
    "wie kann ich Ihnen helfen?",
    "Einen wunderschönen guten Tag und herzlich willkommen bei der Firma Telenova, mein Name ist "
    "Sabine Hoffmann, was kann ich für Sie tun?",
    "Schönen guten Tag und herzlich willkommen bei der Versicherung Nordlicht in Kiel, Abteilung "
    "Schadenaufnahme, Sie sprechen mit Michael Brandner, womit darf ich Ihnen heute dienen?",
    "Einen wunderschönen guten Tag, herzlich willkommen beim Kundendienst der Firma Heizungsbau "
    "Wendelstein, schön, dass Sie uns anrufen, mein Name ist Katharina Sonnleitner, was darf ich "
    "heute Gutes für Sie tun?",
)
TROUBLES = (
    "Seit gestern Abend ist bei uns die Heizung ausgefallen.",
    "Mein Anschluss geht schon wieder nicht, zum dritten Mal diese Woche.",
    "Die Waschmaschine ist kaputt, sie schleudert nicht mehr.",
    "Sie haben mir den falschen Schrank geliefert.",
)
CARING = (
    "Oh, das tut mir leid, das ist wirklich ärgerlich.",
    "Das verstehe ich gut, da wäre ich auch verärgert. Entschuldigen Sie bitte.",
    "Das tut mir sehr leid für Sie, darum kümmere ich mich jetzt sofort.",
)
BRUSH_OFFS = (
    "Aha.",
    "Ach so.",
    "Hm, gut.",
)
SHORT = (
    "Ja.",
    "Gut.",
    "Moment.",
    "Ist vermerkt.",
)
NUMBERS = (
    "Ihre Vorgangsnummer ist die 4 7 3 9 0 2 6.",
    "Schicken Sie das bitte an die Gartenstraße 17 in 73430 Aalen.",
    "Sie erreichen uns dann unter 07361 55 48 20.",
)
NEWS = (
    "Ich habe eine gute Nachricht für Sie.",
    "Das kostet Sie keinen Cent.",
    "Ihr Antrag ist genehmigt, das hat geklappt!",
)
HURRYING = (
    "Kommen Sie bitte zum Punkt.",
    "Ja, ja, das habe ich schon verstanden, weiter bitte.",
    "Machen Sie es kurz, ich habe nicht ewig Zeit.",
)
AGAINST = (
    "Das stimmt so nicht, das müssten Sie eigentlich wissen.",
    "Wie ich Ihnen bereits gesagt habe, steht das in der Anleitung.",
    "Nein, das kann gar nicht sein, da haben Sie etwas falsch gemacht.",
    "Dafür bin ich nicht zuständig.",
    "Jetzt regen Sie sich mal nicht so auf.",
    "Sie haben mir einfach nicht richtig zugehört.",
)
REPAIRS = (
    "Wie bitte? Das habe ich nicht verstanden.",
    "Können Sie das bitte noch einmal wiederholen?",
    "Entschuldigung, was haben Sie gesagt?",
)
