"""A real SLURM on loopback for tests: munged, slurmctld and one slurmd of four pretended cores, all in a folder."""

import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue")
SYSTEM = "/usr/sbin:/sbin"
"""Where Debian has daemons, which the path of a person may lack."""
CORES = 4

CONF = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SwitchType=switch/none
NodeName=node NodeAddr=127.0.0.1 NodeHostname={host} Port={ports[1]} CPUs={cores} State=UNKNOWN
PartitionName=low Nodes=node Default=YES PriorityTier=1 GraceTime=80 MaxTime=INFINITE State=UP
PartitionName=high Nodes=node PriorityTier=10 PreemptMode=OFF MaxTime=INFINITE State=UP
"""


def find_missing_programs() -> list[str]:
    """Which of SLURM's programs are not here."""
    return [name for name in PROGRAMS if shutil.which(name, path=search_path()) is None]


def search_path() -> str:
    return f"{os.environ.get('PATH', '')}:{SYSTEM}"


@contextmanager
def start_slurm(folder: Path) -> Iterator[dict[str, str]]:
    """While open, a SLURM whose files lie in `folder` (a short path: sockets have 100 letters), ready for jobs.

    Yields what the environment needs, so that its programs find it.
    """
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)

    conf = folder / "slurm.conf"
    conf.write_text(
        CONF.format(
            host=socket.gethostname().split(".")[0],
            user=getpass.getuser(),
            folder=folder,
            ports=_free_ports(2),
            cores=CORES,
        )
    )
    # No control group is used by what is chosen above; this plugin touches none before it is asked to.
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    environment = {"SLURM_CONF": str(conf), "PATH": search_path()}
    every = {**os.environ, **environment}

    munge = ("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket")
    places = (f"--pid-file={folder}/munge.pid", f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed")
    with ExitStack() as stack:
        started = []
        for command in ((*munge, *places), ("slurmctld", "-D", "-c"), ("slurmd", "-D", "-N", "node")):
            log = stack.enter_context((folder / f"{command[0]}.out").open("wb"))
            process = subprocess.Popen(command, env=every, stdout=log, stderr=log)
            stack.callback(_stop, process)
            started.append(process)
            if command[0] == "munged":
                _wait_for(folder / "munge.socket", process)

        _wait_until_idle(every, started, folder)
        yield environment
        subprocess.run(["scancel", "--user", getpass.getuser()], env=every, check=False, timeout=30)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None, f"{process.args[0]} ended: {path.parent}"
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.05)


def _wait_until_idle(environment: dict[str, str], started: list[subprocess.Popen[bytes]], folder: Path) -> None:
    end = time.monotonic() + 60
    said = ""
    while "idle" not in said:
        for process in started:
            name = process.args[0]
            assert process.poll() is None, f"{name} ended: {(folder / f'{name}.out').read_text()[-2000:]}"

        assert time.monotonic() < end, f"the node is not ready: {said}"
        time.sleep(0.2)
        ran = subprocess.run(["sinfo", "-h", "-o", "%t"], env=environment, capture_output=True, text=True, timeout=30)
        said = ran.stdout + ran.stderr


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
