"""Downloads against a real server on 127.0.0.1 that misbehaves in every way we know. Nothing here needs a network."""

import errno
import gzip
import hashlib
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap

import httpx
import numpy as np
import pytest

from aigc_lab.datasets import downloads, originals

from misbehaving_server import Server


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(downloads, "BACKOFF", 0.01)
    server = Server()
    yield server
    server.stop()


def idx(array):
    """The IDX format as LeCun's page describes it, gzipped."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes())


IMAGES = np.random.default_rng(0).integers(0, 256, (70, 28, 28), dtype=np.uint8)
LABELS = np.arange(70, dtype=np.uint8) % 10
FILES = {
    "train-images-idx3-ubyte.gz": idx(IMAGES[:60]),
    "train-labels-idx1-ubyte.gz": idx(LABELS[:60]),
    "t10k-images-idx3-ubyte.gz": idx(IMAGES[60:]),
    "t10k-labels-idx1-ubyte.gz": idx(LABELS[60:]),
}
FIRST = "train-images-idx3-ubyte.gz"


def offer(server, monkeypatch, mirrors=("/a/",), bases=()):
    """Digits, served by the given folders of the server (and `bases` elsewhere), in the place of the real ones."""
    for mirror in mirrors:
        server.content |= {mirror + name: body for name, body in FILES.items()}
    urls = [*bases, *(server.url + mirror for mirror in mirrors)]

    def facts(stem):
        bodies = [body for name, body in FILES.items() if name.startswith(stem)]
        return [(hashlib.md5(body).hexdigest(), len(body)) for body in bodies]

    digits = originals._idx_files(urls, {"train": facts("train"), "test": facts("t10k")})
    monkeypatch.setitem(originals.SETS, "digits", (digits, originals._read_mnist))


def assert_is_digits(got, split="train"):
    part = slice(0, 60) if split == "train" else slice(60, 70)
    assert got["images"].dtype.is_floating_point is False
    np.testing.assert_array_equal(got["images"].numpy(), IMAGES[part][:, None])
    np.testing.assert_array_equal(got["labels"].numpy(), LABELS[part].astype(np.int64))
    assert (str(got["images"].dtype), str(got["labels"].dtype)) == ("torch.uint8", "torch.int64")


def leftovers(tmp_path):
    """Files in the cache that are not one of the set's, whole and right."""
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    return [path.name for path in files if FILES.get(path.name) != path.read_bytes()]


@pytest.mark.parametrize("split", ["train", "test"])
def test_good(server, monkeypatch, split, tmp_path):
    offer(server, monkeypatch)
    assert_is_digits(originals.load_full("digits", split), split)
    assert leftovers(tmp_path) == []
    assert (tmp_path / "cache" / "digits").is_dir()


def test_second_time_needs_no_server(server, monkeypatch):
    offer(server, monkeypatch)
    originals.load_full("digits", "train")
    asked = len(server.seen)
    assert_is_digits(originals.load_full("digits", "train"))
    assert len(server.seen) == asked == 2


def test_each_call_gets_its_own_arrays(server, monkeypatch):
    offer(server, monkeypatch)
    originals.load_full("digits", "train")["images"].zero_()
    assert_is_digits(originals.load_full("digits", "train"))


@pytest.mark.parametrize("cut", ["cut", "cut_unannounced"])
def test_broken_off_transfer_goes_on_where_it_broke_off(server, monkeypatch, cut):
    offer(server, monkeypatch)
    server.plan["/a/" + FIRST] = [cut, "resume"]
    assert_is_digits(originals.load_full("digits", "train"))
    assert server.seen[:2] == [("/a/" + FIRST, None), ("/a/" + FIRST, f"bytes={len(FILES[FIRST]) // 2}-")]


def test_broken_off_transfer_starts_again_where_the_server_cannot_resume(server, monkeypatch):
    offer(server, monkeypatch)
    server.plan["/a/" + FIRST] = ["cut", "good"]
    assert_is_digits(originals.load_full("digits", "train"))


