"""What it costs the host that a machine waits: seconds of processor time that QEMU takes, all its
threads together, per 10 s of waiting for an answer by DHCP that never comes. From the first
DHCPDISCOVER on, on a tap with nobody behind it."""

import os
import subprocess
import time
from pathlib import Path

from fetch import Failure

# pylint: disable=wrong-import-order
import network
import servers

DISCOVER = b'\x63\x82\x53\x63\x35\x01\x01'      # magic cookie, option 53, length 1, DHCPDISCOVER
WAIT_S = 10             # iPXE for BIOS gives up some 16 s after its first DHCPDISCOVER.
GIVEN_UP = ('failed', 'succeeded', 'No more')   # skiff or OVMF; iPXE, of all methods none; iPXE


def cpu_seconds(process):
    """User and system time of a process so far (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f'/proc/{process.pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def waiting(boot):
    """boot: makes of an Attachment a machine with a wire. Processor seconds per 10 s."""
    with network.Tap() as tap:
        net = servers.Attachment('tap', tap.netdev(), network.TAP_ADDRESS.split('/')[0], tap.mtu,
                                 {'tap': tap})
        with boot(net) as machine:
            machine.wire.wait(lambda frame: DISCOVER in frame, timeout=120)
            said, begun, before = len(machine.text), time.monotonic(), cpu_seconds(machine.process)
            try:
                machine.process.wait(WAIT_S)
                raise Failure(f'QEMU has ended:\n{machine.log()}')
            except subprocess.TimeoutExpired:
                spent, took = cpu_seconds(machine.process) - before, time.monotonic() - begun
            if any(word in machine.text[said:] for word in GIVEN_UP):
                raise Failure(f'it did not wait for {WAIT_S} s:\n{machine.log()}')
    return {'waiting': 10 * spent / took}
