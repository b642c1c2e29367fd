"""The verbs as a web page: upload, learn, look, and move keypoints by hand.

serving.py    starts it: address, token, browser
app.py        the routes put together; guarding.py stands before them
shelf.py      what lies on the disk, and the only place that makes paths
foreman.py    worker processes: two lanes, one spare; work.py is such a process, tasks.py what it does
easel.py      the process that draws while a person drags; painting.py is that process
page/         what the browser gets, as it is
"""

from muybridge.studio.serving import serve
from muybridge.studio.settings import Limits, Settings

__all__ = ["Limits", "Settings", "serve"]
