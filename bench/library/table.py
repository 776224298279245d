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
