"""Records on their way to the disk: whoever stops waiting for one does not stop it."""

import asyncio
from pathlib import Path

from muybridge.studio.record_writer import RecordWriter


def test_who_stops_waiting_does_not_stop_the_writing(tmp_path: Path) -> None:
    async def asked() -> None:
        writer = RecordWriter()
        with writer.forget(tmp_path / "nothing"):  # nothing is written while this is open
            writer.write(tmp_path / "first.json", b"1")
            writer.write(tmp_path / "record.json", b"2")
            waiting = asyncio.create_task(writer.flush())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await writer.flush()
        writer.close()

    asyncio.run(asked())
    assert (tmp_path / "record.json").read_bytes() == b"2"
