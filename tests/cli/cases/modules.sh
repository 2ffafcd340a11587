# Modules that cannot be used, and scenarios that are not there.
haldma list nowhere.so
haldma list modules
echo 'not a module' >text.so
haldma list text.so
haldma list modules/cli_no_symbol.so
haldma list modules/cli_old_abi.so
haldma list modules/cli_empty.so
haldma list modules/cli_unfinished.so
for module in no_array odd_name no_name equal_names equal_hashes; do
    haldma list modules/cli_$module.so
done
mkfifo pipe
haldma list pipe
haldma list /dev/null
haldma explore "$bugs" --scenario lost_updates
haldma run "$bugs"
haldma run "$bugs" --scenario no_machine
cd modules && haldma list cli_other.so
