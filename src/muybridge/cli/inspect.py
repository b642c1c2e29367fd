"""muybridge inspect"""

from __future__ import annotations

from pathlib import Path

from muybridge.cli.console import print_table


def inspect(file: Path, /) -> None:
    """Show what a file is, and whether it is marked as synthetic: made with which method and version.

    Parameters
    ----------
    file
        A video, a picture, or a folder of frames.
    """
    import muybridge

    found = muybridge.inspect(file)
    info = found.info
    rows = {
        "kind": info.kind,
        "size": f"{info.size[1]} x {info.size[0]} px",
        "frames": "not told by the file" if info.frames is None else str(info.frames),
        "frames a second": "not told by the file" if info.rate is None else f"{info.rate:.4g}",
        "sound": "yes" if info.has_audio else "no",
        "alpha": "yes" if info.has_alpha else "no",
    }
    if found.mark is None:
        rows["synthetic"] = "the file does not say (which proves nothing: most programs drop such marks)"
    else:
        rows["synthetic"] = "yes"
        rows["made by"] = f"Muybridge {found.mark.version}, method {found.mark.method}"
        # The term is an address; its last part is what a person can read.
        _, _, source_type = found.mark.source_type.rpartition("/")
        rows["source type"] = f"{source_type} (IPTC)"
    print_table(str(file), rows)
