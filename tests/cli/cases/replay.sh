# A token makes the same run, as often as asked.
token=$(failing_token)
haldma replay "$bugs" "$token"
haldma replay "$bugs" "$token" --times 1000 --quiet
haldma replay "$bugs" "$token" --quiet --format json
clean=$("$tool" run "$bugs" --scenario kept_update --quiet | sed -n 's/^token: //p')
haldma replay "$bugs" "$clean" --quiet

# The hash is that of the exploration.
found=$("$tool" explore "$bugs" --scenario lost_update --strategy random --quiet --format json |
    sed -n 's/.*"trace_hash": "\(.*\)".*/\1/p')
replayed=$("$tool" replay "$bugs" "$token" --quiet | sed -n 's/^trace hash: //p')
[ -n "$found" ] && [ "$found" = "$replayed" ] && echo 'one hash'
