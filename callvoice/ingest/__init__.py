"""Ingest: a recording becomes sound on separate channels, words with times, and roles."""
