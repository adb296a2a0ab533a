"""What a hostile, lossy or merely odd LAN can do to a download: HTTP.

Every test downloads a file, of which every byte counts (see download.py), or fails by name. Unit
tests have the same rules in more corners; here they hold in a whole machine.
"""

import random

import pytest

from download import BODY, fetched
from peer import MSS, ok
from skiff import assert_good_day


def test_header_byte_by_byte(peer, boot):
    """[HTTP-04] [HTTP-05]"""
    header = (b'HTTP/1.1 200\nSERVER: odd\r\nX-Folded: one\r\n\ttwo\r\n three\r\n'
              b'cOnTeNt-LeNgTh:\t  %d \t\r\n\r\n' % len(BODY))
    guest = boot(fetch=peer.url())
    conn = peer.accept()
    conn.answer(header, size=1)
    conn.write(BODY)
    conn.finish()
    fetched(guest)
    assert_good_day(guest)


def test_interim_answers_are_skipped(peer, boot):
    """[HTTP-06]"""
    interim = (b'HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\nContent-Length: 7\r\n\r\n'
               b'HTTP/1.1 100 Continue\r\n\r\n')
    guest = boot(fetch=peer.url())
    conn = peer.accept()
    request = conn.answer(interim + ok(BODY))
    conn.finish()
    fetched(guest)
    assert b'expect' not in request.lower()
    assert_good_day(guest)


@pytest.mark.parametrize('size', [MSS, 7])
def test_chunks_with_all_that_may_stand_beside_them(size, peer, boot):
    """[HTTP-11]"""
    body, source, stream, at = BODY[:MSS * size], random.Random(11), b'', 0
    while at < len(body):
        length = source.choice((1, 15, 16, 1000, 5000))
        piece = body[at:at + length]
        length = f'{len(piece):X}'.encode().rjust(source.choice((1, 8)), b'0')
        extension = source.choice((b'', b';name', b';name=value', b' ; x="a;b\\"c"',
                                   b';x=' + b'y' * 300))
        stream += length + extension + b'\r\n' + piece + b'\r\n'
        at += len(piece)
    response = (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Digest\r\n\r\n' +
                stream +
                b'0;last\r\nDigest: of a kind\r\nContent-Length: 1\r\n\r\n')
    guest = boot(fetch=peer.url())
    conn = peer.accept()
    conn.answer(response, size)
    conn.finish()
    fetched(guest, body)
    assert_good_day(guest)
