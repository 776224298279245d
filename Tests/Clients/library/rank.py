"""rank.py DIGEST NAME...: which of these members ranks highest for a digest. `shoal fleet ls --json` is standard input."""

import json
import sys

WIDTH = (1 << 64) - 1


def mix(seed, node):
    mixed = seed ^ int(node[:16], 16)
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & WIDTH
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & WIDTH
    return mixed ^ mixed >> 31


digest, names = sys.argv[1], sys.argv[2:]
seed = int(digest.split(":")[1][:16], 16)
members = [member for member in json.load(sys.stdin)["members"] if member["name"] in names]
print(max(members, key=lambda member: mix(seed, member["node"]))["name"])
