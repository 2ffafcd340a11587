# Shards: each for itself, put together afterwards; what is no whole is told.
for k in 1 2 3; do
    haldma explore "$bugs" --scenario kept_update --strategy dpor --shard $k/3 --format json --output part$k.json
done
haldma merge part3.json part1.json part2.json --quiet
haldma explore "$bugs" --scenario lost_update --strategy random --shard 1/1 --format json --output whole.json
haldma merge whole.json --quiet
haldma merge part1.json part3.json
haldma merge part1.json part2.json part2.json part3.json
"$tool" explore "$bugs" --scenario kept_update --strategy dpor --shard 3/4 --format json --output other.json
haldma merge part1.json part2.json other.json
"$tool" explore "$bugs" --scenario kept_update --strategy dpor-source --shard 3/3 --format json --output other.json
haldma merge part1.json part2.json other.json
haldma merge modules/cli_bugs.so
haldma merge missing.json
haldma merge
echo '{"part": {"what": 1}}' >broken.json
haldma merge broken.json
sed '/"part"/,$s/"steps": [0-9][0-9]*/"steps": 1/' whole.json >changed.json
haldma merge changed.json
echo '{"scenarios": []}' >none.json
haldma merge none.json
haldma explore "$bugs" --shard 0/3
haldma explore "$bugs" --shard 4/3
haldma explore "$bugs" --shard 1/5000
haldma explore "$bugs" --shard x
haldma explore "$bugs" --shard 1/2 --jobs 2
haldma explore "$bugs" --strategy dpor --preemptions 2 --shard 1/2
