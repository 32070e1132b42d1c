# SPDX-License-Identifier: GPL-2.0-or-later
#
# FIRED RAN: the table of docs/detection.md. A line of FIRED is a test, whose rule
# it is, the rule and its level; of RAN a test, and its exit status or "skipped".
BEGIN {
	FS = "\t"
	loud["medium"] = loud["high"] = loud["critical"] = 1
}

function technique(id) {
	sub(/-[0-9]+$/, "", id)
	return id
}

# A cell: each rule, its level and of how many tests it was told.
function cell(of, from,    text, i, key) {
	for (i = 1; i <= rules; i++) {
		key = of FS from FS rule[i]
		if (key in told)
			text = text (text ? "; " : "") rule[i] ", " \
				level[rule[i]] \
				(told[key] > 1 ? " (" told[key] ")" : "")
	}
	return text ? text : "none"
}

FNR == NR {
	if (!($3 in level)) {
		level[$3] = $4
		rule[++rules] = $3
	}
	told[technique($1) FS $2 FS $3]++
	by[$1 FS $2] = any[$1] = 1
	different[$2] += !seen[$2 FS $3]++
	if ($4 in loud)
		is_loud[$1] = 1
	next
}

{
	of = technique($1)
	if (!(of in tests))
		order[++techniques] = of
	tests[of]++
	all++
}

$2 == "skipped" {
	left_out = left_out (skipped++ ? ", " : "") $1
	next
}

{
	ran[of]++
	run++
	sigma += ($1 FS "sigma") in by
	shipped += ($1 FS "shipped") in by
	fired += $1 in any
	louder += $1 in is_loud
	if (!($1 in any))
		silent = silent (silent ? ", " : "") $1
}

END {
	print ""
	print "| technique | tests | rules of SigmaHQ | rules that come along |"
	print "|---|---|---|---|"
	for (i = 1; i <= techniques; i++) {
		of = order[i]
		count = ran[of] == tests[of] ? tests[of] : \
			ran[of] + 0 " of " tests[of]
		printf "| %s | %s | %s | %s |\n", of, count,
			ran[of] ? cell(of, "sigma") : "not run",
			ran[of] ? cell(of, "shipped") : "not run"
	}
	print ""
	printf "Of %d tests of %d techniques %d were run. ", all, techniques, run
	printf "Told were %d: %d by %d rules of SigmaHQ, ", fired, sigma,
		different["sigma"]
	printf "%d by %d that come along, ", shipped, different["shipped"]
	printf "and %d at level medium or above.\n\n", louder
	print "Of these nothing was told: " silent ".\n"
	print "Not run, for a file that they are about is not there: " left_out \
		".\n"
}
