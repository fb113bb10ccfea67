"""What benches/examples.sh runs: PROGRAM, the folder of labelled sets, a folder to work in."""

import json
import re
import subprocess
import sys
import time

program, sets, work = sys.argv[1:4]
draws = [int(draw) for draw in sys.argv[4].split(",")] if len(sys.argv) > 4 else [0, 1, 2]


def lines(path):
    with open(path, encoding="utf8") as file:
        return [json.loads(line) for line in file]


def pack_terms(pack):
    """The topics of a pack, each with its lines of terms."""
    with open(f"{sets}/packs/{pack}.toml", encoding="utf8") as file:
        tables = re.split(r"^\[topics\.(\S+)\]\n", file.read(), flags=re.M)
    return {
        name: "\n".join(line for line in body.splitlines() if line.startswith("terms."))
        for name, body in zip(tables[1::2], tables[2::2])
    }


def rates(right, wrong, missed):
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    return precision, recall, 2 * right / (2 * right + wrong + missed) if right else 0.0


def tag(config, path):
    with open(f"{work}/newsdesk.toml", "w", encoding="utf8") as file:
        file.write(config)
    command = [program, "--config", f"{work}/newsdesk.toml", "tag"]
    with open(path, encoding="utf8") as entries:
        done = subprocess.run(command, stdin=entries, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return {line["id"]: bool(line["labels"]) for line in map(json.loads, done.stdout.splitlines())}


def scored(name, labels, config_of):
    dev = lines(f"{sets}/{name}/dev.jsonl")
    total = [0.0, 0.0, 0.0]
    runs = 0
    for label in labels:
        for draw in draws:
            tagged = tag(config_of(label, draw), f"{sets}/{name}/dev.jsonl")
            counts = [0, 0, 0]
            for item in dev:
                belongs = label in item["labels"]
                if belongs or tagged[item["id"]]:
                    counts[0 if belongs and tagged[item["id"]] else 2 if belongs else 1] += 1
            total = [sum(pair) for pair in zip(total, rates(*counts))]
            runs += 1
    return [value / runs for value in total]


def draw_files(name, label, draw, like, unlike):
    command = [sys.executable, f"{sets}/draws.py", name, label, "--like", like, "--unlike", unlike, "--draw", draw, "--out", work]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return f'examples = {{ like = "{label}.like.jsonl", unlike = "{label}.unlike.jsonl", weight = 0.5 }}\n'


def show(name, what, figures, began):
    told = " ".join(f"{word} {value:.3f}" for word, value in zip(("P", "R", "F1"), figures))
    print(f"{name:22} {what:28} {told}   {time.monotonic() - began:.0f} s", flush=True)


packs = {"tag-masakhanews-en": "generic-en-fr", "tag-masakhanews-fr": "generic-en-fr", "tag-10kgnad-de": "generic-de"}
for name in ["tag-masakhanews-en", "tag-masakhanews-fr", "tag-10kgnad-de", "tag-larepublica-es"]:
    terms = pack_terms(packs[name]) if name in packs else {}
    known = {label for item in lines(f"{sets}/{name}/examples.jsonl") for label in item["labels"]}
    labels = sorted({label for item in lines(f"{sets}/{name}/dev.jsonl") for label in item["labels"]} & known)
    head = "[topics.it]\nthreshold = 4.0\n"
    began = time.monotonic()
    alone = lambda label, draw: head + draw_files(name, label, draw, 20, 60)
    show(name, "20 like, 60 unlike", scored(name, labels, alone), began)
    if shared := [label for label in labels if label in terms]:
        for what, config in [
            ("terms", lambda label, draw: head + terms[label] + "\n"),
            ("10 like, 30 unlike", lambda label, draw: head + draw_files(name, label, draw, 10, 30)),
            ("both", lambda label, draw: head + terms[label] + "\n" + draw_files(name, label, draw, 10, 30)),
        ]:
            began = time.monotonic()
            show(name, what, scored(name, shared, config), began)
