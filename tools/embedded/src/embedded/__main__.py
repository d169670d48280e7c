"""`python -m embedded up | down | tenant | run | jars`."""

from embedded.cli import main

if __name__ == "__main__":
    main()
