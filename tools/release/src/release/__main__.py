"""`python -m release 1.2.3`: sets the version, commits, builds into dist/, and tags.

It pushes nothing. The tag comes last: a release that could not be built has none, and can be tried
again.
"""

import argparse
import shlex
import shutil
import sys
from pathlib import Path

from release.build import build_images, build_wheels, docker_answers, image_commands, write_sbom
from release.environment import ensure_environment
from release.errors import ReleaseError
from release.repository import Repository

ROOT = Path(__file__).parents[4]


def release(root: Path, version: str) -> None:
    """Make a release of a checkout."""
    repository = Repository(root)
    changes = repository.changes_of(version)
    programs = ensure_environment(root)
    repository.commit_version(version)
    dist = root / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    for path in [*build_wheels(root, dist), write_sbom(root, programs, dist, version)]:
        print(path.relative_to(root))
    if docker_answers():
        print("\n".join(build_images(root, version)))
    else:
        print("No Docker engine answers: the images were left out. Where one does, build them with")
        for command in image_commands(root, version):
            print(f"  {shlex.join(command)}")
    repository.tag(version, changes)
    print(f"tagged v{version}; `git push --follow-tags` publishes it")


def main() -> int:
    """Make a release of this checkout."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    parser.add_argument("version", help="the version, 1.2.3")
    try:
        release(ROOT, parser.parse_args().version)
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
