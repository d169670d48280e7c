"""The bill of materials names our own packages with the digests of their wheels."""

import hashlib
from pathlib import Path

from release.build import own_components


def test_libraries_and_services_are_components_and_tools_are_not(tmp_path: Path) -> None:
    for package in ("libs/kernel", "services/tenant-directory", "tools/demo"):
        directory = tmp_path / package
        directory.mkdir(parents=True)
        name = f"portico-{directory.name}"
        (directory / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
        wheel = tmp_path / f"{name.replace('-', '_')}-1.2.3-py3-none-any.whl"
        wheel.write_text(package)

    found = own_components(tmp_path, tmp_path)

    assert [(each["type"], each["bom-ref"]) for each in found] == [
        ("library", "portico-kernel@1.2.3"),
        ("application", "portico-tenant-directory@1.2.3"),
    ]
    digest = hashlib.sha256(b"libs/kernel").hexdigest()
    assert found[0]["hashes"] == [{"alg": "SHA-256", "content": digest}]
