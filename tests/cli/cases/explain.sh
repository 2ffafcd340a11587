# The story of a finding: its steps in columns, the two that decide, and a run that passes; or the timeline, with as many marks as
# the run has preemptions.
token=$("$tool" shrink "$bugs" "$(failing_token)" --quiet)
haldma explain "$bugs" "$token" --quiet
haldma explain "$bugs" "$token"
haldma explain "$bugs" "$token" --width 40
haldma explain "$bugs" "$token" --timeline
"$tool" explain "$bugs" "$token" --timeline | grep -c '^>'
"$tool" explain "$bugs" "$token" --format json | grep -c '"preemption": true'
haldma explain "$bugs" "$token" --quiet --format json
long=$("$tool" run modules/cli_ends.so --scenario long_message --quiet | tee long.txt | sed -n 's/^token: //p')
grep -A2 '^finding' long.txt
haldma explain modules/cli_ends.so "$long" --quiet --width 40
clean=$("$tool" run "$bugs" --scenario kept_update --quiet | sed -n 's/^token: //p')
haldma explain "$bugs" "$clean"
haldma explain "$bugs" "$token" --width 12
