# awk -f count-tests.awk CTEST-OUTPUT LastTest.log - prints how many tests passed, failed and were skipped: "103 1 2".
#
# ctest's output says how each test ended; LastTest.log says how many cases a Catch2 program ran (any other counts as
# one) and which of them printed "skipped: why": these are not passed.
FNR == 1 { file++ }

file == 1 && /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
  name = $0; sub(/^[^:]*: */, "", name); sub(/ .*/, "", name)
  ended[name] = /\*\*\*Skipped/ ? "skipped" : / Passed +[0-9.]+ sec/ ? "passed" : "failed"
  cases[name] = 1
}

file == 2 && /^[0-9]+\/[0-9]+ Test: / { name = $3 }
file == 2 && /^All tests passed \(/ { match($0, /[0-9]+ test case/); cases[name] = substr($0, RSTART) + 0 }
file == 2 && /^test cases:/ {
  cases[name] = $3
  if (match($0, /[0-9]+ failed/)) bad[name] = substr($0, RSTART) + 0
}
file == 2 && /^ *skipped: / { left[name]++ }

END {
  for (name in ended) {
    total++
    if (ended[name] == "skipped") { skipped++; continue }
    if (ended[name] == "failed" && !bad[name]) bad[name] = 1
    failed += bad[name]
    skipped += left[name]
    passed += cases[name] - bad[name] - left[name]
  }
  if (!total) failed = 1  # nothing ran
  printf "%d %d %d\n", passed, failed, skipped
}
