"""What every node of a fleet says that some tags stand for, asked again and again."""

import http.client
import threading
import time

from registry_client import MANIFEST_TYPE


class Word:
    """One thing said about a tag: the manifest it stands for from then on, or `None`: it is gone."""

    def __init__(self, number, tag, digest, writer, sent):
        self.number, self.tag, self.digest, self.writer, self.sent = number, tag, digest, writer, sent
        self.seen = {}  # node: when it first showed this word or a later one


class Watch:
    """A thread a node that asks for each tag in turn, and knows in which order the words were said."""

    def __init__(self, nodes, repository):
        self.nodes, self.repository = nodes, repository
        self.words = {}  # tag: [Word], in the order in which they were said
        self.lock = threading.Lock()
        self.steps_back, self.returned, self.asked, self.failed = [], [], 0, []
        self.shown = {node.name: {} for node in nodes}  # node: {tag: the latest number that it showed}
        self.rests = False
        self.threads = [threading.Thread(target=self._ask_all, args=(node,), daemon=True) for node in nodes]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.rests = True
        for thread in self.threads:
            thread.join(30)

    def say(self, tag, digest, writer):
        """Before it is sent, so that nobody can show it sooner. Time is taken from here."""
        with self.lock:
            words = self.words.setdefault(tag, [])
            word = Word(len(words) + 1, tag, digest, writer.name, time.monotonic())
            words.append(word)
        return word

    def unseen(self, nodes=None):
        """[(tag, node)] of the last words that have not arrived everywhere."""
        names = [node.name for node in (nodes or self.nodes)]
        with self.lock:
            return [(tag, name) for tag, words in self.words.items() for name in names if name not in words[-1].seen]

    def wait(self, seconds, nodes=None):
        deadline = time.monotonic() + seconds
        while (unseen := self.unseen(nodes)) and time.monotonic() < deadline:
            time.sleep(0.005)
        return unseen

    def delays(self, words):
        """Seconds until each of the other nodes showed a word; infinite for those who never did."""
        return [word.seen.get(node.name, float("inf")) - word.sent
                for word in words for node in self.nodes if node.name != word.writer]

    def _ask_all(self, node):
        connection = node.connect()
        while not self.rests:
            with self.lock:
                tags = list(self.words)
            for tag in tags:
                if self.rests:
                    break
                try:
                    self._ask(node, connection, tag)
                except (OSError, http.client.HTTPException) as error:
                    self.failed.append(f"{node.name}: {error}")
                    connection.close()
                    time.sleep(0.05)
            # A fleet of eight shares the machine with this program.
            time.sleep(0.004)

    def _ask(self, node, connection, tag):
        connection.request("HEAD", f"/v2/{self.repository}/manifests/{tag}", headers={"Accept": MANIFEST_TYPE})
        answer = connection.getresponse()
        answer.read()
        now = time.monotonic()
        if answer.status not in (200, 404):
            self.failed.append(f"{node.name}: {answer.status}")
            return
        with self.lock:
            self.asked += 1
            self._note(node.name, tag, answer.getheader("Docker-Content-Digest") if answer.status == 200 else None, now)

    def _note(self, name, tag, digest, now):
        words, before = self.words[tag], self.shown[name].get(tag, 0)
        # The latest word that says this; before the first word a tag is gone, too.
        number = next((word.number for word in reversed(words) if word.digest == digest), 0 if digest is None else None)
        if number is None:
            self.failed.append(f"{name}: {tag} stands for {digest}, which nobody said")
        elif number < before:
            (self.returned if words[before - 1].digest is None else self.steps_back).append((name, tag, before, number))
        elif number > before:
            self.shown[name][tag] = number
            for word in words[before:number]:
                word.seen[name] = now
