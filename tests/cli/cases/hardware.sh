# A machine whose hardware misbehaves is another configuration: a token finds it by itself.
for how in faithful misbehaving; do
    haldma explore "$bugs" --scenario kept_update --strategy fifo --hardware $how --quiet
done
token=$("$tool" explore "$bugs" --scenario lost_update --strategy random --hardware misbehaving --quiet | sed -n 's/^token: //p')
haldma replay "$bugs" "$token" --quiet
haldma run "$bugs" --scenario kept_update --hardware none
