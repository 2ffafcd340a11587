# Standard files that are closed: nothing that was meant for them goes into a result.
token=$(failing_token)
"$tool" shrink "$bugs" "$token" --output result 2>&-
echo "status $?, $(wc -l <result) line"
"$tool" list "$bugs" <&- >&- 2>&-
echo "status $?"
"$tool" list "$bugs" --output result <&- >&- 2>&-
echo "status $?"
cat result
