"""What was measured, round by round, and how it is printed."""

from statistics import median


class Missed(Exception):
    """A gate that did not hold; its text is the table."""


class Rounds:
    """{contestant: {measure: [one value a round]}}; contestants take turns within a round."""

    def __init__(self):
        self.values = {}

    def add(self, contestant, **measures):
        for measure, value in measures.items():
            self.values.setdefault(contestant, {}).setdefault(measure, []).append(value)

    def ratios(self, measure, over, under):
        """Within each round, so that what drifts drifts for both."""
        return [a / b for a, b in zip(self.values[over][measure], self.values[under][measure]) if b]


class Measure:
    """A column: its key in Rounds, its heading, how many decimals, and where more is better."""

    def __init__(self, key, heading, decimals=2):
        self.key, self.heading, self.decimals = key, heading, decimals

    def show(self, values):
        if not values:
            return "–"
        form = f"{{:,.{self.decimals}f}}".format
        return f"{form(median(values))} ({form(min(values))}–{form(max(values))})"

    def one(self, values, number):
        if number >= len(values) or values[number] is None:
            return "–"
        return "never" if values[number] == float("inf") else f"{values[number]:,.{self.decimals}f}"


class Target:
    """What TARGETS asks: a ratio (or with `under=None` a value) of shoal's, at least or at most a bound."""

    def __init__(self, key, under, bound, at_least):
        self.key, self.under, self.bound, self.at_least = key, under, bound, at_least

    def show(self, rounds, heading):
        values = rounds.ratios(self.key, "shoal", self.under) if self.under else rounds.values["shoal"][self.key]
        middle = median(values)
        met = middle >= self.bound if self.at_least else middle <= self.bound
        sign = "≥" if self.at_least else "≤"
        what = f"{heading}, shoal ÷ {self.under}" if self.under else f"{heading}, shoal"
        return f"| {what} | {middle:.3g} ({min(values):.3g}–{max(values):.3g}) | {sign} {self.bound:g} | {'met' if met else '**missed**'} |"


def markdown(title, rounds, measures, targets=(), remark=""):
    headings = {measure.key: measure.heading for measure in measures}
    lines = [f"### {title}", "", "| | " + " | ".join(measure.heading for measure in measures) + " |", "|---|" + "--:|" * len(measures)]
    for contestant, values in rounds.values.items():
        cells = (measure.show(values.get(measure.key)) for measure in measures)
        lines.append(f"| {contestant} | " + " | ".join(cells) + " |")
    if targets:
        lines += ["", "| ratio, round by round | median (min–max) | target | |", "|---|--:|--:|---|"]
        lines += [target.show(rounds, headings[target.key]) for target in targets]
    lines += ["", f"Median (min–max). {remark}".strip(), ""]
    return "\n".join(lines)


# Above this the machine was the limit, and a run says nothing.
VOID_PERCENT = 80


class Bound:
    """What a contestant's runs must keep on their median: a target, which may be missed, and perhaps a gate, which may not."""

    def __init__(self, contestant, key, target, gate=None, at_least=False):
        self.contestant, self.key, self.target, self.gate, self.at_least = contestant, key, target, gate, at_least

    def values(self, rounds):
        runs = rounds.values.get(self.contestant, {})
        return [value for number, value in enumerate(runs.get(self.key, [])) if not _is_void(runs, number)]

    def holds(self, rounds, bound):
        values = self.values(rounds)
        return bound is None or not values or (median(values) >= bound if self.at_least else median(values) <= bound)

    def show(self, rounds, headings):
        values, sign = self.values(rounds), "≥" if self.at_least else "≤"
        gate = "" if self.gate is None else f"{sign} {self.gate:g}" + ("" if self.holds(rounds, self.gate) else " **broken**")
        verdict = "void" if not values else "met" if self.holds(rounds, self.target) else "**missed**"
        shown = f"{median(values):.3f} ({min(values):.3f}–{max(values):.3f})" if values else "–"
        return f"| {self.contestant}: {headings[self.key]} | {shown} | {sign} {self.target:g} | {verdict} | {gate} |"


def each_run(title, rounds, measures, bounds=(), remark=""):
    """Every run in a line of its own. Raises what it prints when a gate is broken."""
    headings = {measure.key: measure.heading for measure in measures}
    lines = [f"### {title}", "", "| | run | " + " | ".join(headings.values()) + " | |", "|---|--:|" + "--:|" * len(measures) + "---|"]
    for contestant, runs in rounds.values.items():
        for number in range(max(len(values) for values in runs.values())):
            cells = [measure.one(runs.get(measure.key, []), number) for measure in measures]
            void = f"void: over {VOID_PERCENT} % busy" if _is_void(runs, number) else ""
            lines.append(f"| {contestant} | {number + 1} | " + " | ".join(cells) + f" | {void} |")
    if bounds:
        lines += ["", "| median (min–max) of what is not void | | target | | gate |", "|---|--:|--:|---|---|"]
        lines += [bound.show(rounds, headings) for bound in bounds]
    text = "\n".join([*lines, "", remark, ""])
    if not all(bound.holds(rounds, bound.gate) for bound in bounds):
        raise Missed(text)
    return text


def _is_void(runs, number):
    busy = runs.get("busy", [])
    return number < len(busy) and busy[number] > VOID_PERCENT
