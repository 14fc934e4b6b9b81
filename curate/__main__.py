"""`python -m curate` is `curate`."""

from curate.cli.app import main

main()
