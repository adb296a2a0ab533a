"""The lab tests itself: QEMU's stock iPXE downloads over every flavour.

iPXE is driven by keys typed on the serial console, since passt's DHCP can name no boot file.
"""

import pytest

import servers
from vm import IPXE_ROM, Nic, ipxe_shell

SIZE = 1 << 20


@pytest.mark.parametrize('flavour', servers.FLAVOURS)
def test_http_download(flavour, attach, machine, www):
    www.file('m', SIZE)
    net = attach(flavour)
    seen = len(www.server.requests())
    guest = machine([Nic(net.netdev, rom=IPXE_ROM)], wire=True)
    run = ipxe_shell(guest)
    assert 'ok' in run('ifconf -c dhcp')    # plain dhcp would wait for an IPv6 router as well
    assert 'ok' in run(f'imgfetch {net.url("m")}')
    request = www.server.wait_request('/m$', seen=seen)
    assert (request.status, request.sent) == (200, SIZE)
    assert request.agent.startswith('iPXE/')
    assert guest.wire.wait(lambda frame: b'GET /m HTTP/1.1' in frame)
