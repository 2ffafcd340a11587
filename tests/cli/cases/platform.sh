# A scenario is explored on each platform that it is for; a finding names its platform, and its token leads back there.
module=modules/cli_platforms.so
haldma list "$module"
outcomes() {
    haldma explore "$module" --strategy fifo --quiet "$@" | grep -E '^\$|^[a-z]+ on |^finding|^no finding|^haldma|^\['
}
outcomes
outcomes --scenario everywhere --platform pc
outcomes --scenario somewhere --platform soc
outcomes --scenario somewhere --platform pc-lowmem
outcomes --platform pc-lowmem
outcomes --scenario own --platform pc
haldma explore modules/cli_bugs.so --platform soc
haldma explore "$module" --scenario everywhere --platform mac
haldma run "$module" --scenario everywhere --platform mac
haldma run "$module" --scenario somewhere --platform pc-remapped
haldma run "$module" --scenario everywhere --platform pc-remapped --quiet
haldma run "$module" --scenario everywhere --quiet

# The token knows.
token=$("$tool" explore "$module" --scenario everywhere --strategy fifo --quiet | sed -n 's/^token: //p')
haldma replay "$module" "$token" --quiet
haldma replay "$module" "$token" --quiet --format json | grep '"platform"'
own=$("$tool" explore "$module" --scenario own --strategy fifo --quiet | sed -n 's/^token: //p')
haldma replay "$module" "$own" --quiet --format json | grep '"platform"'

# Limits are shared: so many runs for all platforms together.
"$tool" explore "$module" --scenario everywhere --strategy random --runs 10 --quiet --format json |
    grep -E '"(platform|runs)": ' | grep -v '"runs": [^0-9]' | head -8 | sed -E 's/"runs": /"all runs": /'
haldma explore "$module" --scenario somewhere --strategy random --runs 1 --quiet | grep -E '^somewhere|nothing'
