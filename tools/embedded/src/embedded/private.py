"""Files and directories that nobody but their owner may read.

Kafka's log holds what events say of people, and logs hold addresses: other users of the machine
must not read them, whatever umask the stack was started with.
"""

from pathlib import Path

PRIVATELY = ("/bin/sh", "-c", 'umask 077; exec "$@"', "sh")
"""Before the arguments of every child process: what it makes is its own. Not every event loop can
set a umask itself."""
DIRECTORY = 0o700
FILE = 0o600


def private_directory(path: Path) -> None:
    """Make a directory for its owner alone; one that is there already is closed."""
    path.mkdir(mode=DIRECTORY, parents=True, exist_ok=True)
    path.chmod(DIRECTORY)


def private_file(path: Path) -> Path:
    """Make an empty file for its owner alone; one that is there already is closed."""
    path.touch(FILE)
    path.chmod(FILE)
    return path
