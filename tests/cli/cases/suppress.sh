# What is known is passed over: the exploration goes on, and every result tells of it.
check=$(dirname "$case_file")/../check_formats
python3 -c 'import jsonschema' 2>/dev/null || cannot_show "python3-jsonschema is not installed"
bugs_c() { haldma explore "$bugs" --scenario lost_update --strategy exhaustive --preemptions 1 --quiet "$@"; }
printf '# what we know\n\nproperty cli_bugs.c # issue 12\n' >known
bugs_c --suppress known --sarif known.sarif --junit known.xml
"$check" sarif known.sarif
"$check" junit known.xml
printf 'property check # by function\n' >function
bugs_c --suppress function
line=$("$tool" explore "$bugs" --scenario lost_update --strategy exhaustive --quiet | sed -n 's/.*check  *cli_bugs.c:\([0-9]*\)$/\1/p')
printf 'property cli/cli_bugs.c:%s # by line\n' "$line" >line
bugs_c --suppress line
bugs_c --suppress line --jobs 2

# An editor may begin the file with a byte order mark.
printf '\357\273\277property # by rule\n' >marked
"$tool" explore "$bugs" --scenario lost_update --strategy exhaustive --preemptions 1 --quiet --suppress marked | grep 'passed over:'

# Another place, another rule.
printf 'property cli_bugs.c:1 # another line\nproperty bugs.c # not the whole name\ndeadlock # any place\n' >other
bugs_c --suppress other
"$tool" explore modules/cli_platforms.so --strategy fifo --quiet --suppress other 2>&1 >/dev/null

# Shards bring it along.
for shard in 1 2; do
    "$tool" explore "$bugs" --scenario lost_update --strategy exhaustive --preemptions 1 --shard $shard/2 --suppress known --format json >$shard.json
done
haldma merge 1.json 2.json --quiet

# More kinds than are kept are counted: by one process, by workers, by shards and when they are put together.
seq 0 19 | sed 's/.*/way_& # known/' >ways
ways() {
    "$tool" explore modules/cli_severity.so --scenario ways --platform pc --strategy exhaustive --suppress ways --quiet "$@"
}
ways | grep -E 'more kinds|runs in'
told() {
    python3 -c '
import json, sys
result = json.load(sys.stdin)
times = sum(finding["times"] for finding in result["passed_over"])
print(len(result["passed_over"]) >= 16, times + result["passed_over_unlisted"], result["findings_unlisted"])'
}
ways --format json | told
ways --format json --jobs 2 | told
for shard in 1 2; do
    ways --format json --shard $shard/2 --output $shard.json
done
"$tool" merge 1.json 2.json --format json | told

# Files that cannot be used: one line each.
bugs_c --suppress nowhere
for text in 'property' 'property # ' '# ok\nproperty cli_bugs.c:x # r' 'property a b # r' ' # r\nx cli_bugs.c:0 # r' 'property :3 # r' \
    '# ok\nDMA-FLSH-6 SpoolFinish # r' 'io-complete-1 # r' 'Deadlock # r'; do
    printf "$text\n" >bad
    bugs_c --suppress bad
done

# Severity.
bugs_c --fail-on error --format json | sed -n 's/"severity"/&/p'
bugs_c --fail-on severe
haldma explore modules/cli_severity.so --scenario reads_nowhere --quiet --strategy fifo --platform pc
haldma explore modules/cli_severity.so --scenario reads_nowhere --quiet --strategy fifo --platform pc --fail-on error
