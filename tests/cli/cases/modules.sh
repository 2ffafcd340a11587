# Modules that cannot be used, and scenarios that are not there.
haldma list nowhere.so
haldma list modules
echo 'not a module' >text.so
haldma list text.so
haldma list modules/cli_no_symbol.so
haldma list modules/cli_old_abi.so
haldma list modules/cli_empty.so
haldma list modules/cli_unfinished.so
haldma explore "$bugs" --scenario lost_updates
haldma run "$bugs"
haldma run "$bugs" --scenario no_machine
cd modules && haldma list cli_other.so
