#!/usr/bin/env python3
"""Compare Gatepost with a plain linear baseline, on labelled comments.

The baseline takes ten lines of code: TF-IDF of words (1-2) and of characters (2-5, within words), and logistic regression.
It sees the text only.

    yardstick.py lovo       TubeSpam: train on four videos, judge the fifth
    yardstick.py test       the shipped model and the baseline, trained on the same rows, on test rows
    yardstick.py threeway   the share of bad comments approved for a given share of comments held
    yardstick.py post       harmless and toxic comments with and without a post that uses half of their words
    yardstick.py speed      time per comment, also of the mail filters that are installed

Needs Python 3.11 and `pip install scikit-learn numpy scipy matplotlib`, a release build (`cargo build --release`), and
the labelled comments that models/README.md names. Training the baseline takes a minute; `--cache DIR` keeps it.
"""
import argparse
import csv
import gzip
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from http.client import HTTPConnection
from pathlib import Path

import joblib
import numpy as np
from matplotlib import pyplot
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

ROOT = Path(__file__).resolve().parent.parent
# All languages that the detector knows, so that no comment of the leave-one-video-out protocol goes unscored.
LANGUAGES = """epo eng rus zho spa por ita ben fra deu ukr kat ara hin jpn heb yid pol amh jav kor nob dan swe fin tur
nld hun ces ell bul bel mar kan ron slv hrv srp mkd lit lav est tam vie urd tha guj uzb pan aze ind tel pes mal ori mya
nep sin khm tuk aka zul sna afr lat slk cat tgl hye""".split()
SPAM_SETS = ["youtube_spam", "tg_spam", "judol_id"]
TOXIC_SETS = ["jigsaw_wiki_robtest", "jigsaw_wiki_6label", "wiki_talk_context"]
CHECK_SETS = ["impermium_insults", "neutralnews_approved"]
# In this set, `post_text` is the parent comment, not the post.
WITH_PARENT = "wiki_talk_context"
POST_HEADS = ["toxicity", "identity_attack", "spam"]
HELD = [.05, .10, .15, .20, .25, .30]
PLOTTED = np.linspace(.01, .40, 79)


class Plain:
    """The baseline."""

    def __init__(self, texts, positive):
        big = len(texts) > 5000
        self.words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b|[^\w\s]",
                                     min_df=2 if big else 1, max_features=300_000 if big else None)
        self.chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True,
                                     min_df=3 if big else 1, max_features=500_000 if big else None)
        features = hstack([self.words.fit_transform(texts), self.chars.fit_transform(texts)]).tocsr()
        self.model = LogisticRegression(C=10, solver="liblinear", max_iter=200).fit(features, positive)

    def scores(self, texts):
        return self.model.predict_proba(hstack([self.words.transform(texts), self.chars.transform(texts)]))[:, 1]


