# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Other programs read the same from before and after, but for the fields.
command -v python3 >/dev/null || exit 77
cat >make.py <<'END'
import csv, json, random, sys
random.seed(3)
words = "The house of O'Clock isn't très well-meant, ÉTÉ мир 日本 6am".split()
def text(extra):
    parts = [random.choice(words + extra) for _ in range(random.randrange(9))]
    return random.choice([" ", " ", "-", "; "]).join(parts)
hard = ['"', ',', '\n', '""', '\r\n', '\\', '\t', '😀', '{']
with open("t.csv", "w", newline="") as f:
    writers = [csv.writer(f, quoting=quoting)
               for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)]
    writers[0].writerow(["id", "te\"xt", "keep", "note"])
    for i in range(1000):
        random.choice(writers).writerow([i, text(hard), text(hard), text(hard)])
with open("t.jsonl", "w") as f:
    for i in range(1000):
        o = {"id": i, "text": text(hard + ["\x01", "\x7f"]),
             "keep": text(hard), "n": random.random() * 10 ** (i % 300),
             "turns": [{"by": text([]), "text": text(hard)}
                       for _ in range(random.randrange(3))]}
        f.write(json.dumps(o, ensure_ascii=random.random() < .5,
                           indent=None) + "\n")
END
cat >check.py <<'END'
import csv, json, re, sys
# the words of the default index are not all of letters
words = r"[\w'’. -]+" if "default" in sys.argv[1] \
    else r"[^\W\d_]+(?:['’ -][^\W\d_]+)*"
def same(a, b, what):
    strip = lambda s: re.sub(words, "_", s)
    if strip(a) != strip(b):
        sys.exit(f"{what}: not only words have changed")
    global changed
    changed += a != b
changed = 0
before = list(csv.reader(open("t.csv", newline="")))
after = list(csv.reader(open("t.csv.out", newline="")))
assert len(before) == len(after) and before[0] == after[0]
for a, b in zip(before[1:], after[1:]):
    assert len(a) == len(b) == 4 and a[0] == b[0] and a[2] == b[2]
    same(a[1], b[1], "csv")
    same(a[3], b[3], "csv")
print("csv: enough has changed" if changed > 1000 else changed)
changed = 0
# numbers are compared as they are spelled, keys in their order
load = lambda name: [json.loads(line, parse_float=str, object_pairs_hook=list)
                     for line in open(name, newline="\n")]
before, after = load("t.jsonl"), load("t.jsonl.out")
assert len(before) == len(after) == 1000
def walk(a, b, path=()):
    if isinstance(a, list):
        assert isinstance(b, list) and len(a) == len(b)
        for x, y in zip(a, b):
            pair = isinstance(x, tuple)
            walk(x[1] if pair else x, y[1] if pair else y,
                 path + ((x[0],) if pair else ()))
            assert not pair or x[0] == y[0]
    elif path in (("text",), ("turns", "text")):
        same(a, b, "jsonl")
    else:
        assert a == b
walk(before, after)
print("jsonl: enough has changed" if changed > 1000 else changed)
END
python3 make.py
for index in "$DPTEXT_INDEX" few.dpti; do
	[ "$index" != few.dpti ] || few_index
	as_they_are -q -x "$index" -e 1 -f csv -k 'te"xt' -k 4 t.csv >t.csv.out
	as_they_are -q -x "$index" -e 1 -f jsonl -k text -k 'turns[].text' \
		t.jsonl >t.jsonl.out
	check "${index##*/}" python3 check.py "${index##*/}"
done
