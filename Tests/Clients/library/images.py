#!/usr/bin/python3
"""images.py FOLDER: make the images that the clients push.

FOLDER/oci/app       OCI layout: `one` (five layers), `two` (`one` and a layer more), `multi` (an index)
FOLDER/dir/schema2   a Docker schema 2 image, as skopeo's `dir:` transport lays it out
FOLDER/dir/list      a Docker manifest list of two such images, likewise
FOLDER/context       a folder to `docker build` or `buildah bud` in

Layers are real tar files that unpack to a root with busybox in it. The random bytes differ in each run, so
nothing that an earlier run left in a client's cache can hide a transfer.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile

BUSYBOX = "/bin/busybox"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def encode(document):
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def tar(files):
    """A tar of {path: (bytes, mode)}; a value of None is a folder."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            else:
                data, entry.mode = content
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


class Layer:
    """A layer as it travels (`data`) and the digest of its tar (`diff_id`), which the config names."""

    def __init__(self, files, compressed=True):
        plain = tar(files)
        self.diff_id = digest(plain)
        self.compressed = compressed
        self.data = gzip.compress(plain, compresslevel=1, mtime=0) if compressed else plain


def base_layers():
    with open(BUSYBOX, "rb") as file:
        busybox = file.read()
    return [
        Layer({"bin": None, "bin/busybox": (busybox, 0o755), "bin/sh": (busybox, 0o755)}),
        Layer({"data": None, "data/large": (os.urandom(5 << 20), 0o644)}),
        Layer({"data/plain": (os.urandom(300_000), 0o644)}, compressed=False),
        Layer({"data/small": (b"a shoal is many fish that move as one\n", 0o644)}),
        Layer({"empty": None}),
    ]


def config(layers, architecture, variant=None):
    document = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": ["/bin/busybox", "cat", "/data/small"]},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created_by": f"layer {number}"} for number, _ in enumerate(layers)],
    }
    if variant:
        document["variant"] = variant
    return encode(document)


def descriptor(media_type, data, **more):
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


def oci_manifest(layers, architecture, variant, keep):
    """An OCI image manifest; `keep` is called with each blob."""
    configuration = config(layers, architecture, variant)
    keep(configuration)
    for layer in layers:
        keep(layer.data)
    return encode({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(OCI_CONFIG, configuration),
        "layers": [descriptor(OCI_LAYER + ("+gzip" if layer.compressed else ""), layer.data) for layer in layers],
        "annotations": {"org.example.note": "bytes are sacred: \u00e9, \u4e2d, and this order"},
    })


def make_oci(folder):
    blobs = os.path.join(folder, "blobs/sha256")
    os.makedirs(blobs)

    def keep(data):
        with open(os.path.join(blobs, hashlib.sha256(data).hexdigest()), "wb") as file:
            file.write(data)

    layers = base_layers()
    one = oci_manifest(layers, "amd64", None, keep)
    two = oci_manifest(layers + [Layer({"data/more": (os.urandom(700_000), 0o644)})], "amd64", None, keep)
    platforms = []
    for architecture, variant in (("amd64", None), ("arm64", "v8"), ("arm", "v7")):
        # The platforms share the data layers, as real ones often do, and differ in one.
        own = Layer({"data/platform": (os.urandom(100_000), 0o644)})
        manifest = oci_manifest(layers[:3] + [own], architecture, variant, keep)
        keep(manifest)
        platform = {"architecture": architecture, "os": "linux", **({"variant": variant} if variant else {})}
        platforms.append(descriptor(OCI_MANIFEST, manifest, platform=platform))
    multi = encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": platforms})
    for manifest in (one, two, multi):
        keep(manifest)

    def named(media_type, manifest, tag):
        return descriptor(media_type, manifest, annotations={"org.opencontainers.image.ref.name": tag})

    index = [named(OCI_MANIFEST, one, "one"), named(OCI_MANIFEST, two, "two"), named(OCI_INDEX, multi, "multi")]
    with open(os.path.join(folder, "index.json"), "wb") as file:
        file.write(encode({"schemaVersion": 2, "manifests": index}))
    with open(os.path.join(folder, "oci-layout"), "w", encoding="ascii") as file:
        file.write('{"imageLayoutVersion":"1.0.0"}')


def schema2_manifest(layers, architecture, folder):
    """A Docker schema 2 manifest; its blobs are written into `folder` under their hex names."""
    configuration = config(layers, architecture)
    for data in [configuration] + [layer.data for layer in layers]:
        with open(os.path.join(folder, hashlib.sha256(data).hexdigest()), "wb") as file:
            file.write(data)
    return json.dumps({
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": descriptor(DOCKER_CONFIG, configuration),
        "layers": [descriptor(DOCKER_LAYER, layer.data) for layer in layers],
    }, indent=3).encode()  # three, as docker writes it


def start_dir(folder):
    os.makedirs(folder)
    with open(os.path.join(folder, "version"), "w", encoding="ascii") as file:
        file.write("Directory Transport Version: 1.1\n")


def write_manifest(folder, name, manifest):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(manifest)


def make_schema2(folder):
    start_dir(folder)
    layers = [layer for layer in base_layers() if layer.compressed]
    write_manifest(folder, "manifest.json", schema2_manifest(layers, "amd64", folder))


def make_list(folder):
    start_dir(folder)
    base = [layer for layer in base_layers() if layer.compressed]
    entries = []
    for architecture in ("amd64", "arm64"):
        layers = base[:2] + [Layer({"data/platform": (os.urandom(50_000), 0o644)})]
        manifest = schema2_manifest(layers, architecture, folder)
        write_manifest(folder, hashlib.sha256(manifest).hexdigest() + ".manifest.json", manifest)
        entries.append(descriptor(DOCKER_MANIFEST, manifest, platform={"architecture": architecture, "os": "linux"}))
    document = {"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": entries}
    write_manifest(folder, "manifest.json", json.dumps(document, indent=3).encode())


def make_context(folder):
    os.makedirs(folder)
    shutil.copy(BUSYBOX, os.path.join(folder, "busybox"))
    for name, size in (("large", 6 << 20), ("middle", 400_000), ("small", 100)):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(os.urandom(size))
    with open(os.path.join(folder, "Dockerfile"), "w", encoding="ascii") as file:
        file.write("FROM scratch\nCOPY busybox /bin/busybox\nCOPY large /data/large\n"
                   "COPY middle /data/middle\nCOPY small /data/small\nLABEL made=here\n"
                   'CMD ["/bin/busybox", "true"]\n')


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    make_oci(os.path.join(folder, "oci/app"))
    make_schema2(os.path.join(folder, "dir/schema2"))
    make_list(os.path.join(folder, "dir/list"))
    make_context(os.path.join(folder, "context"))


main()
