"""The verbs as a web page: upload, learn, look, and move keypoints by hand.

serving.py    starts it: address, token, browser
app.py        the routes put together; guarding.py stands before them
shelf.py      what lies on the disk, and the only place that makes paths; space.py how much it may be
foreman.py    worker processes: four lanes, one spare; work.py is such a process, tasks.py and
              moving_tasks.py what it does
movers.py     runs that let a picture move, imported or found; animations.py what is made with them
easel.py      the process that draws while a person drags; painting.py is that process
routes_live.py   the camera's socket; filming.py is the process behind it
page/         what the browser gets, as it is
"""

from muybridge.studio.serving import serve
from muybridge.studio.settings import Limits, Settings

__all__ = ["Limits", "Settings", "serve"]
