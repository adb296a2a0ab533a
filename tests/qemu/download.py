"""A download from a scripted peer (peer.py), of which every byte counts: what the tests of
test_peer_*.py have in common."""

import hashlib
import random

from peer import ok
from skiff import FETCH

BODY = random.Random(20).randbytes(200 << 10)
STRANGER = '02:00:00:00:00:66'
TRAP = '192.0.2.66'


def fetched(guest, body=BODY):
    """The file arrived, byte for byte."""
    match = guest.wait_for(FETCH)
    assert (int(match[1]), match[2]) == (len(body), hashlib.sha256(body).hexdigest())


def downloads(peer, guest, body=BODY):
    """An ordinary download, with nothing wrong from the handshake on."""
    conn = peer.accept()
    conn.answer(ok(body))
    conn.finish()
    fetched(guest, body)
    return conn


def halfway(peer, boot, body=BODY):
    """A download that has come to its middle: the machine, the connection,
    the rest of the response."""
    guest = boot(fetch=peer.url())
    conn, response = peer.accept(), ok(body)
    conn.answer(response[:len(response) // 2])
    return guest, conn, response[len(response) // 2:]


def go_on(guest, conn, rest, body=BODY):
    """The other half of it."""
    conn.write(rest)
    conn.finish()
    fetched(guest, body)


def heard(peer, mark, condition):
    """How many frames from heard[mark:] satisfy the condition."""
    return sum(map(condition, peer.heard[mark:]))
