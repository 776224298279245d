"""Row 11: how soon a tag that is repointed on one node is seen on all others, and what a cut line leaves behind. A gate."""

import contextlib
import json
import time
from statistics import median

import fleet
from machine_probe import MachineProbe, await_calm
from registry_client import MANIFEST_TYPE, digest_of
from table import Missed
from watch import Watch
from workplace import note

REPOSITORY = "bench/tags"
CONFIG = b"{}"
TAGS = 8
VISIBLE_SECONDS, HEALED_SECONDS = 1.0, 5.0
TRIALS = 5


class Trial:
    def __init__(self, place):
        self.place = place
        self.count = 3 if place.short else 8
        self.repoints = 200 if place.short else 1_000
        self.deletes = 10 if place.short else 50
        self.cut_seconds = 10 if place.short else 60
        self.serial = 0
        self.connections = {}

    def push_config(self, node):
        self._ask(node, "POST", f"/v2/{REPOSITORY}/blobs/uploads/?digest={digest_of(CONFIG)}", CONFIG, 201)

    def _ask(self, node, method, path, body, expected, media_type="application/octet-stream"):
        connection = self.connections.setdefault(node.name, node.connect())
        connection.request(method, path, body=body, headers={"Content-Type": media_type})
        answer = connection.getresponse()
        data = answer.read()
        if answer.status != expected:
            raise RuntimeError(f"{node.name}: {method} {path}: {answer.status} {data[:300]!r}")

    # What is said

    def point(self, node, tag):
        """A manifest that nothing else is."""
        self.serial += 1
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(CONFIG), "size": len(CONFIG)},
            "layers": [], "annotations": {"serial": str(self.serial)},
        }).encode()
        word = self.watch.say(tag, digest_of(manifest), node)
        self._ask(node, "PUT", f"/v2/{REPOSITORY}/manifests/{tag}", manifest, 201, MANIFEST_TYPE)
        return word

    def delete(self, node, tag):
        word = self.watch.say(tag, None, node)
        self._ask(node, "DELETE", f"/v2/{REPOSITORY}/manifests/{tag}", None, 202)
        return word

    # What is measured

    def repoint(self):
        words = []
        for number in range(self.repoints):
            # Each node in turn, so that the next word on a tag is another one's.
            words.append(self.point(self.nodes[number % self.count], f"moving-{number % (TAGS + 1)}"))
            time.sleep(0.02)
        self._agree("repoints")
        return self.watch.delays(words)

    def remove(self):
        for number in range(self.deletes):
            self.point(self.nodes[number % self.count], f"doomed-{number}")
        self._agree("pushes")
        words = [self.delete(self.nodes[(number + 1) % self.count], f"doomed-{number}") for number in range(self.deletes)]
        self._agree("deletes")
        return self.watch.delays(words)

    def part(self, line):
        """Both sides go on while the line is cut. How many seconds after it is whole again all agree."""
        left = [node for node in self.nodes if node.half is line.halves[0]]
        right = [node for node in self.nodes if node.half is line.halves[1]]
        for number in range(4):
            self.point(left[0], f"cut-doomed-{number}")
        self._agree("pushes")
        line.cut()
        note(f"the line is cut for {self.cut_seconds} s")
        end, number = time.monotonic() + self.cut_seconds, 0
        while time.monotonic() < end:
            self.point(left[number % len(left)], f"cut-left-{number % 4}")
            self.point(right[number % len(right)], f"cut-right-{number % 4}")
            # Both point the same tag, one after the other: the later one counts.
            self.point(left[number % len(left)], f"cut-both-{number % 4}")
            self.point(right[number % len(right)], f"cut-both-{number % 4}")
            if number < 4:
                self.delete(left[number % len(left)], f"cut-doomed-{number}")
            number += 1
            time.sleep(0.25)
        if not self.watch.unseen():
            raise RuntimeError("the cut line let words pass")
        line.heal()
        healed = time.monotonic()
        self._agree("words of both sides", 120)
        return time.monotonic() - healed

    def _agree(self, what, seconds=120):
        if unseen := self.watch.wait(seconds):
            raise RuntimeError(f"{what} were not seen everywhere within {seconds} s: {unseen[:5]}")


