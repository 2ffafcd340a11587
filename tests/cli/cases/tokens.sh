# Tokens that cannot be used.
token=$(failing_token)
haldma replay "$bugs" nonsense
haldma replay "$bugs" ''
haldma replay "$bugs" "${token%???}"
haldma replay "$bugs" "${token}AAAA"
haldma replay "$bugs" hd1.
haldma replay "$bugs" "hd9.${token#hd1.}"
haldma replay "$bugs" 'hd1.!!!!'
haldma replay modules/cli_other.so "$token"
haldma replay modules/cli_fewer.so "$token"
haldma explain modules/cli_other.so "$token"
haldma shrink modules/cli_other.so "$token"
kept=$("$tool" run "$bugs" --scenario kept_update --quiet | sed -n 's/^token: //p')
haldma replay modules/cli_other.so "$kept"
