# What a sanitizer stops ends the program.
"$tool" explore modules/cli_crashes.so --scenario wild_pointer >/dev/null 2>&1
echo "status $?"
