"""oras_artifact.py push TARGET FILE:TYPE… | pull TARGET FOLDER | tags TARGET, over plain HTTP."""

import json
import sys

import oras.client


def main():
    verb, target, *rest = sys.argv[1:]
    client = oras.client.OrasClient(insecure=True)
    if verb == "push":
        client.push(target=target, files=rest, disable_path_validation=True)
    elif verb == "pull":
        client.pull(target=target, outdir=rest[0])
    elif verb == "tags":
        print(json.dumps(client.get_tags(target)))
    else:
        sys.exit(__doc__)


main()
