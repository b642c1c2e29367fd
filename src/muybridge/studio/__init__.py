"""The verbs as a web page: upload, learn, look, and move keypoints by hand.

server.py         starts it: address, token, browser
app.py            the routes put together; security.py stands before them
schemas.py        what a request may say
storage.py        what lies on the disk, and the only place that makes paths; quota.py how much it may be
clips.py, runs.py, animation_models.py, animations.py   what is stored, and every change of it
worker_pool.py    worker processes in lanes, one spare; task_worker.py is such a process, tasks.py and
                  animation_tasks.py what it does
pose_client.py    the processes that draw while people drag; pose_worker.py is such a process
routes_live.py    the camera's socket; live_worker.py is the process behind it
page/             what the browser gets, as it is: views/ (one an address), parts/ (of views), net/ (to the studio)
"""

# Worker processes open this room too, and are not to wait for what serves pages: `server.serve` is asked for by name.
from muybridge.studio.settings import Limits, Settings

__all__ = ["Limits", "Settings"]
