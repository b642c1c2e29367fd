"""Checkpoints with random changes, for `endurance.py`: a run's weights and data, and files of the authors' programs.

Each is used as a person would: a run animates and is resumed, a file is imported. Nothing that stands in one is run.
"""

import contextlib
import json
import multiprocessing
import os
import pickle
import random
import resource
import shutil
import signal
import struct
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "methods"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "methods" / "fomm"))

import numpy as np
import torch
from endurance_files import LONGEST, MEMORY, mutate_bytes
from released_family import saved, shaken
from safetensors.torch import load, save
from test_fomm_other_sizes import OURS, options, released

import muybridge
from muybridge.engine import Callback
from muybridge.errors import MuybridgeError
from muybridge.method import Stage
from muybridge.methods.fomm.config import FommConfig
from muybridge.methods.fomm.method import Fomm
from muybridge.puppets import scene
from muybridge.video import write
from tiny_jokr import TINY_TRAINING

FORK = multiprocessing.get_context("fork")
SECONDS = 10
"""Of a processor, which other programs do not change."""
PATIENCE = 120
"""Seconds after which what takes no processor time either hangs."""
ENDS = {2: "no sentence", 3: "too long a sentence", -signal.SIGALRM: "hangs", -signal.SIGXCPU: "too slow"}
KINDS = ("F16", "F64", "I64", "U8", "BOOL", "BF16", "F8_E4M3", "X", "", 3, None)
NUMBERS = (0, -1, 1, 2**31, 2**32 + 1, 2**63 - 1, 2**64, 10**30, 0.5, "x", None, [], [[]])
ODD = (float("nan"), float("inf"), 3e38, -3e38, 1e-45)
MISSING = object()
SETTINGS: dict[str, Any] = {"preset": "smoke", "device": "cpu", "set": {**TINY_TRAINING, "texture.steps": 12}}


class StopInStage(Callback):
    """Ctrl-C after ten steps, in the middle of a stage, so that its optimisers are in the checkpoint."""

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        # It is granted at the next step, which must not be the last.
        if step + 1 < stage.steps:
            raise KeyboardInterrupt


