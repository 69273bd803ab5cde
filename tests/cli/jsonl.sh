# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Strings at the chosen paths are rewritten; everything else stays as it was
# written.
few_index
rewrite() {
	dptext -q -x few.dpti "$@"
}
hidden() {
	sed -E 's/"(the|of|and|to|in|is|it|that|for|on|was|with|as|at|by|from|or|an|be|this|which|are|not|but|have|had|his|her|they|you|we|she|he|one|all|who|there|so|what|café|über)/"_/gI'
}
cat >lines <<'END'
{"id": 1.50, "text" :"the" , "user":{"text":"of","id":"The"}}

{"turns":[{"by":"you","text":"so"},{"text":""}],"text":"it\/\"\ud83d\ude00","n":-0e1}
{"t\u0065xt":"\u0074he\u0021","turns":[ ]}
END
try 'rewrite -f jsonl -k text lines | hidden'
try 'rewrite -f jsonl -k "user.text?" -k "turns[].text?" lines | hidden'
try 'printf "%s" "{\"a\":\"\\u00fcber\"}" | rewrite -f jsonl -k a | hidden'
try 'rewrite -f jsonl -k user.text lines | wc -l'
try 'rewrite -f jsonl -k user lines'
try 'rewrite -f jsonl -k txet lines'
try 'printf "{\"a\":1}\n{\"a\":1,}\n" | rewrite -f jsonl -k a'
try 'printf "{\"a\":1}\n{\"a\":\"\\\\xx\"}\n" | rewrite -f jsonl -k a'
try 'printf "[[1]]\n[\"a\"]\n[[[]]]\n" | rewrite -f jsonl -k "[][]?"'
try 'rewrite -f jsonl -k "a." lines'
try 'rewrite -f jsonl -k "a[0]" lines'