def test_resuming_with_other_bytes_than_asked_for_is_refused(server, monkeypatch, tmp_path):
    offer(server, monkeypatch)
    server.plan["/a/" + FIRST] = ["cut", "other_range"]
    with pytest.raises(downloads.Unavailable, match="another part of the file"):
        originals.load_full("digits", "train")
    assert leftovers(tmp_path) == []


def test_always_truncated(server, monkeypatch, tmp_path):
    offer(server, monkeypatch)
    server.plan["/a/" + FIRST] = ["cut"]
    with pytest.raises(downloads.Unavailable, match="hung up half way"):
        originals.load_full("digits", "train")
    assert len(server.seen) == downloads.ATTEMPTS
    assert leftovers(tmp_path) == []


def test_wrong_checksum_is_never_placed(server, monkeypatch, tmp_path):
    offer(server, monkeypatch)
    server.plan["/a/" + FIRST] = ["wrong"]
    with pytest.raises(downloads.Unavailable, match=r"127\.0\.0\.1 sent a file with the wrong checksum"):
        originals.load_full("digits", "train")
    assert not (tmp_path / "cache" / "digits" / FIRST).exists()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("bad", ["wrong", "404", "login", "cut", "500", "endless"])
def test_next_mirror_stands_in(server, monkeypatch, bad):
    offer(server, monkeypatch, mirrors=["/a/", "/b/"])
    server.plan["/a/" + FIRST] = [bad]
    assert_is_digits(originals.load_full("digits", "train"))


def test_gone_from_all_mirrors(server, monkeypatch):
    offer(server, monkeypatch, mirrors=["/a/", "/b/"])
    server.plan = {mirror + FIRST: ["404"] for mirror in ("/a/", "/b/")}
    with pytest.raises(downloads.Unavailable, match=f"{FIRST}: 127.0.0.1 answered 404 Not Found; try again later"):
        originals.load_full("digits", "train")
    assert len(server.seen) == 2, "404 is an answer; asking again changes nothing"


def test_500_then_good(server, monkeypatch):
    offer(server, monkeypatch)
    server.plan["/a/" + FIRST] = ["500", "500", "good"]
    assert_is_digits(originals.load_full("digits", "train"))


def test_500_for_ever(server, monkeypatch):
    offer(server, monkeypatch)
    server.plan["/a/" + FIRST] = ["500"]
    with pytest.raises(downloads.Unavailable, match="answered 500"):
        originals.load_full("digits", "train")
    assert len(server.seen) == downloads.ATTEMPTS


def test_redirect(server, monkeypatch):
    offer(server, monkeypatch)
    server.plan["/a/" + FIRST] = ["redirect"]
    server.content["/a/" + FIRST + ".moved"] = FILES[FIRST]
    assert_is_digits(originals.load_full("digits", "train"))


def test_silent_server_is_given_up(server, monkeypatch):
    offer(server, monkeypatch)
    monkeypatch.setattr(downloads, "TIMEOUT", httpx.Timeout(0.2))
    server.plan["/a/" + FIRST] = ["slow"]
    with pytest.raises(downloads.Unavailable, match="was too slow"):
        originals.load_full("digits", "train")


def test_trickling_server_is_given_up(server, monkeypatch):
    offer(server, monkeypatch)
    monkeypatch.setattr(downloads, "SLOW_FOR", 0.3)
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)
    server.plan["/a/" + FIRST] = ["trickle"]
    with pytest.raises(downloads.Unavailable, match="was too slow"):
        originals.load_full("digits", "train")


def test_offline(server, monkeypatch):
    with socket.socket() as taken:  # bound, not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        offer(server, monkeypatch, mirrors=(), bases=[f"http://127.0.0.1:{taken.getsockname()[1]}/"])
        with pytest.raises(downloads.Unavailable, match="could not be reached; check the network"):
            originals.load_full("digits", "train")


