"""skiff-conform by its script: `make conform`, known answers, and readers of the report."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from scapy.utils import RawPcapNgReader

import backend
import conform
import network
from skiff import TOP


def test_run_prints_the_report_and_nothing_else():
    done = conform.script()
    report = conform.Report(done.stdout, done.returncode)
    assert done.stdout.startswith('TAP version 13\n') and done.stderr == ''
    assert report.broken() == {'DEV-31'} | conform.QEMU and done.returncode == 1
    assert report.plan == len(report.points)
    # It has served a file.
    assert int(re.search(r'\[as-skiff\] (\d+) frames', done.stdout)[1]) > 150


@pytest.mark.parametrize('environment, status, words', [
    ({'KNOBS': 'only=DEV-01'}, 0, '1..1'),
    ({'KNOBS': 'only=DEV-31,minimal', 'DEVICE': 'disable-legacy=on'}, 1, '1af4:1041'),
    ({'KNOBS': 'only=DEV-00'}, 2, 'Bail out!'),
    ({'KNOBS': 'nonsense'}, 2, 'conform: KNOBS: "nonsense" is not KEY=VALUE'),
    ({'NETDEV': 'nonsense'}, 2, 'conform: QEMU ended with status 1, before the report did'),
    ({'DEVICE': 'rombar=0', 'LIMIT': '3'}, 2, 'conform: no verdict within 3 s'),
    ({'NETDEV': 'hubport,hubid=7', 'LIMIT': '6'}, 2, 'Bail out! the limit of 3 s'),
], ids=str)
def test_exit_status_of_run(environment, status, words):
    done = conform.script(**environment)
    assert done.returncode == status, done
    assert words in done.stdout + done.stderr, done


def test_make_conform():
    folder = os.path.relpath(conform.ROM.parent, TOP)
    done = conform.script('make', '-s', f'B={folder}', 'conform', 'KNOBS=only=DEV-01',
                          'NETDEV=user')
    assert done.returncode == 0 and '1..1' in done.stdout, done


# What coreutils' timeout is for a moment: it has made a process, and does not know yet which.
FORGETFUL = '''#!/bin/sh
exec /usr/bin/python3 -c '
import os, signal, sys
os.setpgid(0, 0)
signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
if not (child := os.fork()):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.execvp(sys.argv[2], sys.argv[2:])
os.waitpid(child, 0)' "$@"
'''


@pytest.mark.parametrize('timeout', [None, FORGETFUL], ids=['', 'timeout without a child'])
def test_interrupt_leaves_nothing_behind(timeout, tmp_path):
    """A run that would wait for long ends at once, with all that it has started."""
    tools, work = tmp_path / 'tools', tmp_path / 'work'
    tools.mkdir()
    work.mkdir()
    if timeout:
        (tools / 'timeout').write_text(timeout)
        (tools / 'timeout').chmod(0o755)
    # What was started in the background of a shell ignores SIGINT, and so do its children.
    with subprocess.Popen(['env', '--default-signal=INT', TOP / 'tests' / 'conform' / 'run'],
                          cwd=TOP, text=True,
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True,
                          env={**os.environ, 'SKIFF_CONFORM_ROM': str(conform.ROM),
                               'PATH': f'{tools}:{os.environ["PATH"]}',
                               'DEVICE': 'rombar=0', 'TMPDIR': str(work)}) as process:
        try:
            network.wait_until(lambda: session(process.pid, 'qemu-system-x86'), 20, 'QEMU')
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(10) == 130
            if timeout:     # nobody can wait for its child, which has been told to end
                network.wait_until(lambda: not session(process.pid, ''), 10, 'the end of QEMU')
            assert not session(process.pid, '')
        finally:
            for pid in session(process.pid, ''):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    assert not list(work.iterdir())


def session(leader, name):
    """The processes of that session whose name begins so, without those that have ended."""
    found = []
    for stat in Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            command, rest = stat.read_text().split('(', 1)[1].rsplit(')', 1)
            state, _, _, its_leader = rest.split()[:4]
            if int(its_leader) == leader and state != 'Z' and command.startswith(name):
                found.append(int(stat.parent.name))
    return found


def test_run_keeps_the_frames(tmp_path):
    """With their headers, an interface for each configuration; scapy and Wireshark read it."""
    done = conform.script(PCAP=str(tmp_path / 'seen'), KNOBS='only=as-skiff,mrg-64,minimal')
    data = (tmp_path / 'seen').read_bytes()
    frames = list(backend.frames(data))
    told = sum(int(n) for n in re.findall(r'\] (\d+) frames in', done.stdout))
    assert len([f for f in frames if f.received]) == told > 100, done.stdout
    assert all(name in data for name in (b'as-skiff', b'mrg-64', b'minimal'))
    assert {f.header['flags'] for f in frames} == {0}
    assert any(f.header['num_buffers'] > 20 and f.received and f.header['used_len'] == 64
               for f in frames), 'mrg-64'
    assert len(list(RawPcapNgReader(str(tmp_path / 'seen')))) == len(frames)


# --- known answers -------------------------------------------------------------------------------

REPORT = """TAP version 13
ok 1 - DEV-01 VERSION_1 is offered [registers]
not ok 2 - DEV-31 num_buffers is 1 without MRG_RXBUF [as-skiff]
  ---
  found: |
    not ok 9 - DEV-99 is no point, but quoted
  ...
