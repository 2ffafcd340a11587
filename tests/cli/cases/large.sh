# A finding of a run that has too many choices for a token is reported all the same; --all shows what the set-up did.
ends=modules/cli_ends.so
haldma explore $ends --scenario many_choices --quiet --strategy random
haldma explore $ends --scenario many_choices --quiet --strategy random --format json | grep '"token"'
haldma run $ends --scenario many_choices --quiet
haldma run $ends --scenario many_choices --quiet --format json | grep '"token"'

# Every preemption is marked, however many there are.
token=$("$tool" run $ends --scenario many_preemptions --strategy random --quiet | sed -n 's/^token: //p')
"$tool" explain $ends "$token" --timeline >explained
preemptions=$(sed -n 's/^  \([0-9]*\) preemptions, .*/\1/p' explained)
marks=$(grep -c '^>' explained)
[ "$preemptions" -gt 3000 ] && [ "$marks" -gt 2000 ] || echo "$preemptions preemptions, $marks marks"
tail -n 200 explained >end
grep -q '^>' end || echo 'no mark at the end'
