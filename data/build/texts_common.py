"""What the text build scripts share: fetch a package by name, write reproducible files, print their checksums."""

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent


def npm_files(package: str, version: str, prefix: str) -> dict[str, bytes]:
    """Files of an npm package whose path begins with `prefix`, as {path: bytes}; needs npm."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            members = [m for m in tar if m.isfile() and m.name.removeprefix("package/").startswith(prefix)]
            return {m.name.removeprefix("package/"): tar.extractfile(m).read() for m in members}


def pip_wheel(package: str, version: str, folder: str) -> Path:
    """The wheel of a package, downloaded into `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    subprocess.run([*command, f"{package}=={version}"], check=True)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def dump(value) -> bytes:
    """JSON, UTF-8, without spaces: the same value always gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def write(name: str, content: bytes) -> None:
    """Write data/`name` (gzip if it ends so, without a time stamp) and print the checksums for its datasheet."""
    path = DATA / name
    path.write_bytes(gzip.compress(content, 9, mtime=0) if name.endswith(".gz") else content)
    print(f"{name}: {path.stat().st_size:,} bytes")
    print(f"  sha256 of the file     {hashlib.sha256(path.read_bytes()).hexdigest()}")
    print(f"  sha256 of the content  {hashlib.sha256(content).hexdigest()}")
