"""Names that people give, and the names of files that are made from them."""

from __future__ import annotations

import re
import unicodedata

from muybridge.inputs.clips import shorten_name

LONGEST = 80
ENDING = re.compile(r"\.(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,5}$")
"""Of a file; what follows the dot of "Take 1.5" is none."""
WITH_FOLDERS = re.compile(r"([A-Za-z]:|~|\.{0,2})[\\/]")
"""How a path begins; what stands in a name otherwise, as in "<b>cat</b>", is a part of it."""
JOINERS = "\u200c\u200d"
"""Of letters in some scripts, and of the parts of an emoji."""
PLAIN = re.compile(r"[\w.()&,+'-]+", re.UNICODE)


def clean_name(text: str) -> str:
    """A name as a person wrote it, without what cannot be seen: line breaks, control characters, turns of direction."""
    spaced = []
    for character in unicodedata.normalize("NFC", text):
        spaced.append(" " if character.isspace() else character)

    shown = "".join(c for c in spaced if c in JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return " ".join(shown.split())[:LONGEST].strip()


def name_of_file(path: str) -> str:
    """What a file is called without its ending, and without its folders where it is told as a path; never empty."""
    last = re.split(r"[\\/]", path)[-1] if WITH_FOLDERS.match(path) else path
    stem = ENDING.sub("", last) if ENDING.search(last[1:]) else last
    return clean_name(stem).strip(". ") or "clip"


def plain_name(name: str) -> str:
    """A name that a file may have anywhere: no folders, no signs, `shorten_name`, never empty."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    words = " ".join(PLAIN.findall(last)).strip(" .")
    stem = ENDING.sub("", words) if ENDING.search(words[1:]) else words
    return shorten_name(stem.strip(" .")) or "clip"


def file_name(name: str) -> str:
    """Like `plain_name`, for a name that is no path and has no ending: every part of it is kept."""
    return plain_name(name.replace("/", " ").replace("\\", " ") + ".x")
