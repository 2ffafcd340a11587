# Worker processes: what they find is what one process finds, and nothing is lost with one of them.
what() {
    "$tool" explore "$bugs" --platform pc --format json --quiet "$@" 2>errors |
        grep -E '^  "(runs|complete)":|^    "classes":|"(rule|run|token)":'
    cat errors
}
same() {
    [ "$(what "$@")" = "$(what "$@" --jobs 2)" ] && echo "the same: $*"
}
same --scenario lost_update --strategy random
same --scenario lost_update --strategy pct
same --scenario kept_update --strategy random --runs 3000
same --scenario kept_update --strategy surw --runs 3000
same --scenario kept_update --strategy sweep
same --scenario kept_update --strategy fifo
same --scenario kept_update --strategy exhaustive --preemptions 2 --profile typical
same --scenario lost_update
same --scenario kept_update --strategy dpor --profile typical
# What a machine goes on after ends no share, either.
bugs=modules/cli_severity.so same --scenario reads_nowhere --strategy random --runs 3000 --go-on

# A limit on runs is one for all shares together: what one leaves over another has, also when it goes on later.
limited() {
    "$tool" explore "$bugs" --scenario kept_update --platform pc --strategy exhaustive --format json --quiet "$@" |
        grep -E '^  "(runs|complete)":'
}
all=$(limited | sed -n 's/^  "runs": \([0-9]*\),$/\1/p')
for limit in 5 $((all - 1)) "$all"; do
    [ "$(limited --runs "$limit")" = "$(limited --runs "$limit" --jobs 2)" ] || echo "another number of runs: $limit"
done
limited --runs 20 --jobs 2 --save state
[ "$(limited)" = "$(limited --runs "$all" --jobs 8 --resume state)" ] && echo "the same by two explorations"

runs=$((SLOW_BUILD ? 50000 : 1500000)) # more than can be made before that
begin_long() {
    "$tool" explore "$bugs" --scenario kept_update --strategy random --runs $runs --jobs 2 --format json --output killed.json 2>errors &
    sleep 0.3
    read -r first second <"/proc/$!/task/$!/children"
}
end_long() {
    wait $!
    echo "status $?"
    cat errors
    sed -n 's/^  "runs": \([0-9]*\),$/\1/p' killed.json | sed "s/^$runs\$/made all/"
    rm -f killed.json
}
# The first child of the tool is killed in the midst of its share.
begin_long
kill -9 "$first"
end_long
# Both are killed when they have answered, while the tool stands still: what it says next goes to nobody.
begin_long
kill -STOP $!
sleep 0.5
kill -9 "$first" "$second"
kill -CONT $!
end_long
# One that closes its output never answers.
for limit in '--runs 40' '--seconds 20'; do
    haldma explore modules/cli_ends.so --scenario mute --strategy random --quiet $limit --jobs 2 | uniq
done
# Where files are short none is started, or those that were are ended.
for files in 8 12 16; do
    (
        ulimit -n "$files"
        haldma explore "$bugs" --scenario kept_update --strategy random --runs 2000 --jobs 6 --quiet
    )
done
haldma explore "$bugs" --jobs 0
haldma explore "$bugs" --jobs 1025
haldma explore "$bugs" --jobs many
