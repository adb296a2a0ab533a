"""A QEMU machine under test: its command line, and what a test does with it.

    with Machine([Nic(attachment.netdev)], fw_cfg={'fetch': url}) as machine:
        machine.wait_for(r'^fetch: (\\d+) bytes', timeout=60)

The serial console is a pair of pipes, and QMP a socket pair that QEMU inherits, all there before it
is: the machine is created stopped, and started (`machine.started`, host's clock) when all is
connected. Every wait has a deadline and ends early, with the whole console in its text, if QEMU
exits. ACCEL in the environment overrides `-accel tcg`, SKIFF_ROM overrides build/skiff.rom.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import network
from console import Console
from monitor import Monitor
from wire import Wire

TOP = Path(__file__).resolve().parents[2]
SKIFF_ROM = Path(os.environ.get('SKIFF_ROM', TOP / 'build' / 'skiff.rom')).resolve()
ACCEL = os.environ.get('ACCEL', 'tcg')
IPXE_ROM = ''           # Nic(rom=IPXE_ROM): QEMU's own default, whose id QEMU patches only then

# Device properties of the three kinds of virtio PCI device: Nic(…, **VARIANTS[kind]).
VARIANTS = {
    'transitional': {},
    'modern': {'disable-legacy': 'on'},
    'legacy': {'disable-modern': 'on'},
}


class ConsoleError(AssertionError):
    """What was waited for did not come; the text has the whole console."""


class Nic:
    """One NIC: QEMU's -netdev without its id, and the device's properties.

    rom: a path, IPXE_ROM, or None for no ROM at all. Properties with a dash or that are words of
    Python go through ** of a dict: Nic(netdev, **{'disable-legacy': 'on'}).
    """

    def __init__(self, netdev, rom=SKIFF_ROM, model='virtio-net-pci', bootindex=None, **properties):
        self.netdev, self.model, self.bootindex = netdev, model, bootindex
        self.properties = dict(properties)
        if rom is None:
            self.properties['rombar'] = 0
        elif rom != IPXE_ROM:
            self.properties['romfile'] = rom

    def arguments(self, number):
        index = number + 1 if self.bootindex is None else self.bootindex
        properties = {'id': f'nic{number}', 'netdev': f'net{number}', 'bootindex': index,
                      **self.properties}
        device = ','.join([self.model, *(f'{k}={v}' for k, v in properties.items())])
        kind, _, options = self.netdev.partition(',')
        netdev = f'{kind},id=net{number}' + (f',{options}' if options else '')
        return ['-netdev', netdev, '-device', device]


class Machine(network.Part):
    """One QEMU process, from start() to stop() (or the with statement).

    nics: Nic objects, in PCI order. machine: 'pc' or 'q35' (with its options). fw_cfg: values of
    opt/org.skiff/KEY, or of any other fw_cfg file where the key has a slash; str or bytes.
    console: 'serial' for -nographic (SeaBIOS then copies the screen to the serial port), 'vga' for
    a VGA card that nobody looks at, with the serial port beside it. wire: the machine gets a Wire
    on NIC 0. net: an Attachment that wants more of QEMU than a -netdev. arguments: QEMU's own
    words, last. stopped: it is there, and somebody else lets it go.
    """

    CONSOLE = Console

    # pylint: disable=too-many-arguments,too-many-instance-attributes
    def __init__(self, nics=(), machine='pc', memory='512M', fw_cfg=None, console='serial',
                 wire=False, net=None, arguments=(), accel=ACCEL, stopped=False):
        self.nics, self.machine, self.memory = list(nics), machine, memory
        self.fw_cfg, self.console_kind = dict(fw_cfg or {}), console
        self.arguments, self.accel = [str(a) for a in arguments], accel
        self.net, self.stopped = net, stopped
        self.dir = Path(tempfile.mkdtemp(prefix='skiff-', dir='/tmp'))
        self.console, self.monitor = self.CONSOLE(self.dir / 'console'), Monitor()
        self.wire = Wire(self.dir / 'wire') if wire else None
        self.process = self.started = None
        self.errors = ''
        self.title = 'console of the guest'

    def command(self):
        """The whole command line."""
        words = [network.tool('qemu-system-x86_64'), '-S', '-nodefaults', '-machine', self.machine,
                 '-accel', self.accel, '-m', self.memory,
                 *self.console.arguments(), '-serial', 'chardev:console',
                 '-chardev', f'socket,id=monitor,fd={self.monitor.theirs.fileno()}',
                 '-mon', 'chardev=monitor,mode=control']
        words += {'serial': ['-nographic'], 'vga': ['-display', 'none', '-vga', 'std'],
                  'none': ['-display', 'none']}[self.console_kind]
        if self.net:
            words += self.net.arguments(self.memory)
        for number, nic in enumerate(self.nics):
            words += nic.arguments(number)
        for number, (key, value) in enumerate(self.fw_cfg.items()):
            file = self.dir / f'fw_cfg{number}'
            file.write_bytes(value if isinstance(value, bytes) else value.encode())
            name = key if '/' in key else f'opt/org.skiff/{key}'
            words += ['-fw_cfg', f'name={name},file={file}']
        if self.wire:
            words += self.wire.arguments()
        return words + self.arguments

    def start(self):
        with open(self.dir / 'errors', 'wb') as errors:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                pass_fds=[self.monitor.theirs.fileno()])
        self.monitor.theirs.close()
        try:
            self.monitor.handshake()
            self.console.opened()
        except ConnectionError as error:
            self.process.wait(10)
            raise ConsoleError(f'QEMU did not start: {self._errors()}') from error
        self.started = time.monotonic()
        if not self.stopped:
            with contextlib.suppress(ConnectionError):      # a guest may end QEMU at once
                self.monitor.execute('cont')

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.monitor.theirs.close()     # also where QEMU was never started
        self.console.close()
        self.monitor.ours.close()
        if self.wire:
            self.wire.close()
        self.errors = self._errors()
        shutil.rmtree(self.dir, ignore_errors=True)

    def log(self):
        errors = self._errors()
        return readable(self.console.text) + (f'\nQEMU said: {errors}' if errors else '')

    def _errors(self):
        with contextlib.suppress(FileNotFoundError):
            return (self.dir / 'errors').read_text(errors='replace').strip()
        return self.errors

    # The serial console.

    @property
    def text(self):
        """Everything the guest has written to its serial port; CR LF became LF."""
        return self.console.text

    def wait_for(self, regex, timeout=30, after=0):
        """The match of regex (^ and $ match at lines) in the console, searched from `after`.

        A regex that ends with $ matches only when the end of the line has come.
        Searching starts at the beginning unless told otherwise: match.end() of an earlier one.
        """
        __tracebackhide__ = True    # pytest shows the caller's line, which is the one at fault
        match = self.console.wait_for(regex, timeout, after)
        if match is None:
            why = f'within {timeout} s'
            if self.process.poll() is not None:
                why = f'before QEMU ended ({self.process.returncode})'
            raise ConsoleError(f'no {regex!r} {why}; the console:\n{self.log()}')
        return match

    def when(self, match):
        """Seconds from the machine's start until the last character of a match had come."""
        return self.console.when(match.end() - 1) - self.started

    def type(self, text):
        """Types on the serial port."""
        self.console.type(text)

    # The monitor.

    def qmp(self, command, **arguments):
        return self.monitor.execute(command, **arguments)

    def set_link(self, up, nic=0):
        self.qmp('set_link', name=f'nic{nic}', up=up)

    def reset(self):
        self.qmp('system_reset')

    def sendkey(self, keys):
        """Presses keys of the PS/2 keyboard, as the human monitor names them: 'esc', 'ctrl-c'."""
        self.monitor.human(f'sendkey {keys}')

    def screen(self):
        """The VGA text screen's 25 lines of 80 characters, without trailing blanks."""
        file = self.dir / 'screen'
        self.qmp('pmemsave', val=0xb8000, size=4000, filename=str(file))
        cells = file.read_bytes()[::2].decode('cp437').replace('\0', ' ')
        return [cells[at:at + 80].rstrip() for at in range(0, 2000, 80)]

    def memory_bytes(self, address, size):
        """Guest physical memory."""
        file = self.dir / 'memory'
        self.qmp('pmemsave', val=address, size=size, filename=str(file))
        return file.read_bytes()

    def wait_exit(self, timeout=30):
        """QEMU's exit status, once it ends by itself."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ConsoleError(f'QEMU still runs after {timeout} s; the console:\n'
                               f'{self.log()}') from None

    def quit(self):
        """Asks QEMU to end in order, so that what it writes at exit is written."""
        with contextlib.suppress(ConnectionError):
            self.qmp('quit')
        return self.wait_exit()


def readable(text):
    """A console's text for people: no escape sequences, of a progress display the last state."""
    text = re.sub(r'\x1b\[[0-9;?]*[A-Za-z]', '', re.sub(r'\x1bc', '', text))
    text = re.sub(r'(\x08 \x08)+', '<BS>', text)
    text = re.sub(r'\r[^\r\n]*(?=\r)', '', text).replace('\r', '\\r')
    return re.sub(r'[^\n\t -~]', lambda m: f'\\x{ord(m[0]):02x}', text)


def ipxe_shell(machine):
    """Stops iPXE at its prompt; returns a function that runs one of its commands there.

    The function returns what the command printed, or None at once with wait=False. It types a few
    characters at a time and waits for their echo, because SeaBIOS takes one per timer tick and
    drops what its buffer cannot hold.
    """
    prompt = machine.wait_for(r'Press Ctrl-B for the iPXE command line', timeout=60)
    machine.type('\x02')
    place = machine.wait_for(r'iPXE> ', after=prompt.end()).end()

    def run(command, timeout=60, wait=True):
        nonlocal place
        for at in range(0, len(command), 8):
            machine.type(command[at:at + 8])
            # The last character may be held back until the next one.
            machine.wait_for(re.escape(command[:at + 8][:-1]), timeout=10, after=place)
        machine.type('\n')
        if not wait:
            return None
        done = machine.wait_for(r'(?s)\n(.*?)iPXE> ', timeout, after=place)
        place = done.end()
        return done[1]
    return run
