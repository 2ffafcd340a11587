# Findings after which the machine can go on are reported, each with a token of its own, and the run goes on.
module=modules/cli_severity.so
careless() { haldma explore $module --scenario careless --platform pc --strategy fifo "$@"; }
careless --quiet
careless --quiet --go-on
careless --quiet --go-on --jobs 2 | grep -E '^(finding|warning|token|  fifo|\[)'

# Each token leads to its own finding, with nothing else said.
"$tool" explore $module --scenario careless --platform pc --strategy fifo --go-on --quiet | sed -n 's/^token: //p' >tokens
while read -r token; do
    haldma replay $module "$token" --quiet
    "$tool" shrink $module "$token" --quiet >shrunk 2>/dev/null
    cmp shrunk - <<<"$token" || haldma replay $module "$(cat shrunk)" --quiet
done <tokens

# What is suppressed does not count; what is left does.
printf 'MM-REGISTER-4 # known\nEX-POOL-2 careless # known, too\n' >known
careless --quiet --go-on --suppress known
