#!/usr/bin/python3
"""join_flood.py HOST:PORT SECONDS COUNT FILE ADDRESS...: asks to be let in with nonsense, as fast as the node answers, from
each of the addresses at once: for so long at least, until so many answers came and until FILE is gone. Prints a line
of JSON: how many answers came, and how often which (its status and its bytes in hex).
"""

import collections
import http.client
import json
import os
import ssl
import sys
import threading
import time

# Whatever happens to whoever began it.
MOST_SECONDS = 600
ANSWERS = collections.Counter()
LOCK = threading.Lock()


def goes_on(begun, seconds, count, file):
    passed = time.monotonic() - begun
    if passed < seconds:
        return True
    with LOCK:
        came = sum(ANSWERS.values())
    return passed < MOST_SECONDS and (came < count or os.path.exists(file))


def knock(host, port, address, limits):
    context = ssl._create_unverified_context()
    line = None
    while goes_on(*limits):
        try:
            if line is None:
                line = http.client.HTTPSConnection(host, port, timeout=60, context=context, source_address=(address, 0))
            line.request("POST", "/fleet/join", os.urandom(200))
            answer = line.getresponse()
            said = f"{answer.status} {answer.read().hex()}"
            if answer.will_close:
                line = None
        except (OSError, http.client.HTTPException) as trouble:
            said, line = type(trouble).__name__, None
        with LOCK:
            ANSWERS[said] += 1


def main(place, seconds, count, file, *addresses):
    host, port = place.rsplit(":", 1)
    limits = (time.monotonic(), float(seconds), int(count), file)
    threads = [threading.Thread(target=knock, args=(host, int(port), address, limits)) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"count": sum(ANSWERS.values()), "answers": ANSWERS}))


main(*sys.argv[1:])
