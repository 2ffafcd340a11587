# What each strategy says when it finds something, and when it does not.
haldma explore "$bugs" --scenario lost_update
haldma explore "$bugs" --scenario lost_update --quiet --strategy random --runs 10000
haldma explore "$bugs" --scenario lost_update --quiet --strategy exhaustive --preemptions 1
haldma explore "$bugs" --scenario kept_update --strategy fifo
haldma explore "$bugs" --scenario kept_update --strategy exhaustive --preemptions 2
haldma explore "$bugs" --scenario kept_update --strategy exhaustive
haldma explore "$bugs" --scenario kept_update --strategy random --runs 100 --seed 3
haldma explore "$bugs" --scenario kept_update --runs 50
haldma explore modules/cli_other.so --quiet --runs 1000
"$tool" explore "$bugs" --scenario kept_update --strategy fifo | grep -c ' 1 run in [0-9.]* ms '
haldma explore "$bugs" --scenario kept_update --quiet --strategy delay --delays 1
haldma explore "$bugs" --scenario kept_update --quiet --strategy sweep
haldma explore "$bugs" --scenario kept_update --quiet --strategy exhaustive --preemptions 1 --interrupts 0
for strategy in pct pos surw; do
    haldma explore "$bugs" --scenario lost_update --quiet --strategy $strategy --runs 1000
done
haldma explore "$bugs" --scenario kept_update --quiet --strategy random --until-saturated
"$tool" explore "$bugs" --scenario kept_update --strategy pct --depth 3 --runs 100 | grep -o 'pct finds a bug of depth d in the first k decisions.*n = '
