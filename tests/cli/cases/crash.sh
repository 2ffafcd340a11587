# What crashes is a finding with a token that leads there again, and the scenarios behind it have their turn.
crashes=modules/cli_crashes.so
haldma explore $crashes --quiet | sed -E 's/(^ |at) 0x[0-9a-f]+$/\1 OFFSET/'
token=$("$tool" explore $crashes --scenario overflow --quiet | sed -n 's/^token: //p')
haldma replay $crashes "$token" --quiet | sed -E 's/(^ |at) 0x[0-9a-f]+$/\1 OFFSET/'
haldma explore modules/cli_ends.so --scenario breakpoint --quiet | sed -E 's/(^ |at) 0x[0-9a-f]+$/\1 OFFSET/'
