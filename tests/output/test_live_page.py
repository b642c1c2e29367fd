"""Who may look at the page of `live`: this machine's own browser, and no other site through it."""

import http.client
from collections.abc import Iterator

import pytest
import torch

from muybridge.output.live_page import LivePage


@pytest.fixture
def page() -> Iterator[LivePage]:
    with LivePage() as shown:
        shown.show(torch.zeros(3, 8, 8, dtype=torch.uint8))
        yield shown


def _ask(page: LivePage, path: str, host: str | None = None, **headers: str) -> int:
    """The status of one request; of the picture, no more is read than its head."""
    here = page.address.removeprefix("http://").rstrip("/")
    line = http.client.HTTPConnection(here, timeout=10)
    said = {
        "Host": here if host is None else host,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    line.putrequest("GET", path, skip_host=True)
    for name, value in said.items():
        line.putheader(name, value)
    line.endheaders()
    status = line.getresponse().status
    line.close()
    return status


@pytest.mark.parametrize("path", ["/", "/stream.mjpg"])
def test_the_browser_of_this_machine_may_look(page: LivePage, path: str) -> None:
    port = page.address.split(":")[2].rstrip("/")
    for host in (None, f"localhost:{port}"):
        assert _ask(page, path, host) == 200
    assert _ask(page, path, Sec_Fetch_Site="same-origin") == 200
    assert _ask(page, path, Origin=page.address.rstrip("/")) == 200


@pytest.mark.parametrize("path", ["/", "/stream.mjpg"])
@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "[::1]:80"])
def test_a_name_of_another_site_that_leads_here_is_refused(page: LivePage, path: str, host: str) -> None:
    """DNS rebinding."""
    assert _ask(page, path, host) == 403


@pytest.mark.parametrize("path", ["/", "/stream.mjpg"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_site_may_not_ask(page: LivePage, path: str, origin: str) -> None:
    assert _ask(page, path, Origin=origin) == 403


def test_another_site_may_link_to_the_page_and_not_show_its_picture(page: LivePage) -> None:
    assert _ask(page, "/", Sec_Fetch_Site="cross-site") == 200
    for site in ("cross-site", "same-site"):
        assert _ask(page, "/stream.mjpg", Sec_Fetch_Site=site) == 403
