"""Row 16: from exec to the first pull, with many blobs in the data folder, and nothing forgotten."""

import hashlib
import random
import threading
import time

from registry_client import MANIFEST_TYPE, Client, digest_of, image_manifest
from table import Measure, Rounds, Target, markdown
from workplace import note

REPOSITORY = "bench/many"
LAYERS_PER_IMAGE = 100
PUSHERS = 8
MEASURES = [Measure("seconds", "seconds to the first pull", 3), Measure("resident", "MB resident then", 1)]
TARGETS = [Target("seconds", None, 1.0, False), Target("resident", None, 120, False)]


def row(place):
    count = 2_000 if place.short else 50_000
    servers = [place.shoal(), place.docker_registry()]
    for server in servers:
        server.start()
        began = time.monotonic()
        fill(server, count)
        note(f"{server.name}: {count} blobs pushed in {time.monotonic() - began:.0f} s")
        server.stop()

    rounds = Rounds()
    for number in range(place.rounds):
        for server in servers:
            seconds = _start_and_pull(server)
            rounds.add(server.name, seconds=seconds, resident=server.resident_bytes() / 1e6)
            _nothing_forgotten(server, count, number)
            server.stop()
        note(f"round {number + 1} of {place.rounds}")
    remark = "A pull is a manifest by tag and one of its layers. After each restart every tag and a sample of 200 blobs are read back. Files in the page cache."
    return markdown(f"Row 16 · restart with {count:,} blobs", rounds, MEASURES, TARGETS, remark)


def _blob(number):
    """About a kilobyte that its number makes, so that it need not be kept."""
    return hashlib.sha512(b"shoal bench %d" % number).digest() * 16


def _image(number):
    blobs = [_blob(each) for each in range(number * LAYERS_PER_IMAGE, (number + 1) * LAYERS_PER_IMAGE)]
    named = [(digest_of(blob), len(blob)) for blob in blobs]
    return blobs, image_manifest(named[0], named[1:])


def fill(server, count, beginning=0):
    """Pushes the images of blobs `beginning` to `count`."""
    failures = []

    def push(images):
        try:
            client = Client(server.port)
            for image in images:
                blobs, manifest = _image(image)
                for blob in blobs:
                    client.push_blob(REPOSITORY, blob, digest_of(blob))
                client.push_manifest(REPOSITORY, f"image-{image:05}", manifest)
        except Exception as failure:  # pylint: disable=broad-except  # it is raised again below
            failures.append(failure)

    images = range(beginning // LAYERS_PER_IMAGE, count // LAYERS_PER_IMAGE)
    threads = [threading.Thread(target=push, args=(images[number::PUSHERS],)) for number in range(PUSHERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _pull(client, image):
    blobs, manifest = _image(image)
    if client.get(f"/v2/{REPOSITORY}/manifests/image-{image:05}", Accept=MANIFEST_TYPE) != manifest:
        raise RuntimeError("another manifest")
    if client.get(f"/v2/{REPOSITORY}/blobs/{digest_of(blobs[1])}") != blobs[1]:
        raise RuntimeError("other bytes")


def _start_and_pull(server, patience=120):
    began = time.monotonic()
    server.start(wait=False)
    while True:
        try:
            _pull(Client(server.port), 0)
            return time.monotonic() - began
        except (OSError, RuntimeError) as failure:
            # Not listening, or answering 503 until it is ready.
            if time.monotonic() - began > patience or server.process.poll() is not None:
                raise RuntimeError(f"{server.name} does not serve after its restart: {failure}; {server.log_tail()}") from failure
            time.sleep(0.001)


def _nothing_forgotten(server, count, seed):
    client, images = Client(server.port), count // LAYERS_PER_IMAGE
    for image in range(images):
        client.request("HEAD", f"/v2/{REPOSITORY}/manifests/image-{image:05}", Accept=MANIFEST_TYPE)
    for number in random.Random(seed).sample(range(count), 200):
        blob = _blob(number)
        if client.get(f"/v2/{REPOSITORY}/blobs/{digest_of(blob)}") != blob:
            raise RuntimeError(f"{server.name} forgot blob {number}")
