# SPDX-License-Identifier: GPL-3.0-or-later
"""What is printed: tables, and figures as people read them."""
import statistics

ABSENT = "–"


def median(values):
    return statistics.median(values)


def columns(rounds):
    """The medians of each column of the rounds."""
    return [median(column) for column in zip(*rounds)]


def spread(values):
    """In percent of their median, how far from it half of the rounds lie at the most."""
    middle = median(values)
    return f"±{median([abs(value - middle) for value in values]) / middle * 100:.0f} %"


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def figure(value):
    return f"{value:.2f}"


def mib(value):
    return f"{value / 2**20:.0f}"


def microseconds(seconds):
    return f"{seconds * 1e6:.0f}"


def milliseconds(seconds):
    return f"{seconds * 1e3:.3g}" if seconds < 0.1 else f"{seconds * 1e3:.0f}"


def table(title, head, rows):
    print(f"\n{title}\n")
    print("| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
