# What was stopped goes on, and ends as if it had not been.
runs=$((SLOW_BUILD ? 15000 : 300000)) # more than can be made before it is stopped
what() {
    grep -E '^  "(runs|complete)":|^    "classes":|"(rule|run|token)":' "$1"
}
# LeakSanitizer cannot look at a process that ends meanwhile, and says so.
export ASAN_OPTIONS=detect_leaks=0
interrupted_is_the_same() {
    "$tool" explore "$bugs" --scenario kept_update --runs $runs --format json --output whole.json "$@"
    "$tool" explore "$bugs" --scenario kept_update --runs $runs --format json --output part.json --save state "$@" 2>errors &
    sleep 0.1
    kill -INT $!
    wait $!
    cat errors
    "$tool" explore "$bugs" --scenario kept_update --runs $runs --format json --output part.json --resume state "$@"
    [ "$(what whole.json)" = "$(what part.json)" ] && echo "the same: $*"
    rm -f state
}
for strategy in random pct pos surw; do
    interrupted_is_the_same --strategy $strategy
done
interrupted_is_the_same --strategy random --jobs 2
# What was passed over is told of both parts.
printf 'property # known\n' >known
passed() {
    "$tool" explore "$bugs" --scenario lost_update --strategy random --suppress known --format json "$@" | grep -E '"times"|^  "runs"'
}
passed --runs 1000 --save state >/dev/null
[ "$(passed --runs 2000)" = "$(passed --runs 2000 --resume state)" ] && echo "the same: passed over"
rm -f state
"$tool" explore "$bugs" --scenario kept_update --strategy random --runs 1000 --save state --quiet >/dev/null
haldma explore "$bugs" --scenario kept_update --strategy pct --resume state
haldma explore "$bugs" --scenario lost_update --strategy random --resume state
haldma explore modules/cli_other.so --scenario kept_update --strategy random --resume state
haldma explore "$bugs" --scenario kept_update --strategy random --seed 2 --resume state
head -c 300 state >torn
haldma explore "$bugs" --scenario kept_update --strategy random --resume torn
sed 's/"next":[0-9]*/"next":-1/' state >wrong
haldma explore "$bugs" --scenario kept_update --strategy random --resume wrong
# What was changed since, anywhere, is told before it leads astray; so is what has no checksum.
for change in 's/"runs":1000/"runs":1001/' 's/"coverage":"./"coverage":"7/' 's/"haldma_resume":2/"haldma_resume":1/' \
    's/"checksum":"[0-9a-f]*/"checksum":"1/' 's/,"checksum":"[0-9a-f]*"//'; do
    sed "$change" state >changed
    cmp -s state changed && echo "the same: $change"
    haldma explore "$bugs" --scenario kept_update --strategy random --resume changed
done
haldma explore "$bugs" --scenario kept_update --strategy random --resume missing
haldma explore "$bugs" --scenario kept_update --strategy random --resume "$bugs"
haldma explore "$bugs" --scenario kept_update --strategy random --save missing/state --runs 10
