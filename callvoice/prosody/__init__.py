"""Prosody: arrays in, measures out. Facts about the sound, and no opinion of them."""

from callvoice.prosody.measure import MeasureOptions, measure
from callvoice.prosody.party import SpokenTurn
from callvoice.prosody.tracks import make_tracks, speech_intervals
from callvoice.prosody.voices import of_voice

__all__ = [
    "MeasureOptions",
    "SpokenTurn",
    "make_tracks",
    "measure",
    "of_voice",
    "speech_intervals",
]