class Bomb:
    """What a pickle would do, were it believed."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.mark),))


def endure_checkpoints(root: Path, count: int, chance: random.Random) -> list[str]:
    """Change so many checkpoints, and use each; what went wrong, with the changed file kept."""
    root.mkdir(parents=True)
    torch.set_num_threads(1)
    run, pair = _train(root)
    method = shaken(Fomm(FommConfig.model_validate({**OURS, "perceptual": "weight-free"})))
    checkpoint, config = saved(root, released(method), options(), epoch=3)
    whole = {"run": _use_run(run, pair, root / "whole"), "file": _import(checkpoint, config, root / "whole")}
    for name, use in whole.items():
        assert try_using(use) == (0, ""), f"the {name} is refused before it is changed"

    wrong = []
    mark = root / "run by a file"
    for number in range(count):
        folder = root / f"{number:05d}"
        if number % 3 == 2:
            folder.mkdir()
            changed = folder / "released.pth"
            kind = change_archive(checkpoint, changed, mark, chance)
            use = _import(changed, config, folder)
        else:
            shutil.copytree(run, folder / "run")
            kind = change_run(folder / "run", mark, chance)
            use = _use_run(folder / "run", pair, folder)
        _, said = try_using(use)
        if mark.exists():
            said = "its code was run"
            mark.rmdir()
        if said:
            wrong.append(f"checkpoint {number}, {kind}: {said}, see {folder}")
        else:
            shutil.rmtree(folder)
    return wrong


def _train(root: Path) -> tuple[Path, tuple[Path, Path]]:
    """A tiny run that was stopped in the middle of its second stage, and its two clips."""
    drawn = scene("gif", 4, 48)
    pair = tuple(
        write(root / f"{side}.mp4", clip.pixels, clip.timing) for side, clip in (("a", drawn.a), ("b", drawn.b))
    )
    with contextlib.suppress(KeyboardInterrupt):
        muybridge.fit("jokr", *pair, out=root / "run", callback=StopInStage(), **SETTINGS)
    assert any(name.startswith("optimiser.") for name in load((root / "run" / "weights.safetensors").read_bytes()))
    return root / "run", (pair[0], pair[1])


def _use_run(run: Path, pair: tuple[Path, Path], out: Path) -> Callable[[], object]:
    def use() -> None:
        try:
            muybridge.animate(run, source="a", out=out / "moving.gif", device="cpu")
        finally:
            muybridge.fit("jokr", *pair, out=run, resume=True, **SETTINGS)

    return use


def _import(checkpoint: Path, config: Path, out: Path) -> Callable[[], object]:
    return lambda: muybridge.import_checkpoint(checkpoint, config, out=out / "imported")


def try_using(use: Callable[[], object]) -> tuple[int, str]:
    """Use it in a process of its own; how that ended, and what was wrong, or nothing."""
    child = FORK.Process(target=_use_within_limits, args=(use,))
    child.start()
    child.join()
    code = child.exitcode or 0
    return code, "" if code in (0, 1) else ENDS.get(code, f"ended with {code}")


def _use_within_limits(use: Callable[[], object]) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(PATIENCE)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 2))
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    if "ENDURANCE_TRACEBACKS" not in os.environ:
        os.dup2(nowhere, 2)
    try:
        use()
    except MuybridgeError as error:
        os._exit(1 if len(str(error)) < LONGEST else 3)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(2)
    os._exit(0)


def change_run(run: Path, mark: Path, chance: random.Random) -> str:
    """Change the weights of a run, or what it trains on; how, in a word."""
    path = run / chance.choice(("weights.safetensors", "weights.safetensors", "data.safetensors"))
    data = path.read_bytes()
    ways: dict[str, Callable[[], bytes | None]] = {
        "bytes": lambda: mutate_bytes(data, chance),
        "bytes of the table": lambda: _change_table_bytes(data, chance),
        "an entry of the table": lambda: _change_entry(data, chance),
        "the notes": lambda: _change_notes(data, chance),
        "values": lambda: _change_values(data, chance),
        "names": lambda: _change_names(data, chance),
        "shapes": lambda: _change_shapes(data, chance),
        "another file": lambda: _another_file(mark, chance),
        "no file": lambda: _no_file(path, chance),
    }
    way = chance.choice(list(ways))
    changed = ways[way]()
    if changed is not None:
        path.write_bytes(changed)
    return f"{way} of {path.name}"


def _change_table_bytes(data: bytes, chance: random.Random) -> bytes:
    size = struct.unpack("<Q", data[:8])[0]
    if chance.random() < 0.5:
        other = chance.choice((0, 1, size - 1, size + 1, size * 2, len(data), 2**31, 2**63, 2**64 - 1))
        return struct.pack("<Q", other) + data[8:]
    changed = bytearray(data)
    for _ in range(chance.randint(1, 10)):
        changed[8 + chance.randrange(size)] = chance.randrange(256)
    return bytes(changed)


def _change_entry(data: bytes, chance: random.Random) -> bytes:
    table, rest = _open_table(data)
    name = chance.choice([each for each in table if each != "__metadata__"])
    entry = table[name]
    kind = chance.randrange(6)
    if kind == 0:
        entry["dtype"] = chance.choice(KINDS)
    elif kind == 1:
        entry["shape"] = [chance.choice(NUMBERS) for _ in range(chance.randint(0, 4))]
    elif kind == 2:
        entry["data_offsets"] = [chance.choice(NUMBERS), chance.choice((*NUMBERS, len(rest)))]
    elif kind == 3:
        table[name] = chance.choice((None, [], {}, 7, {"dtype": "F32"}))
    elif kind == 4:
        table[chance.choice(("extra", "method.extra", "", "x" * 10**5, "\0", "method."))] = dict(entry)
    else:
        entry["shape"] = [0] * chance.choice((1, 100, 10_000))
    return _close_table(table, rest)


def _change_notes(data: bytes, chance: random.Random) -> bytes:
    table, rest = _open_table(data)
    notes = table.get("__metadata__", {})
    deep = "[" * 10**5
    place = {"index": 1, "stage": "texture", "step": 1, "done": 3, "seconds": 0.5}
    place[chance.choice(list(place))] = chance.choice((-1, 10**9, 10**400, "x", None, [], deep))
    notes["place"] = chance.choice((json.dumps(place), deep, "", "NaN", '{"index": 1e400}', "x" * 10**6))
    if chance.random() < 0.3:
        notes["format"] = chance.choice(("2", "-1", "x", "9" * 5000, ""))
    if chance.random() < 0.2:
        notes = chance.choice(({}, None, [], {"place": 3}, {str(i): "x" for i in range(10_000)}))
    return _close_table({**table, "__metadata__": notes}, rest)


def _open_table(data: bytes) -> tuple[dict[str, Any], bytes]:
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def _close_table(table: dict[str, Any], rest: bytes) -> bytes:
    head = json.dumps(table).encode()
    return struct.pack("<Q", len(head)) + head + rest


def _notes(data: bytes) -> dict[str, str]:
    return dict(_open_table(data)[0].get("__metadata__", {}))


def _change_values(data: bytes, chance: random.Random) -> bytes:
    tensors = load(data)
    for name in chance.sample(sorted(tensors), chance.randint(1, min(8, len(tensors)))):
        x = tensors[name].clone()
        if x.numel() and x.is_floating_point():
            x.view(-1)[chance.randrange(x.numel())] = chance.choice(ODD)
        elif x.numel():
            x.view(-1)[chance.randrange(x.numel())] = chance.randrange(128)
        tensors[name] = x
    return save(tensors, _notes(data))


def _change_names(data: bytes, chance: random.Random) -> bytes:
    tensors = load(data)
    name = chance.choice(sorted(tensors))
    x = tensors.pop(name)
    other = chance.choice((MISSING, name + "x", "method." + name, name.upper(), name[:-1], "ä" * 1000))
    if isinstance(other, str):
        tensors[other] = x
    return save(tensors, _notes(data))


def _change_shapes(data: bytes, chance: random.Random) -> bytes:
    tensors = load(data)
    for name in chance.sample(sorted(tensors), chance.randint(1, 3)):
        x = tensors[name]
        tensors[name] = chance.choice(
            (x.reshape(-1), x[..., None], x.reshape(-1)[:0], x.to(torch.float64), x.to(torch.int64), x.bool(), x.half())
        ).contiguous()
    if chance.random() < 0.2:
        tensors[chance.choice(sorted(tensors))] = torch.zeros(chance.choice((10**6, 2 * 10**7)))
    return save(tensors, _notes(data))


def _another_file(mark: Path, chance: random.Random) -> bytes:
    return chance.choice((*_list_pickles(mark, chance), b"", b"PK\x03\x04", b"{}", b"\0" * 1000, b"<html>", b"\x89PNG"))


def _list_pickles(mark: Path, chance: random.Random) -> list[bytes]:
    return [pickle.dumps(each, chance.choice((2, 4, 5))) for each in (Bomb(mark), {"generator": Bomb(mark)})]


def _no_file(path: Path, chance: random.Random) -> None:
    path.unlink()
    kind = chance.randrange(4)
    if kind == 0:
        os.mkfifo(path)
    elif kind == 1:
        path.mkdir()
    elif kind == 2:
        path.symlink_to(chance.choice(("/dev/zero", "/etc/passwd", path.name)))


def change_archive(original: Path, path: Path, mark: Path, chance: random.Random) -> str:
    """Write a changed copy of a torch file; how it was changed, in a word."""
    data = original.read_bytes()
    ways: dict[str, Callable[[], object]] = {
        "bytes": lambda: path.write_bytes(mutate_bytes(data, chance)),
        "bytes of its pickle": lambda: _rewrite(original, path, lambda table: mutate_bytes(table, chance)),
        "its pickle for another": lambda: _rewrite(
            original, path, lambda _: chance.choice(_list_pickles(mark, chance))
        ),
        "its pickle and a bomb": lambda: _rewrite(original, path, lambda table: _prepend_bomb(table, mark)),
        "a deep pickle": lambda: _rewrite(original, path, lambda _: b"\x80\x02" + b"]" * chance.choice((10**4, 10**6))),
        "its tensors": lambda: _change_tensors(original, path, chance),
        "compressed": lambda: _rewrite(original, path, lambda table: table, zipfile.ZIP_DEFLATED),
        "another file": lambda: path.write_bytes(_another_file(mark, chance)),
    }
    way = chance.choice(list(ways))
    ways[way]()
    return f"{way} of a torch file"


def _prepend_bomb(table: bytes, mark: Path) -> bytes:
    """The bomb goes off first, its result is dropped, and what follows is the table as it was."""
    call = pickle.dumps(Bomb(mark), 2)
    return call[:-1] + b"0" + table[2:]


def _rewrite(original: Path, path: Path, change: Callable[[bytes], bytes], how: int = zipfile.ZIP_STORED) -> None:
    """The archive with another table, its sums right."""
    with zipfile.ZipFile(original) as old, zipfile.ZipFile(path, "w", how) as new:
        for member in old.infolist():
            data = old.read(member)
            new.writestr(member.filename, change(data) if member.filename.endswith("data.pkl") else data)


def _change_tensors(original: Path, path: Path, chance: random.Random) -> None:
    table: dict[str, Any] = torch.load(original, weights_only=True)
    part = chance.choice([name for name, each in table.items() if isinstance(each, dict)])
    name = chance.choice(sorted(table[part]))
    x = table[part][name]
    huge = torch.zeros(1).expand(chance.choice((10**6, 10**9, 10**12)), chance.choice((1, 10**6)))
    others: list[Any] = [
        huge,
        x.to(torch.complex64),
        x.to_sparse(),
        x.bool(),
        x[..., None],
        x.reshape(-1)[:0],
        x * np.nan,
    ]
    others += [None, 3, "x", [x], {"x": x}, torch.nn.Parameter(x.float()), torch.zeros(2 * 10**7)]
    table[part][name] = chance.choice(others)
    if chance.random() < 0.3:
        table[chance.choice(("kp_detector", 3, "x" * 10**5, "extra"))] = chance.choice(others)
    if chance.random() < 0.3:
        del table[part][name]
    torch.save(table, path)
