# A program that is stopped leaves nothing but what was there before.
echo precious >result
explore="explore $bugs --scenario kept_update --strategy random --seconds 100 --output result"
for signal in TERM HUP KILL; do
    # shellcheck disable=SC2086
    "$tool" $explore 2>/dev/null &
    sleep 0.5
    kill -$signal $!
    wait $! 2>/dev/null
done
ls
cat result

# One that cannot be written to its end is none.
(ulimit -f 1 && "$tool" run "$bugs" --scenario lost_update --all --format json --output result)
echo "status $?"
ls
cat result
