# The progress line is for terminals: on one it is there, elsewhere not, and --quiet leaves it out.
explore="$tool explore $bugs --scenario kept_update --strategy random --seconds 0.5"
on_terminal() {
    script -qec "$1" /dev/null </dev/null | grep -c $'\r  random: ' | sed 's/^[1-9][0-9]*$/some/'
}
script -qec true /dev/null </dev/null >/dev/null 2>&1 || cannot_show 'no pseudo-terminals here'
on_terminal "$explore"
on_terminal "$explore --quiet"
$explore 2>&1 | grep -c $'\r'