def row(place):
    """A trial that is late while the machine stood still is void, and shown, and there is another; what steps back is never void.
    One must be met in the end."""
    texts = []
    for number in range(TRIALS):
        trial, machine = _trial(place)
        text, met = _table(trial, machine)
        texts.append(text)
        if met:
            return "\n".join(texts)
        troubles = machine.troubles()
        if trial.watch.steps_back or trial.watch.returned or not troubles:
            break
        texts[-1] += f"\nVoid: meanwhile {' and '.join(troubles)}.\n"
        if number < TRIALS - 1:
            note("missed while the machine stood still; again")
            await_calm(place.folder)
    raise Missed("\n".join(texts))


def _trial(place):
    with contextlib.ExitStack() as stack:
        line = stack.enter_context(fleet.CuttableLine()) if fleet.can_cut() else None
        # The nodes end before the line they use.
        stack.callback(place.clear)
        trial = Trial(place)
        trial.nodes = fleet.start(place, trial.count, line.halves if line else (None,))
        for node in trial.nodes:
            trial.push_config(node)
        with Watch(trial.nodes, REPOSITORY) as trial.watch, MachineProbe(place.folder, trial.nodes) as machine:
            before, begun = [node.cpu_seconds() for node in trial.nodes], time.monotonic()
            trial.spread = sorted(trial.repoint())
            trial.cost = sum(node.cpu_seconds() - start for node, start in zip(trial.nodes, before)) / (time.monotonic() - begun)
            note(f"{len(trial.spread)} sights of {trial.repoints} repoints")
            trial.gone = sorted(trial.remove())
            trial.healed = trial.part(line) if line else None
            # What returns, returns late.
            time.sleep(5)
        return trial, machine


def _table(trial, machine):
    watch, spread = trial.watch, trial.spread
    if watch.failed:
        raise RuntimeError(f"{len(watch.failed)} answers were wrong: {watch.failed[:5]}")
    lines = [
        _line("repoint, p50 ms until seen on another node", 1000 * median(spread)),
        _line("repoint, p99 ms", 1000 * _percentile(spread, 99), 1000 * VISIBLE_SECONDS),
        _line("repoint, worst ms", 1000 * spread[-1]),
        _line("delete, p99 ms", 1000 * _percentile(trial.gone, 99), 1000 * VISIBLE_SECONDS),
        _line("steps back to an older digest", len(watch.steps_back), 0),
        _line("deletes that came back", len(watch.returned), 0),
        _line("longest sync of 4 KiB beside it, ms", 1000 * machine.disk.worst),
        _line("latest wake of a sleeper beside it, ms", 1000 * machine.pause.worst),
        _line("of both processors by others, %", machine.others_percent),
    ]
    if trial.healed is not None:
        lines.append(_line(f"seconds until all agree after {trial.cut_seconds} s of a cut line", trial.healed, HEALED_SECONDS))
    remark = (f"{watch.asked:,} HEAD requests; a word counts from before it is sent; the fleet used {trial.cost:.2f} of a core "
              f"while {1 / 0.02:.0f} repoints a second were asked for, those who watch and their answers included."
              + ("" if trial.healed is not None else " Without the right to make network namespaces no line was cut."))
    text = "\n".join([
        f"### Row 11 · {trial.count} nodes, {trial.repoints:,} repoints, each node in turn", "",
        "| | measured | target | |", "|---|--:|--:|---|", *(line for line, _ in lines), "", remark, ""])
    return text, all(met for _, met in lines)


def _percentile(ordered, percent):
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _line(what, value, limit=None):
    met = limit is None or value <= limit
    target = "" if limit is None else f"≤ {limit:g}"
    verdict = "" if limit is None else ("met" if met else "**missed**")
    return f"| {what} | {value:,.2f} | {target} | {verdict} |".replace(".00 |", " |"), met
