# What can fail does; the module's drivers make no such call, so that a sweep has nothing to do.
for how in off all sweep sweep:persistent stacks random random:0.5; do
    haldma explore "$bugs" --scenario kept_update --strategy fifo --faults $how --quiet --runs 9
done
for how in none random: random:0 random:2 random:x sweep:2; do
    haldma explore "$bugs" --scenario kept_update --faults $how
done
haldma explore "$bugs" --scenario kept_update --faults sweep --jobs 2
haldma explore "$bugs" --scenario kept_update --fault-runs 3
