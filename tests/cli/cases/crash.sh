# A crash is no finding, whoever tells of it: the tool or a sanitizer.
"$tool" explore "$bugs" --scenario crash >/dev/null 2>&1
echo "status $?"
