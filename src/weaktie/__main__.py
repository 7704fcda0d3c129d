"""`python -m weaktie` is the command line."""

from weaktie.app.cli import main

main()
