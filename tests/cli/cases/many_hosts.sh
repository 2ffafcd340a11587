# One exploration over many hosts, as xargs does it on one; GNU parallel and a Slurm job array do the same.
export tool
seq 1 4 | xargs -P 2 -I K sh -c '"$tool" explore "$bugs" --scenario kept_update --strategy dpor --shard K/4 \
    --format json --output K.json'
haldma merge 1.json 2.json 3.json 4.json --quiet
"$tool" explore "$bugs" --scenario kept_update --strategy dpor --format json >whole.json
"$tool" merge 1.json 2.json 3.json 4.json --format json >merged.json
told='^  "(classes|complete)":'
cmp <(grep -E "$told" whole.json) <(grep -E "$told" merged.json) && echo "the same classes"
