#!/usr/bin/env python3
"""Measure how well a model and a policy detect abuse, in English and in other languages.

    abuse.py sets       English data sets on which no model was trained, and test rows: AUC, harmless held, bad caught
    abuse.py patterns   our own pairs (corpus/abuse) with whole patterns held out, in ten folds
    abuse.py languages  data sets of other languages on which no model was trained
    abuse.py blogs      harmless comments of blogs in other languages, with and without the language given
    abuse.py detect     accuracy of language detection, by language and length (corpus/sentinels, tests/languages)

Needs Python 3.11, `pip install numpy scipy`, a release build, and `--data DIR` with the labelled comments that
models/README.md names. `--policies DIR` uses the default policy of a folder, `--model FILE` another model.
"""
import argparse
import collections
import gzip
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

ROOT = Path(__file__).resolve().parent.parent
SETS = ["impermium_insults", "neutralnews_approved", "jigsaw_wiki_robtest", "jigsaw_wiki_6label", "wiki_talk_context"]
LEARNED = SETS[2:]
LANGUAGES = """cyberagression_fr germeval2021_de offendes_es haspeede2_it alla_mix_ru lhsab_ar macd_hi id_instagram_bullying hatc_tr
victsd_vi ogtd_el suomi24_fi inspection_ja parsoffensive_fa""".split()
FOLDS = 10
MIN_OF_BLOG = 25


def rows(path):
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else open(path)
    with opened as lines:
        return [json.loads(line) for line in lines]


def auc(bad, scores):
    ranks, bad = rankdata(scores), np.asarray(bad)
    positive, negative = bad.sum(), len(bad) - bad.sum()
    return (ranks[bad == 1].sum() - positive * (positive + 1) / 2) / (positive * negative) if positive and negative else float("nan")


class Gatepost:
    def __init__(self, options):
        self.program, self.options = options.gatepost, options

    def check(self, comments, model=None):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            for number, comment in enumerate(comments):
                file.write(json.dumps({"comment_id": str(number), **comment}) + "\n")
            file.flush()
            command = [self.program, "check", "--file", file.name, "--format", "jsonl"]
            model = model or self.options.model
            command += ["--model", model] if model else []
            command += ["--policy-dir", self.options.policies] if self.options.policies else []
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        verdicts = [json.loads(line) for line in printed.splitlines()]
        assert len(verdicts) == len(comments)
        return verdicts


def for_abuse(verdict):
    """Returns whether a comment is not approved for a reason other than spam."""
    held = verdict["decision"] != "DECISION_APPROVE"
    return held and any(reason.get("label") != "spam" for reason in verdict["reasons"] if reason["code"].startswith("SCORE"))


def report(name, bad, verdicts):
    bad = np.array(bad)
    toxicity = np.array([verdict.get("scores", {}).get("toxicity", -1) for verdict in verdicts])
    held = np.array([for_abuse(verdict) for verdict in verdicts])
    bound = np.sort(toxicity[bad == 0])[::-1][int((bad == 0).sum() * .05)]
    caught, at_five = (held[bad == 1].mean(), (toxicity[bad == 1] > bound).mean()) if bad.any() else (float("nan"),) * 2
    print(f"{name:24} {len(bad):6} rows  AUC {auc(bad, toxicity):.3f}  harmless held {held[bad == 0].mean():6.1%}  "
          f"bad caught {caught:6.1%}  at 5 % of harmless {at_five:6.1%}")


def sets(gatepost, data):
    for name in SETS:
        splits = ("dev", "test") if name in LEARNED else ("train", "dev", "test")
        of = [row for row in rows(data / f"{name}.jsonl.gz") if row.get("split") in splits and not row.get("ambiguous")]
        report(name, [int(row["label"] != "ham") for row in of], gatepost.check([{"body": row["text"]} for row in of]))


def languages(gatepost, data):
    for name in LANGUAGES:
        of = [row for row in rows(data / "languages" / f"{name}.jsonl.gz") if not row.get("ambiguous")]
        report(name, [int(row["label"] != "ham") for row in of], gatepost.check([{"body": row["text"]} for row in of]))


def patterns(gatepost, data):
    pairs = [row for file in sorted((ROOT / "corpus" / "abuse").glob("*.jsonl")) for row in rows(file)]
    kinds = sorted({row["kind"] for row in pairs})
    bad, verdicts = [], []
    for fold in range(FOLDS):
        left_out = kinds[fold::FOLDS]
        with tempfile.TemporaryDirectory() as folder:
            model = str(Path(folder) / "fold.gpmodel")
            command = [gatepost.program, "model", "train", "--recipe", str(ROOT / "models" / "base.toml"), "--data", str(data)]
            command += ["--data", str(ROOT), "--leave-out", "kind=" + ",".join(left_out), "--out", model]
            subprocess.run(command, capture_output=True, check=True)
            of = [row for row in pairs if row["kind"] in left_out]
            bad += [int(row["label"] == "toxic") for row in of]
            verdicts += gatepost.check([{"body": row["body"]} for row in of], model)
    report("left-out patterns", bad, verdicts)


def blogs(gatepost, data):
    of = [row for row in rows(data / "blogs.jsonl.gz")
          if row["label"] == "ham" and row["type"] == "comment" and row["lang"] not in ("en", "und")]
    of += rows(data / "languages" / "blog_ham.jsonl.gz")
    for given in (False, True):
        comments = [{"body": row.get("body") or row["text"], **({"language": row["lang"]} if given else {})} for row in of]
        by = collections.defaultdict(list)
        for row, verdict in zip(of, gatepost.check(comments)):
            by[row.get("blog") or row["source"].split(":")[0], row["lang"]].append(verdict["decision"] != "DECISION_APPROVE")
        shares = {name: np.mean(held) for name, held in by.items() if len(held) >= MIN_OF_BLOG}
        for (blog, language), share in sorted(shares.items()):
            print(f"{blog:40} {language:4} {len(by[blog, language]):5} held {share:6.1%}")
        print(f"language {'given' if given else 'not given'}: mean {np.mean(list(shares.values())):.1%}, worst {max(shares.values()):.1%}\n")


def detect(gatepost, data):
    lengths = [(10, 20), (21, 40), (41, 60), (61, 10_000)]
    files = sorted((ROOT / "corpus" / "sentinels").glob("*.jsonl")) + sorted((ROOT / "tests" / "languages").glob("*.jsonl"))
    of = [row for file in files for row in rows(file) if row["lang"] != "jv"]
    found = [verdict.get("language", "") for verdict in gatepost.check([{"body": row["body"]} for row in of])]
    by = collections.defaultdict(list)
    for row, language in zip(of, found):
        letters = sum(c.isalpha() for c in row["body"])
        for low, high in lengths:
            if low <= letters <= high:
                by[row["lang"], (low, high)].append(language == row["lang"])
                by["all", (low, high)].append(language == row["lang"])
    names = sorted({language for language, _ in by})
    print("language  " + "  ".join(f"{low}-{high if high < 1000 else ''} letters".rjust(14) for low, high in lengths))
    for name in names:
        cells = [by.get((name, length), []) for length in lengths]
        print(f"{name:9} " + "  ".join(f"{np.mean(cell):6.1%} of {len(cell):4}" if cell else " " * 14 for cell in cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["sets", "patterns", "languages", "blogs", "detect"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--gatepost", default=str(ROOT / "target" / "release" / "gatepost"))
    parser.add_argument("--model")
    parser.add_argument("--policies")
    options = parser.parse_args()
    globals()[options.what](Gatepost(options), options.data)


if __name__ == "__main__":
    main()
