"""What all abilities have in common."""

from abc import ABC
from typing import ClassVar


class Ability(ABC):
    """Something that only some methods can do."""

    name: ClassVar[str]
    """On the card, and in `muybridge methods`."""
    what: ClassVar[str]
    """In a few words."""
    lack: ClassVar[str]
    """What is said of a method without it, after its name."""
