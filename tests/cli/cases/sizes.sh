# A scenario with smaller sizes: shrink finds the one with two threads of three, since one thread alone does not fail; the token
# leads back there, and one for the full size to that.
module=modules/cli_sizes.so
token=$("$tool" explore "$module" --scenario lost_update --strategy random --quiet | sed -n 's/^token: //p')
haldma replay "$module" "$token" --quiet
haldma shrink "$module" "$token"
small=$("$tool" shrink "$module" "$token" --quiet)
haldma replay "$module" "$small" --quiet
haldma explain "$module" "$small" --quiet
haldma shrink "$module" "$small" --quiet --format json

# With no runs left for the smaller ones it stays the full one.
"$tool" shrink "$module" "$token" --runs 1 2>&1 | grep -E '^(size|no certificate)'

# What needs two preemptions is certified to need them.
token=$("$tool" explore "$module" --scenario flicker --strategy random --quiet | sed -n 's/^token: //p')
"$tool" shrink "$module" "$token" 2>&1 | grep -E '^(preemptions|certificate)' | sed 's/, were .*//'
