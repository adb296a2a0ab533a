"""A download, byte for byte, over every transport, network and checksum policy."""

import re

import pytest

import scripted
import servers
from conftest import MIB
from skiff import (BANNER, BELOW_4_GIB_IS_FULL, COUNT, DHCP, FEATURES, FETCH, HTTP, NEXT_DEVICE,
                   assert_bar_above_4_gib, fetched, last_counts, next_device, nic)

SIZE = 64 * MIB


@pytest.mark.parametrize('csum', ['auto', 'off'])
@pytest.mark.parametrize('flavour', servers.FLAVOURS)
@pytest.mark.parametrize('variant', ['transitional', 'modern', 'legacy'])
def test_64_mib_arrive_exactly(variant, flavour, csum, attach, machine, www):
    """[PCI-01] [PCI-06] [PCI-L1] [NET-10] [NET-L1] [SUM-07]"""
    sha256 = www.file('64m', SIZE)
    net = attach(flavour)
    guest = machine([nic(net.netdev, variant)], fw_cfg={'fetch': net.url('64m'), 'csum': csum})
    fetched(guest, SIZE, sha256)
    device_id = '1af4:1041' if variant == 'modern' else '1af4:1000'
    assert guest.wait_for(BANNER)[2] == device_id
    features = guest.wait_for(FEATURES)[3].split()
    assert ('+VERSION_1' in features) == (variant != 'legacy')
    good, _ = last_counts(guest)
    if flavour == 'tap' and csum == 'auto':
        assert '+GUEST_CSUM' in features
        # The server is on the tap's own host, which leaves its checksums to whoever needs them.
        assert good['partial'] + good['vouched'] > 700
    else:
        assert '+GUEST_CSUM' not in features
        assert good['partial'] == good['vouched'] == 0


@pytest.mark.parametrize('mtu, host_mtu', [(9000, None), (9000, 9000), (1400, 1400)])
def test_mtu_of_device_and_dhcp(mtu, host_mtu, attach, machine, www):
    """[NET-05] [DHCP-28]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('tap', mtu=mtu)
    properties = {'host_mtu': host_mtu} if host_mtu else {}
    guest = machine([nic(net.netdev, **properties)], fw_cfg={'fetch': net.url('4m')}, wire=True)
    fetched(guest, 4 * MIB, sha256)
    assert int(guest.wait_for(BANNER)[4]) == (host_mtu or 1500)
    mss = (mtu - 40).to_bytes(2, 'big')
    assert guest.wire.wait(lambda frame: b'\x02\x04' + mss in frame)


def test_passt_sends_64_kib_segments(attach, machine, www):
    """[DHCP-28]"""
    sha256 = www.file('64m', SIZE)
    net = attach('passt')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('64m')})
    fetched(guest, SIZE, sha256)
    good, _ = last_counts(guest)
    assert good['rx'] < SIZE / 16384, 'segments stayed small'


@pytest.mark.parametrize('variant', ['transitional', 'legacy'])
@pytest.mark.parametrize('size', [256, 512, 1024])
def test_receive_queue_sizes_of_qemu(size, variant, attach, machine, www):
    """[PCI-L3] [SPLIT-02]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev, variant, rx_queue_size=size)], fw_cfg={'fetch': net.url('4m')})
    fetched(guest, 4 * MIB, sha256)


@pytest.mark.parametrize('properties', [
    {'page-per-vq': 'on'}, {'modern-pio-notify': 'on', 'disable-legacy': 'on'}, {'packed': 'on'},
    {'event_idx': 'off', 'indirect_desc': 'off'}, {'vectors': 0}], ids=str)
def test_shapes_of_the_device(properties, attach, machine, www):
    """[PCI-04] [PCI-15]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev, **properties)], fw_cfg={'fetch': net.url('4m')})
    fetched(guest, 4 * MIB, sha256)


def test_bar_above_4_gib_is_driven_through_the_pci_cfg_window(attach, machine, www):
    """[PCI-16] [PCI-20]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev, 'modern')], memory='1G', fw_cfg={'fetch': net.url('4m')},
                    arguments=BELOW_4_GIB_IS_FULL)
    fetched(guest, 4 * MIB, sha256)
    assert_bar_above_4_gib(guest)


