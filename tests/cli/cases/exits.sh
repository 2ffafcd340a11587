# Code of a module that ends the program does not make it look as if there was no finding.
for scenario in exits exits_at_once exits_quickly system_call; do
    haldma explore modules/cli_ends.so --scenario $scenario --runs 10 --quiet | sed "s/at 0x[0-9a-f]*$/at OFFSET/"
done
# The result is there in whole or not at all, and so is nothing else.
haldma explore modules/cli_ends.so --scenario exits --output result
ls
