"""`python -m demo run | compose-check`: the demo on the embedded stack, or on the Docker one."""

from demo.cli import app

if __name__ == "__main__":
    app()
