"""`python -m embedded up | down | tenant | jars`."""

from embedded.cli import main

if __name__ == "__main__":
    main()
