import CTorrent
