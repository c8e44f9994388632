"""Report: facts and verdicts become something that people read. Nothing is decided here."""
