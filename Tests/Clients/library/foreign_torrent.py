#!/usr/bin/python3
"""foreign_torrent.py v1|v2 FILE TORRENT: makes a .torrent as anybody's tool would, and prints its magnet link."""

import os
import sys

import libtorrent


def main(version, path, torrent):
    files = libtorrent.file_storage()
    files.add_file(os.path.basename(path), os.path.getsize(path))
    only = {"v1": libtorrent.create_torrent.v1_only, "v2": libtorrent.create_torrent.v2_only}[version]
    made = libtorrent.create_torrent(files, 64 << 10, only)
    libtorrent.set_piece_hashes(made, os.path.dirname(os.path.abspath(path)))
    with open(torrent, "wb") as file:
        file.write(libtorrent.bencode(made.generate()))
    print(libtorrent.make_magnet_uri(libtorrent.torrent_info(torrent)))


main(*sys.argv[1:])
