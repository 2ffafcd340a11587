# What can fail does; the module's drivers make no such call, so that a sweep has nothing to do.
for how in off all sweep sweep:persistent stacks random random:0.5; do
    haldma explore "$bugs" --scenario kept_update --strategy fifo --faults $how --quiet --runs 9
done
for how in none random: random:0 random:2 random:x sweep:2; do
    haldma explore "$bugs" --scenario kept_update --faults $how
done
# Shares of a sweep, and of random faults; stacks have none.
haldma explore "$bugs" --scenario kept_update --strategy fifo --faults sweep --jobs 2 --quiet
haldma explore "$bugs" --scenario kept_update --strategy random --faults random --jobs 2 --runs 100 --quiet
haldma explore "$bugs" --scenario kept_update --faults stacks --jobs 2
haldma explore "$bugs" --scenario kept_update --faults stacks --save state
haldma explore "$bugs" --scenario kept_update --strategy sweep --faults random --shard 1/2
haldma explore "$bugs" --scenario kept_update --fault-runs 3