def test_chunked_body(attach, machine, www):
    """[HTTP-11]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('chunked/4m')})
    fetched(guest, 4 * MIB, sha256)


def test_longest_url(attach, machine, www):
    """As an object store signs it: 4,096 characters, more than a segment holds.
    The line has room for the facts."""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    url = net.url('4m?X-Signature=')
    url += 'a' * (4096 - len(url))
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': url})
    fetched(guest, 4 * MIB, sha256)
    assert guest.wait_for(r'^http: ' + re.escape(url[:549]) + r'\.\.\. 4194304 bytes in \d+ ms')
    assert www.server.wait_request('Signature').uri == url[url.index('/4m'):]


def test_redirect_whose_body_never_ends(attach, machine, www, part):
    """[HTTP-08] [HTTP-18]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')

    def handler(connection, request):
        location = net.url('4m').encode()
        connection.sendall(b'HTTP/1.1 302 Found\r\nLocation: ' + location + b'\r\n\r\n')
        while not server.stopping.wait(0.01):
            connection.sendall(b'moved ' * 100)
    server = part(scripted.ScriptedServer(handler))
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('there', port=server.port)})
    fetched(guest, 4 * MIB, sha256)


def test_empty_file(attach, machine, www):
    sha256 = www.file('empty', 0)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('empty')})
    fetched(guest, 0, sha256)


def test_name_is_looked_up_and_printed(attach, machine, www):
    """[DNS-11]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('tap', dnsmasq=['address=/boot.example/192.0.2.1'])
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': 'http://boot.example:8080/4m'})
    fetched(guest, 4 * MIB, sha256)
    assert guest.wait_for(r'^dns: boot\.example 192\.0\.2\.1, \d+ ms$')


def test_static_address_needs_no_dhcp(attach, machine, www):
    sha256 = www.file('4m', 4 * MIB)
    net = attach('tap')
    guest = machine([nic(net.netdev)],
                    fw_cfg={'fetch': net.url('4m'), 'ip': '192.0.2.77/24 192.0.2.1'})
    fetched(guest, 4 * MIB, sha256)
    assert guest.wait_for(r'^ip: 192\.0\.2\.77/24 gateway 192\.0\.2\.1$')
    assert 'DHCPDISCOVER' not in net.parts['dnsmasq'].log()


def test_console_lines_stand_as_the_readme_has_them(attach, machine, www):
    www.file('64m', SIZE)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('64m')})
    guest.wait_for(FETCH, timeout=90)
    place = 0
    for line in (BANNER, FEATURES, DHCP, HTTP, COUNT, FETCH):
        place = guest.wait_for(line, after=place, timeout=1).end()
    start = guest.wait_for(BANNER).start()
    assert not re.search(r'[^\n\r -~]', guest.text[start:place]), 'an escape character'


def test_user_agent_names_program_and_version(attach, machine, www):
    www.file('4m', 4 * MIB)
    net = attach('user')
    seen = len(www.server.requests())
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('4m')})
    version = re.match(r'skiff (\S+)', guest.wait_for(BANNER, timeout=30)[0])[1]
    assert www.server.wait_request('/4m$', seen=seen).agent == f'skiff/{version}'


def test_fetch_returns_to_the_firmware(attach, machine, www, tmp_path):
    """[ROM-09]"""
    www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('4m')},
                    arguments=next_device(tmp_path))
    place = guest.wait_for(FETCH).end()
    guest.wait_for(NEXT_DEVICE, after=place)


def test_right_digest_of_a_fetch(attach, machine, www):
    sha256 = www.file('4m', 4 * MIB)
    net = attach('user')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('4m'), 'sha256': sha256})
    fetched(guest, 4 * MIB, sha256)


def test_features_mask(attach, machine, www):
    """[INIT-14]"""
    sha256 = www.file('4m', 4 * MIB)
    net = attach('tap')
    guest = machine([nic(net.netdev)], fw_cfg={'fetch': net.url('4m'), 'features': '0x20'})
    fetched(guest, 4 * MIB, sha256)
    words = guest.wait_for(FEATURES)[3].split()
    assert [word for word in words if word[0] == '+'] == ['+VERSION_1', '+MAC']
