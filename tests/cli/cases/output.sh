# --output writes all or nothing, and keeps what was there when it cannot.
haldma list "$bugs" --output result
cat result
haldma list "$bugs" --output missing/result

echo precious >result
haldma explore "$bugs" --scenario nowhere --output result
haldma explore "$bugs" --scenario no_machine --output result
cat result

chmod 640 result
ln -s result link
haldma list "$bugs" --output link --format json
[ -L link ] && head -n 2 result && stat -c %a result

haldma list "$bugs" --output /dev/stdout
haldma list "$bugs" --output /dev/full
[ ! -e /dev/full ] || "$tool" list "$bugs" >/dev/full || echo "status $?"

# What a stream is anyway is written as the stream; links lead where they lead, there or not.
"$tool" list "$bugs" --output /dev/stdout >all
echo before >more
{ echo first && "$tool" list "$bugs" --output more && echo last; } >>more
wc -l <all
sed -n '1,2p;$p' more
ln -s nowhere/../target dangling
mkdir nowhere
haldma list "$bugs" --output dangling
[ -L dangling ] && wc -l <target
ln -s round round
haldma list "$bugs" --output round
haldma list "$bugs" --output ''
haldma list "$bugs" --output nowhere
mkfifo pipe
wc -l <pipe >count &
haldma list "$bugs" --output pipe
wait
cat count
[ -p pipe ] && haldma list "$bugs" --output /dev/null && [ -c /dev/null ] && echo 'still there'
ls
