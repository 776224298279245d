"""The few requests that a row makes to fill a registry and to check what it serves, with stdlib only."""

import hashlib
import http.client
import json
import urllib.parse

from contestants import ADDRESS

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Client:
    """One keep-alive connection to a server on loopback."""

    def __init__(self, port, timeout=120, address=ADDRESS):
        # A body is sent in blocks of this size; the default of 8 KiB would make this client the limit.
        self.connection = http.client.HTTPConnection(address, port, timeout=timeout, blocksize=1 << 20)

    def close(self):
        self.connection.close()

    def request(self, method, path, body=None, expected=(200,), **headers):
        self.connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status not in expected:
            raise RuntimeError(f"{method} {path}: {answer.status} {data[:300]!r}")
        return answer, data

    def push_blob(self, repository, data, digest):
        """One POST where the registry takes that, as it may refuse to, and otherwise POST and PUT. Small blobs."""
        answer, _ = self.request("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", data, (201, 202), Content_Type="application/octet-stream")
        if answer.status == 202:
            self.request("PUT", _with_digest(_location(answer), digest), data, (201,), Content_Type="application/octet-stream")

    def push_file(self, repository, path, digest):
        """As docker does it: POST, a streamed PATCH, PUT."""
        answer, _ = self.request("POST", f"/v2/{repository}/blobs/uploads/", expected=(202,), Content_Length="0")
        with open(path, "rb") as file:
            answer, _ = self.request("PATCH", _location(answer), file, (202,), Content_Type="application/octet-stream",
                                     Content_Length=str(_size(file)))
        self.request("PUT", _with_digest(_location(answer), digest), expected=(201,), Content_Length="0")

    def push_manifest(self, repository, reference, data):
        self.request("PUT", f"/v2/{repository}/manifests/{reference}", data, (201,), Content_Type=MANIFEST_TYPE)

    def get(self, path, **headers):
        return self.request("GET", path, **headers)[1]


def _location(answer):
    """Path and query: registries may answer with a whole URL, and a request line holds none."""
    parts = urllib.parse.urlsplit(answer.getheader("Location"))
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _with_digest(location, digest):
    return location + ("&" if "?" in location else "?") + f"digest={digest}"


def _size(file):
    size = file.seek(0, 2)
    file.seek(0)
    return size


def image_manifest(config, layers):
    """The bytes of a manifest that names these blobs: [(digest, size)]."""
    def descriptor(media_type, blob):
        return {"mediaType": media_type, "digest": blob[0], "size": blob[1]}

    return json.dumps({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer) for layer in layers],
    }, indent=2).encode()
