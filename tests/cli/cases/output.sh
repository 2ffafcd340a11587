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
ls
