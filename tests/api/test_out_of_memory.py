"""Memory that is out, anywhere in a verb: one sentence with what to make smaller, and nothing lost."""

import inspect
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch

import muybridge
from muybridge import api
from muybridge.api.out_of_memory import explain_out_of_memory
from muybridge.cli.main import main
from muybridge.errors import InputError, OutOfMemoryError, UsageError, is_out_of_memory
from muybridge.video import Timing, write


def ask_numpy():
    np.empty(2**50, np.uint8)


def ask_torch():
    torch.empty(2**50, dtype=torch.uint8)


def ask_a_gpu():
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")


def ask_opencv():
    message = "OpenCV(4.12.0) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 9 bytes in function 'x'"
    raise cv2.error(message)


def ask_the_loader():
    raise ImportError("libtorch_cpu.so: failed to map segment from shared object")


ASKED = [ask_numpy, ask_torch, ask_a_gpu, ask_opencv, ask_the_loader]


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
def test_whichever_library_runs_out_it_is_one_error(ask):
    def mask(video, max_frames=None, size=1):
        ask()

    with pytest.raises(OutOfMemoryError, match="not enough memory for mask") as caught:
        explain_out_of_memory(mask)("x")
    assert caught.value.hint == "Make it smaller by max_frames, size, or end other programs."


@pytest.mark.parametrize("error", [ValueError("no"), InputError("not enough memory to read it"), KeyError("memory")])
def test_other_errors_are_left_as_they_are(error):
    def verb():
        raise error

    assert not is_out_of_memory(error)
    with pytest.raises(type(error)) as caught:
        explain_out_of_memory(verb)()
    assert caught.value is error


def test_every_verb_is_held():
    for name in api.__all__:
        verb = getattr(api, name)
        if inspect.isroutine(verb):
            assert hasattr(verb, "__wrapped__"), name


def test_the_command_says_it_with_its_flags_and_keeps_the_old_result(monkeypatch, tmp_path, capsys):
    square = torch.zeros(4, 3, 48, 48, dtype=torch.uint8)
    square[:, :, 12:36, 12:36] = 200
    write(tmp_path / "square.gif", square, Timing.constant(4))
    out = tmp_path / "masks"
    assert main(["mask", str(tmp_path / "square.gif"), "--out", str(out)]) == 0
    before = (out / "report.json").read_bytes()

    monkeypatch.setattr("muybridge.masks.finder.find_by_threshold", lambda clip: torch.empty(2**50))
    capsys.readouterr()
    assert main(["mask", str(tmp_path / "square.gif"), "--out", str(out), "--force"]) == 1
    said = capsys.readouterr().err
    assert "not enough memory for mask" in said
    assert "--max-frames" in said
    assert "went wrong inside" not in said
    assert (out / "report.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["masks", "square.gif"]


def test_an_option_that_cannot_be_is_no_matter_of_memory():
    with pytest.raises(UsageError):
        muybridge.read(__file__, max_frames=0)


READ_WITHIN = """
import os, resource, sys, warnings
from muybridge.errors import is_out_of_memory
from muybridge.video import probe, read

probe(sys.argv[1])  # loads what is loaded late
warnings.simplefilter("error")
pages = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
for megabytes in (1, 6, 10, 24, 400):
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (pages + megabytes * 2**20,) * 2)
        try:
            said = f"{len(read(sys.argv[1], max_side=64))} frames"
        except Exception as error:
            said = str(error).splitlines()[0]
        os.write(1, f"{said}\\n".encode())
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_a_decoder_without_memory_does_not_take_the_file_for_damaged(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (6, 3, 40, 60), np.uint8)
    path = write(tmp_path / "large.mp4", torch.from_numpy(noise.repeat(16, 2).repeat(16, 3)), Timing.constant(6))
    command = [sys.executable, "-c", READ_WITHIN, str(path)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout.splitlines()
    assert set(told) == {"6 frames", f"there is not enough memory to read {path}"}
