"""``python -m callvoice``."""

from callvoice.cli import main

main()
