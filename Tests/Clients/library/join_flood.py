#!/usr/bin/python3
"""join_flood.py HOST:PORT SECONDS ADDRESS...: asks to be let in with nonsense, as fast as the node answers, from each of
the addresses at once. Prints a line of JSON: how many answers came, and how often which (its status and its bytes in hex).
"""

import collections
import http.client
import json
import os
import ssl
import sys
import threading
import time

ANSWERS = collections.Counter()
LOCK = threading.Lock()


def knock(host, port, address, end):
    context = ssl._create_unverified_context()
    line = None
    while time.monotonic() < end:
        try:
            if line is None:
                line = http.client.HTTPSConnection(host, port, timeout=5, context=context, source_address=(address, 0))
            line.request("POST", "/fleet/join", os.urandom(200))
            answer = line.getresponse()
            said = f"{answer.status} {answer.read().hex()}"
            if answer.will_close:
                line = None
        except (OSError, http.client.HTTPException) as trouble:
            said, line = type(trouble).__name__, None
        with LOCK:
            ANSWERS[said] += 1


def main(place, seconds, *addresses):
    host, port = place.rsplit(":", 1)
    end = time.monotonic() + float(seconds)
    threads = [threading.Thread(target=knock, args=(host, int(port), address, end)) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"count": sum(ANSWERS.values()), "answers": ANSWERS}))


main(*sys.argv[1:])
