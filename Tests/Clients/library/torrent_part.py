#!/usr/bin/python3
"""torrent_part.py without-web-seed|without-trackers TORRENT: takes one way to the bytes out of a .torrent file."""

import sys

import libtorrent

WAYS = {"without-web-seed": [b"url-list"], "without-trackers": [b"announce", b"announce-list"]}


def main(what, path):
    with open(path, "rb") as file:
        torrent = libtorrent.bdecode(file.read())
    # One that was never there would make the test one of something else.
    present = [key for key in WAYS[what] if torrent.pop(key, None) is not None]
    if not present:
        return f"{path} has none of {WAYS[what]}"
    with open(path, "wb") as file:
        file.write(libtorrent.bencode(torrent))
    return 0


sys.exit(main(*sys.argv[1:]))
