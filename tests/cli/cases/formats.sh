# Results for those who show findings at the line, and for those who count test cases.
check=$(dirname "$case_file")/../check_formats
python3 -c 'import jsonschema' 2>/dev/null || cannot_show "python3-jsonschema is not installed"
haldma explore "$bugs" --scenario lost_update --quiet --sarif found.sarif --junit found.xml
"$check" sarif found.sarif
"$check" junit found.xml

# Every scenario of a module, as the result itself.
"$tool" explore modules/cli_platforms.so --strategy fifo --format sarif >all.sarif
"$check" sarif all.sarif
"$tool" explore modules/cli_platforms.so --strategy fifo --format junit --output all.xml
"$check" junit all.xml

# Workers and shards bring all of it.
"$tool" explore "$bugs" --scenario lost_update --strategy random --jobs 2 --quiet --sarif jobs.sarif >jobs.text
"$check" sarif jobs.sarif
for shard in 1 2; do
    "$tool" explore "$bugs" --scenario lost_update --strategy exhaustive --preemptions 1 --shard $shard/2 --format json >$shard.json
done
haldma merge 1.json 2.json --quiet --output /dev/null --junit merged.xml --sarif merged.sarif
"$check" junit merged.xml
"$check" sarif merged.sarif

# A run by itself.
token=$(failing_token)
"$tool" replay "$bugs" "$token" --format sarif >replayed.sarif
"$check" sarif replayed.sarif
"$tool" run "$bugs" --scenario kept_update --format junit >run.xml
"$check" junit run.xml
"$tool" run "$bugs" --scenario kept_update --format sarif >run.sarif
"$check" sarif run.sarif

# What no call raised is where the last step of a driver or scenario was, and no service of the headers.
"$tool" explore modules/cli_severity.so --scenario waits --platform pc --strategy fifo --format sarif >waits.sarif
"$check" sarif waits.sarif
grep -c /wdk/ waits.sarif

# One fingerprint, whatever run it was.
for strategy in random pct; do
    "$tool" explore "$bugs" --scenario lost_update --strategy $strategy --format sarif | grep haldma/v1
done | sort -u | wc -l

# Nothing is written where one of the files cannot be.
haldma explore "$bugs" --scenario lost_update --sarif one --output one
haldma explore "$bugs" --scenario lost_update --output one --save one
haldma explore "$bugs" --scenario lost_update --output two --junit no/such/folder
ls one two
haldma list "$bugs" --format sarif
haldma shrink "$bugs" "$token" --sarif x
