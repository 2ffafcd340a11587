# An error of the emulator itself, and a crash: the token of the run leads there again.
haldma run "$bugs" --scenario emulator_error
haldma explore "$bugs" --scenario crash
token=$("$tool" run "$bugs" --scenario crash 2>&1 | sed -n 's/^token: //p')
haldma replay "$bugs" "$token"
