# The shrunk token is all that standard output gets; it fails in the same way.
token=$(failing_token)
haldma shrink "$bugs" "$token"
shrunk=$("$tool" shrink "$bugs" "$token" --quiet)
haldma replay "$bugs" "$shrunk" --quiet
haldma shrink "$bugs" "$token" --quiet --format json
clean=$("$tool" run "$bugs" --scenario kept_update --quiet | sed -n 's/^token: //p')
haldma shrink "$bugs" "$clean"
