#!/usr/bin/python3
"""peer.py TORRENT FOLDER HOST:PORT SECONDS: fetches from one known peer and nobody else; fails when it is not whole by then."""

import sys
import time

import libtorrent


def main(torrent, folder, peer, seconds):
    session = libtorrent.session({"listen_interfaces": "0.0.0.0:0", "enable_dht": False, "enable_lsd": False})
    handle = session.add_torrent({"ti": libtorrent.torrent_info(torrent), "save_path": folder})
    host, _, port = peer.rpartition(":")
    deadline = time.monotonic() + float(seconds)
    asked = 0.0
    while time.monotonic() < deadline:
        # Again and again: the first connection may come before the torrent is live.
        if time.monotonic() - asked > 1:
            handle.connect_peer((host, int(port)))
            asked = time.monotonic()
        if handle.status().is_seeding:
            return 0
        time.sleep(0.05)
    print(f"not whole after {seconds} s: {handle.status().total_done} bytes", file=sys.stderr)
    return 1


sys.exit(main(*sys.argv[1:]))
