# Ctrl-C ends an exploration with what was seen so far.
"$tool" explore "$bugs" --scenario kept_update --strategy random --seconds 100 >report 2>&1 &
sleep 1
kill -INT $!
wait $!
echo "status $?"
cat report
