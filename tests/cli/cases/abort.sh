# An error of the emulator itself: the token of the run leads there again.
haldma run "$bugs" --scenario emulator_error
token=$("$tool" run "$bugs" --scenario emulator_error 2>&1 | sed -n 's/^token: //p')
haldma replay "$bugs" "$token"
