"""Every back end, device and checksum policy,
against what matrix.txt says must become of a download."""

import contextlib
import dataclasses
import re
from pathlib import Path

import pytest

import backend
import servers
import passt
from conftest import MIB
from network import Resolver
from passt import NAME
from skiff import COUNT, FAILED, FETCH, last_counts, nic

TABLE = Path(__file__).with_name('matrix.txt')
POLICIES = ('auto', 'off', 'trust')
DEVICES = {'t': 'transitional', 'm': 'modern', 'l': 'legacy'}
# What GUEST_CSUM is required for (VIRTIO 1.4, 5.1.3.1), and what `-` withholds by each name.
GUEST_TSO = ('GUEST_TSO4', 'GUEST_TSO6', 'GUEST_ECN')
WITHHELD = {'GUEST_TSO': GUEST_TSO, 'GUEST_CSUM': ('GUEST_CSUM', *GUEST_TSO)}
VALUES = {'>0': True, '=0': False, '=any': None}


@dataclasses.dataclass
class Outcome:
    """What must be seen: the rung at which it fails (None: it fetches), its sentence, and
    counters."""

    rung: str
    sentence: str
    counters: dict          # name: whether it is more than 0; None: that does not matter

    @classmethod
    def parse(cls, text):
        end, _, counters = text.rpartition(';') if re.search(r';[^"]*$', text) else (text, '', '')
        match = re.fullmatch(r'(fetches)|(\S+) "(.*)"', end.strip())
        named = [re.fullmatch(r'(\w+)(>0|=0|=any)', word).groups() for word in counters.split()]
        return cls(match[2], match[3], {name: VALUES[sign] for name, sign in named})


def read_table():
    """[(back end, device, policy, Outcome)]"""
    outcomes, cells = {}, []
    for line in TABLE.read_text().splitlines():
        if not line or line.startswith('#'):
            continue
        if match := re.match(r'([\w+-]+): +(.*)', line):
            outcomes[match[1]] = Outcome.parse(match[2])
            continue
        *words, devices, auto, off, trust = line.split()
        for device in devices:
            for policy, name in zip(POLICIES, (auto, off, trust)):
                cells.append(pytest.param(' '.join(words), DEVICES[device], policy, outcomes[name],
                                          id=f'{" ".join(words)} {DEVICES[device]} {policy}'))
    return cells


@contextlib.contextmanager
def attach(text):
    """The network that the table calls so."""
    name, *words = text.split()
    if name in ('user', 'passt'):
        # 10.0.2.3, and passt's gateway, are who answers on this namespace's loopback.
        host = {'user': '10.0.2.2', 'passt': servers.PASST_GATEWAY}[name]
        with servers.Dnsmasq('lo', dhcp_range='', options=[f'address=/{NAME}/{host}']), \
                Resolver('127.0.0.1'), servers.attach(name, dns=True) as net:
            yield net
        return
    if name.startswith('passt:'):
        with passt.attach(name.removeprefix('passt:'), capture='capture' in words) as net:
            yield net
        return
    if name == 'tap':
        with servers.attach(name, dnsmasq=[f'address=/{NAME}/192.0.2.1']) as net:
            yield net
        return
    withheld = [feature for word in words if word.startswith('-')
                for feature in WITHHELD.get(word[1:], (word[1:],))]
    options = ['--features', ','.join(f'-{feature}' for feature in withheld)] if withheld else []
    faults = [word for word in words if not word.startswith('-')]
    with backend.attach(faults, name, dnsmasq=[f'address=/{NAME}/192.0.2.1'],
                        options=options) as net:
        yield net


def assert_counters(machine, outcome):
    """Those that are named are as they are named; of the others those that must be 0 are 0."""
    good, bad = last_counts(machine)
    silent = dict(bad)
    if not outcome.rung:
        silent.update(vouched=good['vouched'], partial=good['partial'])
    counters = {**good, **bad}
    expected = {**{name: False for name in silent}, **outcome.counters}
    expected = {name: value for name, value in expected.items() if value is not None}
    found = {name: counters[name] > 0 for name in expected}
    assert found == expected, f'{counters}\n{machine.log()}'


@pytest.mark.parametrize('network, device, policy, outcome', read_table())
def test_cell(network, device, policy, outcome, enter, machine, www):
    """[NET-22] [NET-25] [NET-31] [NET-32]"""
    sha256 = www.file('1m', MIB)
    net = enter(attach(network))
    guest = machine([nic(net.netdev, device)], net=net,
                    fw_cfg={'fetch': f'http://{NAME}:{www.port}/1m', 'csum': policy,
                            'sha256': sha256, 'deadline': '3'})
    end = guest.wait_for(f'({FETCH})|({FAILED})')
    guest.wait_for(COUNT)
    if outcome.rung is None:
        assert end[1], guest.log()
        assert (int(end[2]), end[3]) == (MIB, sha256)
    else:
        assert end[4] and end[5] == outcome.rung and outcome.sentence in end[6], guest.log()
    assert_counters(guest, outcome)


def test_what_the_repaired_passt_vouches_for_costs_no_checksum_pass(enter, machine, www):
    """[SUM-07] Whatever TCP or UDP came is counted as vouched; the few other frames are ARP."""
    www.file('1m', MIB)
    net = enter(attach('passt-repaired'))
    guest = machine([nic(net.netdev, 'modern')], net=net,
                    fw_cfg={'fetch': f'http://{NAME}:{www.port}/1m'})
    guest.wait_for(FETCH)
    good, _ = last_counts(guest)
    assert good['vouched'] > 700
    assert good['rx'] - good['vouched'] <= 5, guest.log()
