"""PXE servers of the tests: real ones on a LAN of several machines, and a scripted one.

A Lan is a bridge: the guest's tap is one port of it, our namespace has an address on it, and each
Host behind it is a network namespace with an address of its own. Two DHCP servers on one machine
would be in each other's way; on two they are what a proxy is made for.
"""

import json
import os
import socket
import subprocess
import time

import peer
import servers
from network import Part, Tap, ip, tool, wait_until

# pylint: disable=wrong-import-order
from scapy.layers.inet import IP, UDP

OURS, OTHER = '192.0.2.1', '192.0.2.2'
SERVER_IP = '192.0.2.3'     # of the scripted one


class Lan(Part):
    """The bridge, with the guest's tap and our address on it. netdev() is QEMU's side."""

    title, name = 'LAN', 'lan0'

    def __init__(self):
        self.tap = Tap(address=None)
        self.netdev = self.tap.netdev

    def start(self):
        self.tap.start()
        ip('link', 'add', self.name, 'type', 'bridge')
        ip('address', 'add', f'{OURS}/24', 'dev', self.name)
        ip('link', 'set', self.tap.name, 'master', self.name)
        ip('link', 'set', self.name, 'up')

    def stop(self):
        self.tap.stop()
        subprocess.run([tool('ip'), 'link', 'delete', self.name], check=False, capture_output=True)


class Host(Part):
    """Another machine on the LAN; run(command) makes a command one of its own."""

    title, port = 'host', 'host0'

    def __init__(self, lan, address=OTHER):
        self.lan, self.address = lan, address
        self.process = None

    def start(self):
        self.process = subprocess.Popen([tool('unshare'), '--net', tool('sleep'), 'infinity'])
        ours = os.readlink('/proc/self/ns/net')
        wait_until(lambda: os.readlink(f'/proc/{self.process.pid}/ns/net') != ours, 10,
                   'a network namespace')
        ip('link', 'add', self.port, 'type', 'veth', 'peer', 'name', 'lan', 'netns',
           str(self.process.pid))
        ip('link', 'set', self.port, 'master', self.lan.name, 'up')
        for words in (['address', 'add', f'{self.address}/24', 'dev', 'lan'],
                      ['link', 'set', 'lan', 'up'], ['link', 'set', 'lo', 'up']):
            subprocess.run(self.run([tool('ip'), *words]), check=True)
        state = self.run([tool('ip'), '-o', 'link', 'show', 'lan'])
        wait_until(lambda: ' state UP ' in subprocess.run(
            state, capture_output=True, text=True, check=True).stdout, 10, 'a carrier')

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        subprocess.run([tool('ip'), 'link', 'delete', self.port], check=False, capture_output=True)

    def run(self, command):
        return [tool('nsenter'), f'--net=/proc/{self.process.pid}/ns/net', *command]


class Dnsmasq(servers.Dnsmasq):
    """dnsmasq on a Lan, or on a Host of one."""

    def __init__(self, options, place, dhcp_range=None):
        super().__init__('lan' if isinstance(place, Host) else place.name, dhcp_range, options)
        self.place = place

    def command(self):
        command = super().command()
        return self.place.run(command) if isinstance(self.place, Host) else command


class Kea(servers.Server):
    """Kea's DHCPv4 server on a Host. subnet: what its subnet says beyond the range."""

    title = 'kea-dhcp4'

    def __init__(self, host, **subnet):
        super().__init__()
        self.host = host
        first, last, _ = servers.fresh_range().split(',')
        config = {'Dhcp4': {
            'interfaces-config': {'interfaces': ['lan']},
            'lease-database': {'type': 'memfile', 'persist': False},
            'valid-lifetime': 3600,
            'subnet4': [{'id': 1, 'subnet': '192.0.2.0/24', 'interface': 'lan',
                         'pools': [{'pool': f'{first} - {last}'}], **subnet}],
            'loggers': [{'name': 'kea-dhcp4', 'severity': 'DEBUG', 'debuglevel': 55,
                         'output_options': [{'output': 'stdout'}]}]}}
        (self.dir / 'conf').write_text(json.dumps(config))

    def command(self):
        places = [f'KEA_{name}_DIR={self.dir}' for name in ('PIDFILE', 'LOCKFILE')]
        return self.host.run([tool('env'), *places, tool('kea-dhcp4'), '-c',
                              str(self.dir / 'conf')])

    def ready(self):
        return 'DHCP4_STARTED' in self.log()


class Peer(peer.Peer):
    """The scripted neighbour with a PXE server beside it, at SERVER_IP.

    proxy(message) is what that one says to a DISCOVER, pxe(message) to a question; both return
    frames, and are a test's to replace. Nobody answers at first.
    """

    def __init__(self):
        super().__init__()
        self.addresses.add(SERVER_IP)
        self.proxy = self.pxe = lambda message: []
        self.asked = []         # its questions: (time.monotonic(), DhcpMessage)

    def pxe_answer(self, message, kind, *options, port=67, **fields):
        """A frame of the PXE server's: to the address of who has one, or to everybody."""
        options = peer.tlv((54, socket.inet_aton(SERVER_IP)), (60, b'PXEClient'), *options)
        frame = self.dhcp_answer(message, kind, options, **{'yiaddr': '0.0.0.0', **fields})
        frame[IP].src, frame[UDP].sport = SERVER_IP, port
        if message.ciaddr == '0.0.0.0':
            frame.dst, frame[IP].dst = peer.BROADCAST, '255.255.255.255'
        else:
            frame[IP].dst, frame[UDP].dport = message.ciaddr, message.packet[UDP].sport
        return frame

    def _answers(self, packet):
        if UDP not in packet or packet[UDP].dport not in (67, 4011):
            return super()._answers(packet)
        message = peer.DhcpMessage(packet)
        if message.ciaddr != '0.0.0.0':
            self.asked.append((time.monotonic(), message))
            return self.pxe(message)
        return [*self.proxy(message), *super()._answers(packet)]
