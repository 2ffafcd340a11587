# A log gives the run that printed it; what cannot be one is refused; what never happens is said to be so.
speaking=modules/cli_speaking.so
cat >field.log <<END
# columns: processor and time; an address is any address
[7] [1.25] speaking: other reads 0 at FFFFA501\`12345678
[3] [1.26] speaking: first   reads 0 at 0xFFFFA50112345678
    [1.27] usbhub: not one of ours
[7] [1.28] speaking: other writes 1
[3] [1.29] speaking: first writes *
END
haldma reproduce "$speaking" --log field.log --quiet
haldma reproduce "$speaking" --log field.log --quiet --exact --format json
token=$("$tool" reproduce "$speaking" --log field.log --quiet | sed -n 's/^token: //p')
haldma replay "$speaking" "$token" --quiet

# DebugView's columns; lines of each processor by themselves, to be sorted by time; the debugger's word ends it.
printf '00000003\t1.30\tspeaking: first writes 1\n00000001\t1.10\tspeaking: first reads 0 at FFFFA50112345678\n' >view.log
printf '00000002\t1.20\tspeaking: other reads 0 at FFFFA50112345678\n*** Fatal System Error: 0x000000e6\nspeaking: not read\n' >>view.log
haldma reproduce "$speaking" --log view.log --quiet

# An order that cannot be: as far as the furthest run goes.
printf 'speaking: first reads 0 at FFFFA50112345678\nspeaking: first writes 1\nspeaking: first reads 1 at 00000000\n' >never.log
haldma reproduce "$speaking" --log never.log --quiet --runs 500
haldma reproduce "$speaking" --log never.log --quiet --runs 500 --format json

# The processors disagree: both lines of the first thread are from one.
printf '[0] speaking: first reads 0 at 00000000\n[1] speaking: first writes 1\n' >processors.log
haldma reproduce "$speaking" --log processors.log --quiet --runs 500

# What was printed only where memory was short: never without failures, soon with them; and the token has the one that decided.
failing=modules/cli_failing.so
printf 'failing: no memory, counts on from 0\nfailing: counts to 1\n' >short.log
haldma reproduce "$failing" --log short.log --quiet --runs 300
haldma reproduce "$failing" --log short.log --quiet --runs 300 --faults off
for how in all sweep sweep:persistent stacks random; do
    haldma reproduce "$failing" --log short.log --quiet --faults $how
done
haldma reproduce "$failing" --log short.log --quiet --strategy random --faults random:0.3 --format json
for how in all sweep; do
    token=$("$tool" reproduce "$failing" --log short.log --quiet --faults $how | sed -n 's/^token: //p')
    haldma replay "$failing" "$token" --quiet
    "$tool" replay "$failing" "$token" --all | grep -o 'fault: fails here .*'
done
# A sweep comes to its end: no single failure prints this.
printf 'failing: no memory, counts on from 0\nfailing: no memory, counts on from 0\n' >both.log
haldma reproduce "$failing" --log both.log --quiet --faults sweep --fault-runs 4
"$tool" reproduce "$failing" --log both.log --quiet --faults sweep --fault-runs 1 --runs 4 | grep -o 'faults: 1 call that can fail .* up to 1 run each'
haldma reproduce "$failing" --log both.log --quiet --faults sweep:persistent
haldma reproduce "$failing" --log both.log --fault-runs 4

# What is no log.
: >empty.log
haldma reproduce "$speaking" --log empty.log
printf 'speaking: \0 binary\n' >binary.log
haldma reproduce "$speaking" --log binary.log
printf 'usbhub: somebody else\n' >other.log
haldma reproduce "$speaking" --log other.log
head -c 17000000 /dev/zero | tr '\0' 'x' >huge.log
haldma reproduce "$speaking" --log huge.log
haldma reproduce "$speaking" --log missing.log
haldma reproduce "$speaking" --log .
haldma reproduce "$speaking"
haldma reproduce "$speaking" --log field.log --strategy exhaustive
