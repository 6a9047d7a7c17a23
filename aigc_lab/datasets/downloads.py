"""Files fetched once and checked each time.

A file is taken from its mirrors in turn, streamed to a temporary file, compared with its checksum and only then put in its place
in the cache (`AIGC_LAB_CACHE`, else the user's cache folder). A broken transfer goes on where it broke off; a server in trouble
(5xx, too slow, hung up) is asked again after a short wait. Two processes may fetch the same file at once; each puts a whole,
checked file in place. A file in the cache is compared with its checksum before each use, so a damaged one is fetched again and
never used.
"""

import io
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pooch
from tqdm.auto import tqdm

from aigc_lab.datasets.connection import NoWayOutError, Route, reason

ATTEMPTS = 3  # at one mirror, where trying again can help
BACKOFF = 0.5  # seconds before the second attempt, twice as long before each further one
TIMEOUT = httpx.Timeout(20.0, connect=8.0)  # seconds without a byte, seconds until the server answers
SLOWEST = 2_000  # bytes a second, on average over SLOW_FOR; a slower server counts as silent
SLOW_FOR = 30.0  # seconds


class Unavailable(Exception):  # noqa: N818  (it is the reason, not a fault of the program)
    """A file can't be downloaded now; the text says what happened and what to do."""


class _PassingError(Exception):
    """This mirror failed in a way that may pass: worth another attempt."""


class _FinalError(Exception):
    """This mirror does not have the file: on to the next one."""


@dataclass(frozen=True)
class File:
    """One file of a set: its name in the cache, its addresses, its checksum (`md5:...` or `sha256:...`), and its size in bytes.

    If `whole` is given, the file at the addresses has that many bytes, and only the first `size` of them are fetched. No checksum
    is published for a part, so `checksum` is None: only the length of the whole file is checked here, and the function that reads
    the part must check the rest.
    """

    name: str
    urls: tuple[str, ...]
    checksum: str | None
    size: int
    whole: int | None = None


def cache_folder() -> Path:
    """Where downloads are kept: `AIGC_LAB_CACHE`, else this user's cache folder."""
    try:
        return Path(os.environ.get("AIGC_LAB_CACHE") or pooch.os_cache("aigc_lab")).expanduser()
    except RuntimeError as error:  # for a name that nobody has, or in a container for a user without a home
        raise Unavailable(f"there is no folder for downloads ({error}); set AIGC_LAB_CACHE to one") from None


def fetch(file: File, folder: Path) -> Path:
    """The checked file in `folder`, taken from its mirrors in turn if it is missing or damaged.

    Raises:
        Unavailable: offline, gone from all mirrors, wrong checksum, or no permission to write; the text says which.
    """
    pooch.get_logger().setLevel(logging.WARNING)  # the progress bar says it already
    failures = {}
    for url in file.urls:
        try:
            return Path(pooch.retrieve(url, file.checksum, file.name, folder, downloader=_Downloader(file)))
        except (_PassingError, _FinalError) as error:
            failures[httpx.URL(url).host] = str(error)
        except ValueError:  # pooch compared the checksums
            failures[httpx.URL(url).host] = "sent a file with the wrong checksum"
        except OSError as error:
            raise Unavailable(
                f"cannot keep {file.name} in {folder}: {error.strerror or error}; set AIGC_LAB_CACHE to a folder "
                "that you may write to and that has room"
            ) from error
    reasons = dict.fromkeys(failures.values())
    tried = ", ".join(f"{' and '.join(host for host in failures if failures[host] == what)} {what}" for what in reasons)
    here = (
        "can't be asked",
        "certificate that isn't trusted",
    )  # what is wrong is on this machine or its network, and said
    if not any(mark in what for mark in here for what in reasons):
        tried += "; check the network" if all("reached" in what for what in reasons) else "; try again later"
    raise Unavailable(f"{file.name}: {tried}")


class _Downloader:
    """What pooch calls to fill its temporary file; a further attempt asks only for the bytes that are missing."""

    def __init__(self, file: File):
        self.file = file

    def __call__(self, url: str, output_file: str, _pooch) -> None:
        for attempt in range(ATTEMPTS):
            try:
                return self._stream(url, Path(output_file))
            except _PassingError:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(BACKOFF * 2**attempt)

    def _stream(self, url: str, target: Path) -> None:
        have = target.stat().st_size
        # identity: what is stored as .gz must arrive as .gz, whatever the server thinks that browsers like
        headers = {"Accept-Encoding": "identity"}
        if have or self.file.whole:
            headers["Range"] = f"bytes={have}-{self.file.size - 1 if self.file.whole else ''}"
        try:
            with (
                httpx.Client(transport=Route(), timeout=TIMEOUT, follow_redirects=True) as client,
                client.stream("GET", url, headers=headers) as response,
            ):
                resumed = self._judge(response, have)
                with target.open("ab" if resumed else "wb") as out:
                    self._copy(response, out)
        except NoWayOutError as error:
            raise _FinalError(str(error)) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
            raise _FinalError(reason(error, url, "could not be reached")) from error
        except httpx.TimeoutException as error:
            raise _PassingError(reason(error, url, "was too slow")) from error
        except httpx.TransportError as error:
            raise _PassingError(reason(error, url, "hung up half way")) from error
        except httpx.HTTPError as error:  # too many redirects and the like
            raise _FinalError(f"could not be used ({error})") from error
        if target.stat().st_size < self.file.size:
            raise _PassingError("hung up half way")

    def _judge(self, response: httpx.Response, have: int) -> bool:
        """Whether the answer goes on after the first `have` bytes; raises if it is of no use."""
        status = response.status_code
        if status >= 500 or status in (408, 429):
            raise _PassingError(f"answered {status} {response.reason_phrase}")
        if status not in (200, 206):
            raise _FinalError(f"answered {status} {response.reason_phrase}")
        resumed = status == 206
        part = response.headers.get("Content-Range", "")
        if resumed and not part.startswith(f"bytes {have}-"):
            raise _FinalError("sent another part of the file than asked for")
        if self.file.whole and not part.endswith(f"/{self.file.whole}"):
            raise _FinalError("has another file at this address, or sends no part of one")
        rest = self.file.size - (have if resumed else 0)
        if int(response.headers.get("Content-Length", rest)) != rest:  # often the log-in page of a hotel
            raise _FinalError("sent something of another size than the file")
        return resumed

    def _copy(self, response: httpx.Response, out: io.BufferedWriter) -> None:
        since, got = time.monotonic(), 0
        about = {"total": self.file.size, "initial": out.tell(), "desc": self.file.name}
        with tqdm(**about, unit="B", unit_scale=True, leave=False) as bar:
            for chunk in response.iter_raw():
                out.write(chunk)
                bar.update(len(chunk))
                got += len(chunk)
                if out.tell() > self.file.size:
                    raise _FinalError("sent more than the file has")
                seconds = time.monotonic() - since
                if seconds > SLOW_FOR:
                    if got < SLOWEST * seconds:
                        raise _PassingError("was too slow")
                    since, got = time.monotonic(), 0
