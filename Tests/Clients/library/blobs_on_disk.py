"""blobs_on_disk.py DATA: every blob file below DATA hashes to its own name. Says how many there are.

A blob is a file named by its hex below a folder named by its algorithm, or such a folder's file `data`
(docker-registry's way). One that is misnamed, truncated or unnamed is a failure; so is finding none.
"""

import hashlib
import os
import re
import sys

BLOB = re.compile(r"/blobs/(sha256|sha512)/[0-9a-f]{2}/((?:[0-9a-f]{64}){1,2})(?:/data)?$")
IN_BLOBS = re.compile(r"^/(?:.*/)?blobs/(?:sha256|sha512)/")


def actual(path, algorithm):
    hasher = hashlib.new(algorithm)
    with open(path, "rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            hasher.update(part)
    return hasher.hexdigest()


def main():
    root = sys.argv[1]
    count, size, wrong = 0, 0, []
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            inside = "/" + os.path.relpath(path, root)
            match = BLOB.search(inside)
            if match:
                count, size = count + 1, size + os.path.getsize(path)
                if actual(path, match[1]) != match[2]:
                    wrong.append(inside)
            elif IN_BLOBS.match(inside):
                wrong.append(inside + " (not a blob's name)")
    print(f"{count} blobs, {size} bytes, {len(wrong)} wrong", *wrong, sep="\n")
    sys.exit(0 if count and not wrong else 1)


main()
