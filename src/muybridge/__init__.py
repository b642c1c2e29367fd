"""Muybridge moves one subject the way another moves, learnt from ordinary videos."""

import os

if os.environ.get("MUYBRIDGE_CHECK_SHAPES") == "1":
    from jaxtyping import install_import_hook

    install_import_hook("muybridge", "beartype.beartype")
