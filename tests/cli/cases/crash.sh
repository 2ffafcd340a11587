# What crashes is a finding with a token that leads there again, and the scenarios behind it have their turn.
crashes=modules/cli_crashes.so
haldma explore $crashes --quiet | sed -E 's/(^ |at) 0x[0-9a-f]+$/\1 OFFSET/'
token=$("$tool" explore $crashes --scenario overflow --quiet | sed -n 's/^token: //p')
haldma replay $crashes "$token" --quiet | sed -E 's/(^ |at) 0x[0-9a-f]+$/\1 OFFSET/'
haldma explore modules/cli_ends.so --scenario breakpoint --quiet | sed -E 's/(^ |at) 0x[0-9a-f]+$/\1 OFFSET/'

# A log from the field that ends with a crash is one of those that Windows has for it.
for code in 0x00000050 0x000000D1 0x0000000A 0x0000001E 0x1000007E; do
    printf 'wild: writes\n*** STOP: %s (0x0)\n' $code >stop.log
    "$tool" reproduce modules/cli_ends.so --scenario wild --log stop.log --quiet --runs 20 | grep -E '^finding'
done
for code in 0x000000E6 0x000000C4 0x00000044 0x0000007F; do
    printf 'wild: writes\n*** STOP: %s (0x0)\n' $code >stop.log
    "$tool" reproduce modules/cli_ends.so --scenario wild --log stop.log --quiet --runs 20 >other || echo "reproduced by $code"
done
cat other
