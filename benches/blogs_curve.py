#!/usr/bin/env python3
"""Plot the share of missed spam of held-out blogs against the share of their harmless English comments that are held.

  blogs_curve.py --scores SCORES.tsv [--yardstick FILE.tsv] --plot OUT.png

SCORES.tsv is the output of `cargo bench --bench blogs -- --scores`. The baseline's files have one line per comment: blog, 1 for
spam and 0 for harmless, language, score. FILE.tsv.author has the scores with the author, FILE.tsv.text those of the text alone.
All blogs with at least twelve spam comments have the same weight. Needs matplotlib.
"""
import argparse
import collections

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

MIN_SPAM = 12
HELD = [share / 1000 for share in range(5, 151, 5)]


def curve(rows):
    """Returns the mean share of missed spam over the blogs, for each share of held harmless comments in HELD.

    A row is (blog, spam, language, score).
    """
    harmless = sorted((score for _, spam, lang, score in rows if not spam and lang == "en"), reverse=True)
    spam = collections.defaultdict(list)
    for blog, is_spam, _, score in rows:
        if is_spam:
            spam[blog].append(score)
    blogs = [scores for scores in spam.values() if len(scores) >= MIN_SPAM]
    missed = []
    for held in HELD:
        bound = harmless[int(len(harmless) * held)]
        missed.append(sum(sum(score <= bound for score in scores) / len(scores) for scores in blogs) / len(blogs))
    return missed


def ours(path, column):
    """Returns the rows of Gatepost's scores, with the score in this column."""
    with open(path, encoding="utf-8") as lines:
        fields = [line.split("\t") for line in lines]
    return [(f[0], f[1] == "1", f[2], float(f[column])) for f in fields if f[0] != "(templates)"]


def yardstick(path):
    """Returns the rows of the baseline's scores."""
    with open(path, encoding="utf-8") as lines:
        fields = [line.rstrip("\n").split("\t") for line in lines]
    return [(f[0], f[1] == "1", f[2], float(f[3])) for f in fields]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scores", required=True)
    parser.add_argument("--yardstick")
    parser.add_argument("--plot", required=True)
    args = parser.parse_args()
    lines = [("Gatepost, with author", ours(args.scores, 5), "C0-"), ("Gatepost, text alone", ours(args.scores, 6), "C0--")]
    if args.yardstick:
        lines += [("baseline, with author", yardstick(args.yardstick + ".author"), "C1-"),
                  ("baseline, text alone", yardstick(args.yardstick + ".text"), "C1--")]
    plt.figure(figsize=(6.4, 4))
    for name, rows, style in lines:
        missed = curve(rows)
        plt.plot([100 * held for held in HELD], [100 * share for share in missed], style, label=name)
        print(f"{name:24s}", "  ".join(f"{100 * held:.0f} %: {share:.3f}" for held, share in zip(HELD, missed) if held in (.02, .03, .05, .1)))
    plt.xlabel("harmless English comments held, %")
    plt.ylabel("spam missed, mean over blogs, %")
    plt.ylim(0)
    plt.legend()
    plt.tight_layout()
    plt.savefig(args.plot, dpi=110)


main()
