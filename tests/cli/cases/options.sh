# Options that cannot be used: one line that says why, and status 2.
haldma explore
haldma replay "$bugs"
haldma list "$bugs" another
haldma list "$bugs" --scenario lost_update
for runs in 0 -1 +1 ten 1e3 '' ' 1' 18446744073709551616; do
    haldma explore "$bugs" --runs "$runs"
done
for seconds in 0 -1 nan inf 1s 0x1 ' 1' +1 1e3 . ''; do
    haldma explore "$bugs" --seconds "$seconds"
done
haldma explore "$bugs" --seed 9223372036854775808
haldma explore "$bugs" --preemptions 2147483648
haldma explore "$bugs" --preemptions 1 --strategy random
haldma explore "$bugs" --interrupts -1
haldma explore "$bugs" --interrupts 1 --strategy pct
haldma explore "$bugs" --delays 2147483648 --strategy delay
haldma explore "$bugs" --delays 1
haldma explore "$bugs" --depth 0 --strategy pct
haldma explore "$bugs" --depth 17 --strategy pct
haldma explore "$bugs" --depth 2 --strategy random
haldma explore "$bugs" --strategy luck
haldma explore "$bugs" --profile friendly
haldma explore "$bugs" --format xml
haldma run "$bugs" --scenario lost_update --strategy exhaustive
haldma replay "$bugs" token --times 0
haldma list "$bugs" --all
haldma list "$bugs" --HANG=1
