# A token whose scenario has changed since: the run that leaves it is told, with both choices, and not taken for the token's.
token=$(failing_token)
haldma replay modules/cli_changed.so "$token"
haldma explain modules/cli_changed.so "$token"
haldma shrink modules/cli_changed.so "$token"
kept=$("$tool" run "$bugs" --scenario kept_update --quiet | sed -n 's/^token: //p')
haldma replay modules/cli_changed.so "$kept"
