"""The exceptions that Muybridge raises on purpose.

Each message says what was wrong and what was expected; `hint` says what to type next. The command prints both and
exits with `exit_code`. Nothing else in the package calls `sys.exit`.
"""


class MuybridgeError(Exception):
    """Root of the tree: catch this to catch everything that Muybridge raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"


class UsageError(MuybridgeError):
    """The request itself is wrong: an unknown method, a value out of range, options that exclude each other."""

    exit_code = 2


class InputError(MuybridgeError):
    """A file or a clip cannot be used as it is: missing, empty, broken, of the wrong size or count."""


class OutputExistsError(MuybridgeError):
    """Something stands where the result should go, and it was not said that it may be replaced."""


class MissingSilhouettesError(InputError):
    """A method needs a silhouette per frame, and the clip has none."""


class MissingWeightsError(MuybridgeError):
    """A pretrained network was asked for whose file is not on this machine."""


class MissingExtraError(MuybridgeError):
    """An optional dependency is not installed."""


class CheckpointError(MuybridgeError):
    """A file is not a checkpoint that can be loaded, or not of the method that was named."""


class RunError(MuybridgeError):
    """A run folder is broken, of another method, or not in the state that the request needs."""


class TrainingError(MuybridgeError):
    """Training could not go on (losses not finite, memory or disk exhausted); the last checkpoint is kept."""


class MuybridgeWarning(UserWarning):
    """Something was put right or left out on the way, and the result is still good: say so, and go on."""