ok 3 - DEV-40 flags are 0 on every frame [as-skiff] # SKIP no frame came
not ok 4 - DEV-42b no checksum is left 0 [minimal] # TODO SHOULD
ok 5 - DEV-31 num_buffers is 1 without MRG_RXBUF [minimal]
"""
END = '1..5\n# MUST: DEV-31\n'
DIES = 'Bail out! in [minimal] the link fell, and no frame has come since\n'


@pytest.mark.parametrize('known, report, status, words', [
    ('DEV-31\nDEV-42b\n', REPORT + END, 0, ''),
    ('# why\n\n  DEV-42b minimal\n', REPORT + END, 1, 'DEV-31 [as-skiff] is new'),
    ('DEV-31 as-skiff\nDEV-42b minimal', REPORT + END, 0, ''),
    ('DEV-31 minimal\nDEV-42b', REPORT + END, 1, 'DEV-31 [as-skiff] is new'),
    ('DEV-31 as-skiff minimal\nDEV-42b', REPORT + END, 1, 'DEV-31 [minimal] is gone'),
    ('DEV-31\nDEV-40\nDEV-42b', REPORT + END, 1, 'DEV-40 is gone'),
    ('DEV-31\nDEV-42b', REPORT + DIES, 2, 'the bail-out is new: in [minimal] the link fell'),
    ('DEV-31\nDEV-42b\nbail-out in [minimal] the link fell', REPORT + DIES, 0, ''),
    ('DEV-31\nDEV-42b\nbail-out in [legacy] the link fell', REPORT + DIES, 1, 'with other words'),
    ('DEV-31\nDEV-42b\nbail-out in [minimal]', REPORT + END, 1, 'the bail-out is gone'),
    ('DEV-31\nDEV-42b', REPORT, 2, 'the report has no end'),
    ('DEV-31\nDEV-42b\nDEV-31', REPORT + END, 2, 'DEV-31 stands there twice'),
    ('nonsense', REPORT + END, 2, '"nonsense" is neither a row'),
])
def test_a_report_against_known_answers(known, report, status, words, tmp_path):
    (tmp_path / 'known').write_text(known)
    (tmp_path / 'report').write_text(report)
    done = conform.script('tests/conform/compare', tmp_path / 'known', tmp_path / 'report')
    assert (done.returncode, done.stdout) == (status, ''), done
    assert (words in done.stderr) if words else done.stderr == '', done


def test_what_was_not_asked_for_is_not_gone(tmp_path):
    (tmp_path / 'known').write_text(
        'DEV-31 as-skiff minimal\nDEV-40\nDEV-42b minimal queue-smallest\nbail-out x\n')
    (tmp_path / 'report').write_text(REPORT + END)
    words = ['tests/conform/compare', tmp_path / 'known', tmp_path / 'report', 'partial']
    done = conform.script(*words)
    # DEV-31 was looked at in [minimal], and is good there.
    assert done.returncode == 1 and done.stderr.count('\n') == 1, done
    assert 'DEV-31 [minimal] is gone' in done.stderr, done


@pytest.mark.parametrize('known, knobs, status, words', [
    (None, '', 0, ''),
    (None, 'only=DEV-01', 0, ''),
    ('# nothing\n', 'only=DEV-31,as-skiff', 1, 'conform: DEV-31 [as-skiff] is new'),
    ('DEV-31\nDEV-36\n', 'only=DEV-31,DEV-36,as-skiff', 1, 'conform: DEV-36 is gone'),
    ('DEV-31\n', 'only=DEV-00', 2, 'conform: the bail-out is new: '),
], ids=str)
def test_run_with_known_answers(known, knobs, status, words, tmp_path):
    file = conform.KNOWN / conform.known_qemu()
    if known:
        file = tmp_path / 'known'
        file.write_text(known)
    done = conform.script(KNOWN=str(file), KNOBS=knobs)
    assert done.returncode == status and words in done.stderr, done
    assert words or done.stderr == '', done


# --- readers of the report -----------------------------------------------------------------------

def test_prove_reads_the_report(attach, machine, tmp_path):
    """Perl's TAP consumer: counts, directives, blocks, and MUSTs alone in its verdict."""
    report = conform.run(machine, attach('passt'))
    (tmp_path / 'report.tap').write_text(report.text)
    done = subprocess.run([shutil.which('prove'), '-e', 'cat', str(tmp_path / 'report.tap')],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    failed = [p.number for p in report.points if not p.ok and not p.directive]
    assert f'Tests: {report.plan} Failed: {len(failed)})' in done.stdout, done.stdout
    assert 'Parse errors' not in done.stdout and done.returncode == 1


def test_prove_is_content_with_a_good_device(attach, machine, tmp_path):
    report = conform.run(machine, attach('tap'), 'legacy')
    (tmp_path / 'report.tap').write_text(report.text)
    done = subprocess.run([shutil.which('prove'), '-e', 'cat', str(tmp_path / 'report.tap')],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0 and 'All tests successful' in done.stdout, done.stdout
