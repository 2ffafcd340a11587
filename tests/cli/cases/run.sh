# One run: in order, and at random.
haldma run "$bugs" --scenario lost_update
haldma run "$bugs" --scenario lost_update --quiet --profile typical
haldma run "$bugs" --scenario kept_update --strategy random --seed 7 --quiet
haldma run "$bugs" --scenario kept_update --quiet --format json
