# The timeline's preemptions are marked, as many as the run has.
token=$("$tool" shrink "$bugs" "$(failing_token)" --quiet)
haldma explain "$bugs" "$token" --quiet
haldma explain "$bugs" "$token"
"$tool" explain "$bugs" "$token" | grep -c '^>'
"$tool" explain "$bugs" "$token" --format json | grep -c '"preemption": true'
haldma explain "$bugs" "$token" --quiet --format json
