# What the set-up did is left out of a timeline, unless it is asked for or ended the run; JSON has all of it.
ends=modules/cli_ends.so
token=$(failing_token)
starts() {
    "$tool" "$@" 2>&1 | sed -E 's/[0-9]+ lines;/N lines;/' | awk '/time\/us/ { on = 1 } on && n++ < 2' |
        sed -E 's/ 0\.000 .*(set-up) .*/ (the \1)/'
}
starts run "$bugs" --scenario lost_update
starts run "$bugs" --scenario lost_update --all
starts explore "$bugs" --scenario lost_update
starts explore "$bugs" --scenario lost_update --all
starts replay "$bugs" "$token"
starts replay "$bugs" "$token" --all
starts explain "$bugs" "$token" --timeline
starts explain "$bugs" "$token" --all
for format in text json; do
    "$tool" run "$bugs" --scenario lost_update --format $format | grep -c '  set-up '
done | sed 's/^[1-9][0-9]*$/some/'
marks() {
    "$tool" explain "$bugs" "$token" --timeline "$@" | grep '^>'
}
[ "$(marks)" = "$(marks --all)" ] && echo 'the same marks'
starts run $ends --scenario set_up_fails

# What is shown as JSON is UTF-8.
"$tool" list $ends --format json | iconv -f UTF-8 -t UTF-8 | grep 'not UTF-8'
"$tool" run $ends --scenario set_up_fails --format json | iconv -f UTF-8 -t UTF-8 | grep '"message"'
