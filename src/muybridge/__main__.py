"""`python -m muybridge`, and so `torchrun --nproc-per-node 2 -m muybridge fit ...`."""

import os
import sys

from muybridge.cli import main

code = main()
sys.stdout.flush()
sys.stderr.flush()
if int(os.environ.get("WORLD_SIZE", "1")) > 1:
    # The threads of a process group can abort the interpreter's own ending; all files are closed by now.
    os._exit(code)
sys.exit(code)
