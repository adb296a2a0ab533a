"""passt itself over vhost-user, before its repair and after it; matrix.txt has their downloads.

And what a guest sees of a back end that ends: QEMU takes the link away.
"""

import re

import pytest

import network
import scripted
import passt
from conftest import MIB
from passt import NAME
from skiff import (COUNT, FAILED, FEATURES, FETCH, TEST_CMDLINE, last_counts, nic,
                   reached_user_space)

ETH_P_ARP = b'\x08\x06'


@pytest.fixture
def behind(enter):
    """behind(release, …) enters passt.attach()."""
    return lambda *args, **options: enter(passt.attach(*args, **options))


def url(www, path):
    return f'http://{NAME}:{www.port}/{path}'


@pytest.mark.parametrize('release', ['repaired', 'newest'])
def test_what_it_vouches_for_costs_no_checksum_pass(release, behind, machine, www):
    """All TCP and UDP, DHCP and DNS too, is counted as vouched; the rest is ARP. [SUM-07]"""
    sha256 = www.file('4m', 4 * MIB)
    net = behind(release, capture=True)
    guest = machine([nic(net.netdev)], net=net, fw_cfg={'fetch': url(www, '4m'), 'sha256': sha256})
    guest.wait_for(FETCH)
    good, bad = last_counts(guest)
    given = [data[12:14] for is_given, data in net.backend.frames() if is_given]
    assert good['vouched'] > 64
    assert good['rx'] - good['vouched'] == given.count(ETH_P_ARP)
    assert not any(bad.values()), guest.log()


@pytest.mark.parametrize('release, csum, capture, flagged', [
    pytest.param('early', 'trust', False, True, id='early, trust'),
    pytest.param('early', 'auto', True, True, id='early, capture'),
    pytest.param('repaired', 'auto', False, False, id='repaired')])
def test_linux_boots(release, csum, capture, flagged, behind, machine, www, kernel):
    """[LNX-01]"""
    digests, linux = kernel
    net = behind(release, capture=capture)
    guest = machine([nic(net.netdev)], net=net, fw_cfg={
        'url': url(www, 'vmlinuz'), 'initrd': url(www, 'initrd'), 'cmdline': TEST_CMDLINE,
        'sha256': ' '.join(digests), 'csum': csum})
    assert ('+GUEST_CSUM' in guest.wait_for(FEATURES)[3]) == (release == 'repaired')
    reached_user_space(guest, linux, {'dev_flags'} if flagged else ())
    assert (last_counts(guest)[1]['dev_flags'] > 0) == flagged


# --- one that ends --------------------------------------------------------------------------------


def failure(guest):
    match = guest.wait_for(FAILED)
    guest.wait_for(COUNT)
    return match[1], match[2]


@pytest.mark.parametrize('release', ['early', 'repaired'])
def test_one_that_ends_at_a_legacy_device_has_taken_the_link_along(release, behind, machine, www):
    """passt serves modern devices alone. QEMU notices at once, or when skiff has looked at its
    link."""
    net = behind(release)
    guest = machine([nic(net.netdev, 'legacy')], net=net,
                    fw_cfg={'fetch': url(www, '1m'), 'deadline': '1'})
    rung, sentence = failure(guest)
    said = {'link': 'the link stayed down for 1 s', 'dhcp': '; the link went down meanwhile'}
    assert said[rung] in sentence
    assert "legacy devices aren't supported" in net.backend.log()


def test_one_that_ends_before_dhcp_answers(behind, machine, www):
    net = behind('repaired', capture=True, options=['--no-dhcp'])
    guest = machine([nic(net.netdev)], net=net,
                    fw_cfg={'fetch': url(www, '1m'), 'deadline': '4'})
    network.wait_until(net.backend.frames, 10, 'the DHCPDISCOVER')
    net.backend.kill()
    rung, sentence = failure(guest)
    assert rung == 'dhcp' and sentence.startswith('no DHCP answer')
    assert sentence.endswith('; the link went down meanwhile')


@pytest.mark.parametrize('release', ['early', 'repaired'])
def test_one_that_ends_during_a_download(release, behind, machine, part):
    def handler(connection, _):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n' + bytes(1000000))
        while not server.stopping.wait(0.1):    # it goes on for as long as the test may take
            connection.sendall(bytes(1000))
    server = part(scripted.ScriptedServer(handler))
    net = behind(release)
    guest = machine([nic(net.netdev)], net=net, fw_cfg={
        'fetch': f'http://{NAME}:{server.port}/x', 'csum': 'trust', 'deadline': '2'})
    guest.wait_for(r'1\.\d of 3\.0 MB')
    net.backend.kill()
    rung, sentence = failure(guest)
    assert rung == 'http' and re.search(r' fell silent after 1\d{6} bytes', sentence)
    assert sentence.endswith('; the link went down meanwhile')