def test_unknown_host_counts_as_offline(server, monkeypatch):
    def no_name(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    offer(server, monkeypatch, mirrors=(), bases=["http://nowhere.invalid/"])
    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    with pytest.raises(downloads.Unavailable, match=r"nowhere\.invalid could not be reached"):
        originals.load_full("digits", "train")


@pytest.mark.parametrize("damage", ["flipped", "shortened"])
def test_damaged_file_in_the_cache_is_fetched_again(server, monkeypatch, damage, tmp_path):
    offer(server, monkeypatch)
    originals.load_full("digits", "train")
    path, body = tmp_path / "cache" / "digits" / FIRST, FILES[FIRST]
    path.write_bytes(body[:-1] if damage == "shortened" else body[:40] + bytes([body[40] ^ 4]) + body[41:])
    assert_is_digits(originals.load_full("digits", "train"))
    assert path.read_bytes() == body


def test_damaged_file_is_not_served_offline(server, monkeypatch, tmp_path):
    offer(server, monkeypatch)
    originals.load_full("digits", "train")
    (tmp_path / "cache" / "digits" / FIRST).write_bytes(b"noise")
    server.plan["/a/" + FIRST] = ["404"]
    with pytest.raises(downloads.Unavailable):
        originals.load_full("digits", "train")


def test_cache_below_a_regular_file(server, monkeypatch, tmp_path):
    offer(server, monkeypatch)
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("AIGC_LAB_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(downloads.Unavailable, match="AIGC_LAB_CACHE"):
        originals.load_full("digits", "train")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_cache_that_cannot_be_written(server, monkeypatch, tmp_path, code):
    """As on a read-only home, or a full disk; the number of the error is what the system gives."""
    offer(server, monkeypatch)

    def refuse(*_args, **_kwargs):
        raise OSError(code, "no")

    (tmp_path / "cache" / "digits").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    with pytest.raises(downloads.Unavailable, match="folder that you may write to and that has room"):
        originals.load_full("digits", "train")


def test_cache_without_permission_still_serves_what_is_there(server, monkeypatch):
    offer(server, monkeypatch)
    originals.load_full("digits", "train")
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda *_a, **_k: pytest.fail("wrote"))
    assert_is_digits(originals.load_full("digits", "train"))


def test_two_processes_at_once(server, tmp_path):
    """Told to start together; each must get the whole set, and the cache must end up clean."""
    server.content |= {"/a/" + name: body for name, body in FILES.items()}
    program = textwrap.dedent(
        f"""
        import hashlib, sys, time
        from aigc_lab.datasets import originals
        facts = {{split: [(hashlib.md5(b).hexdigest(), len(b)) for b in map(bytes.fromhex, bodies)]
                 for split, bodies in eval(sys.stdin.readline()).items()}}
        originals.SETS["digits"] = (originals._idx_files([{server.url + "/a/"!r}], facts), originals._read_mnist)
        print("ready", flush=True)
        sys.stdin.readline()
        for split in ("train", "test"):
            got = originals.load_full("digits", split)
            print(hashlib.sha256(got["images"].numpy().tobytes()).hexdigest(), flush=True)
        """
    )
    bodies = {
        split: [body.hex() for name, body in FILES.items() if name.startswith(stem)]
        for split, stem in [("train", "train"), ("test", "t10k")]
    }
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([sys.executable, "-c", program], **pipes) for _ in range(2)]
    try:
        for process in processes:
            process.stdin.write(f"{bodies}\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout.readline() == "ready\n", process.stderr.read()
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        expected = [hashlib.sha256(part.tobytes()).hexdigest() for part in (IMAGES[:60], IMAGES[60:])]
        for process in processes:
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
            assert out.split() == expected
    finally:
        for process in processes:
            process.kill()
    assert leftovers(tmp_path) == []