def rows(args, name, split):
    """Returns the rows of a set on which the annotators agreed."""
    with gzip.open(args.data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        found = [{**row, "set": name} for row in map(json.loads, file)]
    return [row for row in found if row.get("split") == split and not row.get("ambiguous")]


def sample(found, most):
    """Returns at most `most` rows, the same in every run."""
    return [found[at] for at in np.random.default_rng(1).permutation(len(found))[:most]]


def write_comments(path, found):
    """Writes rows in the format of `gatepost check --file`, numbered."""
    with open(path, "w", encoding="utf-8") as file:
        for number, row in enumerate(found):
            comment = {"comment_id": str(number), "body": row["text"]}
            if row.get("author_name"):
                comment["author"] = {"name": row["author_name"]}
            if row.get("post_text") and row.get("set") == WITH_PARENT:
                comment["parent_text"] = row["post_text"]
            elif row.get("post_text"):
                comment["post"] = {"text": row["post_text"]}
            file.write(json.dumps(comment) + "\n")


def judge(args, found, model):
    """Returns Gatepost's verdict on every row: scores by label, none if it abstains, and the decision."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "comments.jsonl"
        write_comments(path, found)
        done = subprocess.run([args.gatepost, "check", "--file", path, "--format", "jsonl", *with_model(model)],
                              stdout=subprocess.PIPE, text=True, encoding="utf-8")
    verdicts = {int(verdict["comment_id"]): verdict for verdict in map(json.loads, done.stdout.splitlines())}
    if len(verdicts) < len(found):
        sys.exit(f"gatepost judged {len(verdicts)} of {len(found)} rows (exit code {done.returncode})")
    return [(verdicts[at].get("scores", {}), verdicts[at]["decision"].removeprefix("DECISION_").lower())
            for at in range(len(found))]


def with_model(model):
    return ["--model", model] if model else []


def figures(positive, scores):
    """Returns AUC, accuracy at 0.5, and recall at 0.5 % false positives."""
    positive, scores = np.asarray(positive), np.asarray(scores)
    wrongly, caught, _ = roc_curve(positive, scores, drop_intermediate=False)
    accuracy = np.mean((scores >= .5) == positive)
    return np.array([roc_auc_score(positive, scores), accuracy, caught[wrongly <= .005 + 1e-12].max()])


# Leave one video out

def lovo(args):
    videos = {}
    for path in sorted((args.data / "tubespam").glob("*.csv")):
        with open(path, encoding="utf-8-sig", newline="") as file:
            videos[path.stem] = [
                {"text": row["CONTENT"], "label": "spam" if row["CLASS"] == "1" else "ham",
                 "author_name": "" if args.no_author else row["AUTHOR"]}
                for row in csv.DictReader(file)]
    print(f"TubeSpam, each video judged by a model trained on the other four; {args.seeds} seed(s)"
          + (", without authors' names" if args.no_author else ""))
    print(f"{'':22}{'AUC':^26}{'accuracy at .5':^26}{'recall at .5 % FP':^26}")
    print(f"{'held out':22}" + f"{'gatepost':>9}{'plain':>8}{'diff':>8} " * 3)
    every = []
    for held, test in videos.items():
        learned = [row for video, found in videos.items() if video != held for row in found]
        spam = [row["label"] == "spam" for row in test]
        ours = [figures(spam, learn_and_judge(args, learned, test, seed)) for seed in range(args.seeds)]
        plain = Plain([row["text"] for row in learned], [row["label"] == "spam" for row in learned])
        theirs = figures(spam, plain.scores([row["text"] for row in test]))
        every.append((ours, theirs))
        print_pair(held, np.mean(ours, axis=0), theirs)
    by_seed, theirs = (np.mean(part, axis=0) for part in zip(*every))
    print_pair("mean", by_seed.mean(axis=0), theirs)
    lacking = (1 - by_seed.mean(axis=0)) / (1 - theirs)
    print("error (1 - figure) as a multiple of plain's: AUC {:.2f}, accuracy {:.2f}, recall {:.2f}".format(*lacking))
    if args.seeds > 1:
        print("standard deviation of the mean between seeds: AUC {:.4f}, accuracy {:.4f}, recall {:.3f}".format(
            *by_seed.std(axis=0, ddof=1)))


def print_pair(name, ours, theirs):
    print(f"{name:22}" + "".join(f"{a:9.4f}{b:8.4f}{a - b:+8.4f} " for a, b in zip(ours, theirs)))


def learn_and_judge(args, learned, test, seed):
    """Trains a model on some rows and returns its spam scores of other rows."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        (scratch / "rows.jsonl").write_text("".join(json.dumps({**row, "split": "train"}) + "\n" for row in learned))
        (scratch / "recipe.toml").write_text(spam_recipe(args, seed))
        subprocess.run([args.gatepost, "model", "train", "--recipe", scratch / "recipe.toml", "--data", scratch,
                        "--out", scratch / "model"], check=True, capture_output=True)
        verdicts = judge(args, test, scratch / "model")
    return [scores["spam"] for scores, _ in verdicts]


def spam_recipe(args, seed):
    """Returns the recipe of the shipped model, reduced to English spam from one file."""
    base = tomllib.loads(args.recipe.read_text())
    head = {**base["languages"]["en"]["heads"]["spam"], "also": LANGUAGES}
    head.pop("folds", None)
    # Calibration uses folds, since no rows can be spared for it.
    keys = {"name": "lovo", "seed": base["seed"] + seed, "folds": 5,
            **{key: base[key] for key in ("hash_bits", "epochs", "average", "ftrl", "norms")}}
    lines = [f"{key} = {toml(value)}" for key, value in keys.items()]
    return "\n".join([*lines, "[languages.en.heads]", f"spam = {toml(head)}", "[[source]]", 'file = "rows.jsonl"',
                      'heads.spam = { field = "label", is = "spam" }', ""])


def toml(value):
    """Returns a value in TOML syntax. JSON writes all values except tables the same way."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)


# The shipped model

def plain_pair(args):
    """Returns the baseline for spam and for toxicity, each trained on the train rows of the recipe's head."""
    sources = tomllib.loads(args.recipe.read_text())["source"]
    train = joblib.Memory(args.cache, verbose=0).cache(Plain)
    pair = {}
    for head, label, languages in (("spam", "spam", ("en", "id")), ("toxicity", "toxic", ("en",))):
        # Blogs have a baseline of their own, and the files in this repository are not data sets.
        sets = [source["file"].removesuffix(".jsonl.gz") for source in sources
                if head in source["heads"] and source.get("language", "en") in languages and "split" not in source]
        learned = [row for name in sets for row in rows(args, name, "train")]
        print(f"training the plain {head} model on {len(learned):,} rows of {', '.join(sets)}", file=sys.stderr)
        pair[head] = train([row["text"] for row in learned], [row["label"] == label for row in learned])
    return pair


def test(args):
    pair = plain_pair(args)
    print("AUC on test rows; left: all rows (score 0 where gatepost abstains), right: rows that gatepost scores")
    print(f"{'head':10}{'set':21}{'rows':>6}{'positive':>9}{'gatepost':>10}{'plain':>8}{'diff':>9}"
          f"{'abstained':>11}{'gatepost':>10}{'plain':>8}{'diff':>9}")
    tasks = [("spam", "spam", name) for name in SPAM_SETS] + [("toxicity", "toxic", name) for name in TOXIC_SETS]
    for head, label, name in tasks:
        found = rows(args, name, "test")
        positive = np.array([row["label"] == label for row in found])
        ours = np.array([scores.get(head, np.nan) for scores, _ in judge(args, found, args.model)])
        theirs = pair[head].scores([row["text"] for row in found])
        scored = ~np.isnan(ours)
        aucs = []
        for chosen in (slice(None), scored):
            both = [roc_auc_score(positive[chosen], np.nan_to_num(scores[chosen])) for scores in (ours, theirs)]
            aucs += [*both, both[0] - both[1]]
        print(f"{head:10}{name:21}{len(found):6,}{positive.sum():9,}" + "{:10.4f}{:8.4f}{:+9.4f}".format(*aucs[:3])
              + f"{(~scored).sum():11,}" + "{:10.4f}{:8.4f}{:+9.4f}".format(*aucs[3:]))


# Approve, hold, reject

def threeway(args):
    pair = plain_pair(args)
    # The Indonesian set is by far the largest and would dominate the others.
    found = [row for name in SPAM_SETS + TOXIC_SETS
             for row in sample(rows(args, name, "test"), 1000 if name == "judol_id" else sys.maxsize)]
    if args.checks:
        found += [row for name in CHECK_SETS for row in rows(args, name, "dev")]
    verdicts = judge(args, found, args.model)
    bad = np.array([row["label"] != "ham" for row in found])
    scored = np.array([bool(scores) for scores, _ in verdicts])
    print(f"{len(found):,} comments; for {(~scored).sum()} ({(bad & ~scored).sum()} of them bad) Gatepost detected a language "
          "that it does not score: they are left out of the curves, but not of the decisions")
    print_decisions(found, verdicts, bad)
    # Both models are ranked by the larger of the probabilities of spam and of toxicity.
    texts = [row["text"] for row, known in zip(found, scored) if known]
    risks = {"gatepost": np.array([max(scores.get("spam", 0), scores.get("toxicity", 0)) for scores, _ in verdicts if scores]),
             "plain": np.maximum(*(plain.scores(texts) for plain in pair.values()))}
    passed = np.array([decision == "approve" for _, decision in verdicts])[scored]
    bad = bad[scored]
    curves = {}
    for ham in (None, .97):
        weights = np.ones(len(bad)) if ham is None else np.where(bad, (1 - ham) / bad.sum(), ham / (~bad).sum())
        weights /= weights.sum()
        mix = f"{weights[~bad].sum():.0%} ham" + (", as the sets are" if ham is None else "")
        print(f"\nShare of the bad comments approved, {mix}")
        print(f"{'not approved':>14}{'gatepost':>10}{'plain':>8}")
        for share in HELD:
            missed = [approved(scores, bad, weights, share) for scores in risks.values()]
            print("{:14.0%}{:10.1%}{:8.1%}".format(share, *missed))
        default = weights[~passed].sum(), weights[bad & passed].sum() / weights[bad].sum()
        plain = approved(risks["plain"], bad, weights, default[0])
        print("{:14.1%}{:10.1%}".format(*default) + f"{plain:8.1%}   the default policy's decisions")
        curves[mix] = {name: approved(scores, bad, weights, PLOTTED) for name, scores in risks.items()}, default
    if args.plot:
        plot(args.plot, curves)


def approved(scores, bad, weights, shares):
    """Returns the share of bad comments that is approved if the riskiest comments, this share of all, are not.

    Ties are split evenly.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.r_[np.flatnonzero(np.diff(scores[order])), len(scores) - 1]
    held = np.r_[0, weights[order].cumsum()[ends]]
    caught = np.r_[0, (weights * bad)[order].cumsum()[ends]]
    return 1 - np.interp(shares, held, caught) / caught[-1]


def print_decisions(found, verdicts, bad):
    print("\nGatepost's decisions with the default policy")
    print(f"{'set':22}" + "".join(f"{kind:>7}{'approved':>10}{'held':>8}{'rejected':>10}" for kind in ("ham", "bad")))
    sets = np.array([row["set"] for row in found])
    decisions = np.array([made for _, made in verdicts])
    for name in [*dict.fromkeys(sets), "all"]:
        line = f"{name:22}"
        for kind in (~bad, bad):
            chosen = decisions[kind & ((sets == name) | (name == "all"))]
            shares = [np.mean(chosen == made) if len(chosen) else 0 for made in ("approve", "hold", "reject")]
            line += f"{len(chosen):7,}" + "{:10.2%}{:8.2%}{:10.2%}".format(*shares)
        print(line)


def plot(path, curves):
    pyplot.switch_backend("Agg")
    figure, axes = pyplot.subplots(1, len(curves), figsize=(5.5 * len(curves), 4), layout="constrained")
    for axis, (mix, (lines, (work, missed))) in zip(axes, curves.items()):
        for (name, line), style in zip(lines.items(), ("-", "--")):
            axis.plot(100 * PLOTTED, 100 * line, style, label=name)
        axis.plot(100 * work, 100 * missed, "o", color="black", label="gatepost, default policy")
        axis.set(title=mix, xlabel="not approved, % of all comments", ylabel="approved, % of the bad ones")
        axis.set_ylim(0)
        axis.grid(alpha=.3)
        axis.legend()
    figure.savefig(path, dpi=120)
    print(f"\nwrote {path}")


# The words of the post

def post(args):
    """Prints how scores change with a post.

    A harmless comment gets a post that uses half of the comment's longer words, as a post on its subject would. Toxic
    comments get the same posts, which have nothing to do with them.
    """
    choose = np.random.default_rng(1)
    thresholds = tomllib.loads((ROOT / "src/policy/default.toml").read_text())["thresholds"]
    harmless, posts = {}, []
    for name in CHECK_SETS:
        harmless[name] = [row for row in rows(args, name, "dev") if row["label"] == "ham"]
        for row in harmless[name]:
            words = re.findall(r"[^\W\d_]{4,}", row["text"])
            posts.append(" ".join(choose.permutation(words)[:len(words) // 2]) if words else "")
    toxic = [row for row in rows(args, "jigsaw_wiki_robtest", "dev") if row["label"] == "toxic"]
    print("Share of the comments at or above the default policy's hold threshold")
    print(f"{'comments':34}{'rows':>6}" + "".join(f"{head:>18}{'with post':>11}" for head in POST_HEADS))
    at = 0
    for name, found in [*harmless.items(), ("jigsaw_wiki_robtest", toxic)]:
        with_post = [{**row, "post_text": posts[(at + nth) % len(posts)]} for nth, row in enumerate(found)]
        at += len(found)
        line = f"{name + (' toxic' if found is toxic else ' harmless'):34}{len(found):6,}"
        without, known = (judge(args, some, args.model) for some in ([{**row, "post_text": ""} for row in found], with_post))
        for head in POST_HEADS:
            shares = [np.mean([scores.get(head, 0) >= thresholds[head]["hold"] for scores, _ in some])
                      for some in (without, known)]
            line += "{:18.1%}{:11.1%}".format(*shares)
        print(line)


# Time

def speed(args):
    found = rows(args, args.set, "test")
    few = sample(found, args.messages)
    texts = [row["text"] for row in found]
    print(f"per comment of {args.set}, {np.mean([len(text) for text in texts]):.0f} characters on average, one core")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        # The rows are repeated, so that starting the program is a small part of the time.
        many = found * (1 + 20_000 // len(found))
        write_comments(scratch / "all", many)
        write_comments(scratch / "one", found[:1])
        command = ["taskset", "-c", "0", args.gatepost, "check", *with_model(args.model), "--file"]
        print_time("gatepost check --file", *marginal(command, scratch, len(many)))
        mails = [f"From ann@blog.example Mon Nov  2 10:00:00 2026\n{message(row)}\n" for row in few]
        (scratch / "all").write_text("".join(mails), encoding="utf-8")
        (scratch / "one").write_text(mails[0], encoding="utf-8")
        if shutil.which("spamassassin"):
            print_time("spamassassin, local tests only", *marginal(["spamassassin", "-L", "--mbox"], scratch, len(few)))
        else:
            print("spamassassin is not installed: skipped")
    try:
        print_time("rspamd by HTTP, median, wall clock", rspamd([message(row).encode() for row in few]))
    except ConnectionRefusedError:
        print("rspamd is not running: skipped")
    pair = plain_pair(args)
    singly = timed(lambda: [plain.scores([row["text"]]) for row in few for plain in pair.values()])
    print_time("plain, spam and toxicity, one at a time", singly / len(few))
    batched = timed(lambda: [plain.scores(texts) for plain in pair.values()])
    print_time("plain, spam and toxicity, batched", batched / len(texts))


def print_time(what, seconds, start=None):
    print(f"{what:40}{seconds * 1e6:12,.0f} µs" + (f", after {start:.2f} s to start" if start is not None else ""))


def timed(work, clock=time.process_time):
    begun = clock()
    work()
    return clock() - begun


def marginal(command, scratch, count):
    """Returns the CPU time of one more comment, and that of a run with a single one, which is the start-up time."""
    def cpu_time():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def run(file):
        subprocess.run([*command, scratch / file], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    start = timed(lambda: run("one"), cpu_time)
    return (timed(lambda: run("all"), cpu_time) - start) / (count - 1), start


def message(row):
    """Returns a comment as a mail for mail filters."""
    text = row["text"].replace("\r", "").replace("\nFrom ", "\n>From ").encode(errors="replace").decode()
    return ("From: Ann <ann@blog.example>\nTo: comments@blog.example\nSubject: comment\n"
            "Date: Mon, 2 Nov 2026 10:00:00 +0000\nMessage-ID: <1@blog.example>\nMIME-Version: 1.0\n"
            f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n")


def rspamd(messages):
    """Returns the median time of a request. Some messages wait for name servers, which would distort the mean."""
    connection = HTTPConnection("127.0.0.1", 11333)

    def check(body):
        connection.request("POST", "/checkv2", body)
        connection.getresponse().read()

    return np.median([timed(lambda: check(body), time.perf_counter) for body in messages])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    def add(run, summary, learns_plain=True):
        command = commands.add_parser(run.__name__, help=summary)
        command.set_defaults(run=run)
        command.add_argument("--gatepost", type=Path, default=ROOT / "target/release/gatepost", help="the gatepost program")
        command.add_argument("--data", type=Path, default=ROOT / "../shared/data", help="folder of the labelled comments")
        command.add_argument("--recipe", type=Path, default=ROOT / "models/base.toml", help="recipe of the model")
        if learns_plain:
            command.add_argument("--model", type=Path, help="model file to use instead of the compiled-in model")
            command.add_argument("--cache", type=Path, help="folder in which to keep the trained baseline")
        return command

    command = add(lovo, "TubeSpam, leave one video out", learns_plain=False)
    command.add_argument("--seeds", type=int, default=1, help="number of seeds to average over")
    command.add_argument("--no-author", action="store_true", help="hide the authors' names from gatepost")
    add(test, "AUC on test rows")
    command = add(threeway, "share of bad comments approved for a given share held")
    command.add_argument("--checks", action="store_true", help="include the dev rows of sets on which nothing was trained")
    command.add_argument("--plot", type=Path, help="PNG file to plot the curves into")
    add(post, "scores with and without a post that uses words of the comment")
    command = add(speed, "time per comment")
    command.add_argument("--set", default="jigsaw_wiki_robtest", help="set whose test rows are timed")
    command.add_argument("--messages", type=int, default=200, help="number of messages for the slower programs")

    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
